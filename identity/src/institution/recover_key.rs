//! key.recover: the recovery key puts the next key in the place of one that is lost or cut off.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};

use super::event::{Custody, Event, KeyActivated, KeyRetired, KeyUse};
use super::new_key::{NewKey, NewKeyError};
use super::seal::Seal;
use super::state::Institution;
use super::wire;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "key.recover.v1";

/// The assertion's data.
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
    /// The part behind `#` of the name of the key whose place it takes.
    pub old: String,
    /// The new key's signature over its name ([`super::seal::possession`]).
    pub proof: Seal,
}

/// Recover a key.
#[derive(Debug)]
pub struct RecoverKey {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why a key is not recovered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecoverKeyError {
    /// Another institution's key.
    #[error("institution {0} recovers its own keys")]
    NotYours(IssuerNumber),
    /// No assertion or acknowledgement key of that name.
    #[error("there is no assertion or acknowledgement key {0:?}")]
    KeyUnknown(String),
    /// Neither did it pledge a successor nor was it cut off with the registrar's consent.
    #[error("{0:?} pledged no next key: declare it compromised first")]
    NothingPledged(String),
    /// The new key is not one to take.
    #[error(transparent)]
    Key(#[from] NewKeyError),
}

impl Decision for RecoverKey {
    type Error = RecoverKeyError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![self.data.institution.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RecoverKeyError> {
        let data = &self.data;
        let number = data.institution;
        if number != self.issuer {
            return Err(RecoverKeyError::NotYours(number));
        }
        let institution = world.get::<Institution>(&number.stream());
        let old = institution
            .key(&data.old)
            .filter(|old| matches!(old.r#use, KeyUse::Assertion | KeyUse::Acknowledgement))
            .ok_or_else(|| RecoverKeyError::KeyUnknown(data.old.clone()))?;
        let new = NewKey {
            number,
            fragment: &data.fragment,
            key: &data.key,
            r#use: old.r#use,
            custody: data.custody,
            proof: &data.proof,
        };
        new.check(&institution, world.assertion.log())?;
        // Whoever stole the recovery key alone must not be able to choose the next key.
        match old.next {
            Some(pledged) => new.check_pledge(&data.old, pledged)?,
            None if old.cut_offs.is_empty() => {
                return Err(RecoverKeyError::NothingPledged(data.old.clone()));
            }
            None => {}
        }
        let activated = Event::KeyActivated(KeyActivated {
            fragment: data.fragment.clone(),
            key: data.key.clone(),
            r#use: old.r#use,
            custody: data.custody,
            next: Some(data.next),
        });
        let mut facts = vec![wire::to_fact(number, activated)];
        if old.retired.is_none() {
            let retired = Event::KeyRetired(KeyRetired {
                fragment: data.old.clone(),
            });
            facts.push(wire::to_fact(number, retired));
        }
        Ok(Verdict::Facts(facts))
    }
}
