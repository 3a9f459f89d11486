//! contact.record, contact.remove: where somebody is told something outside the account.
//!
//! Invariant: the number or address stands in no commit, and under a key of its own purpose, so that it
//! can go while the record stays. Whether it is used rests on consent (`consent.rs`), but for what
//! guards the account itself.

use std::collections::BTreeMap;

use ledger::decision::{Decision, Earlier, Unreadable, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::delegation::Asker;
use super::served::{self, NotServed};
use super::state::Person;
use super::wire;
use crate::erasable::Commitments;
use crate::wire::{own, read, unknown};

/// Kind of the assertion that records one.
pub const RECORD: &str = "contact.record.v1";
/// Kind of the assertion that removes.
pub const REMOVE: &str = "contact.remove.v1";
/// contact.recorded.v1: its data is that of contact.record.v1.
pub const RECORDED_V1: &str = "contact.recorded.v1";
/// contact.removed.v1: its data is that of contact.remove.v1.
pub const REMOVED_V1: &str = "contact.removed.v1";
/// Members that are disclosed, never open.
pub const ERASABLE: &[&str] = &["phone", "email"];

/// How somebody is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// A mobile number.
    Sms,
    /// A mail address.
    Email,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Sms, Self::Email];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Email => "email",
        }
    }

    /// The erasable member that holds the number or address.
    pub const fn member(self) -> &'static str {
        match self {
            Self::Sms => "phone",
            Self::Email => "email",
        }
    }
}

/// The data of an assertion that sets; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordData {
    /// Commitment to the number or address.
    #[serde(rename = "_sd", default, skip_serializing_if = "Commitments::is_empty")]
    pub values: Commitments,
    /// Which channel.
    pub channel: Channel,
    /// Whose.
    pub person: Uuid,
}

/// The data of an assertion that removes; shipped: never changes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoveData {
    /// Which channel.
    pub channel: Channel,
    /// Whose.
    pub person: Uuid,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// contact.recorded
    Recorded {
        /// Which channel.
        channel: Channel,
        /// Commitment to where it leads.
        values: Commitments,
    },
    /// contact.removed
    Removed {
        /// Which channel.
        channel: Channel,
    },
}

impl Event {
    /// Which channel.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Recorded { channel, .. } | Self::Removed { channel } => *channel,
        }
    }
}

/// How long an address that was replaced is still told what guards the account: who took the account
/// over sets another one first.
pub const TOLD_AFTER_MS: i64 = 14 * 86_400_000;

/// Where a channel leads, and where it led before.
#[derive(Debug, Clone, Default)]
struct Leads {
    now: Option<(Earlier, Commitments)>,
    /// What it was, and when each ended, Unix milliseconds; the oldest first.
    before: Vec<(Earlier, Commitments, i64)>,
}

/// Most addresses before that are kept: who sets many does not push the first one out.
const BEFORE_MAX: usize = 8;

/// The channels, each with the assertion whose value opens where it leads.
#[derive(Debug, Clone, Default)]
pub struct Contacts(BTreeMap<Channel, Leads>);

impl Contacts {
    pub(super) fn evolve(&mut self, event: &Event, here: Earlier, at_ms: i64) {
        let next = match event {
            Event::Recorded { values, .. } => Some((here, values.clone())),
            Event::Removed { .. } => None,
        };
        let leads = self.0.entry(event.channel()).or_default();
        if let Some((by, values)) = std::mem::replace(&mut leads.now, next) {
            let told = |ended_ms: i64| at_ms < ended_ms.saturating_add(TOLD_AFTER_MS);
            leads.before.retain(|(_, _, ended_ms)| told(*ended_ms));
            if leads.before.len() < BEFORE_MAX {
                leads.before.push((by, values, at_ms));
            }
        }
    }

    /// Where the channel leads, if it is set.
    pub fn get(&self, channel: Channel) -> Option<&(Earlier, Commitments)> {
        self.0.get(&channel)?.now.as_ref()
    }

    /// Where it led before, as far as that ended not long ago.
    pub fn before(
        &self,
        channel: Channel,
        now_ms: i64,
    ) -> impl Iterator<Item = (Earlier, &Commitments)> {
        let before = self.0.get(&channel).into_iter();
        let before = before.flat_map(|leads| &leads.before);
        before
            .filter(move |(_, _, ended_ms)| now_ms < ended_ms.saturating_add(TOLD_AFTER_MS))
            .map(|(by, values, _)| (*by, values))
    }
}

pub(super) fn event(kind: &str, data: &str) -> Result<Event, Unreadable> {
    match kind {
        RECORDED_V1 => read::<RecordData>("person", kind, data).map(|v1| Event::Recorded {
            channel: v1.channel,
            values: v1.values,
        }),
        REMOVED_V1 => read::<RemoveData>("person", kind, data).map(|v1| Event::Removed {
            channel: v1.channel,
        }),
        _ => Err(unknown("person", kind)),
    }
}

/// Why a contact stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Not for this institution to say.
    #[error(transparent)]
    NotServed(#[from] NotServed),
    /// A learner says it for somebody else.
    #[error("a learner sets and removes the own contacts only")]
    NotYours,
    /// Nobody has this number, or nobody acts under it.
    #[error(
        "nobody acts as person {0}: unknown, suspended, merged into another number, forgotten or dead"
    )]
    Barred(Uuid),
    /// Not exactly the value of this channel.
    #[error("exactly one value is committed to: the number or address")]
    ValuesDoNotFit,
    /// The channel is not set.
    #[error("there is no such contact")]
    NotRecorded,
}

fn known(
    world: &World<'_>,
    asker: Asker,
    person: Uuid,
) -> Result<std::sync::Arc<Person>, ContactError> {
    let state = match asker {
        Asker::Officer(issuer, _) => served::check(world, person, issuer)?,
        Asker::Learner(learner) if learner != person => return Err(ContactError::NotYours),
        Asker::Learner(_) => world.get::<Person>(&wire::stream(person)),
    };
    if !state.is_known() || state.barred().is_some() {
        return Err(ContactError::Barred(person));
    }
    Ok(state)
}

/// Record a contact; the one before it on this channel is not used any more.
#[derive(Debug)]
pub struct Record {
    /// Who asks.
    pub asker: Asker,
    /// What is asked.
    pub data: RecordData,
}

impl Decision for Record {
    type Error = ContactError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        self.asker.streams(self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ContactError> {
        let person = self.data.person;
        known(world, self.asker, person)?;
        if self.data.values.as_slice().len() != 1 {
            return Err(ContactError::ValuesDoNotFit);
        }
        Ok(Verdict::Facts(vec![own(wire::stream(person), RECORDED_V1)]))
    }
}

/// Remove a contact.
#[derive(Debug)]
pub struct Remove {
    /// Who asks.
    pub asker: Asker,
    /// What is asked.
    pub data: RemoveData,
}

impl Decision for Remove {
    type Error = ContactError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        self.asker.streams(self.data.person)
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ContactError> {
        let RemoveData { channel, person } = self.data;
        let state = known(world, self.asker, person)?;
        if state.contacts.get(channel).is_none() {
            return Err(ContactError::NotRecorded);
        }
        Ok(Verdict::Facts(vec![own(wire::stream(person), REMOVED_V1)]))
    }
}
