//! Writes commits as a sequencer would: signed assertions, revisions without gaps, back-pointers.

use std::collections::HashMap;

use ledger::assertion::{Draft, Kid, Seen};
use ledger::commit::Commit;
use ledger::fact::{CommittedFact, Stream};
use ledger::hash::Digest;
use ledger::index::StreamHead;
use ledger::key::SigningKey;
use ledger::store::{NO_LINK, Record};
use uuid::Uuid;

/// A written commit and what an index must know of it.
#[derive(Clone)]
pub struct Written {
    /// Its position.
    pub position: u64,
    /// Its assertion's id.
    pub id: Uuid,
    /// What the store keeps.
    pub record: Record,
    /// The new heads of its streams.
    pub heads: Vec<(Stream, StreamHead)>,
}

/// The writer of one log, and the model of its stream heads and ids.
#[derive(Clone)]
pub struct Pen {
    log: &'static str,
    next: u64,
    /// Every stream's head.
    pub heads: HashMap<Stream, StreamHead>,
    /// Every id's position.
    pub ids: HashMap<Uuid, u64>,
}

impl Pen {
    /// A pen for an empty log of this origin.
    pub fn new(log: &'static str) -> Self {
        Self {
            log,
            next: 0,
            heads: HashMap::new(),
            ids: HashMap::new(),
        }
    }

    /// The id of the commit that this pen writes at `position`.
    pub fn id_at(&self, position: u64) -> Uuid {
        ledger::clock::uuid_v8(self.log, &[&position.to_be_bytes()])
    }

    /// Writes the next commit: one fact for each of `streams`, in this order (a stream may stand
    /// there several times).
    ///
    /// # Panics
    /// If the commit is no good leaf: a mistake of the test.
    pub fn write(&mut self, streams: &[Stream]) -> Written {
        let position = self.next;
        let id = self.id_at(position);
        let mut links = Vec::new();
        let mut heads: Vec<(Stream, StreamHead)> = Vec::new();
        let mut facts = Vec::new();
        for stream in streams {
            let old = self.heads.get(stream).copied();
            let revision = old.map_or(0, |head| head.revisions);
            let head = StreamHead {
                position,
                revisions: revision + 1,
            };
            if let Some(seen) = heads.iter_mut().find(|(name, _)| name == stream) {
                seen.1 = head;
            } else {
                links.push(old.map_or(NO_LINK, |head| head.position));
                heads.push((stream.clone(), head));
            }
            self.heads.insert(stream.clone(), head);
            facts.push(CommittedFact {
                data: None,
                kind: "note.taken.v1".into(),
                revision,
                stream: stream.clone(),
            });
        }
        let at_ms = 1_800_000_000_000 + i64::try_from(position).expect("a small log");
        let draft = Draft {
            id,
            log: self.log.into(),
            kind: "note.take.v1".into(),
            at_ms,
            seen: Seen {
                root: Digest([0; 32]),
                size: 0,
            },
            target: None,
            cause: None,
            act: None,
            data: serde_json::json!({ "n": position }),
        };
        let kid = Kid::parse("did:web:example.edu#k1").expect("a kid");
        let key = SigningKey::from_seed(&[7; 32]);
        let commit = Commit {
            log: self.log.into(),
            position,
            recorded_at_ms: at_ms,
            engine: 1,
            assertion: draft.sign(&kid, &key).expect("a good draft"),
            facts,
        };
        self.ids.insert(id, position);
        self.next += 1;
        Written {
            position,
            id,
            record: Record::new(commit.encode().expect("a small commit"), links),
            heads,
        }
    }
}
