//! The second sequencer: decides every commit again, in order, from nothing but those before it.
//!
//! Invariant: a commit passes iff the sequencer, standing where the log then stood, would have
//! written these very bytes and back-pointers. Signatures are left to the caller, since they need
//! no order once the key is known.

use std::cmp::Ordering;
use std::collections::HashMap;

use serde_json::value::RawValue;
use uuid::Uuid;

use super::batches::{BatchFault, Batches};
use super::finding::{FactFault, Wrong};
use super::seen::Window;
use crate::assertion::Assertion;
use crate::commit::Commit;
use crate::decision::{Rules, Verdict, World};
use crate::execute::{Corrupt, Refused};
use crate::fact::{CommittedFact, Fact, Stream};
use crate::hash::Digest;
use crate::key::PublicKey;
use crate::merkle::Tree;
use crate::sequencer::{Folded, check_time, fold, learn, links, number};
use crate::states::Loaded;
use crate::store::Record;

/// What was judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged {
    pub(super) commits: u64,
    pub(super) facts: u64,
    pub(super) streams: u64,
    pub(super) ids: u64,
    pub(super) members: u64,
    pub(super) root: Digest,
}

/// A signature that remains to be checked.
pub(super) struct Signed {
    pub(super) assertion: Assertion,
    pub(super) key: PublicKey,
}

/// Everything known of the log up to the last commit judged.
pub(super) struct Judge<'a, R> {
    rules: &'a R,
    origin: &'a str,
    tree: Tree,
    states: HashMap<Stream, Loaded>,
    ids: HashMap<Uuid, u64>,
    seen: Window,
    batches: Batches,
    recorded_at_ms: i64,
    facts: u64,
}

impl Folded for HashMap<Stream, Loaded> {
    fn take(&mut self, stream: &Stream) -> Option<Loaded> {
        self.remove(stream)
    }

    fn put(&mut self, loaded: Loaded) {
        self.insert(loaded.stream.clone(), loaded);
    }
}

impl<'a, R: Rules> Judge<'a, R> {
    /// Knows nothing yet.
    pub(super) fn new(rules: &'a R, origin: &'a str) -> Self {
        Self {
            rules,
            origin,
            tree: Tree::new(),
            states: HashMap::new(),
            ids: HashMap::new(),
            seen: Window::default(),
            batches: Batches::default(),
            recorded_at_ms: i64::MIN,
            facts: 0,
        }
    }

    /// Commits judged, which is the next position.
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Root of the commits judged.
    pub(super) fn root(&self) -> Digest {
        self.tree.root()
    }

    /// What was judged.
    pub(super) fn judged(&self) -> Judged {
        Judged {
            commits: self.tree.size(),
            facts: self.facts,
            streams: self.states.len() as u64,
            ids: self.ids.len() as u64,
            members: self.batches.members,
            root: self.tree.root(),
        }
    }

    /// Judges the next commit. Its signature remains to be checked whenever its key is known,
    /// whatever else is wrong with it: a false signature explains the rest.
    pub(super) fn judge(
        &mut self,
        record: &Record,
        mut commit: Commit,
    ) -> (Option<Signed>, Result<(), Wrong>) {
        let key = match self
            .place(&commit)
            .and_then(|()| self.key(&commit.assertion))
        {
            Ok(key) => key,
            Err(wrong) => return (None, Err(wrong)),
        };
        let verdict = self.replay(record, &mut commit, &key);
        let assertion = commit.assertion;
        // A member's signature is its envelope's.
        let signed = assertion.place().is_none();
        let signed = signed.then_some(Signed { assertion, key });
        (signed, verdict)
    }

    /// Whether the log may end here.
    pub(super) fn complete(&self) -> Result<(), BatchFault> {
        self.batches.complete()
    }

    /// What needs no state: position, log, time, engine.
    fn place(&self, commit: &Commit) -> Result<(), Wrong> {
        if commit.position != self.size() {
            return Err(Wrong::Position(commit.position));
        }
        if *commit.log != *self.origin {
            return Err(Wrong::Origin(commit.log.clone().into()));
        }
        if commit.recorded_at_ms < self.recorded_at_ms {
            return Err(Wrong::Time {
                before_ms: self.recorded_at_ms,
                recorded_at_ms: commit.recorded_at_ms,
            });
        }
        let (found, known) = (commit.engine, self.rules.engine());
        if found > known {
            return Err(Wrong::Engine { found, known });
        }
        if commit.assertion.log() != self.origin {
            let (asked, this) = (commit.assertion.log().into(), self.origin.into());
            return Err(Refused::ForeignLog { asked, this }.into());
        }
        Ok(())
    }

    fn key(&self, assertion: &Assertion) -> Result<PublicKey, Wrong> {
        let unknown = || Refused::KeyUnknown(assertion.kid().to_string());
        let stream = self.rules.signer(assertion.kid()).ok_or_else(unknown)?;
        let signer = self.loaded(&stream)?.state;
        Ok(self.rules.key(assertion, &signer).ok_or_else(unknown)?)
    }

