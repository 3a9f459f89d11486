//! delegation.grant: somebody lets another act in the own name; a counter enters a child's guardian.
//!
//! Nobody's password is shared, and nobody is pressed: the question is asked, without the other in the
//! room, and its answer stands in the log. Asked again of the same two, the new one replaces the old.

use jiff::ToSpan as _;
use jiff::civil::Date;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::{Fact, Stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    AGE_OF_CONSENT, Asker, Basis, CHILDREN_MAX, Delegation, GUARDIANS_MAX, MONTHS_MAX,
    PRINCIPALS_MAX, PROXIES_MAX, Scope, person_in, sides, today, wire,
};
use crate::erasable::Commitments;
use crate::limit::{self, Limit, Place};
use crate::person::assurance::{Level, level_in};
use crate::person::numbers;
use crate::person::served::{self, NotServed};

/// Kind of the assertion.
pub const KIND: &str = "delegation.grant.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["reason_text"];

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Commitment to what shows it, in words.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Who may act.
    pub agent: Uuid,
    /// On what it rests.
    pub basis: Basis,
    /// In whose name.
    pub person: Uuid,
    /// What for, ascending, each once.
    pub scopes: Vec<Scope>,
    /// Whether the person said, asked alone, that nobody presses for it.
    pub unpressed: bool,
    /// First day on which it is over. A guardian's is the first of the month behind the child's
    /// birthday, so that it does not tell the day; the day itself ends it by `delegation.expire`.
    #[serde(with = "crate::date")]
    pub until: Date,
    /// How many acts it lets be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_max: Option<u32>,
}

/// Let somebody act in another's name.
#[derive(Debug)]
pub struct Grant {
    /// Id of the assertion: the delegation's name.
    pub id: Uuid,
    /// Who asks.
    pub asker: Asker,
    /// What is asked.
    pub data: Data,
}

/// Why nobody is let act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantDelegationError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// A learner asks for somebody else's account.
    #[error("a learner lets others act in the own name only")]
    NotYours,
    /// Guardians are entered at a counter that saw what shows it.
    #[error("a guardian is entered by an officer at a counter")]
    GuardianByOfficer,
    /// One person on both sides, or the officer who enters it.
    #[error("nobody is let act for himself, and no officer enters himself")]
    Oneself,
    /// Nobody has this number, or nobody acts under it.
    #[error(
        "nobody acts as person {0}: unknown, suspended, merged into another number, forgotten or dead"
    )]
    Barred(Uuid),
    /// Who it is, is not sure enough.
    #[error("person {person} is known at {now}; {needed} is needed: show a document at a counter")]
    LevelTooLow {
        /// Who.
        person: Uuid,
        /// What is known.
        now: Level,
        /// What is needed.
        needed: Level,
    },
    /// The person is pressed, or was not asked.
    #[error("the person must say, asked alone, that nobody presses for it")]
    Pressed,
    /// No scope, or not in order, or twice.
    #[error("scopes stand in ascending order, each once, at least one")]
    ScopesNotInOrder,
    /// More than this basis allows.
    #[error("this cannot be done in an adult's name by another")]
    ScopeOutside(Scope),
    /// The day has come already.
    #[error("it must end on a later day")]
    UntilPast,
    /// Too long.
    #[error("it must end by {0}")]
    UntilTooFar(Date),
    /// It would let nothing be done.
    #[error("uses_max is at least 1")]
    NoUse,
    /// The person has as many as may be at once.
    #[error("the person has {0} already, which is as many as may be at once")]
    TooManyAgents(usize),
    /// The agent acts for as many as may be at once.
    #[error("person {agent} acts for {count} people already, which is as many as may be at once")]
    TooManyPrincipals {
        /// Who.
        agent: Uuid,
        /// For how many.
        count: usize,
    },
}

impl Decision for Grant {
    type Error = GrantDelegationError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let Data { agent, person, .. } = self.data;
        let mut streams = self.asker.streams(person);
        streams.extend(sides(world, person, agent));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, GrantDelegationError> {
        let Data { agent, person, .. } = self.data;
        self.check_asker(world)?;
        self.check_form(world)?;
        let state = person_in(world, person);
        for (number, state) in [(person, &state), (agent, &person_in(world, agent))] {
            if !state.is_known() || state.barred().is_some() {
                return Err(GrantDelegationError::Barred(number));
            }
        }
        self.check_levels(world)?;
        let today = today(world);
        let same_pair = |it: &&Delegation| {
            it.ended.is_none() && it.granted.agent == agent && it.granted.basis == self.data.basis
        };
        let replaced: Vec<&Delegation> = state.delegations.0.iter().filter(same_pair).collect();
        let lasting = state.delegations.0.iter().filter(|it| {
            it.lasts(today) && it.granted.basis == self.data.basis && !replaced.contains(it)
        });
        let lasting = lasting.count();
        let most = match self.data.basis {
            Basis::Guardian => GUARDIANS_MAX,
            Basis::Proxy => PROXIES_MAX,
        };
        if lasting >= most {
            return Err(GrantDelegationError::TooManyAgents(lasting));
        }
        self.check_principals(world)?;
        Ok(Verdict::Facts(self.facts(&replaced)))
    }
}

