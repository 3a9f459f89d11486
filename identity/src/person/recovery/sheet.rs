//! recovery.issue-sheet: a code on paper, for the day on which every device is gone.
//!
//! The log names the sheet; what opens it stands on the paper alone, and behind Argon2id in the vault.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wire;
use crate::person::assurance::{Level, level_in};
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

/// Issue a sheet; the one before it opens nothing more. Nobody prints one for somebody else: it would be a
/// way into any account for one officer.
#[derive(Debug)]
pub struct IssueSheet {
    /// Who asks.
    pub learner: Option<Uuid>,
    /// What is asked.
    pub data: Data,
}

/// Why no sheet is issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IssueSheetError {
    /// A learner asks for somebody else's account.
    #[error("a learner asks for a sheet of the own account only")]
    NotYours,
    /// Nobody acts under this number.
    #[error(
        "nobody acts as person {0}: unknown, suspended, merged into another number, forgotten or dead"
    )]
    Barred(Uuid),
    /// One is under way: another sheet would complete what the first began, without a wait of its own.
    #[error("recovery {0} is under way: complete it, or say no to it")]
    UnderWay(Uuid),
    /// Paper opens no account that is guarded by a key in hardware.
    #[error("an account known at {0} is opened again at a counter only")]
    LevelTooHigh(Level),
}

impl Decision for IssueSheet {
    type Error = IssueSheetError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        numbers::streams(world, self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, IssueSheetError> {
        let Data { person, sheet } = self.data;
        if self.learner != Some(person) {
            return Err(IssueSheetError::NotYours);
        }
        let state = world.get::<Person>(&stream(person));
        if !state.is_known() || state.barred().is_some() {
            return Err(IssueSheetError::Barred(person));
        }
        let level = level_in(world, person);
        if level > super::Way::Sheet.opens(None) {
            return Err(IssueSheetError::LevelTooHigh(level));
        }
        if let Some(open) = state.recoveries.open(world.recorded_at_ms) {
            return Err(IssueSheetError::UnderWay(open.id));
        }
        match state.recoveries.sheet {
            Some((known, by)) if known == sheet => Ok(Verdict::AlreadySo(by)),
            _ => Ok(Verdict::Facts(vec![wire::sheet_issued(person)])),
        }
    }
}
