//! Delegations: somebody acts in another's name, within a scope, until a day (SECURITY §1.5).
//!
//! Invariant: an ended delegation authorises nothing at any later position; whoever acts by one is
//! named in `act` together with whose name it is. A merge suspends what was given before it, on both
//! sides, until it is given anew; taken back, the merge never was.

pub mod end;
pub mod grant;
pub mod narrow;
pub mod wire;

use std::sync::Arc;

use jiff::civil::Date;
use ledger::decision::{Earlier, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::state::Person;
use super::{numbers, served, wire as person_wire};
use crate::date::day_of;
use crate::did::IssuerNumber;

/// Proxies that somebody may have at once.
pub const PROXIES_MAX: usize = 3;
/// Guardians that a child may have at once.
pub const GUARDIANS_MAX: usize = 4;
/// People in whose name somebody may act as a proxy at once; more would be a farm.
pub const PRINCIPALS_MAX: usize = 5;
/// Children of whom somebody may be the guardian at once.
pub const CHILDREN_MAX: usize = 10;
/// Months for which a proxy may be named.
pub const MONTHS_MAX: i32 = 12;
/// The birthday on which a guardian's consent is needed no more (PIPL art. 31).
pub const AGE_OF_CONSENT: i16 = 14;

/// On what a delegation rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// A child under 14 and who has custody.
    Guardian,
    /// An adult, often an elder, and somebody trusted.
    Proxy,
}

/// What somebody may do in another's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Say yes or no to a use of the child's data.
    Consent,
    /// Ask that the child's values be erased.
    Erase,
    /// Read record, transcript and credentials.
    View,
}

impl Basis {
    /// Whether a delegation that rests on this may hold `scope`: who is of age decides on the own data alone.
    pub const fn covers(self, scope: Scope) -> bool {
        match self {
            Self::Guardian => true,
            Self::Proxy => matches!(scope, Scope::View),
        }
    }
}

/// A delegation was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Who may act.
    pub agent: Uuid,
    /// On what it rests.
    pub basis: Basis,
    /// What for, ascending.
    pub scopes: Vec<Scope>,
    /// First day on which it is over.
    pub until: Date,
    /// How many acts it lets be done; `None` = no limit.
    pub uses_max: Option<u32>,
}

/// Everything that happens to a delegation, in the stream of whose name it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// delegation.granted
    Granted(Granted),
    /// delegation.narrowed
    Narrowed {
        /// Which.
        delegation: Uuid,
        /// What is left of it.
        scopes: Vec<Scope>,
        /// First day on which it is over.
        until: Date,
    },
    /// delegation.revoked, delegation.expired
    Ended {
        /// Which.
        delegation: Uuid,
    },
    /// delegate.acted
    Acted {
        /// By which.
        delegation: Uuid,
    },
}

/// What is known of a delegation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Its name: the id of the assertion that gave it.
    pub id: Uuid,
    /// What was given, as narrowed since.
    pub granted: Granted,
    /// The commit that gave it.
    pub by: Earlier,
    /// Acts done by it.
    pub uses: u32,
    /// The commit that ended it.
    pub ended: Option<Earlier>,
}

impl Delegation {
    /// Whether it is neither ended nor over on `today`.
    pub fn stands(&self, today: Date) -> bool {
        self.ended.is_none() && today < self.granted.until
    }

    /// Whether it stands and is not used up.
    pub fn lasts(&self, today: Date) -> bool {
        let used_up = |max| self.uses >= max;
        self.stands(today) && !self.granted.uses_max.is_some_and(used_up)
    }
}

/// The delegations in one person's name, in order.
#[derive(Debug, Clone, Default)]
pub struct Delegations(pub Vec<Delegation>);