impl Grant {
    fn facts(&self, replaced: &[&Delegation]) -> Vec<Fact> {
        let Data {
            agent,
            basis,
            person,
            until,
            ..
        } = self.data;
        let binds = Limit::principals(agent);
        let mut facts = Vec::with_capacity(2 + 2 * replaced.len());
        for it in replaced {
            facts.push(wire::revoked(person, it.id));
            facts.push(limit::released(binds.clone(), it.id));
        }
        facts.push(wire::granted(person));
        let place = Place {
            basis,
            delegation: self.id,
            person,
            until,
        };
        facts.push(limit::taken(binds, place));
        facts
    }

    fn check_asker(&self, world: &World<'_>) -> Result<(), GrantDelegationError> {
        let Data {
            agent,
            basis,
            person,
            ..
        } = self.data;
        match self.asker {
            Asker::Learner(learner) if learner != person => Err(GrantDelegationError::NotYours),
            Asker::Learner(_) if basis == Basis::Guardian => {
                Err(GrantDelegationError::GuardianByOfficer)
            }
            Asker::Learner(_) => Ok(()),
            Asker::Officer(issuer, acting) => {
                served::check(world, person, issuer)?;
                if acting == Some(agent) {
                    return Err(GrantDelegationError::Oneself);
                }
                Ok(())
            }
        }?;
        let of = |number| numbers::in_world(world, number);
        let same = of(person)
            .iter()
            .any(|(one, _)| of(agent).iter().any(|(other, _)| one == other));
        if same {
            return Err(GrantDelegationError::Oneself);
        }
        Ok(())
    }

    fn check_form(&self, world: &World<'_>) -> Result<(), GrantDelegationError> {
        let Data {
            basis,
            ref scopes,
            until,
            uses_max,
            ..
        } = self.data;
        if !self.data.unpressed {
            return Err(GrantDelegationError::Pressed);
        }
        if scopes.is_empty() || !scopes.is_sorted_by(|a, b| a < b) {
            return Err(GrantDelegationError::ScopesNotInOrder);
        }
        if let Some(outside) = scopes.iter().find(|it| !basis.covers(**it)) {
            return Err(GrantDelegationError::ScopeOutside(*outside));
        }
        if uses_max == Some(0) {
            return Err(GrantDelegationError::NoUse);
        }
        let today = today(world);
        if until <= today {
            return Err(GrantDelegationError::UntilPast);
        }
        // A guardian's day is rounded up to the first of a month.
        let longest = match basis {
            Basis::Guardian => AGE_OF_CONSENT.years().months(1),
            Basis::Proxy => MONTHS_MAX.months(),
        };
        let last = today.saturating_add(longest);
        if until > last {
            return Err(GrantDelegationError::UntilTooFar(last));
        }
        Ok(())
    }

    /// Both are known for sure; of a child its guardian's document suffices.
    fn check_levels(&self, world: &World<'_>) -> Result<(), GrantDelegationError> {
        let adult = (self.data.basis == Basis::Proxy).then_some(self.data.person);
        for person in adult.into_iter().chain([self.data.agent]) {
            let (now, needed) = (level_in(world, person), Level::GOVERNMENT);
            if now < needed {
                return Err(GrantDelegationError::LevelTooLow {
                    person,
                    now,
                    needed,
                });
            }
        }
        Ok(())
    }

    /// Over every number of the agent: a merge makes no room.
    fn check_principals(&self, world: &World<'_>) -> Result<(), GrantDelegationError> {
        let Data {
            agent,
            basis,
            person,
            ..
        } = self.data;
        let today = today(world);
        let mut principals: Vec<Uuid> = numbers::in_world(world, agent)
            .into_iter()
            .flat_map(|(number, _)| {
                let limit = world.get::<Limit>(&Limit::principals(number));
                let taken: Vec<Place> = limit.in_use(today).copied().collect();
                taken
            })
            .filter(|place| place.basis == basis && place.person != person)
            .map(|place| place.person)
            .collect();
        principals.sort_unstable();
        principals.dedup();
        let most = match basis {
            Basis::Guardian => CHILDREN_MAX,
            Basis::Proxy => PRINCIPALS_MAX,
        };
        if principals.len() >= most {
            return Err(GrantDelegationError::TooManyPrincipals {
                agent,
                count: principals.len(),
            });
        }
        Ok(())
    }
}