    fn replay(
        &mut self,
        record: &Record,
        commit: &mut Commit,
        key: &PublicKey,
    ) -> Result<(), Wrong> {
        let (id, position) = (commit.assertion.id(), commit.position);
        if let Some(&earlier) = self.ids.get(&id) {
            return Err(Refused::IdReused {
                id,
                position: earlier,
            }
            .into());
        }
        self.seen.push(self.root(), commit.recorded_at_ms);
        let seen_recorded_at_ms = self.seen.check(commit.assertion.seen())?;
        check_time(
            &commit.assertion,
            seen_recorded_at_ms,
            commit.recorded_at_ms,
        )?;
        let decided = self.decide(commit, key)?;
        self.compare(record, commit, decided)?;
        self.batches.take(commit)?;
        let expected = links(commit, |stream| self.states.get(stream)?.head);
        if expected != record.links {
            let found = record.links.clone();
            return Err(Wrong::Links { found, expected });
        }
        fold(self.rules, commit, record.leaf_hash, &mut self.states)?;
        self.ids.insert(id, position);
        self.facts += commit.facts.len() as u64;
        self.recorded_at_ms = commit.recorded_at_ms;
        self.tree.append(record.leaf_hash);
        Ok(())
    }

    /// The facts that the rules of the commit's engine decide here.
    fn decide(&self, commit: &Commit, key: &PublicKey) -> Result<Vec<Fact>, Wrong> {
        let rejected = |refusal: R::Refusal| Wrong::Rejected(Box::new(refusal));
        let assertion = &commit.assertion;
        let decision = self
            .rules
            .decision(commit.engine, assertion)
            .map_err(rejected)?;
        let mut world = World::new(commit.position, commit.recorded_at_ms, assertion, key);
        learn(&mut world, decision.as_ref(), |stream| {
            self.loaded(stream).map(|loaded| loaded.known())
        })?;
        let verdict = decision.decide(&world);
        if let Some(stream) = world.undeclared() {
            return Err(Corrupt::Undeclared(stream).into());
        }
        match verdict.map_err(rejected)? {
            Verdict::Facts(facts) => Ok(facts),
            Verdict::AlreadySo(earlier) => Err(Wrong::AlreadySo(earlier)),
        }
    }

    /// Holds the leaf that these facts make against the one stored.
    fn compare(&self, record: &Record, commit: &mut Commit, facts: Vec<Fact>) -> Result<(), Wrong> {
        let mut revisions: Vec<(Stream, u64)> = Vec::with_capacity(facts.len());
        for fact in &facts {
            if !revisions.iter().any(|(stream, _)| stream == &fact.stream) {
                let revision = self.loaded(&fact.stream)?.known().revisions;
                revisions.push((fact.stream.clone(), revision));
            }
        }
        let decided = number(facts, &mut revisions);
        let stored = std::mem::replace(&mut commit.facts, decided);
        if commit.encode().is_ok_and(|leaf| leaf == record.leaf) {
            return Ok(());
        }
        Err(departure(&commit.facts, &stored).unwrap_or(Wrong::Bytes))
    }

    /// The state of a stream; the empty one if it has no facts.
    fn loaded(&self, stream: &Stream) -> Result<Loaded, Corrupt> {
        if let Some(loaded) = self.states.get(stream) {
            return Ok(loaded.clone());
        }
        let fold = self
            .rules
            .fold(stream.noun())
            .ok_or_else(|| Corrupt::NoFold(stream.clone()))?;
        Ok(Loaded {
            stream: stream.clone(),
            state: fold.empty(),
            head: None,
        })
    }
}

/// The first fact in which the stored ones depart from the decided ones.
fn departure(decided: &[CommittedFact], stored: &[CommittedFact]) -> Option<Wrong> {
    let index = (0..decided.len().max(stored.len())).find(|&index| {
        match (decided.get(index), stored.get(index)) {
            (Some(decided), Some(stored)) => !same(decided, stored),
            _ => true,
        }
    })?;
    let fault = match stored.len().cmp(&decided.len()) {
        Ordering::Greater => FactFault::Invented,
        Ordering::Less => FactFault::Dropped,
        Ordering::Equal => FactFault::Bent,
    };
    let fact = match fault {
        FactFault::Dropped => decided.get(index),
        FactFault::Invented | FactFault::Bent => stored.get(index),
    }?;
    Some(Wrong::Fact {
        index,
        stream: fact.stream.clone(),
        kind: fact.kind.clone(),
        fault,
    })
}

fn same(one: &CommittedFact, other: &CommittedFact) -> bool {
    one.stream == other.stream
        && one.revision == other.revision
        && one.kind == other.kind
        && one.data.as_deref().map(RawValue::get) == other.data.as_deref().map(RawValue::get)
}
