//! From a row to the asking that records it, or to the reason why not (row codes of UX §6).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use identity::identifier::{IdentifierType, Malformed, name};
use uuid::Uuid;

use super::advice::Hint;
use super::date;
pub use super::finding::{Finding, RowError};
use super::keyed;
use super::table::{Field, Flaw, Row};
use crate::app::App;
use crate::extract::Caller;
use crate::problem::Problem;
use crate::routes::outcomes::Says;
use crate::write::Asking;

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
    no_flaw_elsewhere(row).map_err(Ok)?;
    let cell = |field: Field| cell(row, field).map_err(Ok);
    let missing = |field| Ok(missing(row, field));
    let needed = |field: Field| cell(field)?.ok_or_else(|| missing(field));
    let text = |field: Field| cell(field).map(|it| it.map(str::to_owned));
    let own_record = if row.has(Field::Record) {
        Some(needed(Field::Record)?.to_owned())
    } else {
        None
    };
    let completed_on = needed(Field::CompletedOn)?;
    let person = person(
        app,
        people,
        row,
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
        completed_on: date::read(completed_on).map_err(|unread| {
            let field = Some(Field::CompletedOn);
            Ok(Finding::new(row.line, "I06", field, unread.words()))
        })?,
    };
    let fault = |problem: Problem| {
        if problem.reason.status().is_server_error() {
            Err(problem)
        } else {
            Ok(Finding::of(row.line, &problem))
        }
    };
    let record = if let Some(record) = own_record {
        record
    } else {
        let told = [&says.code, &says.title].map(|it| it.as_deref().unwrap_or_default());
        if told.iter().all(|it| it.is_empty()) {
            return Err(missing(Field::Code));
        }
        let [code, title] = told;
        let told = [&says.kind, code, title, &says.completed_on];
        keyed::record(app, caller.issuer(), person, told)
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

/// A flaw in a column that means nothing here is the row's: it may have more of them.
pub(super) fn no_flaw_elsewhere(row: &Row<'_>) -> Result<(), Finding> {
    let Some((header, flaw)) = row.flaw_elsewhere() else {
        return Ok(());
    };
    let mut finding = Finding::flawed(row.line, None, flaw);
    finding.field = header.into();
    Err(finding)
}

/// What stands under `field`.
pub(super) fn cell<'a>(row: &Row<'a>, field: Field) -> Result<Option<&'a str>, Finding> {
    let cell = row
        .cell(field)
        .map_err(|(field, flaw)| Finding::flawed(row.line, Some(field), flaw))?;
    let digits_matter = matches!(field, Field::Learner | Field::Record | Field::Code);
    match cell {
        Some(text) if digits_matter && is_rounded(text) => {
            Err(Finding::flawed(row.line, Some(field), Flaw::Digits))
        }
        cell => Ok(cell),
    }
}

/// Nothing stands where something must.
pub(super) fn missing(row: &Row<'_>, field: Field) -> Finding {
    let why = if row.is_in_sheet() {
        (
            "没有填写；如果是合并的单元格，只有第一格有内容，请取消合并并填满",
            "missing; of merged cells only the first has a value: unmerge them and fill each",
        )
    } else {
        ("没有填写", "missing")
    };
    Finding::new(row.line, "I01", Some(field), why)
}

/// `1.1E+17`: a spreadsheet has cut it off.
fn is_rounded(text: &str) -> bool {
    text.split_once(['E', 'e']).is_some_and(|(digits, power)| {
        let number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
        let whole = digits.split_once('.').unwrap_or((digits, "0"));
        number(whole.0) && number(whole.1) && power.strip_prefix('+').is_some_and(number)
    })
}

fn person(
    app: &App,
    people: &People,
    row: &Row<'_>,
    learner: Option<&str>,
    number: Option<&str>,
    given: Option<&str>,
) -> Result<Uuid, Result<Finding, Problem>> {
    let line = row.line;
    if let Some(learner) = learner {
        return learner.parse().map_err(|_| {
            Ok(Finding::new(
                line,
                "I08",
                Some(Field::Learner),
                ("不是本平台的学习者编号", "not a person's number here"),
            )
            .hinting(Hint::NotANumber))
        });
    }
    let field = Some(Field::ResidentId);
    let number = number.ok_or_else(|| Ok(missing(row, Field::ResidentId)))?;
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
        )
        .hinting(Hint::OtherName))),
        (None, Some(warning)) => Err(Ok(Finding::new(line, "I02", field, &warning))),
        (None, None) => Err(Ok(Finding::new(
            line,
            "I08",
            field,
            (
                "没有以这个号码登记的人",
                "nobody is registered under this number",
            ),
        )
        .hinting(Hint::NotRegistered))),
    }
}
