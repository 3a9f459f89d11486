//! Deciding and folding: the two pure functions that everything else serves.
//!
//! Invariant: same assertion, same world, same engine number: same facts, for ever. Neither a
//! decision nor an aggregate does I/O, reads a clock or draws a random number.
//!
//! `ledger` knows no domain: aggregates and use cases are plugged in through [`Rules`].

use std::any::Any;
use std::cell::RefCell;
use std::error::Error;
use std::marker::PhantomData;
use std::sync::Arc;

use uuid::Uuid;

use crate::assertion::{Assertion, Kid};
use crate::fact::{Fact, Stream};
use crate::hash::Digest;
use crate::key::PublicKey;

/// Where and when a fact came to be: what an aggregate may know beside the fact itself.
#[derive(Debug, Clone, Copy)]
pub struct Occurred<'a> {
    /// Position of the commit.
    pub position: u64,
    /// Its recording time, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The assertion that caused it.
    pub assertion: &'a Assertion,
}

/// A stored fact that this program cannot read: a loud stop, never skipped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "fact {kind} of stream {noun}/… cannot be read: {why}; this program is older than the log, or the log is damaged"
)]
pub struct Unreadable {
    /// The aggregate's noun.
    pub noun: String,
    /// The fact's kind.
    pub kind: String,
    /// What does not fit.
    pub why: String,
}

/// A consistency boundary: the fold of one stream.
pub trait Aggregate: Clone + Default + Send + Sync + 'static {
    /// The part of its streams' names before `/`.
    const NOUN: &'static str;
    /// Today's shape of what happened.
    type Event: Send + 'static;

    /// Reads every shape ever stored, upcasting old ones.
    fn read(kind: &str, data: &str) -> Result<Self::Event, Unreadable>;

    /// The state after `event`. Total: no event, however impossible, may fail or panic.
    #[must_use]
    fn evolve(self, event: &Self::Event, at: &Occurred<'_>) -> Self;
}

/// A folded state whose type only its aggregate knows.
pub type AnyState = Arc<dyn Any + Send + Sync>;

/// An event whose type only its aggregate knows.
pub type AnyEvent = Box<dyn Any + Send>;

/// An [`Aggregate`] with its type hidden.
pub trait Fold: Send + Sync {
    /// The state of a stream without facts.
    fn empty(&self) -> AnyState;
    /// Reads a fact.
    fn read(&self, kind: &str, data: &str) -> Result<AnyEvent, Unreadable>;
    /// The state after an event that [`Fold::read`] gave.
    fn evolve(&self, state: AnyState, event: &AnyEvent, at: &Occurred<'_>) -> AnyState;
}

/// The [`Fold`] of an aggregate.
#[derive(Debug)]
pub struct FoldOf<A>(PhantomData<fn() -> A>);

impl<A> FoldOf<A> {
    /// The fold of `A`.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<A> Default for FoldOf<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A: Aggregate> Fold for FoldOf<A> {
    fn empty(&self) -> AnyState {
        Arc::new(A::default())
    }

    fn read(&self, kind: &str, data: &str) -> Result<AnyEvent, Unreadable> {
        Ok(Box::new(A::read(kind, data)?))
    }

    fn evolve(&self, state: AnyState, event: &AnyEvent, at: &Occurred<'_>) -> AnyState {
        // State and event of another type cannot occur: a stream's noun chooses the fold of both.
        let Some(event) = event.downcast_ref::<A::Event>() else {
            return state;
        };
        match state.downcast::<A>() {
            // A state nobody else holds is moved, not copied.
            Ok(state) => {
                let state = Arc::try_unwrap(state).unwrap_or_else(|shared| (*shared).clone());
                Arc::new(state.evolve(event, at))
            }
            Err(other) => other,
        }
    }
}

/// The state of one stream as a decision sees it.
#[derive(Clone)]
pub struct Known {
    /// The stream.
    pub stream: Stream,
    /// Its folded state.
    pub state: AnyState,
    /// How many facts it has: the next fact's revision.
    pub revisions: u64,
}

/// What a decision may know: the folded states of the streams it named, and this commit's place.
pub struct World<'a> {
    /// The position this commit will get.
    pub position: u64,
    /// The recording time this commit will get, Unix milliseconds.
    pub recorded_at_ms: i64,
    /// The assertion being decided.
    pub assertion: &'a Assertion,
    /// The key that verified its signature.
    pub key: &'a PublicKey,
    known: Vec<Known>,
    undeclared: RefCell<Option<Stream>>,
}

