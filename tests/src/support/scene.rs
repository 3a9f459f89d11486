//! Use cases asked directly, one behind the other: what a law plays ten thousand histories with.
//!
//! Invariant: states are learned, decided on and folded as the sequencer does it, and no decision reads
//! what it has not named.

use std::collections::HashMap;
use std::sync::Arc;

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

/// The states of every stream that has facts, and how many.
pub type States = HashMap<Stream, (AnyState, u64)>;

/// The state of a stream among `states`, and how many facts it has.
pub fn known(states: &States, stream: &Stream) -> (AnyState, u64) {
    states.get(stream).cloned().unwrap_or_else(|| {
        let fold = Rulebook.fold(stream.noun()).expect("every noun has a fold");
        (fold.empty(), 0)
    })
}

/// Has `world` learn what `decision` names, until it names nothing new.
pub fn learn<D: Decision + ?Sized>(world: &mut World<'_>, decision: &D, states: &States) {
    loop {
        let mut named = decision.streams(world);
        world.undeclared();
        named.retain(|stream| !world.knows(stream));
        if named.is_empty() {
            return;
        }
        for stream in named {
            if !world.knows(&stream) {
                let (state, revisions) = known(states, &stream);
                world.learn(Known {
                    stream,
                    state,
                    revisions,
                });
            }
        }
    }
}

/// The registrar's assertions, signed once: the n-th stands for the n-th commit of every history.
pub struct Stage {
    assertions: Vec<Assertion>,
    key: PublicKey,
    states: States,
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
    pub fn scene(&self) -> Scene {
        Scene::new(self.states.clone(), self.next)
    }

    /// Who says what stands at `position`.
    pub fn by(&self, position: u64) -> (&Assertion, &PublicKey) {
        let at = usize::try_from(position - self.next).expect("a step");
        (&self.assertions[at], &self.key)
    }
}

/// One history.
pub struct Scene {
    states: States,
    /// The position of the next commit.
    pub next: u64,
    /// Its time.
    pub now_ms: i64,
    /// Sees each fact before it is folded, with the state that it changes.
    watch: fn(&AnyState, &Fact),
}

impl Scene {
    /// A history that begins with these states.
    pub fn new(states: States, next: u64) -> Self {
        Self {
            states,
            next,
            now_ms: NOON_MS,
            watch: |_, _| {},
        }
    }

    /// … in which `watch` sees each fact before it is folded, with the state that it changes.
    #[must_use]
    pub fn watched(self, watch: fn(&AnyState, &Fact)) -> Self {
        Self { watch, ..self }
    }

    /// The state of a stream.
    pub fn state<A: Aggregate>(&self, stream: &Stream) -> Arc<A> {
        let (state, _) = known(&self.states, stream);
        state.downcast::<A>().expect("its fold")
    }

    /// Decides, and folds what comes of it; `own` is the assertion's data.
    pub fn ask<D: Decision>(
        &mut self,
        (assertion, key): (&Assertion, &PublicKey),
        decision: &D,
        own: &impl Serialize,
    ) -> Result<Came, D::Error> {
        let mut world = World::new(self.next, self.now_ms, assertion, key);
        learn(&mut world, decision, &self.states);
        let verdict = decision.decide(&world)?;
        assert_eq!(world.undeclared(), None, "it read what it had not named");
        drop(world);
        Ok(match verdict {
            Verdict::AlreadySo(_) => Came::AlreadySo,
            Verdict::Facts(facts) => {
                let own = serde_json::to_string(own).expect("data is JSON");
                self.fold(assertion, facts, &own);
                self.next += 1;
                Came::Written
            }
        })
    }

    fn fold(&mut self, assertion: &Assertion, facts: Vec<Fact>, own: &str) {
        let at = Occurred {
            position: self.next,
            recorded_at_ms: self.now_ms,
            leaf: Digest::of(&self.next.to_be_bytes()),
            assertion,
        };
        for fact in facts {
            let fold = Rulebook
                .fold(fact.stream.noun())
                .expect("every noun has a fold");
            let data = fact.data.as_deref().map_or(own, |data| data.get());
            let event = fold.read(fact.kind, data).expect("a fact reads back");
            let (state, revisions) = known(&self.states, &fact.stream);
            (self.watch)(&state, &fact);
            let state = fold.evolve(state, &event, &at);
            self.states.insert(fact.stream, (state, revisions + 1));
        }
    }
}
