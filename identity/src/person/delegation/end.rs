//! delegation.revoke, delegation.expire: nobody acts by it from here on.
//!
//! Taken back by whose name it is, by an officer who serves that person, or given back by the agent;
//! it is one step, and tells nobody. What only time ends, the ledger says: a guardian's on the child's
//! birthday, which stands in no commit.

use jiff::ToSpan as _;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Asker, Basis, Delegation, person_in, today, wire};
use crate::limit::{self, Limit};
use crate::person::served::{self, NotServed};
use crate::person::wire::stream;

/// Kind of the assertion that takes back.
pub const REVOKE: &str = "delegation.revoke.v1";
/// Kind of the ledger's own assertion.
pub const EXPIRE: &str = "delegation.expire.v1";

/// The data of both; shipped: never changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which.
    pub delegation: Uuid,
    /// In whose name it lets somebody act.
    pub person: Uuid,
}

/// Why it goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndDelegationError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// Neither whose name it is nor who acts by it.
    #[error("it is neither given by you nor to you")]
    NotYours,
    /// There is none of this name.
    #[error("there is no delegation {0} in this person's name")]
    Unknown(Uuid),
    /// It is over.
    #[error("delegation {0} is over")]
    Over(Uuid),
    /// Its time has not come.
    #[error("the time of delegation {0} has not come")]
    NotDue(Uuid),
}

/// The delegation, if it is the asker's to change; `agent_too` = also by who acts by it.
pub(super) fn found(
    world: &World<'_>,
    asker: Asker,
    person: Uuid,
    id: Uuid,
    agent_too: bool,
) -> Result<Delegation, EndDelegationError> {
    let state = match asker {
        Asker::Officer(issuer, _) => served::check(world, person, issuer)?,
        Asker::Learner(_) => person_in(world, person),
    };
    let it = state.delegations.find(id);
    if let Asker::Learner(learner) = asker {
        let by_agent = agent_too && it.is_some_and(|it| it.granted.agent == learner);
        // The same answer for what is another's and for what is not there.
        if learner != person && !by_agent {
            return Err(EndDelegationError::NotYours);
        }
    }
    it.cloned().ok_or(EndDelegationError::Unknown(id))
}

/// Take a delegation back.
#[derive(Debug)]
pub struct Revoke {
    /// Who asks.
    pub asker: Asker,
    /// What is asked.
    pub data: Data,
}

/// The streams of the delegation's side, and of what bound its agent.
fn streams(world: &World<'_>, asker: Option<Asker>, data: Data) -> Vec<Stream> {
    let mut streams = asker.map_or_else(
        || vec![stream(data.person)],
        |asker| asker.streams(data.person),
    );
    let state = person_in(world, data.person);
    let agent = state.delegations.find(data.delegation);
    streams.extend(agent.map(|it| Limit::principals(it.granted.agent)));
    streams
}

impl Decision for Revoke {
    type Error = EndDelegationError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        streams(world, Some(self.asker), self.data)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, EndDelegationError> {
        let Data { delegation, person } = self.data;
        let it = found(world, self.asker, person, delegation, true)?;
        if let Some(by) = it.ended {
            return Ok(Verdict::AlreadySo(by));
        }
        Ok(Verdict::Facts(vec![
            wire::revoked(person, delegation),
            limit::released(Limit::principals(it.granted.agent), delegation),
        ]))
    }
}

/// End what only time ends.
#[derive(Debug)]
pub struct Expire {
    /// What is asked.
    pub data: Data,
}

impl Decision for Expire {
    type Error = EndDelegationError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        streams(world, None, self.data)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, EndDelegationError> {
        let Data { delegation, person } = self.data;
        let state = world.get::<crate::person::Person>(&stream(person));
        let it = state.delegations.find(delegation);
        let it = it.ok_or(EndDelegationError::Unknown(delegation))?;
        if let Some(by) = it.ended {
            return Ok(Verdict::AlreadySo(by));
        }
        // A guardian's last day is written rounded up to the next month.
        let soonest = match it.granted.basis {
            Basis::Guardian => it.granted.until.saturating_sub(1.month()),
            Basis::Proxy => it.granted.until,
        };
        if today(world) < soonest {
            return Err(EndDelegationError::NotDue(delegation));
        }
        Ok(Verdict::Facts(vec![
            wire::expired(person),
            limit::released(Limit::principals(it.granted.agent), delegation),
        ]))
    }
}
