//! key.rotate: a key gives its place to the next of its use. The commit is the last it counts for.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};

use super::event::{Custody, Event, KeyActivated, KeyRotated};
use super::new_key::{NewKey, NewKeyError};
use super::seal::Seal;
use super::state::{Institution, fragment_of};
use super::wire;
use crate::ask::Ask;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "key.rotate.v1";

/// The assertion's data; the old key is the one that signs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Who holds the new key.
    pub custody: Custody,
    /// The part of the new key's name behind `#`.
    pub fragment: String,
    /// Whose keys these are.
    pub institution: IssuerNumber,
    /// The new key; the one that the old one pledged, where it did.
    pub key: PublicKey,
    /// Hash of the key after it ([`super::seal::pledge`]).
    pub next: Digest,
    /// The new key's signature over its name ([`super::seal::possession`]).
    pub proof: Seal,
}

/// Rotate a key.
#[derive(Debug)]
pub struct RotateKey {
    /// Whose key signs the asking, and which.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why a key is not rotated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RotateKeyError {
    /// Another institution's key.
    #[error("institution {0} rotates its own keys")]
    NotYours(IssuerNumber),
    /// The old key was given up, or cut off, since the rotation was proposed.
    #[error("key {0:?} does not sign any more: there is nothing to rotate")]
    OldKeyEnded(String),
    /// The new key is not one to take.
    #[error(transparent)]
    Key(#[from] NewKeyError),
}

impl Decision for RotateKey {
    type Error = RotateKeyError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![self.data.institution.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RotateKeyError> {
        let data = &self.data;
        let number = data.institution;
        if number != self.ask.issuer {
            return Err(RotateKeyError::NotYours(number));
        }
        let institution = world.get::<Institution>(&number.stream());
        let fragment = fragment_of(&self.ask.kid);
        let old = institution
            .key(fragment)
            .filter(|old| old.is_valid_at(world.position))
            .ok_or_else(|| RotateKeyError::OldKeyEnded(fragment.into()))?;
        let new = NewKey {
            number,
            fragment: &data.fragment,
            key: &data.key,
            r#use: old.r#use,
            custody: data.custody,
            proof: &data.proof,
        };
        new.check(&institution, world.assertion.log())?;
        if let Some(pledged) = old.next {
            new.check_pledge(fragment, pledged)?;
        }
        let rotated = Event::KeyRotated(KeyRotated {
            old: fragment.into(),
            new: KeyActivated {
                fragment: data.fragment.clone(),
                key: data.key.clone(),
                r#use: old.r#use,
                custody: data.custody,
                next: Some(data.next),
            },
        });
        Ok(Verdict::Facts(vec![wire::to_fact(number, rotated)]))
    }
}
