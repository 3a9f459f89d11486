//! What a row of a roster says of a person, each cell checked by itself.
//!
//! Invariant: nobody is looked up here; a number is kept in its one normalised form.

use identity::identifier::{IdentifierType, Malformed, Warning, resident_id};
use jiff::civil::Date;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use super::super::date;
use super::super::finding::Finding;
use super::super::row;
use super::super::table::{Field, Row};
use crate::app::App;
use crate::problem::Words;

/// The numbers a roster can bring, each in its column. Those that an institution gives out itself are
/// not among them: another institution's may be the same.
const NUMBERS: [(IdentifierType, Field); 2] = [
    (IdentifierType::ResidentId, Field::ResidentId),
    (IdentifierType::EnrolmentNumber, Field::EnrolmentNumber),
];

/// A person as a row gives it.
pub(super) struct Given {
    pub(super) line: u64,
    /// NFC, trimmed.
    pub(super) name: String,
    pub(super) birth_date: Option<Date>,
    /// At least one.
    pub(super) numbers: Vec<Number>,
}

/// A number of the right shape.
pub(super) struct Number {
    pub(super) r#type: IdentifierType,
    pub(super) field: Field,
    pub(super) normalised: String,
    /// What is doubtful about it.
    warning: Option<Warning>,
}

/// Reads a row.
pub(super) fn read(app: &App, row: &Row<'_>) -> Result<Given, Finding> {
    row::no_flaw_elsewhere(row)?;
    let line = row.line;
    let name = row::cell(row, Field::Name)?.ok_or_else(|| row::missing(row, Field::Name))?;
    let name: String = name.nfc().collect();
    let invalid = |code, field, name: &str, value: &str| {
        let checked = identity::value::check(name, &Value::String(value.into()), app.today());
        checked.map_err(|error| Finding::new(line, code, Some(field), &error))
    };
    invalid("I04", Field::Name, "name", &name)?;
    let mut numbers = Vec::with_capacity(NUMBERS.len());
    for (r#type, field) in NUMBERS {
        let Some(text) = row::cell(row, field)? else {
            continue;
        };
        let checked = r#type.check(text).map_err(|error| {
            let damaged = error == Malformed::Spreadsheet;
            let code = if damaged { "I03" } else { "I02" };
            Finding::new(line, code, Some(field), &error)
        })?;
        numbers.push(Number {
            r#type,
            field,
            normalised: checked.normalised,
            warning: checked.finding,
        });
    }
    if numbers.is_empty() {
        let fields = NUMBERS.iter().map(|(_, field)| *field);
        let field = fields.into_iter().find(|field| row.has(*field));
        return Err(row::missing(row, field.unwrap_or(Field::ResidentId)));
    }
    let birth_date = match row::cell(row, Field::BirthDate)? {
        Some(text) => Some(birth_date(line, text, &invalid)?),
        None => None,
    };
    let given = Given {
        line,
        name,
        birth_date,
        numbers,
    };
    if given.contradicts_itself() {
        let words = (
            "与证件号中的出生日期不一致：请核对两者",
            "the resident ID has another date of birth: look at both",
        );
        return Err(Finding::new(line, "I06", Some(Field::BirthDate), words));
    }
    Ok(given)
}

fn birth_date(
    line: u64,
    text: &str,
    check: &impl Fn(&'static str, Field, &str, &str) -> Result<(), Finding>,
) -> Result<Date, Finding> {
    let field = Field::BirthDate;
    let wrong = |words: Words| Finding::new(line, "I06", Some(field), words);
    let day = date::read(text).map_err(|unread| wrong(unread.words()))?;
    check("I06", field, "birth_date", &day)?;
    identity::date::parse(&day).ok_or_else(|| wrong(date::Unread::NoDay.words()))
}

impl Given {
    /// Whether the date of birth is not the one in the resident ID, if that is none of its errors.
    fn contradicts_itself(&self) -> bool {
        let sound = |it: &&Number| {
            it.r#type == IdentifierType::ResidentId
                && matches!(it.warning, None | Some(Warning::OldForm))
        };
        let number = self.numbers.iter().find(sound);
        let inside = number.and_then(|it| resident_id::birth_date(&it.normalised));
        let differs = self
            .birth_date
            .zip(inside)
            .map(|(said, inside)| said != inside);
        differs.unwrap_or_default()
    }

    /// The resident ID.
    pub(super) fn resident_id(&self) -> Option<&Number> {
        let mut numbers = self.numbers.iter();
        numbers.find(|it| it.r#type == IdentifierType::ResidentId)
    }
}

impl Number {
    /// Why nobody may be registered under it by who is no registry.
    pub(super) fn fault(&self, line: u64) -> Option<Finding> {
        let warning = self.warning?;
        // A spreadsheet keeps fifteen digits and writes zeros for the others.
        let rounded = warning == Warning::CheckDigit
            && self.r#type == IdentifierType::ResidentId
            && self.normalised.ends_with("000");
        let field = Some(self.field);
        if rounded {
            let words = (
                "末三位是 000 且校验位不符：多半是电子表格丢失了后几位",
                "it ends with 000 and its check character does not fit: a spreadsheet has most likely lost its last digits",
            );
            return Some(Finding::new(line, "I03", field, words));
        }
        let Words { zh, en } = (&warning).into();
        let words = (
            format!("{zh}；若与证件一致，请由省级登记机构核实登记"),
            format!("{en}; if the document says so, the registry registers the person"),
        );
        Some(Finding::new(line, "I02", field, words))
    }
}
