//! Every shape of an account's facts ever stored. A shipped struct never changes.

use identity::erasable::Commitments;
use identity::wire::{fact, own, read, unknown};
use jiff::civil::Date;
use ledger::decision::Unreadable;
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Event, Warning};
use super::outcome::Origin;
use super::{correct_outcome, record_outcome, revoke_outcome};
use crate::millicredits::Millicredits;
use crate::policy::PolicyRef;

/// outcome.recorded.v1: its data is that of outcome.record.v1.
pub const OUTCOME_RECORDED_V1: &str = "outcome.recorded.v1";
/// outcome.corrected.v1: its data is that of outcome.correct.v1.
pub const OUTCOME_CORRECTED_V1: &str = "outcome.corrected.v1";
/// outcome.revoked.v1: its data is that of outcome.revoke.v1.
pub const OUTCOME_REVOKED_V1: &str = "outcome.revoked.v1";
/// outcome.certified.v1
pub const OUTCOME_CERTIFIED_V1: &str = "outcome.certified.v1";
/// lot.deposited.v1
pub const LOT_DEPOSITED_V1: &str = "lot.deposited.v1";
/// lot.superseded.v1
pub const LOT_SUPERSEDED_V1: &str = "lot.superseded.v1";
/// lot.revoked.v1
pub const LOT_REVOKED_V1: &str = "lot.revoked.v1";
/// account.absorbed.v1
pub const ABSORBED_V1: &str = "account.absorbed.v1";
/// account.absorbs.v1
pub const ABSORBS_V1: &str = "account.absorbs.v1";
/// account.released.v1
pub const RELEASED_V1: &str = "account.released.v1";
/// account.restored.v1
pub const RESTORED_V1: &str = "account.restored.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeCertifiedV1 {
    credential: Uuid,
    outcome: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LotDepositedV1 {
    credits: Millicredits,
    lot: Uuid,
    outcome: Uuid,
    policy: PolicyRef,
    #[serde(with = "identity::date::optional")]
    usable_before: Option<Date>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningV1>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum WarningV1 {
    #[serde(rename = "HOURS_MISMATCH")]
    HoursMismatch,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LotSupersededV1 {
    lot: Uuid,
    successor: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LotRevokedV1 {
    lot: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AbsorbedV1 {
    into: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AbsorbsV1 {
    from: Uuid,
    lots: Vec<Uuid>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FromV1 {
    from: Uuid,
}

/// The stream of a person's account.
pub fn stream(person: Uuid) -> Stream {
    Stream::new("account", person)
}

/// Reads a stored fact.
pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    const NOUN: &str = "account";
    match kind {
        OUTCOME_RECORDED_V1 => {
            read::<record_outcome::Data>(NOUN, kind, data).map(|v1| Event::OutcomeRecorded {
                outcome: v1.outcome,
                person: v1.person,
                origin: Origin {
                    awarder: v1.awarder,
                    record: v1.record,
                },
                fields: v1.fields,
                values: v1.values,
            })
        }
        OUTCOME_CORRECTED_V1 => {
            read::<correct_outcome::Data>(NOUN, kind, data).map(|v1| Event::OutcomeCorrected {
                outcome: v1.outcome,
                person: v1.person,
                fields: v1.fields,
                values: v1.values,
            })
        }
        OUTCOME_REVOKED_V1 => {
            read::<revoke_outcome::Data>(NOUN, kind, data).map(|v1| Event::OutcomeRevoked {
                outcome: v1.outcome,
                person: v1.person,
            })
        }
        OUTCOME_CERTIFIED_V1 => {
            read::<OutcomeCertifiedV1>(NOUN, kind, data).map(|v1| Event::OutcomeCertified {
                outcome: v1.outcome,
                credential: v1.credential,
            })
        }
        LOT_DEPOSITED_V1 => read::<LotDepositedV1>(NOUN, kind, data).map(deposited),
        LOT_SUPERSEDED_V1 => {
            read::<LotSupersededV1>(NOUN, kind, data).map(|v1| Event::LotSuperseded {
                lot: v1.lot,
                successor: v1.successor,
            })
        }
        LOT_REVOKED_V1 => {
            read::<LotRevokedV1>(NOUN, kind, data).map(|v1| Event::LotRevoked { lot: v1.lot })
        }
        ABSORBED_V1 => {
            read::<AbsorbedV1>(NOUN, kind, data).map(|v1| Event::Absorbed { into: v1.into })
        }
        ABSORBS_V1 => read::<AbsorbsV1>(NOUN, kind, data).map(|v1| Event::Absorbs {
            from: v1.from,
            lots: v1.lots,
        }),
        RELEASED_V1 => read::<FromV1>(NOUN, kind, data).map(|v1| Event::Released { from: v1.from }),
        RESTORED_V1 => read::<FromV1>(NOUN, kind, data).map(|v1| Event::Restored { from: v1.from }),
        _ => Err(unknown(NOUN, kind)),
    }
}

fn deposited(v1: LotDepositedV1) -> Event {
    let warning = |warning: WarningV1| match warning {
        WarningV1::HoursMismatch => Warning::HoursMismatch,
    };
    Event::LotDeposited {
        lot: v1.lot,
        outcome: v1.outcome,
        credit: v1.credits,
        usable_before: v1.usable_before,
        policy: v1.policy,
        warnings: v1.warnings.into_iter().map(warning).collect(),
    }
}

/// The fact that `event` becomes in the account of `person`.
pub fn to_fact(person: Uuid, event: Event) -> Fact {
    let stream = stream(person);
    match event {
        Event::OutcomeRecorded { .. } => own(stream, OUTCOME_RECORDED_V1),
        Event::OutcomeCorrected { .. } => own(stream, OUTCOME_CORRECTED_V1),
        Event::OutcomeRevoked { .. } => own(stream, OUTCOME_REVOKED_V1),
        Event::OutcomeCertified {
            outcome,
            credential,
        } => {
            let shape = OutcomeCertifiedV1 {
                credential,
                outcome,
            };
            fact(stream, OUTCOME_CERTIFIED_V1, &shape)
        }
        Event::LotDeposited {
            lot,
            outcome,
            credit,
            usable_before,
            policy,
            warnings,
        } => {
            let warning = |warning: Warning| match warning {
                Warning::HoursMismatch => WarningV1::HoursMismatch,
            };
            let shape = LotDepositedV1 {
                credits: credit,
                lot,
                outcome,
                policy,
                usable_before,
                warnings: warnings.into_iter().map(warning).collect(),
            };
            fact(stream, LOT_DEPOSITED_V1, &shape)
        }
        Event::LotSuperseded { lot, successor } => fact(
            stream,
            LOT_SUPERSEDED_V1,
            &LotSupersededV1 { lot, successor },
        ),
        Event::LotRevoked { lot } => fact(stream, LOT_REVOKED_V1, &LotRevokedV1 { lot }),
        Event::Absorbed { into } => fact(stream, ABSORBED_V1, &AbsorbedV1 { into }),
        Event::Absorbs { from, lots } => fact(stream, ABSORBS_V1, &AbsorbsV1 { from, lots }),
        Event::Released { from } => fact(stream, RELEASED_V1, &FromV1 { from }),
        Event::Restored { from } => fact(stream, RESTORED_V1, &FromV1 { from }),
    }
}

/// The fact that an outcome ended in the account of `holder`, said by another assertion than its revocation.
pub fn revoked(holder: Uuid, outcome: Uuid, person: Uuid, reason: correct_outcome::Reason) -> Fact {
    let shape = revoke_outcome::Data {
        values: Commitments::default(),
        outcome,
        person,
        reason,
    };
    fact(stream(holder), OUTCOME_REVOKED_V1, &shape)
}

/// The fact that an outcome was recorded in the account of `holder`, said by another assertion than its recording.
pub fn recorded(holder: Uuid, data: &record_outcome::Data) -> Fact {
    fact(stream(holder), OUTCOME_RECORDED_V1, data)
}
