//! What is told of a row: its code (UX §6), its column, and why, in both languages.
//!
//! Invariant: no finding repeats what stands in a cell.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::advice::Hint;
use super::table::{Broken, Fault, Field, Flaw};
use crate::problem::{Language, Problem, Reason, Words};

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
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub problem: Box<str>,
    /// What to do about it, where its code does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hint: Option<Hint>,
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
            problem: Box::default(),
            hint: None,
        }
    }

    /// The same, with what to do about it.
    pub(super) fn hinting(self, hint: Hint) -> Self {
        Self {
            hint: Some(hint),
            ..self
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
            (Fault::Mixed, _) => Words::from((
                "文件里混有两种编码：这一行像是 UTF-8，其余是 GB18030；请统一编码后再上传",
                "mixed encodings: this line seems to be UTF-8 and the others GB18030; save the file in one of them",
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

    /// A cell that cannot be taken for what it shows.
    pub fn flawed(row: u64, field: Option<Field>, flaw: Flaw) -> Self {
        let (code, detail) = match flaw {
            Flaw::Undecodable(encoding) => {
                let name = encoding.name();
                (
                    "I04",
                    Words::from((
                        format!("这个单元格里有不是 {name} 编码的字符，无法读出"),
                        format!("the cell has bytes that are not {name} and cannot be read"),
                    )),
                )
            }
            Flaw::Mixed => (
                "I04",
                (
                    "文件里混有两种编码（或这里已损坏），这个单元格无法读出：请统一编码后再上传",
                    "mixed encodings, or damage: the cell cannot be read; save the file in one encoding",
                )
                    .into(),
            ),
            Flaw::Nul => (
                "I04",
                (
                    "这个单元格里有零字节或残缺的字符",
                    "the cell has a zero byte or half a character",
                )
                    .into(),
            ),
            Flaw::Mark => (
                "I04",
                (
                    "⟦ ⟧ 之间是读不出或不可靠的内容：请换成正确的内容",
                    "what stands in ⟦ ⟧ could not be read or relied on: write what it should be",
                )
                    .into(),
            ),
            Flaw::Replaced => (
                "I04",
                (
                    "这个单元格里有一个字已被别的程序丢失（U+FFFD）",
                    "another program has lost a character of the cell (U+FFFD)",
                )
                    .into(),
            ),
            Flaw::Private => (
                "I04",
                (
                    "这个单元格里有自造字（私用区字符），换一台电脑就是别的字",
                    "the cell has a character for private use, which is another one elsewhere",
                )
                    .into(),
            ),
            Flaw::Digits => (
                "I03",
                (
                    "号码被表格软件存成了数字，第 15 位以后已丢失",
                    "a spreadsheet has stored it as a number and lost what is behind the 15th digit",
                )
                    .into(),
            ),
            Flaw::Dated => (
                "I03",
                (
                    "表格软件把它变成了日期",
                    "a spreadsheet has turned it into a date",
                )
                    .into(),
            ),
            Flaw::Uncomputed => (
                "I01",
                (
                    "单元格里是公式，文件里没有它的结果",
                    "the cell has a formula whose result is not in the file",
                )
                    .into(),
            ),
            Flaw::Failed => (
                "I04",
                (
                    "单元格里是公式错误（如 #N/A）",
                    "the cell has the error of a formula, such as #N/A",
                )
                    .into(),
            ),
        };
        Self::new(row, code, field, detail)
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
        error.hint = (code == "I08").then_some(Hint::NobodyHere);
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
            problem: self.problem.into(),
        }
    }
}
