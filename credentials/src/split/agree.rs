//! split.agree: an issuer says that what it issued and what stays is whose the manifest says.

use identity::did::IssuerNumber;
use identity::person::split::{Event, to_fact};
use identity::person::{self, Person};
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::division::{self, speaks_for};
use crate::account::whole;

/// The assertion's kind.
pub const KIND: &str = "split.agree.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Whose account is split.
    pub person: Uuid,
    /// Which split.
    pub split: Uuid,
}

/// Agree to a split.
#[derive(Debug)]
pub struct Agree {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why an issuer's word is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgreeSplitError {
    /// It ended, or never was.
    #[error("split {0} of this account is not in hand")]
    NotInHand(Uuid),
    /// Nothing in the manifest is its own.
    #[error("institution {0} issued nothing that the manifest names")]
    NothingIssued(IssuerNumber),
}

impl Decision for Agree {
    type Error = AgreeSplitError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let Data { person, split } = self.data;
        let mut streams = vec![person::wire::stream(person), self.issuer.stream()];
        if division::other(world, person, split).is_some() {
            streams.extend(whole::streams(world, person));
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, AgreeSplitError> {
        let Data { person, split } = self.data;
        let state = world.get::<Person>(&person::wire::stream(person));
        let Some((in_hand, manifest)) = state.splits.dividing(split) else {
            return Err(AgreeSplitError::NotInHand(split));
        };
        let issuer = self.issuer;
        if let Some((_, by)) = in_hand.agreed.iter().find(|(it, _)| *it == issuer) {
            return Ok(Verdict::AlreadySo(*by));
        }
        let account = whole::in_world(world, person).account;
        let mut named = manifest.moves.iter().chain(&manifest.stays);
        let is_own = |id: &Uuid| {
            let outcome = account.outcome(*id);
            outcome.is_some_and(|it| speaks_for(world, issuer, it.origin.awarder))
        };
        if !named.any(is_own) {
            return Err(AgreeSplitError::NothingIssued(issuer));
        }
        let agreed = Event::Agreed { split, issuer };
        Ok(Verdict::Facts(vec![to_fact(person, agreed)]))
    }
}
