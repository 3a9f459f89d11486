//! A commit as the views take it in: with its leaf hash and its facts read by their aggregates.
//!
//! Invariant: every fact of an [`Entry`] was read; an unknown noun or kind is an error that stops
//! the follower, never a fact that is left out. Pure; a crash loses nothing.

use std::sync::Arc;

use credentials::account::{self, Account};
use credentials::credential::{self, Credential};
use credentials::policy::{Adopted, PolicyRef};
use credentials::status_list::{self, StatusList};
use identity::approval::{self, Approval};
use identity::did::IssuerNumber;
use identity::institution::registry::{Numbered, Registry};
use identity::institution::{self, Institution};
use identity::limit::Limit;
use identity::officer::{self, Officer};
use identity::person::erasures::Erasures;
use identity::person::{self, Person};
use ledger::batch::{self, Accepted};
use ledger::commit::{Commit, NotACommit};
use ledger::decision::{Aggregate, Unreadable};
use ledger::fact::CommittedFact;
use ledger::hash::Digest;
use ledger::store::Record;
use uuid::Uuid;

/// What happened, in today's shapes, with the key of the stream it stands in.
#[derive(Debug, Clone)]
pub enum Event {
    /// In `institution/<number>`.
    Institution(IssuerNumber, institution::Event),
    /// In `registry/province`.
    Registry(Numbered),
    /// In `officer/<person>` or the roster `officer/province`, which repeats the former.
    Officer(officer::Event),
    /// In `approval/<assertion id>`.
    Approval(Uuid, approval::Event),
    /// In `person/<id>`.
    Person(Uuid, person::Event),
    /// In `erasure/province`, which repeats what stands in the persons' own streams.
    Erasure,
    /// In `limit/…`, which repeats what stands in the persons' own streams.
    Limit,
    /// In `account/<person>`.
    Account(Uuid, account::Event),
    /// In `policy/<id>`.
    Policy(PolicyRef),
    /// In `credential/<id>`.
    Credential(Uuid, credential::Event),
    /// In `status/<issuer>.<list>`.
    StatusList(status_list::Event),
    /// In `batch/<assertion id>`.
    Batch(batch::Data),
}

/// A commit that this program cannot fold.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The stored bytes are no commit.
    #[error("the record at position {position} is no commit: {source}")]
    Commit {
        /// Its position.
        position: u64,
        /// What is wrong.
        source: NotACommit,
    },
    /// The record says another position than the one it stands at.
    #[error("the record at position {position} says it is number {says}")]
    Position {
        /// Where it stands.
        position: u64,
        /// What it says.
        says: u64,
    },
    /// A fact of it cannot be read.
    #[error("position {position}: {source}")]
    Fact {
        /// Its position.
        position: u64,
        /// What is wrong.
        source: Unreadable,
    },
}

/// A commit, ready for every view.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The commit.
    pub commit: Arc<Commit>,
    /// Its leaf hash: what a correction of it must name.
    pub leaf: Digest,
    events: Vec<Event>,
}

impl Entry {
    /// Reads a stored record that stands at `position`.
    pub fn decode(position: u64, record: &Record) -> Result<Self, EntryError> {
        let commit = Commit::decode(&record.leaf)
            .map_err(|source| EntryError::Commit { position, source })?;
        if commit.position != position {
            return Err(EntryError::Position {
                position,
                says: commit.position,
            });
        }
        Self::with_leaf(Arc::new(commit), record.leaf_hash)
    }

    /// Reads a commit that is in memory already, with the hash of its leaf.
    pub fn with_leaf(commit: Arc<Commit>, leaf: Digest) -> Result<Self, EntryError> {
        let events = commit
            .facts
            .iter()
            .map(|fact| read(fact, &commit))
            .collect::<Result<_, _>>()
            .map_err(|source| EntryError::Fact {
                position: commit.position,
                source,
            })?;
        Ok(Self {
            commit,
            leaf,
            events,
        })
    }

    /// Its position.
    pub fn position(&self) -> u64 {
        self.commit.position
    }

    /// Its facts with what they say, in order.
    pub fn facts(&self) -> impl Iterator<Item = (&CommittedFact, &Event)> {
        self.commit.facts.iter().zip(&self.events)
    }

    /// What its facts say, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

fn read(fact: &CommittedFact, commit: &Commit) -> Result<Event, Unreadable> {
    let kind = &*fact.kind;
    let data = fact
        .data
        .as_deref()
        .unwrap_or(commit.assertion.data())
        .get();
    let stream = &fact.stream;
    let key = |why: &str| Unreadable {
        noun: stream.noun().into(),
        kind: kind.into(),
        why: why.into(),
    };
    let id = || Uuid::parse_str(stream.key()).map_err(|_| key("the stream's key is no id"));
    match stream.noun() {
        Account::NOUN => Ok(Event::Account(id()?, Account::read(kind, data)?)),
        Person::NOUN => Ok(Event::Person(id()?, Person::read(kind, data)?)),
        Erasures::NOUN => Erasures::read(kind, data).map(|_| Event::Erasure),
        Limit::NOUN => Limit::read(kind, data).map(|_| Event::Limit),
        Approval::NOUN => Ok(Event::Approval(id()?, Approval::read(kind, data)?)),
        Institution::NOUN => {
            let number = stream
                .key()
                .parse()
                .map_err(|_| key("the stream's key is no number"))?;
            Ok(Event::Institution(
                IssuerNumber(number),
                Institution::read(kind, data)?,
            ))
        }
        Registry::NOUN => Registry::read(kind, data).map(Event::Registry),
        Officer::NOUN => Officer::read(kind, data).map(Event::Officer),
        Credential::NOUN => Ok(Event::Credential(id()?, Credential::read(kind, data)?)),
        StatusList::NOUN => StatusList::read(kind, data).map(Event::StatusList),
        Adopted::NOUN => Adopted::read(kind, data).map(Event::Policy),
        Accepted::NOUN => Accepted::read(kind, data).map(Event::Batch),
        noun => Err(identity::wire::unknown(noun, kind)),
    }
}
