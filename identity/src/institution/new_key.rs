//! What every new key must be, whichever use case brings it.

use ledger::hash::Digest;
use ledger::key::PublicKey;

use super::activate_key::{KEYS_MAX, is_fragment};
use super::event::{Custody, KeyUse};
use super::seal::{self, Seal};
use super::state::Institution;
use crate::did::IssuerNumber;

/// A key somebody brings, and what it is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewKey<'a> {
    /// Whose.
    pub(super) number: IssuerNumber,
    /// The part of its name behind `#`.
    pub(super) fragment: &'a str,
    /// The key.
    pub(super) key: &'a PublicKey,
    /// What it may sign.
    pub(super) r#use: KeyUse,
    /// Who holds it.
    pub(super) custody: Custody,
    /// Its own signature over its name.
    pub(super) proof: &'a Seal,
}

/// Why a new key is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NewKeyError {
    /// The fragment is not a short ASCII word.
    #[error("{0:?} is no name for a key: 1 to 64 of a-z 0-9 - .")]
    Fragment(String),
    /// The name was used before.
    #[error("the name {0:?} was used before; a key's name is never used again")]
    FragmentTaken(String),
    /// The key was used before under another name.
    #[error("this key was used before as {0:?}")]
    KeyTaken(String),
    /// It has a component of small order (rule 5 of the Ed25519 rule).
    #[error("this key cannot be registered: it is of mixed order")]
    MixedOrder,
    /// Its holder did not sign its name with it.
    #[error("proof is not the new key's signature over its own name")]
    Possession,
    /// The platform could confirm its own forgeries, or sign in as an institution's machine.
    #[error("an institution keeps its acknowledgement, recovery and client keys itself")]
    NotOwn,
    /// Another key than the one whose hash stands.
    #[error("the key is not the one that {0:?} pledged as the next")]
    NotPledged(String),
    /// Too many keys.
    #[error("an institution has at most 1000 keys")]
    TooMany,
}

impl NewKey<'_> {
    /// Whether `institution` may have it; `log` is the origin of the log that decides.
    pub(super) fn check(&self, institution: &Institution, log: &str) -> Result<(), NewKeyError> {
        if !is_fragment(self.fragment) {
            return Err(NewKeyError::Fragment(self.fragment.into()));
        }
        if institution.key(self.fragment).is_some() {
            return Err(NewKeyError::FragmentTaken(self.fragment.into()));
        }
        if let Some(old) = institution.keys.iter().find(|old| &old.key == self.key) {
            return Err(NewKeyError::KeyTaken(old.fragment.clone()));
        }
        if PublicKey::register(self.key.as_bytes()).is_err() {
            return Err(NewKeyError::MixedOrder);
        }
        let apart = matches!(
            self.r#use,
            KeyUse::Acknowledgement | KeyUse::Recovery | KeyUse::Client
        );
        if apart && self.custody != Custody::Own && self.number != IssuerNumber::REGISTRAR {
            return Err(NewKeyError::NotOwn);
        }
        let text = seal::possession(log, self.number, self.fragment, self.key);
        if !self.proof.is_by(self.key, &text) {
            return Err(NewKeyError::Possession);
        }
        if institution.keys.len() >= KEYS_MAX {
            return Err(NewKeyError::TooMany);
        }
        Ok(())
    }

    /// Whether it is the key that `old` pledged by the hash `pledged`.
    pub(super) fn check_pledge(&self, old: &str, pledged: Digest) -> Result<(), NewKeyError> {
        if seal::pledge(self.key) == pledged {
            Ok(())
        } else {
            Err(NewKeyError::NotPledged(old.into()))
        }
    }
}
