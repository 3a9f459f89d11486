//! institution.revive: one that was closed acts again, under its old number and codes (DOMAIN §3.18), with a
//! fresh assertion key that pledges the next, and officers of its own; the old roles stay over.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::admit::FirstKey;
use super::event::{Event, KeyActivated, KeyUse};
use super::new_key::{NewKey, NewKeyError};
use super::seal::Seal;
use super::state::Institution;
use super::{succession, wire};
use crate::did::IssuerNumber;
use crate::officer::{self, Grantee};
use crate::role::Role;

/// The assertion's kind.
pub const KIND: &str = "institution.revive.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which institution.
    pub institution: IssuerNumber,
    /// Its new assertion key.
    pub key: FirstKey,
    /// Hash of the key after it ([`super::seal::pledge`]).
    pub next: Digest,
    /// Two persons who act for it.
    pub officers: Vec<Uuid>,
    /// The new key's signature over its name ([`super::seal::possession`]).
    pub proof: Seal,
}

/// Revive an institution.
#[derive(Debug)]
pub struct Revive {
    /// What is asked.
    pub data: Data,
}

/// Why it stays closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviveError {
    /// No such institution.
    #[error("institution {0} is not admitted")]
    Unknown(IssuerNumber),
    /// Another answers for it: two would speak for one past.
    #[error("institution {number} was merged into institution {into}")]
    Merged {
        /// Which.
        number: IssuerNumber,
        /// Who answers for it.
        into: IssuerNumber,
    },
    /// It was not closed: a suspension is ended by reinstating.
    #[error("institution {0} is not closed")]
    NotClosed(IssuerNumber),
    /// It would stand below nothing.
    #[error("institution {0}, above it, is closed: revive that one first")]
    ParentEnded(IssuerNumber),
    /// Not two different officers.
    #[error("an institution starts again with two different officers")]
    Officers,
    /// The key is not one to take.
    #[error(transparent)]
    Key(#[from] NewKeyError),
}

impl Decision for Revive {
    type Error = ReviveError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let own = self.data.institution.stream();
        let mut streams = Vec::new();
        if world.knows(&own) {
            let institution = world.get::<Institution>(&own);
            let parent = institution.admitted.as_ref().and_then(|it| it.parent);
            streams.extend(
                parent
                    .into_iter()
                    .flat_map(|parent| succession::streams(world, parent)),
            );
        }
        streams.push(own);
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ReviveError> {
        let data = &self.data;
        let number = data.institution;
        let institution = world.get::<Institution>(&number.stream());
        let profile = institution.admitted.as_ref();
        let profile = profile.ok_or(ReviveError::Unknown(number))?;
        let ended = institution.life.ended;
        let ended = ended.ok_or(ReviveError::NotClosed(number))?;
        if let Some(into) = ended.into {
            return Err(ReviveError::Merged { number, into });
        }
        if let Some(parent) = profile.parent {
            let above = succession::in_world(world, parent);
            // Of one that was merged, its successor stands there.
            let standing = above.heirs.last().unwrap_or(&above);
            if standing.life.ended.is_some() {
                return Err(ReviveError::ParentEnded(parent));
            }
        }
        let [first, second] = data.officers.as_slice() else {
            return Err(ReviveError::Officers);
        };
        if first == second {
            return Err(ReviveError::Officers);
        }
        let new = NewKey {
            number,
            fragment: &data.key.fragment,
            key: &data.key.key,
            r#use: KeyUse::Assertion,
            custody: data.key.custody,
            proof: &data.proof,
        };
        new.check(&institution, world.assertion.log())?;
        Ok(Verdict::Facts(self.facts()))
    }
}

impl Revive {
    fn facts(&self) -> Vec<ledger::fact::Fact> {
        let data = &self.data;
        let number = data.institution;
        let revived = Event::Revived {
            officers: data.officers.clone(),
        };
        let activated = Event::KeyActivated(KeyActivated {
            fragment: data.key.fragment.clone(),
            key: data.key.key.clone(),
            r#use: KeyUse::Assertion,
            custody: data.key.custody,
            next: Some(data.next),
        });
        let mut facts = vec![
            wire::to_fact(number, revived),
            wire::to_fact(number, activated),
        ];
        for person in &data.officers {
            facts.extend(officer::wire::granted(Grantee {
                person: *person,
                role: Role::Institution,
                institution: Some(number),
            }));
        }
        facts
    }
}