impl<'a> World<'a> {
    /// A world that knows no stream yet.
    pub fn new(
        position: u64,
        recorded_at_ms: i64,
        assertion: &'a Assertion,
        key: &'a PublicKey,
    ) -> Self {
        Self {
            position,
            recorded_at_ms,
            assertion,
            key,
            known: Vec::with_capacity(8),
            undeclared: RefCell::new(None),
        }
    }

    /// Adds a state.
    pub fn learn(&mut self, known: Known) {
        self.known.push(known);
    }

    /// Whether the stream's state is here.
    pub fn knows(&self, stream: &Stream) -> bool {
        self.known.iter().any(|known| &known.stream == stream)
    }

    /// The state of `stream`; of a stream without facts, the empty state.
    ///
    /// Asking for a stream that [`Decision::streams`] did not name gives the empty state and makes
    /// the sequencer throw the decision away (see [`World::undeclared`]).
    pub fn get<A: Aggregate>(&self, stream: &Stream) -> Arc<A> {
        let found = self
            .known
            .iter()
            .find(|known| &known.stream == stream)
            .and_then(|known| known.state.clone().downcast::<A>().ok());
        found.unwrap_or_else(|| {
            self.undeclared.replace(Some(stream.clone()));
            Arc::new(A::default())
        })
    }

    /// How many facts `stream` has.
    pub fn revisions(&self, stream: &Stream) -> u64 {
        self.known
            .iter()
            .find(|known| &known.stream == stream)
            .map_or(0, |known| known.revisions)
    }

    /// The stream that was asked for without being named, if any; forgets it.
    pub fn undeclared(&self) -> Option<Stream> {
        self.undeclared.take()
    }
}

/// The earlier commit that already made true what an assertion asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// Id of its assertion.
    pub id: Uuid,
    /// Its position.
    pub position: u64,
}

/// What a decision comes to when it does not refuse.
#[derive(Debug)]
pub enum Verdict {
    /// These facts, one commit. Never empty.
    Facts(Vec<Fact>),
    /// It is already so: nothing is written, the answer carries the earlier commit.
    AlreadySo(Earlier),
}

/// One use case.
pub trait Decision: Send + Sync {
    /// Why it refuses: a closed enum, one variant per rule.
    type Error;

    /// The streams it must know. Called again with what was asked for until nothing new is named,
    /// so that one state may name the next (an approval names its proposal's streams).
    fn streams(&self, world: &World<'_>) -> Vec<Stream>;

    /// Facts, already so, or no and why. Pure.
    fn decide(&self, world: &World<'_>) -> Result<Verdict, Self::Error>;
}

/// The domain, as the ledger sees it.
pub trait Rules: Send + Sync + 'static {
    /// Every refusal of every use case.
    type Refusal: Error + Send + Sync + 'static;

    /// Number of the rules that decide new commits.
    fn engine(&self) -> u32;

    /// The use case that `assertion` asks for, under the rules numbered `engine`.
    fn decision(
        &self,
        engine: u32,
        assertion: &Assertion,
    ) -> Result<Box<dyn Decision<Error = Self::Refusal>>, Self::Refusal>;

    /// The fold of streams with this noun.
    fn fold(&self, noun: &str) -> Option<&dyn Fold>;

    /// The stream that holds the keys of the DID in `kid`.
    fn signer(&self, kid: &Kid) -> Option<Stream>;

    /// The key named by the assertion's `kid`, whether or not its window is open: from the
    /// signer's state, or for the first commit of a log from the commit itself.
    fn key(&self, assertion: &Assertion, signer: &AnyState) -> Option<PublicKey>;
}
