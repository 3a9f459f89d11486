//! Every shape of an institution's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::Fact;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Admitted, Custody, Event, KeyActivated, KeyRetired, KeyUse, Level};
use crate::did::IssuerNumber;
use crate::wire::{fact, read};

/// institution.admitted.v1
pub const ADMITTED_V1: &str = "institution.admitted.v1";
/// key.activated.v1
pub const KEY_ACTIVATED_V1: &str = "key.activated.v1";
/// key.retired.v1
pub const KEY_RETIRED_V1: &str = "key.retired.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdmittedV1 {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credit_code: Option<String>,
    level: Level,
    name: String,
    number: IssuerNumber,
    officers: Vec<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<IssuerNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    school_code: Option<String>,
    scope: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyActivatedV1 {
    custody: Custody,
    fragment: String,
    key: PublicKey,
    r#use: KeyUse,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRetiredV1 {
    fragment: String,
}

impl From<AdmittedV1> for Admitted {
    fn from(v1: AdmittedV1) -> Self {
        Self {
            number: v1.number,
            name: v1.name,
            school_code: v1.school_code,
            credit_code: v1.credit_code,
            level: v1.level,
            parent: v1.parent,
            scope: v1.scope,
            officers: v1.officers,
        }
    }
}

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        ADMITTED_V1 => {
            read::<AdmittedV1>("institution", kind, data).map(|v1| Event::Admitted(v1.into()))
        }
        KEY_ACTIVATED_V1 => read::<KeyActivatedV1>("institution", kind, data).map(|v1| {
            Event::KeyActivated(KeyActivated {
                fragment: v1.fragment,
                key: v1.key,
                r#use: v1.r#use,
                custody: v1.custody,
            })
        }),
        KEY_RETIRED_V1 => read::<KeyRetiredV1>("institution", kind, data).map(|v1| {
            Event::KeyRetired(KeyRetired {
                fragment: v1.fragment,
            })
        }),
        _ => Err(crate::wire::unknown("institution", kind)),
    }
}

/// The fact that `event` becomes in the stream of `number`.
pub fn to_fact(number: IssuerNumber, event: Event) -> Fact {
    let stream = number.stream();
    match event {
        Event::Admitted(e) => fact(
            stream,
            ADMITTED_V1,
            &AdmittedV1 {
                credit_code: e.credit_code,
                level: e.level,
                name: e.name,
                number: e.number,
                officers: e.officers,
                parent: e.parent,
                school_code: e.school_code,
                scope: e.scope,
            },
        ),
        Event::KeyActivated(e) => fact(
            stream,
            KEY_ACTIVATED_V1,
            &KeyActivatedV1 {
                custody: e.custody,
                fragment: e.fragment,
                key: e.key,
                r#use: e.r#use,
            },
        ),
        Event::KeyRetired(e) => fact(
            stream,
            KEY_RETIRED_V1,
            &KeyRetiredV1 {
                fragment: e.fragment,
            },
        ),
    }
}
