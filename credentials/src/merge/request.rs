//! merge.request: a learner who was shown to hold two numbers asks that they become one.
//!
//! Invariant: each number was shown by a link or passkey of its own, at level 3, in one session; when the officer
//! agrees nothing that signs either in has changed since, and the officer never said whose account one of them
//! is: nobody makes both the proof and the merge. A crash before the asking costs the learner a new start.

use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::assurance::Level;
use identity::person::{self, Person};
use identity::role::Role;
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::apply::{self, Apply, ApplyMergeError, ResidentIds};

/// The assertion's kind.
pub const KIND: &str = "merge.request.v1";
/// What both sign-ins must show (SECURITY §1.3).
pub const LEVEL: Level = Level::GOVERNMENT;

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// The number that is used no more.
    pub absorbed: Uuid,
    /// How often what signs either number in had changed when both were shown.
    pub changed: Changed,
    /// The link that signed in as that number, in the asker's session.
    pub link: Uuid,
    /// The link or passkey by which the asker was signed in.
    pub own: Uuid,
    /// The asker's own number, which stays.
    pub person: Uuid,
    /// How the two numbers' 身份证 compare.
    pub resident_ids: ResidentIds,
}

/// How often links and passkeys had come or gone, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// Those of the number that is used no more.
    pub absorbed: u64,
    /// The asker's.
    pub person: u64,
}

impl Changed {
    /// As it stands.
    pub const fn of(absorbed: &Person, person: &Person) -> Self {
        Self {
            absorbed: absorbed.ways_changed(),
            person: person.ways_changed(),
        }
    }
}

impl Data {
    /// The merge that is asked for.
    pub fn merge(&self) -> apply::Data {
        apply::Data {
            values: Commitments::default(),
            absorbed: self.absorbed,
            person: self.person,
            resident_ids: self.resident_ids,
        }
    }
}

/// A learner asks for a merge.
#[derive(Debug)]
pub struct RequestMerge {
    /// Who asks.
    pub ask: Ask,
    /// What is asked.
    pub data: Data,
}

/// Why a learner's two numbers are not merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestMergeError {
    /// Somebody asks for others.
    #[error("person {0} is not who asks: learners merge into their own number alone")]
    NotOwn(Uuid),
    /// Nobody is signed in by it any more, or it says no more than whose clerk somebody is.
    #[error("link {link} does not sign in as person {person}")]
    LinkUnknown {
        /// The link named.
        link: Uuid,
        /// As whom it should sign in.
        person: Uuid,
    },
    /// Too little shows that a number is the asker's.
    #[error("link {link} gives {has}; {LEVEL} is needed on both sides")]
    LinkTooLow {
        /// Which.
        link: Uuid,
        /// What it gives.
        has: Level,
    },
    /// A link or passkey of either side came or went, or a merge was taken back: both are to be shown anew.
    #[error("what signs either number in has changed since both were shown: ask again")]
    Changed,
    /// One officer would have made both the proof and the merge.
    #[error("officer {0} linked one of the two: another one must agree")]
    OfficerVouched(Uuid),
    /// As two officers would be told.
    #[error(transparent)]
    Merge(#[from] ApplyMergeError),
}

impl Decision for RequestMerge {
    type Error = RequestMergeError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        self.merge().streams(world)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RequestMergeError> {
        let own = self.ask.act.as_ref().filter(|act| {
            let learner = Role::parse(&act.role) == Some(Role::Learner);
            learner && act.person == self.data.person && self.ask.issuer == IssuerNumber::REGISTRAR
        });
        if own.is_none() {
            return Err(RequestMergeError::NotOwn(self.data.person));
        }
        // The asker is one of the two by right; the officer who agrees must be neither.
        let officer = world.assertion.act().filter(|act| Some(*act) != own);
        let verdict = self.merge().merge(world, &[officer])?;
        if matches!(verdict, Verdict::Facts(_)) {
            self.check_shown(world, officer.map(|act| act.person))?;
        }
        Ok(verdict)
    }
}

impl RequestMerge {
    fn merge(&self) -> Apply {
        Apply {
            ask: self.ask.clone(),
            data: self.data.merge(),
        }
    }

    /// Both sides are still signed in as they were shown, and by nobody's word who agrees now.
    fn check_shown(
        &self,
        world: &World<'_>,
        officer: Option<Uuid>,
    ) -> Result<(), RequestMergeError> {
        let data = &self.data;
        let states =
            [data.absorbed, data.person].map(|it| world.get::<Person>(&person::wire::stream(it)));
        let [absorbed, person] = &states;
        check_way(absorbed, data.absorbed, data.link)?;
        check_way(person, data.person, data.own)?;
        if data.changed != Changed::of(absorbed, person) {
            return Err(RequestMergeError::Changed);
        }
        let vouched = officer.filter(|it| states.iter().any(|of| of.links.is_vouched_by(*it)));
        vouched.map_or(Ok(()), |it| Err(RequestMergeError::OfficerVouched(it)))
    }
}

/// The link or passkey signs in as this number, for its own record, well enough.
fn check_way(state: &Person, person: Uuid, link: Uuid) -> Result<(), RequestMergeError> {
    let mut ways = state.ways_in();
    let way = ways.find(|it| it.id == link && it.only.is_none());
    let way = way.ok_or(RequestMergeError::LinkUnknown { link, person })?;
    if way.loa < LEVEL {
        return Err(RequestMergeError::LinkTooLow { link, has: way.loa });
    }
    Ok(())
}
