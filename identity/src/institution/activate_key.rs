//! key.activate: a key may sign from the next position on.

use ledger::decision::{Decision, Earlier, Verdict, World};
use ledger::fact::Stream;
use ledger::hash::Digest;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};

use super::event::{Custody, Event, KeyActivated, KeyUse};
use super::new_key::{NewKey, NewKeyError};
use super::seal::Seal;
use super::state::Institution;
use super::wire;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "key.activate.v1";
/// The same with proof of possession, a pledge, and acknowledgement and recovery keys for everybody.
pub const KIND_V2: &str = "key.activate.v2";
/// Most keys an institution may ever have.
pub const KEYS_MAX: usize = 1_000;

/// The assertion's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Who holds it.
    pub custody: Custody,
    /// The part of its name behind `#`.
    pub fragment: String,
    /// Whose key it is.
    pub institution: IssuerNumber,
    /// The key.
    pub key: PublicKey,
    /// What it may sign.
    #[serde(deserialize_with = "wire::first_use")]
    pub r#use: KeyUse,
}

/// The second version's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataV2 {
    /// Who holds it.
    pub custody: Custody,
    /// The part of its name behind `#`.
    pub fragment: String,
    /// Whose key it is.
    pub institution: IssuerNumber,
    /// The key.
    pub key: PublicKey,
    /// Hash of the key that may follow it ([`super::seal::pledge`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Digest>,
    /// Its own signature over its name ([`super::seal::possession`]).
    pub proof: Seal,
    /// What it may sign.
    pub r#use: KeyUse,
}

/// Activate a key.
#[derive(Debug)]
pub struct ActivateKey {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
    /// What the second version says besides.
    pub more: Option<More>,
}

/// What the second version says besides.
#[derive(Debug, Clone, Copy)]
pub struct More {
    /// Hash of the key that may follow it.
    pub next: Option<Digest>,
    /// Its own signature over its name.
    pub proof: Seal,
}

impl ActivateKey {
    /// What the second version asks.
    pub fn v2(issuer: IssuerNumber, data: DataV2) -> Self {
        Self {
            issuer,
            more: Some(More {
                next: data.next,
                proof: data.proof,
            }),
            data: Data {
                custody: data.custody,
                fragment: data.fragment,
                institution: data.institution,
                key: data.key,
                r#use: data.r#use,
            },
        }
    }
}

/// Why a key is not activated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActivateKeyError {
    /// Another institution's key.
    #[error("institution {0} names its own keys")]
    NotYours(IssuerNumber),
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
    KeyMixedOrder,
    /// The platform signs credentials, so it keeps the key.
    #[error("a credential key is kept by the platform: leave out the key and it makes one")]
    CredentialKeyNotKept,
    /// Only the registrar has such keys.
    #[error("only the registrar has keys of this use")]
    UseNotYours,
    /// Too many keys.
    #[error("an institution has at most 1000 keys")]
    TooMany,
    /// The next assertion key is pledged: it comes by rotation, or by the recovery key.
    #[error("{0:?} pledged the next assertion key: rotate it")]
    Pledged(String),
    /// It had such a key: the next one comes by rotation, or by the recovery key.
    #[error("{0:?} is such a key: rotate it")]
    UseTaken(String),
    /// The new key is not one to take.
    #[error(transparent)]
    Key(#[from] NewKeyError),
}

/// Whether `text` can be the part of a key's name behind `#`.
pub(crate) fn is_fragment(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

impl Decision for ActivateKey {
    type Error = ActivateKeyError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![self.data.institution.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ActivateKeyError> {
        let Data {
            custody,
            fragment,
            institution: number,
            key,
            r#use,
        } = &self.data;
        if *number != self.issuer {
            return Err(ActivateKeyError::NotYours(*number));
        }
        if !is_fragment(fragment) {
            return Err(ActivateKeyError::Fragment(fragment.clone()));
        }
        let registrar_only = match r#use {
            KeyUse::Bundle | KeyUse::Ledger | KeyUse::Checkpoint => true,
            KeyUse::Recovery => self.more.is_none(),
            KeyUse::Assertion | KeyUse::Credential | KeyUse::Acknowledgement | KeyUse::Client => {
                false
            }
        };
        if registrar_only && *number != IssuerNumber::REGISTRAR {
            return Err(ActivateKeyError::UseNotYours);
        }
        // A credential carries its position, known only after the commit (STANDARDS §4).
        if *r#use == KeyUse::Credential && *custody != Custody::Platform {
            return Err(ActivateKeyError::CredentialKeyNotKept);
        }
        if PublicKey::register(key.as_bytes()).is_err() {
            return Err(ActivateKeyError::KeyMixedOrder);
        }
        let institution = world.get::<Institution>(&number.stream());
        if let Some(old) = institution
            .keys
            .iter()
            .find(|old| &old.fragment == fragment)
        {
            let same = &old.key == key
                && old.r#use == *r#use
                && old.custody == *custody
                && old.retired.is_none();
            return if same {
                Ok(Verdict::AlreadySo(Earlier {
                    id: old.id,
                    position: old.activated,
                }))
            } else {
                Err(ActivateKeyError::FragmentTaken(fragment.clone()))
            };
        }
        if let Some(old) = institution.keys.iter().find(|old| &old.key == key) {
            return Err(ActivateKeyError::KeyTaken(old.fragment.clone()));
        }
        if institution.keys.len() >= KEYS_MAX {
            return Err(ActivateKeyError::TooMany);
        }
        self.check_place(&institution)?;
        self.check_proof(&institution, world.assertion.log())?;
        let activated = KeyActivated {
            fragment: fragment.clone(),
            key: key.clone(),
            r#use: *r#use,
            custody: *custody,
            next: self.more.and_then(|more| more.next),
        };
        Ok(Verdict::Facts(vec![wire::to_fact(
            *number,
            Event::KeyActivated(activated),
        )]))
    }
}

impl ActivateKey {
    /// Whoever has the assertion key of today must not choose tomorrow's, nor the keys that judge it.
    fn check_place(&self, institution: &Institution) -> Result<(), ActivateKeyError> {
        let r#use = self.data.r#use;
        // What was before an end is over: who was let in again keeps other keys.
        let over = institution.life.roles_over;
        let counts = |key: &&super::Key| over.is_none_or(|end| key.activated > end);
        let such = institution.keys.iter().filter(|key| key.r#use == r#use);
        let mut such = such.filter(counts);
        match r#use {
            KeyUse::Assertion => such.find(|key| key.next.is_some()).map_or(Ok(()), |key| {
                Err(ActivateKeyError::Pledged(key.fragment.clone()))
            }),
            KeyUse::Acknowledgement | KeyUse::Recovery => such.next().map_or(Ok(()), |key| {
                Err(ActivateKeyError::UseTaken(key.fragment.clone()))
            }),
            KeyUse::Credential
            | KeyUse::Bundle
            | KeyUse::Ledger
            | KeyUse::Checkpoint
            | KeyUse::Client => Ok(()),
        }
    }

    fn check_proof(&self, institution: &Institution, log: &str) -> Result<(), NewKeyError> {
        let Some(more) = &self.more else {
            return Ok(());
        };
        let new = NewKey {
            number: self.data.institution,
            fragment: &self.data.fragment,
            key: &self.data.key,
            r#use: self.data.r#use,
            custody: self.data.custody,
            proof: &more.proof,
        };
        new.check(institution, log)
    }
}
