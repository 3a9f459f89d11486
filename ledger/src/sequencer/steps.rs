//! The steps of deciding that the sequencer and the audit share: time, streams, revisions, folding.
//!
//! Invariant: what the sequencer does is what the auditor does; neither has a copy of its own.
//! A crash loses nothing here: all of it is a function of its arguments.

use crate::assertion::Assertion;
use crate::commit::Commit;
use crate::decision::{Decision, Known, Occurred, Rules, World};
use crate::execute::{Corrupt, Refused};
use crate::fact::{CommittedFact, Fact, Stream};
use crate::hash::Digest;
use crate::index::StreamHead;
use crate::states::{Loaded, States};
use crate::store::NO_LINK;

/// How far `at` may lie ahead of the recording time, in milliseconds.
pub const AHEAD_MS_MAX: i64 = 5 * 60_000;
/// How old the checkpoint seen may be, in milliseconds.
pub const SEEN_AGE_MS_MAX: i64 = 7 * 86_400_000;
/// How often a decision may name further streams after seeing the first ones.
const ROUNDS_MAX: usize = 8;

/// Where folded states are kept.
pub(crate) trait Folded {
    /// Takes the state of `stream` out, so that one which nobody else holds is changed in place.
    fn take(&mut self, stream: &Stream) -> Option<Loaded>;
    /// Puts it back.
    fn put(&mut self, loaded: Loaded);
}

impl Folded for &States {
    fn take(&mut self, stream: &Stream) -> Option<Loaded> {
        States::take(self, stream)
    }

    fn put(&mut self, loaded: Loaded) {
        States::put(self, loaded);
    }
}

/// Gives facts their revisions, in order.
pub(crate) fn number(facts: Vec<Fact>, revisions: &mut [(Stream, u64)]) -> Vec<CommittedFact> {
    let mut next = |stream: &Stream| {
        let entry = revisions.iter_mut().find(|(known, _)| known == stream);
        entry.map_or(0, |(_, revision)| {
            let this = *revision;
            *revision = revision.saturating_add(1);
            this
        })
    };
    facts
        .into_iter()
        .map(|fact| CommittedFact {
            data: fact.data,
            kind: fact.kind.into(),
            revision: next(&fact.stream),
            stream: fact.stream,
        })
        .collect()
}

/// Lets a decision name its streams until it names no new one.
pub(crate) fn learn<E, F>(
    world: &mut World<'_>,
    decision: &dyn Decision<Error = E>,
    mut known: impl FnMut(&Stream) -> Result<Known, F>,
) -> Result<(), F>
where
    F: From<Corrupt>,
{
    for _round in 0..ROUNDS_MAX {
        let mut new = false;
        for stream in decision.streams(world) {
            if !world.knows(&stream) {
                world.learn(known(&stream)?);
                new = true;
            }
        }
        // A decision may look at what is not there yet while it names its streams.
        let missing = world.undeclared();
        if !new {
            return missing.map_or(Ok(()), |stream| Err(Corrupt::Undeclared(stream).into()));
        }
    }
    Ok(())
}

/// The two rules about time: `at` not far ahead, `seen` not too old.
pub(crate) fn check_time(
    assertion: &Assertion,
    seen_recorded_at_ms: Option<i64>,
    recorded_at_ms: i64,
) -> Result<(), Refused> {
    let ahead_ms = assertion.at_ms().saturating_sub(recorded_at_ms);
    if ahead_ms > AHEAD_MS_MAX {
        return Err(Refused::AtInFuture { ahead_ms });
    }
    let too_old = seen_recorded_at_ms
        .is_some_and(|seen| recorded_at_ms.saturating_sub(seen) > SEEN_AGE_MS_MAX);
    if too_old {
        Err(Refused::SeenTooOld(assertion.seen().size))
    } else {
        Ok(())
    }
}

/// The back-pointers of a commit: where each of its streams ended before it.
pub(crate) fn links(
    commit: &Commit,
    mut head: impl FnMut(&Stream) -> Option<StreamHead>,
) -> Vec<u64> {
    let mut last = |stream| head(stream).map_or(NO_LINK, |head| head.position);
    commit.streams().into_iter().map(&mut last).collect()
}

/// Folds the commit into `states`; on an error none of them is changed.
pub(crate) fn fold<R: Rules>(
    rules: &R,
    commit: &Commit,
    leaf: Digest,
    states: &mut impl Folded,
) -> Result<Vec<(Stream, StreamHead)>, Corrupt> {
    // Reading may fail, evolving may not: read all of them before the first state is touched.
    let mut events = Vec::with_capacity(commit.facts.len());
    for fact in &commit.facts {
        let fold = rules
            .fold(fact.stream.noun())
            .ok_or_else(|| Corrupt::NoFold(fact.stream.clone()))?;
        let data = fact.data.as_deref().unwrap_or(commit.assertion.data());
        events.push((fold, fold.read(&fact.kind, data.get())?));
    }
    let at = Occurred {
        position: commit.position,
        recorded_at_ms: commit.recorded_at_ms,
        leaf,
        assertion: &commit.assertion,
    };
    let mut heads: Vec<(Stream, StreamHead)> = Vec::with_capacity(2);
    for (fact, (fold, event)) in commit.facts.iter().zip(&events) {
        let state = states
            .take(&fact.stream)
            .map_or_else(|| fold.empty(), |it| it.state);
        let head = StreamHead {
            position: commit.position,
            revisions: fact.revision.saturating_add(1),
        };
        states.put(Loaded {
            stream: fact.stream.clone(),
            state: fold.evolve(state, event, &at),
            head: Some(head),
        });
        match heads.iter_mut().find(|(stream, _)| stream == &fact.stream) {
            Some((_, known)) => *known = head,
            None => heads.push((fact.stream.clone(), head)),
        }
    }
    Ok(heads)
}
