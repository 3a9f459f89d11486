//! Use cases asked directly, one behind the other: what a law plays ten thousand histories with.
//!
//! Invariant: states are learned, decided on and folded as the sequencer does it; the assertions are
//! signed once and stand for the n-th commit of every history.

use std::collections::HashMap;

use credentials::rulebook::Rulebook;
use ledger::assertion::{Assertion, Seen};
use ledger::decision::{
    Aggregate, AnyState, Decision, Known, Occurred, Rules as _, Verdict, World,
};
use ledger::fact::{Fact, Stream};
use ledger::hash::Digest;
use ledger::key::PublicKey;
use ledger::merkle;
use serde::Serialize;

use super::asking::{Asking, NOON_MS, Signer};
use super::given::Given;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// To a commit.
    Written,
    /// To nothing new.
    AlreadySo,
    /// To nothing.
    Refused,
}

/// What costs time and is the same in every history.
pub struct Stage {
    assertions: Vec<Assertion>,
    key: PublicKey,
    states: HashMap<Stream, (AnyState, u64)>,
    next: u64,
}

impl Stage {
    /// Histories of up to `steps` commits behind `given`, whose assertions look like `asking`.
    pub fn new(given: &Given, asking: &Asking, steps: u64) -> Self {
        let seen = Seen {
            root: merkle::empty_root(),
            size: 0,
        };
        let signer = Signer::registrar();
        let asking = asking.clone().signed_by(signer.clone());
        let sign = |n| asking.sign(1_000_000 + n, NOON_MS, seen);
        Self {
            assertions: (0..=steps).map(sign).collect(),
            key: signer.public(),
            states: given.states(),
            next: given.next,
        }
    }

    /// A history that begins.
    pub fn scene(&self) -> Scene<'_> {
        Scene {
            stage: self,
            states: self.states.clone(),
            next: self.next,
            now_ms: NOON_MS,
        }
    }
}

/// One history.
pub struct Scene<'a> {
    stage: &'a Stage,
    states: HashMap<Stream, (AnyState, u64)>,
    /// The position of the next commit.
    pub next: u64,
    /// Its time.
    pub now_ms: i64,
}

impl Scene<'_> {
    /// The assertion of the next commit.
    pub fn assertion(&self) -> &Assertion {
        let at = usize::try_from(self.next - self.stage.next).expect("a step");
        &self.stage.assertions[at]
    }

    /// The state of a stream.
    pub fn state<A: Aggregate>(&self, stream: &Stream) -> std::sync::Arc<A> {
        self.known(stream).0.downcast::<A>().expect("its fold")
    }

    fn known(&self, stream: &Stream) -> (AnyState, u64) {
        self.states.get(stream).cloned().unwrap_or_else(|| {
            let fold = Rulebook.fold(stream.noun()).expect("every noun has a fold");
            (fold.empty(), 0)
        })
    }

    /// Decides, and folds what comes of it; `own` is the assertion's data.
    pub fn ask<D: Decision>(
        &mut self,
        decision: &D,
        own: &impl Serialize,
    ) -> Result<Came, D::Error> {
        let mut world = World::new(self.next, self.now_ms, self.assertion(), &self.stage.key);
        loop {
            let named = decision.streams(&world);
            world.undeclared();
            let unknown: Vec<Stream> = named.into_iter().filter(|it| !world.knows(it)).collect();
            if unknown.is_empty() {
                break;
            }
            for stream in unknown {
                let (state, revisions) = self.known(&stream);
                world.learn(Known {
                    stream,
                    state,
                    revisions,
                });
            }
        }
        let verdict = decision.decide(&world)?;
        assert_eq!(world.undeclared(), None, "it read what it had not named");
        drop(world);
        Ok(match verdict {
            Verdict::AlreadySo(_) => Came::AlreadySo,
            Verdict::Facts(facts) => {
                self.fold(facts, &serde_json::to_string(own).expect("data is JSON"));
                self.next += 1;
                Came::Written
            }
        })
    }

    fn fold(&mut self, facts: Vec<Fact>, own: &str) {
        for fact in facts {
            let at = Occurred {
                position: self.next,
                recorded_at_ms: self.now_ms,
                leaf: Digest::of(&self.next.to_be_bytes()),
                assertion: self.assertion(),
            };
            let fold = Rulebook
                .fold(fact.stream.noun())
                .expect("every noun has a fold");
            let data = fact.data.as_deref().map_or(own, |data| data.get());
            let event = fold.read(fact.kind, data).expect("a fact reads back");
            let (state, revisions) = self.known(&fact.stream);
            let state = fold.evolve(state, &event, &at);
            self.states.insert(fact.stream, (state, revisions + 1));
        }
    }
}
