//! Every shape of an institution's facts ever stored. A shipped struct never changes.

use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use super::event::{
    Admitted, Custody, Event, Ground, HistoryReaffirmed, KeyActivated, KeyCompromised, KeyRetired,
    KeyRotated, KeyUse, Level, Settlement,
};
use super::ranges::Ranges;
use crate::did::IssuerNumber;
use crate::wire::{fact, read};

/// institution.admitted.v1
pub const ADMITTED_V1: &str = "institution.admitted.v1";
/// key.activated.v1
pub const KEY_ACTIVATED_V1: &str = "key.activated.v1";
/// key.activated.v2
pub const KEY_ACTIVATED_V2: &str = "key.activated.v2";
/// key.retired.v1
pub const KEY_RETIRED_V1: &str = "key.retired.v1";
/// key.rotated.v1
pub const KEY_ROTATED_V1: &str = "key.rotated.v1";
/// key.compromised.v1
pub const KEY_COMPROMISED_V1: &str = "key.compromised.v1";
/// history.reaffirmed.v1
pub const HISTORY_REAFFIRMED_V1: &str = "history.reaffirmed.v1";
/// entries.reaffirmed.v1
pub const ENTRIES_REAFFIRMED_V1: &str = "entries.reaffirmed.v1";
/// entries.repudiated.v1
pub const ENTRIES_REPUDIATED_V1: &str = "entries.repudiated.v1";
/// institution.renamed.v1
pub const RENAMED_V1: &str = "institution.renamed.v1";
/// institution.suspended.v1
pub const SUSPENDED_V1: &str = "institution.suspended.v1";
/// institution.reinstated.v1
pub const REINSTATED_V1: &str = "institution.reinstated.v1";
/// institution.closed.v1
pub const CLOSED_V1: &str = "institution.closed.v1";
/// institution.merged.v1
pub const MERGED_V1: &str = "institution.merged.v1";
/// institution.absorbs.v1
pub const ABSORBS_V1: &str = "institution.absorbs.v1";
/// institution.revived.v1
pub const REVIVED_V1: &str = "institution.revived.v1";

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
    #[serde(deserialize_with = "first_use")]
    r#use: KeyUse,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyActivatedV2 {
    custody: Custody,
    fragment: String,
    key: PublicKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Digest>,
    r#use: KeyUse,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRetiredV1 {
    fragment: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyRotatedV1 {
    custody: Custody,
    fragment: String,
    key: PublicKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Digest>,
    old: String,
    r#use: KeyUse,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyCompromisedV1 {
    fragment: String,
    not_valid_after: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryReaffirmedV1 {
    except: Vec<u64>,
    through: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntriesSettledV1 {
    ranges: Ranges,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RenamedV1 {
    name: String,
}

/// Of a suspension and of a closing.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct GroundV1 {
    reason: Ground,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReinstatedV1 {}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MergedV1 {
    into: IssuerNumber,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AbsorbsV1 {
    generations: u32,
    numbers: Vec<IssuerNumber>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevivedV1 {
    officers: Vec<Uuid>,
}

/// A use that the shapes of the first version know: `acknowledgement` and `client` came later.
pub fn first_use<'de, D: Deserializer<'de>>(reader: D) -> Result<KeyUse, D::Error> {
    match KeyUse::deserialize(reader)? {
        KeyUse::Acknowledgement | KeyUse::Client => Err(serde::de::Error::custom(
            "unknown use: an acknowledgement or client key needs version 2 of this kind",
        )),
        known => Ok(known),
    }
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
    const NOUN: &str = "institution";
    Ok(match kind {
        ADMITTED_V1 => Event::Admitted(read::<AdmittedV1>(NOUN, kind, data)?.into()),
        KEY_ACTIVATED_V1 => {
            let v1 = read::<KeyActivatedV1>(NOUN, kind, data)?;
            Event::KeyActivated(KeyActivated {
                fragment: v1.fragment,
                key: v1.key,
                r#use: v1.r#use,
                custody: v1.custody,
                next: None,
            })
        }
        KEY_ACTIVATED_V2 => {
            let v2 = read::<KeyActivatedV2>(NOUN, kind, data)?;
            Event::KeyActivated(KeyActivated {
                fragment: v2.fragment,
                key: v2.key,
                r#use: v2.r#use,
                custody: v2.custody,
                next: v2.next,
            })
        }
        KEY_RETIRED_V1 => Event::KeyRetired(KeyRetired {
            fragment: read::<KeyRetiredV1>(NOUN, kind, data)?.fragment,
        }),
        KEY_ROTATED_V1 => {
            let v1 = read::<KeyRotatedV1>(NOUN, kind, data)?;
            Event::KeyRotated(KeyRotated {
                old: v1.old,
                new: KeyActivated {
                    fragment: v1.fragment,
                    key: v1.key,
                    r#use: v1.r#use,
                    custody: v1.custody,
                    next: v1.next,
                },
            })
        }
        KEY_COMPROMISED_V1 => {
            let v1 = read::<KeyCompromisedV1>(NOUN, kind, data)?;
            Event::KeyCompromised(KeyCompromised {
                fragment: v1.fragment,
                not_valid_after: v1.not_valid_after,
            })
        }
        HISTORY_REAFFIRMED_V1 => {
            let v1 = read::<HistoryReaffirmedV1>(NOUN, kind, data)?;
            Event::HistoryReaffirmed(HistoryReaffirmed {
                through: v1.through,
                except: v1.except,
            })
        }
        ENTRIES_REAFFIRMED_V1 | ENTRIES_REPUDIATED_V1 => Event::EntriesSettled {
            how: if kind == ENTRIES_REAFFIRMED_V1 {
                Settlement::Reaffirmed
            } else {
                Settlement::Repudiated
            },
            ranges: read::<EntriesSettledV1>(NOUN, kind, data)?.ranges,
        },
        _ => return life(kind, data),
    })
}

/// The same for what becomes of the institution as a whole.
fn life(kind: &str, data: &str) -> Result<Event, Unreadable> {
    const NOUN: &str = "institution";
    Ok(match kind {
        RENAMED_V1 => Event::Renamed {
            name: read::<RenamedV1>(NOUN, kind, data)?.name,
        },
        SUSPENDED_V1 => Event::Suspended(read::<GroundV1>(NOUN, kind, data)?.reason),
        REINSTATED_V1 => {
            let ReinstatedV1 {} = read(NOUN, kind, data)?;
            Event::Reinstated
        }
        CLOSED_V1 => Event::Closed(read::<GroundV1>(NOUN, kind, data)?.reason),
        MERGED_V1 => Event::Merged {
            into: read::<MergedV1>(NOUN, kind, data)?.into,
        },
        ABSORBS_V1 => {
            let v1 = read::<AbsorbsV1>(NOUN, kind, data)?;
            Event::Absorbs {
                numbers: v1.numbers,
                generations: v1.generations,
            }
        }
        REVIVED_V1 => Event::Revived {
            officers: read::<RevivedV1>(NOUN, kind, data)?.officers,
        },
        _ => return Err(crate::wire::unknown(NOUN, kind)),
    })
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
        Event::KeyActivated(e) => activated(stream, e),
        Event::KeyRetired(e) => fact(
            stream,
            KEY_RETIRED_V1,
            &KeyRetiredV1 {
                fragment: e.fragment,
            },
        ),
        Event::KeyRotated(e) => fact(
            stream,
            KEY_ROTATED_V1,
            &KeyRotatedV1 {
                custody: e.new.custody,
                fragment: e.new.fragment,
                key: e.new.key,
                next: e.new.next,
                old: e.old,
                r#use: e.new.r#use,
            },
        ),
        Event::KeyCompromised(e) => fact(
            stream,
            KEY_COMPROMISED_V1,
            &KeyCompromisedV1 {
                fragment: e.fragment,
                not_valid_after: e.not_valid_after,
            },
        ),
        Event::HistoryReaffirmed(e) => fact(
            stream,
            HISTORY_REAFFIRMED_V1,
            &HistoryReaffirmedV1 {
                except: e.except,
                through: e.through,
            },
        ),
        Event::EntriesSettled { how, ranges } => {
            let kind = match how {
                Settlement::Reaffirmed => ENTRIES_REAFFIRMED_V1,
                Settlement::Repudiated => ENTRIES_REPUDIATED_V1,
            };
            fact(stream, kind, &EntriesSettledV1 { ranges })
        }
        Event::Renamed { name } => fact(stream, RENAMED_V1, &RenamedV1 { name }),
        Event::Suspended(reason) => fact(stream, SUSPENDED_V1, &GroundV1 { reason }),
        Event::Reinstated => fact(stream, REINSTATED_V1, &ReinstatedV1 {}),
        Event::Closed(reason) => fact(stream, CLOSED_V1, &GroundV1 { reason }),
        Event::Merged { into } => fact(stream, MERGED_V1, &MergedV1 { into }),
        Event::Absorbs {
            numbers,
            generations,
        } => fact(
            stream,
            ABSORBS_V1,
            &AbsorbsV1 {
                generations,
                numbers,
            },
        ),
        Event::Revived { officers } => fact(stream, REVIVED_V1, &RevivedV1 { officers }),
    }
}

/// In the first shape where it says all there is to say, so that old commits replay to the same facts.
fn activated(stream: Stream, e: KeyActivated) -> Fact {
    let known = !matches!(e.r#use, KeyUse::Acknowledgement | KeyUse::Client);
    if e.next.is_none() && known {
        let v1 = KeyActivatedV1 {
            custody: e.custody,
            fragment: e.fragment,
            key: e.key,
            r#use: e.r#use,
        };
        return fact(stream, KEY_ACTIVATED_V1, &v1);
    }
    let v2 = KeyActivatedV2 {
        custody: e.custody,
        fragment: e.fragment,
        key: e.key,
        next: e.next,
        r#use: e.r#use,
    };
    fact(stream, KEY_ACTIVATED_V2, &v2)
}
