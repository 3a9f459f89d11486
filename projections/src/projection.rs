//! One fold of the log into the tables of one file.
//!
//! Invariant: the rows of a view are the fold of the commits below its `next`, written in the same
//! transaction as `next` itself; the projection keeps nothing beside them that a reader could not
//! do without. A crash in the middle of a fold leaves the transaction before it.

use std::num::NonZeroU32;

use rusqlite::Transaction;

use credentials::account::Event as AccountEvent;
use credentials::credential::Event as CredentialEvent;

use crate::entry::{Entry, Event};

/// What a view is called and made of.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Name of the view and its file.
    pub name: &'static str,
    /// Number of the tables' form and of what is folded into them; another number = rebuild.
    pub version: u32,
    /// The statements that create the tables.
    pub schema: &'static str,
}

/// A fold into tables.
///
/// It takes `&self`: its whole state is in the rows, so a rebuild beside the serving file runs the
/// same fold at the same time.
pub trait Projection: Send + Sync {
    /// What it is called and the tables it writes.
    fn form(&self) -> Form;

    /// Folds these commits, in their order. An error undoes the transaction and stops the follower.
    fn apply(&self, rows: &Transaction<'_>, entries: &[&Entry]) -> rusqlite::Result<()>;

    /// Which of `shards` equal parts of the view the commit belongs to; `None` = every one.
    ///
    /// Everything about one person is in one part, as are person and account of one key.
    fn shard(&self, entry: &Entry, shards: NonZeroU32) -> Option<u32> {
        by_person(entry, shards)
    }
}

/// The part that a view keeps: `index` of `count`. By default the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// From 0.
    pub index: u32,
    /// How many parts there are.
    pub count: NonZeroU32,
}

impl Default for Share {
    fn default() -> Self {
        Self {
            index: 0,
            count: NonZeroU32::MIN,
        }
    }
}

impl Share {
    /// Whether this part keeps what `projection` folds of the commit.
    pub(crate) fn keeps(self, projection: &dyn Projection, entry: &Entry) -> bool {
        self.count == NonZeroU32::MIN
            || projection
                .shard(entry, self.count)
                .is_none_or(|shard| shard == self.index)
    }
}

/// The part of the first person the commit is about.
pub fn by_person(entry: &Entry, shards: NonZeroU32) -> Option<u32> {
    // A merge is about two persons: each part of a view learns of it.
    let of_two = |event: &Event| {
        matches!(
            event,
            Event::Account(
                _,
                AccountEvent::Absorbed { .. } | AccountEvent::Restored { .. }
            )
        )
    };
    let mut accounts = entry.events().iter().filter_map(|event| match event {
        Event::Account(
            holder,
            AccountEvent::LotDeposited { .. } | AccountEvent::LotRevoked { .. },
        ) => Some(*holder),
        _ => None,
    });
    // So is an outcome that moves from one to the other.
    let first = accounts.next();
    let moves = accounts.any(|holder| Some(holder) != first);
    if moves || entry.events().iter().any(of_two) {
        return None;
    }
    let person = entry.events().iter().find_map(|event| match event {
        // What is said of an outcome stays where it was recorded, whoever holds it since a merge.
        Event::Account(
            _,
            AccountEvent::OutcomeRecorded { person, .. }
            | AccountEvent::OutcomeCorrected { person, .. }
            | AccountEvent::OutcomeRevoked { person, .. },
        )
        | Event::Account(person, _)
        | Event::Person(person, _) => Some(*person),
        Event::Credential(_, CredentialEvent::Issued(issued)) => Some(issued.person),
        _ => None,
    })?;
    // Person ids are random, so their last bytes are spread evenly as they are.
    let [.., a, b, c, d] = *person.as_bytes();
    Some(u32::from_be_bytes([a, b, c, d]) % shards)
}
