//! The values of a line with their salts, so that their holder can prove them.
//!
//! Invariant: only the learner and the institution that awarded a line get its disclosures; whoever
//! holds one can show it to anybody, for ever.

use identity::did::IssuerNumber;
use identity::role::Role;
use projections::transcripts::Line as Row;
use uuid::Uuid;

use crate::app::App;
use crate::extract::Caller;
use crate::problem::Problem;

/// Of which lines the disclosures are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosed {
    /// Of none: not asked for, or not the reader's.
    None,
    /// Of all: the reader is the learner.
    All,
    /// Of those that the reader's institution awarded.
    AwardedBy(IssuerNumber),
}

impl Disclosed {
    /// What `caller` gets of `person`'s lines.
    pub fn to(caller: &Caller, person: Uuid) -> Self {
        match (caller.role, caller.institution) {
            (Role::Learner, _) if caller.person == person => Self::All,
            (Role::Institution | Role::Clerk, Some(number)) => Self::AwardedBy(number),
            _ => Self::None,
        }
    }

    fn has(self, row: &Row) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::AwardedBy(number) => row.origin.awarder == number,
        }
    }
}

/// The disclosures of a line that `disclosed` has: base64url, as they were submitted; none if they
/// were erased.
pub(super) fn of(app: &App, row: &Row, disclosed: Disclosed) -> Result<Vec<String>, Problem> {
    if !disclosed.has(row) {
        return Ok(Vec::new());
    }
    let disclosures = super::disclosures_of(app, row)?;
    Ok(disclosures
        .iter()
        .map(|disclosure| disclosure.encoded().to_owned())
        .collect())
}
