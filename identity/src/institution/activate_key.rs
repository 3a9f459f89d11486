//! key.activate: a key may sign from the next position on.

use ledger::decision::{Decision, Earlier, Verdict, World};
use ledger::fact::Stream;
use ledger::key::PublicKey;
use serde::{Deserialize, Serialize};

use super::event::{Custody, Event, KeyActivated, KeyUse};
use super::state::Institution;
use super::wire;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "key.activate.v1";
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
    pub r#use: KeyUse,
}

/// Activate a key.
#[derive(Debug)]
pub struct ActivateKey {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
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
        let registrar_only = matches!(
            r#use,
            KeyUse::Bundle | KeyUse::Ledger | KeyUse::Checkpoint | KeyUse::Recovery
        );
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
        let activated = KeyActivated {
            fragment: fragment.clone(),
            key: key.clone(),
            r#use: *r#use,
            custody: *custody,
        };
        Ok(Verdict::Facts(vec![wire::to_fact(
            *number,
            Event::KeyActivated(activated),
        )]))
    }
}
