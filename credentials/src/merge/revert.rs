//! merge.revert: a merge is taken back, as long as nothing of what it brought was used.

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::Institution;
use identity::person::{self, Person};
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::account::whole;
use crate::account::{self, Account};

/// The assertion's kind.
pub const KIND: &str = "merge.revert.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitment to the reason in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// The number that was absorbed.
    pub absorbed: Uuid,
    /// The number that stayed.
    pub person: Uuid,
}

/// Take a merge back.
#[derive(Debug)]
pub struct Revert {
    /// Who asks.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why a merge is not taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevertMergeError {
    /// There is no such merge.
    #[error("{absorbed} is no part of {person}")]
    NotMerged {
        /// The number said to be absorbed.
        absorbed: Uuid,
        /// The number said to have stayed.
        person: Uuid,
    },
    /// Whoever proposes or agrees is one of the two.
    #[error("nobody parts an account of the own")]
    OwnAccount,
    /// An institution parts only whom it registered, both of them.
    #[error("institution {0} did not register both; the registrar may part them")]
    NotOnRoster(IssuerNumber),
    /// The number that stayed was itself merged since.
    #[error("{person} is part of {into} since: take that merge back first")]
    MergedSince {
        /// The number that stayed.
        person: Uuid,
        /// The number it is part of.
        into: Uuid,
    },
    /// Which outcome is whose is being settled.
    #[error("split {0} is in hand: finish or withdraw it first")]
    SplitInHand(Uuid),
    /// Something of the absorbed number was recorded, corrected, revoked or certified since.
    #[error(
        "outcome {0} was recorded, changed or certified since the merge: a split must say whose it is"
    )]
    Used(Uuid),
}

impl Decision for Revert {
    type Error = RevertMergeError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = whole::streams(world, self.data.absorbed);
        streams.extend([self.data.absorbed, self.data.person].map(person::wire::stream));
        streams.push(self.ask.issuer.stream());
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RevertMergeError> {
        let Data {
            absorbed, person, ..
        } = self.data;
        let not_merged = || RevertMergeError::NotMerged { absorbed, person };
        // An edge that never was names a stream that nobody asked for.
        let gone = world.get::<Account>(&account::wire::stream(absorbed));
        if gone.absorbed_by.is_none_or(|(into, _)| into != person) {
            return Err(not_merged());
        }
        let issuer = self.ask.issuer;
        let asker = world.get::<Institution>(&issuer.stream());
        let both = [absorbed, person].map(|number| {
            let state = world.get::<Person>(&person::wire::stream(number));
            state.is_served_by(issuer, &asker)
        });
        if both != [true, true] {
            return Err(RevertMergeError::NotOnRoster(issuer));
        }
        let acting = [self.ask.act.as_ref(), world.assertion.act()];
        let mut acting = acting.into_iter().flatten();
        if acting.any(|act| act.person == absorbed || act.person == person) {
            return Err(RevertMergeError::OwnAccount);
        }
        let stayed = world.get::<Account>(&account::wire::stream(person));
        if let Some((into, _)) = stayed.absorbed_by {
            return Err(RevertMergeError::MergedSince { person, into });
        }
        for number in [absorbed, person] {
            let state = world.get::<Person>(&person::wire::stream(number));
            if let Some(in_hand) = &state.splits.in_hand {
                return Err(RevertMergeError::SplitInHand(in_hand.split));
            }
        }
        let part = stayed.parts.iter().find(|part| part.from == absorbed);
        let since = part.ok_or_else(not_merged)?.by.position;
        let brought = whole::part(world, absorbed);
        let changed = brought
            .account
            .outcomes
            .iter()
            .find(|outcome| stayed.has_said_of_since(outcome.id, since));
        let recorded = stayed.outcomes.iter().find(|outcome| {
            outcome.recorded.position > since && brought.numbers.contains(&outcome.person)
        });
        if let Some(outcome) = changed.or(recorded) {
            return Err(RevertMergeError::Used(outcome.id));
        }
        let [gone, stayed] = person::wire::edge(person::wire::MERGE_REVERTED_V1, absorbed, person);
        Ok(Verdict::Facts(vec![
            gone,
            stayed,
            account::wire::to_fact(absorbed, account::Event::Restored { from: person }),
            account::wire::to_fact(person, account::Event::Released { from: absorbed }),
        ]))
    }
}
