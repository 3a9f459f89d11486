//! outcome.record: an awarder says that somebody learned something; its credit is deposited.

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::Institution;
use identity::person::{self, Person};
use jiff::civil::Date;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Event, Warning};
use super::outcome::{Amount, FieldError, Fields, Origin, check_record, lot_id, outcome_id};
use super::state::OutcomeState;
use super::whole::{self, Whole};
use super::wire;
use crate::policy::{self, Adopted, Policy, PolicyError, preset, validity};

/// The assertion's kind.
pub const KIND: &str = "outcome.record.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments to title, mark and the like.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Who awards it: the signer.
    pub awarder: IssuerNumber,
    /// What it openly says.
    #[serde(rename = "open")]
    pub fields: Fields,
    /// Derived from awarder, record and person ([`outcome_id`]).
    pub outcome: Uuid,
    /// Whose it is.
    pub person: Uuid,
    /// The awarder's own number for it.
    pub record: String,
}

/// Record an outcome.
#[derive(Debug)]
pub struct RecordOutcome {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why an outcome is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordOutcomeError {
    /// Somebody else's outcome.
    #[error("institution {signer} cannot record for awarder {awarder}")]
    AwarderNotAuthorised {
        /// Who signed.
        signer: IssuerNumber,
        /// Who is said to award.
        awarder: IssuerNumber,
    },
    /// The institution was not admitted for this kind.
    #[error("institution {awarder} may not record outcomes of kind {kind}")]
    KindNotInScope {
        /// Who awards.
        awarder: IssuerNumber,
        /// What.
        kind: &'static str,
    },
    /// Nobody has this number.
    #[error("person {0} is not registered")]
    PersonUnknown(Uuid),
    /// The id is not the one derived from awarder, record and person.
    #[error("outcome must be {expected}: the id is derived from awarder, record and person")]
    IdNotDerived {
        /// The id it must have.
        expected: Uuid,
    },
    /// A field breaks a rule.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The same record with other content: that is a correction.
    #[error(
        "record {record:?} stands at position {position} with other content: send a correction"
    )]
    RecordDiffers {
        /// The record number.
        record: String,
        /// Where it was recorded.
        position: u64,
    },
    /// The same record was revoked.
    #[error("record {record:?} was revoked at position {position}: use a new record number")]
    RecordRevoked {
        /// The record number.
        record: String,
        /// Where it was revoked.
        position: u64,
    },
    /// No policy is in force.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl Decision for RecordOutcome {
    type Error = RecordOutcomeError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = vec![
            self.data.awarder.stream(),
            person::wire::stream(self.data.person),
            Adopted::stream(preset::DEFAULT),
        ];
        streams.extend(whole::streams(world, self.data.person));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RecordOutcomeError> {
        let data = &self.data;
        self.check_awarder(world)?;
        if !world
            .get::<Person>(&person::wire::stream(data.person))
            .is_known()
        {
            return Err(RecordOutcomeError::PersonUnknown(data.person));
        }
        check_record(&data.record)?;
        let origin = Origin {
            awarder: data.awarder,
            record: data.record.clone(),
        };
        let expected = outcome_id(&origin, data.person);
        if data.outcome != expected {
            return Err(RecordOutcomeError::IdNotDerived { expected });
        }
        let Whole {
            account, holder, ..
        } = whole::in_world(world, data.person);
        if let Some(earlier) = account.of_record(expected, &origin) {
            let record = data.record.clone();
            let awarder = world.get::<Institution>(&data.awarder.stream());
            return match earlier.state(&awarder) {
                OutcomeState::Revoked(by) => Err(RecordOutcomeError::RecordRevoked {
                    record,
                    position: by.position,
                }),
                OutcomeState::Recorded | OutcomeState::Disputed
                    if earlier
                        .versions()
                        .iter()
                        .any(|said| said.fields == data.fields) =>
                {
                    Ok(Verdict::AlreadySo(earlier.recorded))
                }
                OutcomeState::Recorded | OutcomeState::Disputed => {
                    Err(RecordOutcomeError::RecordDiffers {
                        record,
                        position: earlier.recorded.position,
                    })
                }
            };
        }
        let policy = policy::in_force(world)?;
        let amount = data
            .fields
            .check(policy, identity::date::day_of(world.recorded_at_ms))?;
        Ok(Verdict::Facts(vec![
            wire::to_fact(
                holder,
                Event::OutcomeRecorded {
                    outcome: data.outcome,
                    person: data.person,
                    origin,
                    fields: data.fields.clone(),
                    values: data.values.clone(),
                },
            ),
            deposit(
                holder,
                data.outcome,
                0,
                amount,
                data.fields.completed_on,
                policy,
            ),
        ]))
    }
}

impl RecordOutcome {
    fn check_awarder(&self, world: &World<'_>) -> Result<(), RecordOutcomeError> {
        let (signer, awarder) = (self.issuer, self.data.awarder);
        if signer != awarder {
            return Err(RecordOutcomeError::AwarderNotAuthorised { signer, awarder });
        }
        let institution = world.get::<Institution>(&awarder.stream());
        let kind = self.data.fields.kind.as_str();
        let in_scope = institution
            .admitted
            .as_ref()
            .is_some_and(|profile| profile.scope.iter().any(|may| may == kind));
        if in_scope {
            Ok(())
        } else {
            Err(RecordOutcomeError::KindNotInScope { awarder, kind })
        }
    }
}

/// The fact that the `n`th lot of `outcome` was deposited, in the account of `holder`.
pub(super) fn deposit(
    holder: Uuid,
    outcome: Uuid,
    n: u64,
    amount: Amount,
    completed_on: Date,
    policy: &Policy,
) -> Fact {
    let warnings = if amount.hours_mismatch {
        vec![Warning::HoursMismatch]
    } else {
        Vec::new()
    };
    wire::to_fact(
        holder,
        Event::LotDeposited {
            lot: lot_id(outcome, n),
            outcome,
            credit: amount.credit,
            usable_before: validity::first_unusable_day(
                completed_on,
                validity::years(None, None, policy.params.validity_cap_years),
            ),
            policy: policy.reference(),
            warnings,
        },
    )
}
