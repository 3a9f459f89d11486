//! The open fields of an outcome and the rules they must keep, alike for recording and correcting.
//!
//! Open fields are an allow-list (DOMAIN §3.19): ids, codes, amounts, level, category, pass flag,
//! award date. Everything else is erasable and never seen here.

use identity::did::IssuerNumber;
use identity::identifier::IdentifierType;
use jiff::civil::Date;
use ledger::clock;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::millicredits::{Level, Millicredits, Millihours};
use crate::policy::{Category, OutcomeKind, Policy, Scheme};

/// Longest record number or code in characters.
pub const CODE_CHARS_MAX: usize = 64;
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["title", "grade", "teacher", "place", "remarks", SOURCE];

/// SHA-256, base64url, of the file that a record of an old system was taken over from. It says where
/// the record came from and nothing of what it is: another file may hold the same record.
pub const SOURCE: &str = "source";

/// What an outcome openly says; shipped: never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fields {
    /// Branch of learning.
    pub category: Category,
    /// Course, programme or certificate code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Award date.
    #[serde(with = "identity::date")]
    pub completed_on: Date,
    /// Credits, a decimal string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credits: Option<Millicredits>,
    /// Hours, a decimal string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Millihours>,
    /// What sort of outcome it is.
    pub kind: OutcomeKind,
    /// Level, a decimal string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Passed, failed, or not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
    /// In which credits.
    pub scheme: Scheme,
}

/// Where an outcome comes from: the same for all copies of it (OriginId).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// Who awarded it.
    pub awarder: IssuerNumber,
    /// The awarder's own number for it.
    pub record: String,
}

/// The id of the outcome of `origin` in the account of `person`.
pub fn outcome_id(origin: &Origin, person: Uuid) -> Uuid {
    clock::uuid_v8(
        "xuefen/outcome",
        &[
            &origin.awarder.0.to_be_bytes(),
            origin.record.as_bytes(),
            person.as_bytes(),
        ],
    )
}

/// The id of the `n`th lot of an outcome, from 0.
pub fn lot_id(outcome: Uuid, n: u64) -> Uuid {
    clock::uuid_v8("xuefen/lot", &[outcome.as_bytes(), &n.to_be_bytes()])
}

/// A field that breaks a rule of the policy in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The record number is empty, too long or has control characters.
    #[error("record must have 1 to 64 of A-Z a-z 0-9 - _ . / : # ( ) + and 第 号 字 年")]
    Record,
    /// The record number is itself a person's number.
    #[error("record is itself a person's number: give the institution's own number of the record")]
    RecordIsIdentifier,
    /// The code is empty, too long or has control characters.
    #[error(
        "code must have 1 to 64 of A-Z a-z 0-9 - _ . / : # ( ) + and 第 号 字 年, and no person's number"
    )]
    Code,
    /// The award date is after the day of recording.
    #[error("completed_on {completed_on} is in the future: today is {today}")]
    InFuture {
        /// The date given.
        completed_on: Date,
        /// The day of recording, UTC+8.
        today: Date,
    },
    /// The award date is before anything the policy knows.
    #[error("completed_on {0} is before 1949-10-01")]
    TooOld(Date),
    /// Neither credits nor hours, though the scheme counts credit.
    #[error("give credits or hours: scheme {0} counts credit")]
    AmountMissing(&'static str),
    /// Credits in a scheme that has none.
    #[error("scheme none has no credits")]
    AmountNotCounted,
    /// More credit than one outcome may have.
    #[error("{credit} credits is more than one outcome may have: at most {max}")]
    AmountAbsurd {
        /// The amount.
        credit: Millicredits,
        /// The policy's limit.
        max: Millicredits,
    },
    /// The level is not one of the scheme's.
    #[error("level {0} is not one of the policy's framework")]
    Level(Level),
    /// Hours alone, and the policy says no rate.
    #[error("the policy in force has no rate of hours to credits: give credits")]
    NoRate,
}

/// What the amount of an outcome comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// What the lot holds.
    pub credit: Millicredits,
    /// Credits and hours were both given and do not agree: the credits win.
    pub hours_mismatch: bool,
}

/// Checks record number: not empty, not long, not a person's number.
pub fn check_record(record: &str) -> Result<(), FieldError> {
    if !is_code(record) {
        return Err(FieldError::Record);
    }
    if holds_identifier(record) {
        return Err(FieldError::RecordIsIdentifier);
    }
    Ok(())
}

