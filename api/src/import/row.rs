//! From a row to the asking that records it, or to the reason why not (row codes of UX §6).

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use identity::identifier::{IdentifierType, Malformed, name};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::table::{Broken, Fault, Field, Row};
use crate::app::App;
use crate::extract::Caller;
use crate::problem::{Language, Problem, Reason, Words};
use crate::routes::outcomes::Says;
use crate::write::Asking;

/// A finding as it is kept, in both languages: who reads it later chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// As in [`RowError`].
    pub row: u64,
    /// As in [`RowError`].
    pub code: Box<str>,
    /// As in [`RowError`].
    pub field: Box<str>,
    /// What is wrong, in English.
    pub detail: String,
    /// The same in Chinese; empty in findings kept before there was one.
    #[serde(default)]
    pub detail_zh: String,
    /// As in [`RowError`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// Why a row is not recorded, or what should be known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RowError {
    /// Line in the file, the header being 1.
    pub row: u64,
    /// I01 … I12.
    pub code: String,
    /// The column, if one is to blame.
    pub field: String,
    /// What is wrong, without a personal value, in the reader's language.
    pub detail: String,
    /// Slug of the rule, with I11.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

impl Finding {
    /// A finding.
    pub fn new(row: u64, code: &str, field: Option<Field>, detail: impl Into<Words>) -> Self {
        let detail = detail.into();
        Self {
            row,
            code: code.into(),
            field: field.map_or("", Field::name).into(),
            detail: detail.en,
            detail_zh: detail.zh,
            problem: String::new(),
        }
    }

    /// A row that cannot be read.
    pub fn broken(broken: Broken) -> Self {
        let Broken { line, last, fault } = broken;
        let detail = match (fault, last > line) {
            (Fault::Cells, _) => Words::from((
                "这一行的单元格数与表头不同",
                "the row has another number of cells than the header",
            )),
            (Fault::QuoteBehind, _) => Words::from((
                "引号闭合之后单元格还有内容：引号本身是文字时请写两个，并把整个单元格放在引号里",
                "a cell goes on behind a closing quote: write two quotes for one that is text, and the whole cell in quotes",
            )),
            (Fault::QuoteOpen, false) => Words::from((
                "这一行的引号没有闭合：引号本身是文字时请写两个",
                "a quote is opened in this line and not closed: write two quotes for one that is text",
            )),
            (Fault::QuoteOpen, true) => Words::from((
                format!("第 {line} 至 {last} 行是同一行记录：单元格里不能有换行"),
                format!("lines {line} to {last} are one row: a cell may not hold a line break"),
            )),
        };
        Self::new(line, "I04", None, detail)
    }

    /// The finding that a refusal of the door or of a rule comes to.
    pub fn of(row: u64, problem: &Problem) -> Self {
        let pointer = problem
            .errors
            .first()
            .map_or("", |error| error.pointer.as_str());
        let (code, field) = match (problem.reason, pointer) {
            (Reason::DateInFuture | Reason::DateTooOld, _) | (_, "/completed_on") => {
                ("I06", Some(Field::CompletedOn))
            }
            (_, "/credits") => ("I05", Some(Field::Credits)),
            (_, "/hours") => ("I05", Some(Field::Hours)),
            (_, "/kind") => ("I07", Some(Field::Kind)),
            (_, "/level") => ("I07", Some(Field::Level)),
            (_, "/scheme") => ("I07", Some(Field::Scheme)),
            (_, "/category") => ("I07", Some(Field::Category)),
            (Reason::PersonUnknown, _) => ("I08", Some(Field::Learner)),
            (_, "/record") => ("I11", Some(Field::Record)),
            (_, "/code") => ("I11", Some(Field::Code)),
            _ => ("I11", None),
        };
        let mut error = Self::new(row, code, field, problem.detail.clone());
        error.problem = problem.reason.slug().into();
        error
    }

    /// The finding for this reader.
    pub fn told(self, language: Language) -> RowError {
        let detail = match language {
            Language::En => self.detail,
            Language::Zh if self.detail_zh.is_empty() => {
                format!("较早的检查结果，只有英文（{}）", self.detail)
            }
            Language::Zh => self.detail_zh,
        };
        RowError {
            row: self.row,
            code: self.code.into(),
            field: self.field.into(),
            detail,
            problem: self.problem,
        }
    }
}

/// A row that can be asked.
pub struct Ready {
    /// Line in the file, the header being 1.
    pub line: u64,
    /// The asking.
    pub asking: Asking,
    /// Whose it is.
    pub person: Uuid,
    /// The awarder's own number for it.
    pub record: String,
}

/// People looked up once for a file.
#[derive(Default)]
pub struct People {
    by_number: Mutex<HashMap<String, Option<(Uuid, String)>>>,
}

impl People {
    /// The person whom a number names, with the name known here.
    fn find(&self, app: &App, number: &str) -> Result<Option<(Uuid, String)>, Problem> {
        if let Some(known) = self
            .by_number
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(number)
        {
            return Ok(known.clone());
        }
        let found = match app.person_of(IdentifierType::ResidentId, number)? {
            None => None,
            Some(person) => {
                let opened = app.identity_of(person)?;
                let name = opened
                    .iter()
                    .find(|it| it.name() == "name")
                    .and_then(|it| it.expose_text());
                Some((person, name.unwrap_or_default().to_owned()))
            }
        };
        self.by_number
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number.to_owned(), found.clone());
        Ok(found)
    }
}

