//! Outside numbers of persons and institutions: read, normalised and checked.
//!
//! Invariant: pure functions; two spellings of one number (full width, lower case, spaces) have one
//! normalised form. A shape that cannot be the number is an error; a failed check is a
//! [`Warning`] that a registry may override, because wrong numbers were issued and are in use. Only
//! our own [`verification_code`] is refused outright. No error or warning repeats a character of
//! the number: it may be logged. Nothing is kept, so a crash here loses nothing.
//!
//! Rules: DOMAIN.md §4 (the standards' texts were not read; published samples are reproduced).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

pub mod credit_code;
pub mod enrolment_number;
pub mod foreign;
pub mod name;
pub mod old_resident_id;
pub mod organisation_code;
pub mod resident_id;
pub mod school_code;
pub mod verification_code;

/// Longest text looked at, in bytes; the longest identifier has 32 characters.
const INPUT_BYTES_MAX: usize = 256;

/// The kinds of number a person may be known by; names as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentifierType {
    /// 公民身份号码, 18 characters, or the 15 digits of before 1999.
    ResidentId,
    /// 学籍号, the national pupil number.
    EnrolmentNumber,
    /// Passport number, any country.
    Passport,
    /// 工号: a member of staff's number at one institution.
    StaffNumber,
    /// 校园卡: the number of a card that one institution gave out.
    InstitutionCard,
}

/// A text that names no identifier type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not an identifier type: expected resident_id, enrolment_number, passport, staff_number or institution_card"
)]
pub struct UnknownType;

impl IdentifierType {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::ResidentId,
        Self::EnrolmentNumber,
        Self::Passport,
        Self::StaffNumber,
        Self::InstitutionCard,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ResidentId => "resident_id",
            Self::EnrolmentNumber => "enrolment_number",
            Self::Passport => "passport",
            Self::StaffNumber => "staff_number",
            Self::InstitutionCard => "institution_card",
        }
    }

    /// Reads, normalises and checks a number of this kind.
    pub fn check(self, value: &str) -> Result<Checked, Malformed> {
        match self {
            Self::ResidentId => resident_id::check(value),
            Self::EnrolmentNumber => enrolment_number::check(value),
            Self::Passport => foreign::passport(value),
            Self::StaffNumber | Self::InstitutionCard => foreign::institution_number(value),
        }
    }
}

impl std::str::FromStr for IdentifierType {
    type Err = UnknownType;
    fn from_str(text: &str) -> Result<Self, UnknownType> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(UnknownType)
    }
}

impl std::fmt::Display for IdentifierType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A number of the right shape.
///
/// It has no `Debug` of its value on purpose: the number of a person must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Checked {
    /// The one form to store and compare.
    pub normalised: String,
    /// What a registry should look at, the gravest only.
    pub finding: Option<Warning>,
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Checked({} characters, {:?})",
            self.normalised.chars().count(),
            self.finding
        )
    }
}

/// What is doubtful about a number of the right shape, gravest first.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    thiserror::Error,
)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The check character is not the one computed.
    #[error("the check character does not fit the number")]
    CheckDigit,
    /// The 组织机构代码 inside a credit code fails its own check.
    #[error("the organisation code inside the credit code fails its check")]
    OrganisationCode,
    /// The eight digits of the birth date are no calendar date.
    #[error("the birth date in the number is no calendar date")]
    BirthDate,
    /// A higher-education school code whose serial does not begin with 0.
    #[error("the serial of a higher-education code should begin with 0")]
    Serial,
    /// Fifteen digits, completed to eighteen: the old form could not show a typing error.
    #[error("completed from the old form of fifteen digits, which has no check digit")]
    OldForm,
}

/// Why a text cannot be the number it is given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Too short or too long.
    #[error("expected {expected} characters, found {found}")]
    Length {
        /// The lengths there are.
        expected: &'static str,
        /// Characters found after spaces were dropped.
        found: usize,
    },
    /// A character that cannot stand at its place.
    #[error("the character at place {place} cannot stand there")]
    Alphabet {
        /// Counted from 1, after spaces were dropped.
        place: usize,
    },
    /// A spreadsheet has rounded the number (`1.1E+17`): its digits are lost.
    #[error("a spreadsheet has turned the number into a power of ten; its digits are lost")]
    Spreadsheet,
}

/// NFKC, upper case, without white space and zero-width marks.
fn normalise(value: &str, expected: &'static str) -> Result<String, Malformed> {
    if value.len() > INPUT_BYTES_MAX {
        return Err(Malformed::Length {
            expected,
            found: value.chars().count(),
        });
    }
    let text: String = value
        .nfkc()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}'))
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if is_rounded(&text) {
        Err(Malformed::Spreadsheet)
    } else {
        Ok(text)
    }
}

/// `1.1E+17`: digits, a point, and a power of ten.
fn is_rounded(text: &str) -> bool {
    text.split_once("E+").is_some_and(|(mantissa, exponent)| {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        digits(whole) && digits(fraction) && digits(exponent)
    })
}

/// The first character that `allowed` (character, place from 0) does not take, as an error.
fn each(text: &str, allowed: impl Fn(char, usize) -> bool) -> Result<(), Malformed> {
    match text.chars().enumerate().find(|&(at, c)| !allowed(c, at)) {
        Some((at, _)) => Err(Malformed::Alphabet { place: at + 1 }),
        None => Ok(()),
    }
}

/// That `text` has exactly `length` characters.
fn exactly(text: &str, length: usize, expected: &'static str) -> Result<(), Malformed> {
    let found = text.chars().count();
    if found == length {
        Ok(())
    } else {
        Err(Malformed::Length { expected, found })
    }
}
