//! Every shape of a proposal's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Event;
use crate::wire::{fact, own, read, unknown};

/// approval.proposed.v1: its data is the assertion's own.
pub const PROPOSED_V1: &str = "approval.proposed.v1";
/// approval.given.v1
pub const GIVEN_V1: &str = "approval.given.v1";
/// approval.completed.v1
pub const COMPLETED_V1: &str = "approval.completed.v1";
/// approval.rejected.v1
pub const REJECTED_V1: &str = "approval.rejected.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByV1 {
    person: Uuid,
}

/// The stream of the proposal made by the assertion `id`.
pub fn stream(id: Uuid) -> Stream {
    Stream::new("approval", id)
}

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    let by = || read::<ByV1>("approval", kind, data).map(|v1| v1.person);
    match kind {
        PROPOSED_V1 => Ok(Event::Proposed { data: data.into() }),
        GIVEN_V1 => by().map(|person| Event::Given { person }),
        COMPLETED_V1 => by().map(|person| Event::Completed { person }),
        REJECTED_V1 => by().map(|person| Event::Rejected { person }),
        _ => Err(unknown("approval", kind)),
    }
}

/// The fact that the assertion `id` is a proposal.
pub fn proposed(id: Uuid) -> Fact {
    own(stream(id), PROPOSED_V1)
}

/// A fact of this kind by `person`.
pub(super) fn by(id: Uuid, kind: &'static str, person: Uuid) -> Fact {
    fact(stream(id), kind, &ByV1 { person })
}
