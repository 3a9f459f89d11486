//! Every shape of a credential's facts ever stored. A shipped struct never changes.

use identity::wire::{fact, own, read, unknown};
use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Event, Issued};
use super::issue;
use crate::account::correct_outcome::Reason;

/// credential.issued.v1: its data is that of credential.issue.v1.
pub const ISSUED_V1: &str = "credential.issued.v1";
/// credential.suspended.v1
pub const SUSPENDED_V1: &str = "credential.suspended.v1";
/// credential.reinstated.v1
pub const REINSTATED_V1: &str = "credential.reinstated.v1";
/// credential.revoked.v1
pub const REVOKED_V1: &str = "credential.revoked.v1";
/// credential.superseded.v1
pub const SUPERSEDED_V1: &str = "credential.superseded.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BecauseV1 {
    reason: Reason,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SupersededV1 {}

/// The stream of a credential.
pub fn stream(credential: Uuid) -> Stream {
    Stream::new("credential", credential)
}

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    const NOUN: &str = "credential";
    let because = || read::<BecauseV1>(NOUN, kind, data).map(|v1| v1.reason);
    match kind {
        ISSUED_V1 => read::<issue::Data>(NOUN, kind, data).map(|v1| {
            Event::Issued(Box::new(Issued {
                credential: v1.credential,
                issuer: v1.issuer,
                person: v1.person,
                outcome: v1.outcome,
                key: v1.key,
                fields: v1.fields,
                credits: v1.credits,
                subject: v1.subject,
                list: v1.list,
                index: v1.index,
                values: v1.values,
            }))
        }),
        SUSPENDED_V1 => because().map(Event::Suspended),
        REINSTATED_V1 => because().map(Event::Reinstated),
        REVOKED_V1 => because().map(Event::Revoked),
        SUPERSEDED_V1 => read::<SupersededV1>(NOUN, kind, data).map(|_| Event::Superseded),
        _ => Err(unknown(NOUN, kind)),
    }
}

/// The fact that `event` becomes in the stream of `credential`.
pub fn to_fact(credential: Uuid, event: &Event) -> Fact {
    let stream = stream(credential);
    let because = |reason: &Reason| BecauseV1 { reason: *reason };
    match event {
        Event::Issued(_) => own(stream, ISSUED_V1),
        Event::Suspended(reason) => fact(stream, SUSPENDED_V1, &because(reason)),
        Event::Reinstated(reason) => fact(stream, REINSTATED_V1, &because(reason)),
        Event::Revoked(reason) => fact(stream, REVOKED_V1, &because(reason)),
        Event::Superseded => fact(stream, SUPERSEDED_V1, &SupersededV1 {}),
    }
}
