//! delegation.narrow: less in scope, or ending sooner. Never more: that is asked anew.

use jiff::civil::Date;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::end::{EndDelegationError, found};
use super::{Asker, Scope, today, wire};

/// Kind of the assertion.
pub const KIND: &str = "delegation.narrow.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which.
    pub delegation: Uuid,
    /// In whose name it lets somebody act.
    pub person: Uuid,
    /// What is left of it, ascending, each once.
    pub scopes: Vec<Scope>,
    /// First day on which it is over.
    #[serde(with = "crate::date")]
    pub until: Date,
}

/// Narrow a delegation.
#[derive(Debug)]
pub struct Narrow {
    /// Who asks.
    pub asker: Asker,
    /// What is asked.
    pub data: Data,
}

/// Why a delegation stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NarrowDelegationError {
    /// Not there, or not the asker's.
    #[error(transparent)]
    End(#[from] EndDelegationError),
    /// More scopes, or a later day, or none.
    #[error(
        "a delegation is narrowed to some of its scopes and to no later day; more is asked anew"
    )]
    NotLess,
}

impl Decision for Narrow {
    type Error = NarrowDelegationError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        self.asker.streams(self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, NarrowDelegationError> {
        let Data {
            delegation,
            person,
            ref scopes,
            until,
        } = self.data;
        let it = found(world, self.asker, person, delegation, false)?;
        if it.ended.is_some() || !it.lasts(today(world)) {
            return Err(EndDelegationError::Over(delegation).into());
        }
        let now = &it.granted;
        if (&now.scopes, now.until) == (scopes, until) {
            return Ok(Verdict::AlreadySo(it.by));
        }
        let fewer =
            scopes.is_sorted_by(|a, b| a < b) && scopes.iter().all(|it| now.scopes.contains(it));
        if scopes.is_empty() || !fewer || until > now.until {
            return Err(NarrowDelegationError::NotLess);
        }
        Ok(Verdict::Facts(vec![wire::narrowed(person)]))
    }
}
