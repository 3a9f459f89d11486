//! key.retire: a key signs no more; what it signed stays valid.

use ledger::decision::{Decision, Earlier, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};

use super::event::{Event, KeyRetired, KeyUse};
use super::state::Institution;
use super::wire;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "key.retire.v1";

/// The assertion's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The part of its name behind `#`.
    pub fragment: String,
    /// Whose key it is.
    pub institution: IssuerNumber,
}

/// Retire a key.
#[derive(Debug)]
pub struct RetireKey {
    /// Whose key signs the asking.
    pub issuer: IssuerNumber,
    /// What is asked.
    pub data: Data,
}

/// Why a key is not retired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetireKeyError {
    /// Another institution's key.
    #[error("institution {0} retires its own keys")]
    NotYours(IssuerNumber),
    /// No key of that name.
    #[error("there is no key {0:?}")]
    KeyUnknown(String),
    /// It is the last assertion key: the institution could never act again.
    #[error("{0:?} is the last assertion key: activate the next one first")]
    LastKey(String),
    /// Whoever stole the assertion key would take away what it is judged by.
    #[error("{0:?} is kept apart from the assertion key, which does not end it: rotate it")]
    KeptApart(String),
}

impl Decision for RetireKey {
    type Error = RetireKeyError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![self.data.institution.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RetireKeyError> {
        let Data {
            fragment,
            institution: number,
        } = &self.data;
        if *number != self.issuer {
            return Err(RetireKeyError::NotYours(*number));
        }
        let institution = world.get::<Institution>(&number.stream());
        let key = institution
            .keys
            .iter()
            .find(|key| &key.fragment == fragment)
            .ok_or_else(|| RetireKeyError::KeyUnknown(fragment.clone()))?;
        if let Some(position) = key.retired {
            return Ok(Verdict::AlreadySo(Earlier {
                id: key.retired_by.unwrap_or(key.id),
                position,
            }));
        }
        if matches!(key.r#use, KeyUse::Acknowledgement | KeyUse::Recovery) {
            return Err(RetireKeyError::KeptApart(fragment.clone()));
        }
        let another = institution.keys.iter().any(|other| {
            other.fragment != *fragment
                && other.r#use == KeyUse::Assertion
                && other.retired.is_none()
        });
        if key.r#use == KeyUse::Assertion && !another {
            return Err(RetireKeyError::LastKey(fragment.clone()));
        }
        let retired = Event::KeyRetired(KeyRetired {
            fragment: fragment.clone(),
        });
        Ok(Verdict::Facts(vec![wire::to_fact(*number, retired)]))
    }
}
