//! outcome.correct: a right version takes the place of a wrong one; nothing is rewritten
//! (DOMAIN §3.12). Never frozen, whatever the age of the record.

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::{Institution, Standing, succession};
use ledger::assertion::Target;
use ledger::decision::{Decision, Earlier, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::Event;
use super::outcome::{FieldError, Fields, lot_id};
use super::record_outcome::deposit;
use super::state::OutcomeState;
use super::whole::{self, Whole};
use super::wire;
use crate::credential;
use crate::policy::{self, Adopted, PolicyError, preset};

/// The assertion's kind.
pub const KIND: &str = "outcome.correct.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &[
    "title",
    "grade",
    "teacher",
    "place",
    "remarks",
    "reason_text",
];

/// Why a record is corrected or revoked; the open code, free text is erasable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A slip when it was entered.
    EntryError,
    /// The mark was reviewed.
    MarkReviewed,
    /// Credits or hours were wrong.
    AmountWrong,
    /// It is another person's.
    WrongPerson,
    /// Cheating was found.
    Misconduct,
    /// None of these.
    Other,
}

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitments to title, mark and the like as they are now, and to the reason's text.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// What it openly says from now on, all of it.
    #[serde(rename = "open")]
    pub fields: Fields,
    /// Which outcome.
    pub outcome: Uuid,
    /// Whose it is.
    pub person: Uuid,
    /// Why.
    pub reason: Reason,
}

/// Correct an outcome.
#[derive(Debug)]
pub struct CorrectOutcome {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// The commit that is corrected.
    pub target: Option<Target>,
    /// What is asked.
    pub data: Data,
}

/// Why an outcome is not corrected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorrectOutcomeError {
    /// No such outcome in this account.
    #[error("there is no outcome {0} in this account")]
    OutcomeUnknown(Uuid),
    /// Somebody else's outcome.
    #[error(
        "outcome {outcome} was awarded by institution {awarder}, who alone corrects it, or whoever answers for it since a merger"
    )]
    NotYours {
        /// Which outcome.
        outcome: Uuid,
        /// Whose it is.
        awarder: IssuerNumber,
    },
    /// It was revoked.
    #[error("the outcome was revoked at position {0}")]
    Revoked(u64),
    /// Its awarder does not stand for it, or not yet: a correction would clear what is to be settled.
    #[error("the outcome is disputed: settle the dispute first, or revoke it")]
    Disputed,
    /// Another outcome from the same record counts in its place: corrected, it would count too.
    #[error(
        "the outcome is quarantined beside another from the same record: revoke one of the two"
    )]
    Quarantined,
    /// The assertion does not name the commit that says what the outcome says now.
    #[error("target must be {{id: {id}, …}}, the commit that says what the outcome says now")]
    TargetNotCurrent {
        /// Id of the assertion to name.
        id: Uuid,
    },
    /// A field breaks a rule.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// No policy is in force.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl Decision for CorrectOutcome {
    type Error = CorrectOutcomeError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let account = whole::in_world(world, self.data.person).account;
        let mut streams = whole::streams(world, self.data.person);
        streams.extend([Adopted::stream(preset::DEFAULT), self.issuer.stream()]);
        if let Some(outcome) = account.outcome(self.data.outcome) {
            streams.extend(succession::streams(world, outcome.origin.awarder));
            streams.extend(credential::state::streams_of(world, &outcome.credentials));
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, CorrectOutcomeError> {
        let data = &self.data;
        let Whole {
            account, holder, ..
        } = whole::in_world(world, data.person);
        let outcome = account
            .outcome(data.outcome)
            .filter(|outcome| outcome.person == data.person)
            .ok_or(CorrectOutcomeError::OutcomeUnknown(data.outcome))?;
        let awarder = outcome.origin.awarder;
        let asker = world.get::<Institution>(&self.issuer.stream());
        if awarder != self.issuer && !asker.answers_for(awarder) {
            return Err(CorrectOutcomeError::NotYours {
                outcome: outcome.id,
                awarder,
            });
        }
        let institution = succession::in_world(world, awarder);
        match outcome.state(&institution) {
            OutcomeState::Recorded => {}
            OutcomeState::Revoked(by) => return Err(CorrectOutcomeError::Revoked(by.position)),
            OutcomeState::Disputed => return Err(CorrectOutcomeError::Disputed),
        }
        if outcome.standing(&institution) != Standing::Good {
            return Err(CorrectOutcomeError::Disputed);
        }
        if self.target != Some(outcome.current) {
            return Err(CorrectOutcomeError::TargetNotCurrent {
                id: outcome.current.id,
            });
        }
        if outcome.fields == data.fields && outcome.values == data.values {
            let earlier = Earlier {
                id: outcome.current.id,
                position: outcome.current_at,
            };
            return Ok(Verdict::AlreadySo(earlier));
        }
        let policy = policy::in_force(world)?;
        let amount = data
            .fields
            .check(policy, identity::date::day_of(world.recorded_at_ms))?;
        if account.is_doubled(outcome, &institution) {
            return Err(CorrectOutcomeError::Quarantined);
        }
        let mut facts = vec![wire::to_fact(
            holder,
            Event::OutcomeCorrected {
                outcome: data.outcome,
                person: data.person,
                fields: data.fields.clone(),
                values: data.values.clone(),
            },
        )];
        if let Some(lot) = account.current_lot(outcome, &institution) {
            let successor = lot_id(data.outcome, outcome.lots);
            facts.push(wire::to_fact(
                holder,
                Event::LotSuperseded {
                    lot: lot.id,
                    successor,
                },
            ));
        }
        facts.push(deposit(
            holder,
            data.outcome,
            outcome.lots,
            amount,
            data.fields.completed_on,
            policy,
        ));
        // What its credentials say is no longer so: each is superseded in the same commit.
        facts.extend(credential::state::end_all(
            world,
            &institution,
            &outcome.credentials,
            &credential::Event::Superseded,
        ));
        Ok(Verdict::Facts(facts))
    }
}
