//! outcome.revoke: an outcome ends for good, and its lot with it.

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::{Institution, succession};
use ledger::assertion::Target;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::correct_outcome::Reason;
use super::event::Event;
use super::state::OutcomeState;
use super::whole::{self, Whole};
use super::wire;
use crate::credential;

/// The assertion's kind.
pub const KIND: &str = "outcome.revoke.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The commitment to the reason's text.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Which outcome.
    pub outcome: Uuid,
    /// Whose it is.
    pub person: Uuid,
    /// Why.
    pub reason: Reason,
}

/// Revoke an outcome.
#[derive(Debug)]
pub struct RevokeOutcome {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// The commit that is revoked.
    pub target: Option<Target>,
    /// What is asked.
    pub data: Data,
}

/// Why an outcome is not revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevokeOutcomeError {
    /// No such outcome in this account.
    #[error("there is no outcome {0} in this account")]
    OutcomeUnknown(Uuid),
    /// Somebody else's outcome.
    #[error(
        "outcome {outcome} was awarded by institution {awarder}, who alone revokes it, or whoever answers for it since a merger"
    )]
    NotYours {
        /// Which outcome.
        outcome: Uuid,
        /// Whose it is.
        awarder: IssuerNumber,
    },
    /// The assertion does not name the commit that says what the outcome says now.
    #[error("target must be {{id: {id}, …}}, the commit that says what the outcome says now")]
    TargetNotCurrent {
        /// Id of the assertion to name.
        id: Uuid,
    },
}

impl Decision for RevokeOutcome {
    type Error = RevokeOutcomeError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let account = whole::in_world(world, self.data.person).account;
        let mut streams = whole::streams(world, self.data.person);
        streams.push(self.issuer.stream());
        if let Some(outcome) = account.outcome(self.data.outcome) {
            streams.extend(succession::streams(world, outcome.origin.awarder));
            streams.extend(credential::state::streams_of(world, &outcome.credentials));
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RevokeOutcomeError> {
        let data = &self.data;
        let Whole {
            account, holder, ..
        } = whole::in_world(world, data.person);
        let outcome = account
            .outcome(data.outcome)
            .filter(|outcome| outcome.person == data.person)
            .ok_or(RevokeOutcomeError::OutcomeUnknown(data.outcome))?;
        let awarder = outcome.origin.awarder;
        let asker = world.get::<Institution>(&self.issuer.stream());
        if awarder != self.issuer && !asker.answers_for(awarder) {
            return Err(RevokeOutcomeError::NotYours {
                outcome: outcome.id,
                awarder,
            });
        }
        let institution = succession::in_world(world, awarder);
        if let OutcomeState::Revoked(by) = outcome.state(&institution) {
            return Ok(Verdict::AlreadySo(by));
        }
        if self.target != Some(outcome.current) {
            return Err(RevokeOutcomeError::TargetNotCurrent {
                id: outcome.current.id,
            });
        }
        let mut facts = vec![wire::to_fact(
            holder,
            Event::OutcomeRevoked {
                outcome: data.outcome,
                person: data.person,
            },
        )];
        if let Some(lot) = account.current_lot(outcome, &institution) {
            facts.push(wire::to_fact(holder, Event::LotRevoked { lot: lot.id }));
        }
        facts.extend(credential::state::end_all(
            world,
            &institution,
            &outcome.credentials,
            &credential::Event::Revoked(data.reason),
        ));
        Ok(Verdict::Facts(facts))
    }
}
