//! recovery.issue-sheet: a code on paper, for the day on which every device is gone.
//!
//! The log names the sheet; what opens it stands on the paper alone, and behind Argon2id in the vault.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire;
use crate::person::assurance::{Level, level_in};
use crate::person::delegation::Asker;
use crate::person::served::{self, NotServed};
use crate::person::{Person, numbers, wire::stream};

/// Kind of the assertion.
pub const KIND: &str = "recovery.issue-sheet.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Whose.
    pub person: Uuid,
    /// Random name of the sheet.
    pub sheet: Uuid,
}

/// Issue a sheet; the one before it opens nothing more.
#[derive(Debug)]
pub struct IssueSheet {
    /// Who asks.
    pub asker: Asker,
    /// What is asked.
    pub data: Data,
}

/// Why no sheet is issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueSheetError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// A learner asks for somebody else's account.
    #[error("a learner asks for a sheet of the own account only")]
    NotYours,
    /// Nobody acts under this number.
    #[error(
        "nobody acts as person {0}: unknown, suspended, merged into another number, forgotten or dead"
    )]
    Barred(Uuid),
    /// Paper opens no account that is guarded by a key in hardware.
    #[error("an account known at {0} is opened again at a counter only")]
    LevelTooHigh(Level),
}

impl Decision for IssueSheet {
    type Error = IssueSheetError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = self.asker.streams(self.data.person);
        streams.extend(numbers::streams(world, self.data.person));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, IssueSheetError> {
        let Data { person, sheet } = self.data;
        let state = match self.asker {
            Asker::Officer(issuer, _) => served::check(world, person, issuer)?,
            Asker::Learner(learner) if learner != person => return Err(IssueSheetError::NotYours),
            Asker::Learner(_) => world.get::<Person>(&stream(person)),
        };
        if !state.is_known() || state.barred().is_some() {
            return Err(IssueSheetError::Barred(person));
        }
        let level = level_in(world, person);
        if level > super::Way::Sheet.opens() {
            return Err(IssueSheetError::LevelTooHigh(level));
        }
        match state.recoveries.sheet {
            Some((known, by)) if known == sheet => Ok(Verdict::AlreadySo(by)),
            _ => Ok(Verdict::Facts(vec![wire::sheet_issued(person)])),
        }
    }
}