/// Reads a row; `Err(Ok(_))` is the row's fault, `Err(Err(_))` ours.
pub fn read(
    app: &App,
    caller: &Caller,
    people: &People,
    row: &Row<'_>,
) -> Result<Ready, Result<Finding, Problem>> {
    let cell = |field: Field| {
        row.cell(field).map_err(|field| {
            Ok(Finding::new(
                row.line,
                "I04",
                Some(field),
                (
                    "不是 UTF-8 编码：请把文件另存为 UTF-8",
                    "not UTF-8: save the file as UTF-8",
                ),
            ))
        })
    };
    let needed = |field: Field| {
        cell(field)?.ok_or_else(|| {
            Ok(Finding::new(
                row.line,
                "I01",
                Some(field),
                ("没有填写", "missing"),
            ))
        })
    };
    let text = |field: Field| cell(field).map(|it| it.map(str::to_owned));
    let record = needed(Field::Record)?.to_owned();
    let completed_on = needed(Field::CompletedOn)?;
    let person = person(
        app,
        people,
        row.line,
        cell(Field::Learner)?,
        cell(Field::ResidentId)?,
        cell(Field::Name)?,
    )?;
    let says = Says {
        kind: text(Field::Kind)?.unwrap_or_else(|| "course".into()),
        code: text(Field::Code)?,
        title: text(Field::Title)?,
        hours: text(Field::Hours)?,
        credits: text(Field::Credits)?,
        scheme: text(Field::Scheme)?,
        level: text(Field::Level)?,
        category: text(Field::Category)?,
        grade: text(Field::Grade)?,
        passed: None,
        completed_on: date(completed_on).ok_or_else(|| {
            Ok(Finding::new(
                row.line,
                "I06",
                Some(Field::CompletedOn),
                (
                    "日期请写成 2026-06-30 的样子",
                    "expected a date as 2026-06-30",
                ),
            ))
        })?,
    };
    let fault = |problem: Problem| {
        if problem.reason.status().is_server_error() {
            Err(problem)
        } else {
            Ok(Finding::of(row.line, &problem))
        }
    };
    let split = says.split(app.pass_mark()).map_err(fault)?;
    let asking = app
        .recording(caller, person, &record, split, None)
        .map_err(fault)?;
    Ok(Ready {
        line: row.line,
        asking,
        person,
        record,
    })
}

fn person(
    app: &App,
    people: &People,
    line: u64,
    learner: Option<&str>,
    number: Option<&str>,
    given: Option<&str>,
) -> Result<Uuid, Result<Finding, Problem>> {
    if let Some(learner) = learner {
        return learner.parse().map_err(|_| {
            Ok(Finding::new(
                line,
                "I08",
                Some(Field::Learner),
                ("不是本平台的学习者编号", "not a person's number here"),
            ))
        });
    }
    let field = Some(Field::ResidentId);
    let number =
        number.ok_or_else(|| Ok(Finding::new(line, "I01", field, ("没有填写", "missing"))))?;
    let checked = IdentifierType::ResidentId.check(number).map_err(|error| {
        let code = if error == Malformed::Spreadsheet {
            "I03"
        } else {
            "I02"
        };
        Ok(Finding::new(line, code, field, &error))
    })?;
    let found = people.find(app, &checked.normalised).map_err(Err)?;
    match (found, checked.finding) {
        (Some((person, known)), _) if given.is_none_or(|given| name::same(&known, given)) => {
            Ok(person)
        }
        (Some(_), _) => Err(Ok(Finding::new(
            line,
            "I08",
            Some(Field::Name),
            (
                "姓名与登记的不一致：请人工核对",
                "the name does not agree: somebody must look",
            ),
        ))),
        (None, Some(warning)) => Err(Ok(Finding::new(line, "I02", field, &warning))),
        (None, None) => Err(Ok(Finding::new(
            line,
            "I08",
            field,
            (
                "没有以这个号码登记的人",
                "nobody is registered under this number",
            ),
        ))),
    }
}

/// `2026-06-30`, `2026/6/30` or `2026年6月30日`, as the first of these.
fn date(text: &str) -> Option<String> {
    let (between, behind, text) = match text.strip_suffix('日') {
        Some(text) => ('年', '月', text),
        None if text.contains('/') => ('/', '/', text),
        None => ('-', '-', text),
    };
    let (year, rest) = text.split_once(between)?;
    let (month, day) = rest.split_once(behind)?;
    let number = |text: &str, digits: RangeInclusive<usize>| {
        let is_number = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok()).flatten()
    };
    number(year, 4..=4)?;
    let (month, day) = (number(month, 1..=2)?, number(day, 1..=2)?);
    let date = format!("{year}-{month:02}-{day:02}");
    credentials::policy::date::parse(&date).map(|_| date)
}
