//! key.compromise: from a position on a key does not count. Asked with the recovery key, approved by
//! two officers of the registrar; the commit of the last approval causes the fact (SECURITY §2).

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};

use super::event::{Event, KeyCompromised};
use super::state::fragment_of;
use super::{succession, wire};
use crate::ask::Ask;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "key.compromise.v1";
/// How many officers of the registrar approve.
pub const APPROVERS: usize = 2;

/// The assertion's data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The part of its name behind `#`.
    pub fragment: String,
    /// Whose key it is.
    pub institution: IssuerNumber,
    /// The cut-off: the last position at which it counts. A position, never a date.
    pub not_valid_after: u64,
}

/// Declare a key compromised.
#[derive(Debug)]
pub struct CompromiseKey {
    /// Whose key signs the asking, and which.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why a cut-off is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompromiseKeyError {
    /// Another institution's key.
    #[error("institution {0} declares its own keys")]
    NotYours(IssuerNumber),
    /// No key of that name.
    #[error("there is no key {0:?}")]
    KeyUnknown(String),
    /// It would declare itself: rotate it, and let the next one declare it.
    #[error("a recovery key does not declare itself: rotate it first")]
    OwnKey,
    /// The position is not there yet.
    #[error("the cut-off {0} lies ahead of the log")]
    Ahead(u64),
    /// What the institution stood for is not taken back.
    #[error("the institution stood for its history up to {floor}: no cut-off goes below")]
    BelowFloor {
        /// The last floor that counts.
        floor: u64,
    },
    /// A cut-off only moves to an earlier position.
    #[error("the cut-off is at {not_valid_after} already and only moves to an earlier position")]
    NotEarlier {
        /// Where it stands.
        not_valid_after: u64,
    },
}

impl Decision for CompromiseKey {
    type Error = CompromiseKeyError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        succession::streams(world, self.data.institution)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, CompromiseKeyError> {
        let Data {
            fragment,
            institution: number,
            not_valid_after: asked,
        } = &self.data;
        if *number != self.ask.issuer {
            return Err(CompromiseKeyError::NotYours(*number));
        }
        if fragment == fragment_of(&self.ask.kid) {
            return Err(CompromiseKeyError::OwnKey);
        }
        let institution = succession::in_world(world, *number);
        let key = institution
            .key(fragment)
            .ok_or_else(|| CompromiseKeyError::KeyUnknown(fragment.clone()))?;
        if *asked >= world.position {
            return Err(CompromiseKeyError::Ahead(*asked));
        }
        // A floor that the key itself signed behind the cut-off binds nobody.
        if let Some(floor) = institution
            .floor_without(fragment, *asked)
            .filter(|floor| asked < floor)
        {
            return Err(CompromiseKeyError::BelowFloor { floor });
        }
        if let Some(standing) = key.cut_offs.last() {
            let not_valid_after = standing.not_valid_after;
            if *asked == not_valid_after {
                return Ok(Verdict::AlreadySo(standing.by));
            }
            if *asked > not_valid_after {
                return Err(CompromiseKeyError::NotEarlier { not_valid_after });
            }
        }
        let compromised = Event::KeyCompromised(KeyCompromised {
            fragment: fragment.clone(),
            not_valid_after: *asked,
        });
        Ok(Verdict::Facts(vec![wire::to_fact(*number, compromised)]))
    }
}
