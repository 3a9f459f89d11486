//! What is known of a proposal.

use ledger::assertion::Act;
use ledger::decision::{Aggregate, Earlier, Occurred, Unreadable};
use ledger::hash::Digest;
use uuid::Uuid;

use super::event::Event;
use super::wire;
use crate::ask::Ask;

/// The proposal as its commit says it.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Who asked; `None` = the signer's name is under no DID (never accepted, so never stored).
    pub ask: Option<Ask>,
    /// Kind of the assertion.
    pub kind: String,
    /// Its data, JSON.
    pub data: String,
    /// Its leaf hash: what an approval must name.
    pub leaf: Digest,
    /// Its position.
    pub position: u64,
    /// Its recording time, Unix milliseconds.
    pub recorded_at_ms: i64,
}

impl Proposal {
    /// The person who proposed.
    pub fn act(&self) -> Option<&Act> {
        self.ask.as_ref().and_then(|ask| ask.act.as_ref())
    }
}

/// A proposal and what became of it.
#[derive(Debug, Clone, Default)]
pub struct Approval {
    /// The proposal.
    pub proposal: Option<Proposal>,
    /// Who agreed so far.
    pub given: Vec<Uuid>,
    /// The commit that carried it out.
    pub completed: Option<Earlier>,
    /// The commit that ended it without an act.
    pub rejected: Option<Earlier>,
}

impl Aggregate for Approval {
    const NOUN: &'static str = "approval";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        let here = Earlier {
            id: at.assertion.id(),
            position: at.position,
        };
        match event {
            Event::Proposed { data } => {
                self.proposal = Some(Proposal {
                    ask: Ask::of(at.assertion).ok(),
                    kind: at.assertion.kind().into(),
                    data: data.clone(),
                    leaf: at.leaf,
                    position: at.position,
                    recorded_at_ms: at.recorded_at_ms,
                });
            }
            Event::Given { person } => self.given.push(*person),
            Event::Completed { person } => {
                self.given.push(*person);
                self.completed.get_or_insert(here);
            }
            Event::Rejected { .. } => {
                self.rejected.get_or_insert(here);
            }
        }
        self
    }
}
