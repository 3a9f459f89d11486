//! recovery.start, recovery.claim: somebody asks for the way back, at a counter or with the sheet.
//!
//! Two officers begin it at a counter; whoever types the code of the sheet is nobody yet, so the ledger
//! says that the code was right. Then it waits, and every channel is told, so that who did not ask says
//! no. An elder at a counter does not wait.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DELAY_MS, Way, wire};
use crate::ask::Ask;
use crate::erasable::Commitments;
use crate::person::assurance::{Level, level_in};
use crate::person::served::{self, NotServed};
use crate::person::state::Barred;
use crate::person::{Person, numbers, wire::stream};

/// Kind of the assertion of an officer.
pub const START: &str = "recovery.start.v1";
/// Kind of the ledger's own assertion.
pub const CLAIM: &str = "recovery.claim.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];

/// What an officer asserts; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartData {
    /// Commitment to the document that was seen, in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Whether the officer saw that the person is 60 or older.
    pub elder: bool,
    /// Who.
    pub person: Uuid,
}

/// What the ledger asserts; shipped: never changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimData {
    /// Who.
    pub person: Uuid,
    /// The sheet whose code was typed.
    pub sheet: Uuid,
}

/// Why nothing begins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartRecoveryError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// An officer opens the own account.
    #[error("no officer opens the own account again")]
    OwnAccount,
    /// No account to come back to.
    #[error("person {0} is not registered, forgotten, dead, or merged into another number")]
    Barred(Uuid),
    /// One is under way.
    #[error("recovery {0} is under way: complete it, or say no to it")]
    UnderWay(Uuid),
    /// The sheet was replaced or used.
    #[error("this sheet was replaced by another, or used")]
    SheetSpent,
    /// More proof is needed for this account.
    #[error("an account known at {0} is opened again by registrars only")]
    LevelTooHigh(Level),
}

/// Whoever is suspended may come back: a lost device is what most suspensions are for.
fn is_closed(state: &Person) -> bool {
    !state.is_known() || !matches!(state.barred(), None | Some(Barred::Suspended))
}

fn under_way(state: &Person, world: &World<'_>) -> Result<(), StartRecoveryError> {
    match state.recoveries.open(world.recorded_at_ms) {
        Some(open) => Err(StartRecoveryError::UnderWay(open.id)),
        None => Ok(()),
    }
}

/// Begin at a counter.
#[derive(Debug)]
pub struct Start {
    /// The asking side of the proposal.
    pub ask: Ask,
    /// What is asked.
    pub data: StartData,
}

impl Decision for Start {
    type Error = StartRecoveryError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = served::streams(self.data.person, self.ask.issuer);
        streams.extend(numbers::streams(world, self.data.person));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, StartRecoveryError> {
        let person = self.data.person;
        let state = served::check(world, person, self.ask.issuer)?;
        // The proposer, and whoever's assertion lets the proposal take effect.
        let acting = [self.ask.act.as_ref(), world.assertion.act()];
        if acting.into_iter().flatten().any(|act| act.person == person) {
            return Err(StartRecoveryError::OwnAccount);
        }
        if is_closed(&state) {
            return Err(StartRecoveryError::Barred(person));
        }
        let level = level_in(world, person);
        if level > Way::Counter.opens(Some(self.ask.issuer)) {
            return Err(StartRecoveryError::LevelTooHigh(level));
        }
        under_way(&state, world)?;
        let delay_ms = if self.data.elder { 0 } else { DELAY_MS };
        let ready_ms = world.recorded_at_ms.saturating_add(delay_ms);
        Ok(Verdict::Facts(vec![wire::started(
            person,
            self.ask.id,
            Way::Counter,
            ready_ms,
        )]))
    }
}

/// Begin with the code of the sheet.
#[derive(Debug)]
pub struct Claim {
    /// Id of the assertion: the recovery's name.
    pub id: Uuid,
    /// What is asked.
    pub data: ClaimData,
}

impl Decision for Claim {
    type Error = StartRecoveryError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        numbers::streams(world, self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, StartRecoveryError> {
        let ClaimData { person, sheet } = self.data;
        let state = world.get::<Person>(&stream(person));
        if is_closed(&state) {
            return Err(StartRecoveryError::Barred(person));
        }
        if state
            .recoveries
            .sheet
            .is_none_or(|(known, _)| known != sheet)
        {
            return Err(StartRecoveryError::SheetSpent);
        }
        let level = level_in(world, person);
        if level > Way::Sheet.opens(None) {
            return Err(StartRecoveryError::LevelTooHigh(level));
        }
        under_way(&state, world)?;
        let ready_ms = world.recorded_at_ms.saturating_add(DELAY_MS);
        Ok(Verdict::Facts(vec![wire::started(
            person,
            self.id,
            Way::Sheet,
            ready_ms,
        )]))
    }
}
