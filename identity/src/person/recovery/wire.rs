//! Every shape of a recovery's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::Fact;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Event, Way, complete, sheet, veto};
use crate::person::wire::stream;
use crate::wire::{fact, own, read, unknown};

/// recovery.sheet-issued.v1: its data is that of recovery.issue-sheet.v1.
pub const SHEET_ISSUED_V1: &str = "recovery.sheet-issued.v1";
/// recovery.started.v1
pub const STARTED_V1: &str = "recovery.started.v1";
/// recovery.vetoed.v1: its data is that of recovery.veto.v1.
pub const VETOED_V1: &str = "recovery.vetoed.v1";
/// recovery.completed.v1: its data is that of recovery.complete.v1 and recovery.complete-at-counter.v1.
pub const COMPLETED_V1: &str = "recovery.completed.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StartedV1 {
    ready_ms: i64,
    recovery: Uuid,
    way: Way,
}

pub(in crate::person) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        SHEET_ISSUED_V1 => read::<sheet::Data>("person", kind, data)
            .map(|v1| Event::SheetIssued { sheet: v1.sheet }),
        STARTED_V1 => read::<StartedV1>("person", kind, data).map(|v1| Event::Started {
            recovery: v1.recovery,
            way: v1.way,
            ready_ms: v1.ready_ms,
        }),
        VETOED_V1 => read::<veto::Data>("person", kind, data).map(|v1| Event::Vetoed {
            recovery: v1.recovery,
        }),
        COMPLETED_V1 => read::<complete::Data>("person", kind, data).map(|v1| Event::Completed {
            recovery: v1.recovery,
        }),
        _ => Err(unknown("person", kind)),
    }
}

/// The fact that the assertion's own data issued a sheet.
pub(super) fn sheet_issued(person: Uuid) -> Fact {
    own(stream(person), SHEET_ISSUED_V1)
}

/// The fact that a way back was begun.
pub(super) fn started(person: Uuid, recovery: Uuid, way: Way, ready_ms: i64) -> Fact {
    let shape = StartedV1 {
        ready_ms,
        recovery,
        way,
    };
    fact(stream(person), STARTED_V1, &shape)
}

/// The fact that the assertion's own data said no to one.
pub(super) fn vetoed(person: Uuid) -> Fact {
    own(stream(person), VETOED_V1)
}

/// The fact that the assertion's own data completed one.
pub(super) fn completed(person: Uuid) -> Fact {
    own(stream(person), COMPLETED_V1)
}