impl Fields {
    /// Checks every field against `policy` on the day `today` and computes the amount.
    pub fn check(&self, policy: &Policy, today: Date) -> Result<Amount, FieldError> {
        let wrong = |code: &String| !is_code(code) || holds_identifier(code);
        if self.code.as_ref().is_some_and(wrong) {
            return Err(FieldError::Code);
        }
        if self.completed_on > today {
            return Err(FieldError::InFuture {
                completed_on: self.completed_on,
                today,
            });
        }
        if self.completed_on < Date::constant(1949, 10, 1) {
            return Err(FieldError::TooOld(self.completed_on));
        }
        if let Some(level) = self.level.filter(|level| !policy.has_level(*level)) {
            return Err(FieldError::Level(level));
        }
        let amount = self.amount(policy)?;
        let max = policy.params.credits_max;
        if amount.credit > max {
            return Err(FieldError::AmountAbsurd {
                credit: amount.credit,
                max,
            });
        }
        Ok(amount)
    }

    /// Credits win over hours, a mismatch is a warning; hours alone by the policy's rate; what was
    /// not passed deposits nothing (DOMAIN §3.1, §3.12).
    fn amount(&self, policy: &Policy) -> Result<Amount, FieldError> {
        if self.scheme == Scheme::None {
            return match self.credits {
                Some(credit) if credit > Millicredits::ZERO => Err(FieldError::AmountNotCounted),
                _ => Ok(Amount {
                    credit: Millicredits::ZERO,
                    hours_mismatch: false,
                }),
            };
        }
        let rate = policy.params.hours_per_credit;
        let by_hours = self
            .hours
            .and_then(|hours| rate.map(|rate| Millicredits::from_hours(hours, rate)));
        let (credit, hours_mismatch) = match (self.credits, by_hours) {
            (Some(credit), Some(by_hours)) => (credit, credit != by_hours),
            (Some(credit), None) => (credit, false),
            (None, Some(by_hours)) => (by_hours, false),
            (None, None) if self.hours.is_some() => return Err(FieldError::NoRate),
            (None, None) => return Err(FieldError::AmountMissing(self.scheme.as_str())),
        };
        let credit = if self.passed == Some(false) {
            Millicredits::ZERO
        } else {
            credit
        };
        Ok(Amount {
            credit,
            hours_mismatch,
        })
    }
}

/// Letters and digits of ASCII and the few signs that record numbers have: no room for a name.
fn is_code(text: &str) -> bool {
    let sign = |c: char| "-_./:#()+ （）【】第号字年春夏秋冬上下学期".contains(c);
    (1..=CODE_CHARS_MAX).contains(&text.chars().count())
        && text.trim() == text
        && text.chars().all(|c| c.is_ascii_alphanumeric() || sign(c))
}

/// Whether a person's number stands in `text`, whatever signs are put between its characters: an ID or
/// 学籍号 whose check fits (one in eleven by chance, certain when a clerk put the wrong column there),
/// or a mobile number.
fn holds_identifier(text: &str) -> bool {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let checks = |kind: IdentifierType, chars: usize| {
        let mut windows = (0..plain.len()).map_while(|at| plain.get(at..at + chars));
        windows.any(|run| {
            kind.check(run)
                .is_ok_and(|checked| checked.finding.is_none())
        })
    };
    checks(IdentifierType::ResidentId, 18)
        || checks(IdentifierType::EnrolmentNumber, 19)
        || holds_mobile_number(text)
}

/// Whether eleven digits that begin as a mobile number stand together, or apart as people write them
/// (3-4-4, or each alone). Any other grouping is a record's number: 1506-2026-001.
fn holds_mobile_number(text: &str) -> bool {
    const GROUPINGS: [&[usize]; 2] = [&[3, 4, 4], &[1; 11]];
    let begins = |digits: &str| matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]);
    let runs: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|run| !run.is_empty())
        .collect();
    let is_number = |run: &str| run.bytes().all(|b| b.is_ascii_digit());
    let together = |run: &&str| run.len() == 11 && is_number(run) && begins(run);
    let apart = |grouping: &[usize]| {
        runs.windows(grouping.len()).any(|group| {
            let mut digits = group.concat();
            // The letters of a series may stand before the first digit: A138-1234-5678.
            let series = digits
                .find(|c: char| c.is_ascii_digit())
                .unwrap_or_default();
            digits.drain(..series);
            let mut lengths = group.iter().map(|run| run.len()).zip(grouping);
            let fits = lengths
                .next()
                .is_some_and(|(first, wanted)| first - series.min(first) == *wanted)
                && lengths.all(|(length, wanted)| length == *wanted);
            fits && is_number(&digits) && begins(&digits)
        })
    };
    runs.iter().any(together) || GROUPINGS.into_iter().any(apart)
}
