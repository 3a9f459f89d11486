//! link.remove, link.remove-officer: an account signs a person in no more.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Link, REMOVED_V1, Side, is_officer, side, streams};
use crate::ask::Ask;
use crate::person::served::{self, NotServed};
use crate::person::{Person, wire};
use crate::wire::own;

/// Kind of the assertion that takes a link away.
pub const KIND: &str = "link.remove.v1";
/// Kind of the assertion of two security administrators that takes an officer's away.
pub const OF_OFFICER: &str = "link.remove-officer.v1";
/// The data of link.remove.v1; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which link.
    pub link: Uuid,
    /// Whose.
    pub person: Uuid,
}

/// Take a link away.
#[derive(Debug)]
pub struct RemoveLink {
    /// The asking side; of an officer's account, that of the proposal.
    pub ask: Ask,
    /// Whether two security administrators say so of an officer.
    pub of_officer: bool,
    /// What is asked.
    pub data: Data,
}

/// Why a link stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoveLinkError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// Somebody else's.
    #[error(
        "people remove their own links, a counter those of learners, an institution those of its clerks, security those of officers"
    )]
    NotYours,
    /// The person has no such link.
    #[error("person {person} has no link {link}")]
    LinkUnknown {
        /// Whose.
        person: Uuid,
        /// Which.
        link: Uuid,
    },
    /// Nobody shuts himself out.
    #[error(
        "nothing else signs this person in and no recovery sheet is printed: add another way first"
    )]
    LastOne,
}

/// Why somebody may not take away what signs a person in, be it a link or a passkey.
pub(in crate::person) enum NotTaken {
    /// Not for this institution to say.
    NotServed(NotServed),
    /// Somebody else's.
    NotYours,
    /// There is none.
    Unknown,
    /// Nobody shuts himself out.
    LastOne,
}

/// Whether whoever asks may take away what `way` finds in the stream of `person`.
pub(in crate::person) fn may(
    world: &World<'_>,
    ask: &Ask,
    of_officer: bool,
    person: Uuid,
    way: impl Fn(&Person) -> Option<Link>,
) -> Result<(), NotTaken> {
    let state = world.get::<Person>(&wire::stream(person));
    let holder = state.merged_into.map_or(person, |(into, _)| into);
    let by = side(ask, holder).ok_or(NotTaken::NotYours)?;
    if of_officer != matches!(by, Side::Security) {
        return Err(NotTaken::NotYours);
    }
    match by {
        Side::Counter => {
            served::check(world, holder, ask.issuer).map_err(NotTaken::NotServed)?;
        }
        Side::Security if !is_officer(world, holder) => return Err(NotTaken::NotYours),
        Side::Institution | Side::Security | Side::Learner | Side::Officer => {}
    }
    let found = way(&state).ok_or(NotTaken::Unknown)?;
    // An institution takes away what it vouched for, a counter what signs a learner in.
    let theirs = match by {
        Side::Institution => found.only == Some(ask.issuer),
        Side::Counter => found.only.is_none(),
        Side::Security | Side::Learner | Side::Officer => true,
    };
    if !theirs {
        return Err(NotTaken::NotYours);
    }
    let own_side = matches!(by, Side::Learner | Side::Officer);
    let last = person == holder && state.ways_in().count() == 1;
    if own_side && last && state.recoveries.sheet.is_none() {
        return Err(NotTaken::LastOne);
    }
    Ok(())
}

/// The streams that [`may`] asks.
pub(in crate::person) fn streams_of(world: &World<'_>, ask: &Ask, person: Uuid) -> Vec<Stream> {
    let mut streams = streams(world, ask, person);
    // One of a number that was merged is the holder's to take away.
    if let Some((into, _)) = world.get::<Person>(&wire::stream(person)).merged_into {
        streams.extend(served::streams(into, ask.issuer));
    }
    streams
}

impl Decision for RemoveLink {
    type Error = RemoveLinkError;

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        streams_of(world, &self.ask, self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RemoveLinkError> {
        let Data { link, person } = self.data;
        let way = |state: &Person| state.links.find(link);
        may(world, &self.ask, self.of_officer, person, way).map_err(|why| match why {
            NotTaken::NotServed(why) => RemoveLinkError::NotServed(why),
            NotTaken::NotYours => RemoveLinkError::NotYours,
            NotTaken::Unknown => RemoveLinkError::LinkUnknown { person, link },
            NotTaken::LastOne => RemoveLinkError::LastOne,
        })?;
        let removed = own(wire::stream(person), REMOVED_V1);
        Ok(Verdict::Facts(vec![removed]))
    }
}