impl Delegations {
    pub(super) fn evolve(&mut self, event: &Event, here: Earlier) {
        let of = |list: &mut Vec<Delegation>, id: Uuid| list.iter().position(|it| it.id == id);
        match event {
            Event::Granted(granted) => self.0.push(Delegation {
                id: here.id,
                granted: granted.clone(),
                by: here,
                uses: 0,
                ended: None,
            }),
            Event::Narrowed {
                delegation,
                scopes,
                until,
            } => {
                if let Some(it) = of(&mut self.0, *delegation).and_then(|at| self.0.get_mut(at)) {
                    it.granted.scopes.clone_from(scopes);
                    it.granted.until = *until;
                }
            }
            Event::Ended { delegation } => {
                if let Some(it) = of(&mut self.0, *delegation).and_then(|at| self.0.get_mut(at)) {
                    it.ended.get_or_insert(here);
                }
            }
            Event::Acted { delegation } => {
                if let Some(it) = of(&mut self.0, *delegation).and_then(|at| self.0.get_mut(at)) {
                    it.uses = it.uses.saturating_add(1);
                }
            }
        }
    }

    /// The one of this name.
    pub fn find(&self, id: Uuid) -> Option<&Delegation> {
        self.0.iter().find(|it| it.id == id)
    }
}

/// The delegation by which `agent` may do `scope` in the name of `principal` on `today`, given both states.
pub fn live<'a>(
    principal: &'a Person,
    agent: (Uuid, &Person),
    scope: Scope,
    today: Date,
) -> Option<&'a Delegation> {
    found(principal, agent, scope, |it| it.lasts(today))
}

fn found<'a>(
    principal: &'a Person,
    (agent, state): (Uuid, &Person),
    scope: Scope,
    counts: impl Fn(&Delegation) -> bool,
) -> Option<&'a Delegation> {
    if principal.barred().is_some() || state.barred().is_some() {
        return None;
    }
    let merged = principal.merged_at().max(state.merged_at());
    principal.delegations.0.iter().find(|it| {
        it.granted.agent == agent
            && counts(it)
            && merged.is_none_or(|at| it.by.position > at)
            && it.granted.scopes.contains(&scope)
    })
}

/// Whether a delegation that is not over waits for being given anew, since one side was merged.
pub fn is_suspended(it: &Delegation, principal: &Person, agent: &Person) -> bool {
    let merged = principal.merged_at().max(agent.merged_at());
    merged.is_some_and(|at| it.by.position <= at)
}

/// Who asks something about a delegation, and whether that is for them to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// A learner, for the own account.
    Learner(Uuid),
    /// An officer of an institution.
    Officer(IssuerNumber, Option<Uuid>),
}

impl Asker {
    /// What the question whether it is for them to ask reads.
    pub(super) fn streams(self, person: Uuid) -> Vec<Stream> {
        match self {
            Self::Officer(issuer, _) => served::streams(person, issuer),
            Self::Learner(_) => vec![person_wire::stream(person)],
        }
    }
}

/// The streams of both sides with all their numbers, and of what binds the agent.
fn sides(world: &World<'_>, principal: Uuid, agent: Uuid) -> Vec<Stream> {
    let mut streams = numbers::streams(world, principal);
    for (number, _) in numbers::in_world(world, agent) {
        streams.push(person_wire::stream(number));
        streams.push(crate::limit::Limit::principals(number));
    }
    streams
}

fn person_in(world: &World<'_>, number: Uuid) -> Arc<Person> {
    world.get::<Person>(&person_wire::stream(number))
}

fn today(world: &World<'_>) -> Date {
    day_of(world.recorded_at_ms)
}

/// The delegation by which `agent` may do `scope` now, or may have begun it (`begun`: that use is counted).
pub fn acting(
    world: &World<'_>,
    (agent, principal): (Uuid, Uuid),
    scope: Scope,
    begun: bool,
) -> Option<Uuid> {
    let (of, by) = (person_in(world, principal), person_in(world, agent));
    let today = today(world);
    let counts = |it: &Delegation| {
        if begun {
            it.stands(today)
        } else {
            it.lasts(today)
        }
    };
    found(&of, (agent, &by), scope, counts).map(|it| it.id)
}
