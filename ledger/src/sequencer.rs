//! The sequencer: the one writer, which decides in order.
//!
//! Invariant: positions follow the order of the queue; every answer is given after the group it
//! belongs to is durable and its head is signed.
//! A crash before that leaves the group whole or absent, and nobody was told.

mod batch;
mod steps;

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::assertion::Assertion;
use crate::commit::Commit;
use crate::decision::{Decision, Earlier, Rules, Verdict, World};
use crate::execute::{Corrupt, ExecuteError, Refused, Unavailable};
use crate::fact::{Fact, Stream};
use crate::hash::Digest;
use crate::index::StreamHead;
use crate::key::PublicKey;
use crate::log::Shared;
use crate::merkle::Tree;
use crate::proofs::Head;
use crate::states::Loaded;
use crate::store::{AppendError, Record};

pub use batch::{BatchAnswer, BatchReply, BatchSubmission};
pub use steps::{AHEAD_MS_MAX, SEEN_AGE_MS_MAX};
pub(crate) use steps::{Folded, check_time, fold, learn, links, number};

/// Most commits in one group: bounds how long an answer waits.
const GROUP_COMMITS_MAX: usize = 1_024;
/// Most bytes of leaves in one group.
const GROUP_BYTES_MAX: usize = 4 << 20;

/// An assertion whose signature holds, on its way to being decided.
pub struct Submission<R: Rules> {
    pub(crate) assertion: Assertion,
    pub(crate) key: PublicKey,
    pub(crate) decision: Box<dyn Decision<Error = R::Refusal>>,
    /// Cold states, read before queueing so that the sequencer need not wait for a disk.
    pub(crate) prefetched: Vec<Loaded>,
    /// Recording time of the commit at position `seen.size`, if there was one.
    pub(crate) seen_recorded_at_ms: Option<i64>,
    /// `If-Match`: the revision a stream must be at.
    pub(crate) expected: Option<(Stream, u64)>,
}

/// What became of a submission.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A new commit.
    Committed(Committed),
    /// It was so already; nothing was written.
    AlreadySo(Earlier),
}

/// A new commit, durable.
#[derive(Debug, Clone)]
pub struct Committed {
    /// The commit.
    pub commit: Arc<Commit>,
    /// Its leaf hash.
    pub leaf: Digest,
    /// A signed head that covers it.
    pub head: Arc<Head>,
}

impl Answer {
    /// Id and position of the commit that makes it so.
    pub fn earlier(&self) -> Earlier {
        match self {
            Self::Committed(new) => Earlier {
                id: new.commit.assertion.id(),
                position: new.commit.position,
            },
            Self::AlreadySo(earlier) => *earlier,
        }
    }
}

/// What the sequencer tells the one who asked.
pub(crate) type Reply<R> = Result<Answer, ExecuteError<<R as Rules>::Refusal>>;

/// What is queued, and where its answer goes.
pub(crate) enum Queued<R: Rules> {
    One {
        submission: Submission<R>,
        reply: oneshot::Sender<Reply<R>>,
    },
    Batch {
        batch: BatchSubmission<R>,
        reply: oneshot::Sender<BatchReply<R>>,
    },
}

pub(crate) struct Sequencer<R: Rules> {
    shared: Arc<Shared<R>>,
    tree: Tree,
    next: u64,
    recorded_at_ms: i64,
}

/// A group being decided: nothing of it is durable yet.
struct Group<R: Rules> {
    records: Vec<Record>,
    commits: Vec<Arc<Commit>>,
    heads: Vec<Vec<(Stream, StreamHead)>>,
    bytes: usize,
    answers: Vec<Waiting<R>>,
}

/// Who waits for the group, and what is said once it is durable.
enum Waiting<R: Rules> {
    One(oneshot::Sender<Reply<R>>, Decided<R>),
    Batch(oneshot::Sender<BatchReply<R>>, batch::Decided<R>),
}

/// What a submission came to.
enum Decided<R: Rules> {
    Commit(usize),
    Done(Reply<R>),
}

impl<R: Rules> Submission<R> {
    /// The assertion.
    pub fn assertion(&self) -> &Assertion {
        &self.assertion
    }

    /// Makes it depend on a stream's revision (`If-Match`).
    #[must_use]
    pub fn expecting(mut self, stream: Stream, revision: u64) -> Self {
        self.expected = Some((stream, revision));
        self
    }
}

impl<R: Rules> Sequencer<R> {
    pub(crate) fn new(shared: Arc<Shared<R>>, recorded_at_ms: i64) -> Self {
        let tree = shared.proofs.tree();
        Self {
            tree,
            next: shared.store.head(),
            recorded_at_ms,
            shared,
        }
    }

    /// Works until the queue is closed and empty, or a write is in doubt.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Queued<R>>) {
        let mut next = None;
        while let Some(first) = next.take().or_else(|| queue.blocking_recv()) {
            let mut group = self.begin();
            self.take(&mut group, first);
            // Whatever gathered while the last group synced is this group.
            while group.records.len() < GROUP_COMMITS_MAX && group.bytes < GROUP_BYTES_MAX {
                match queue.try_recv() {
                    // A batch that is refused takes nothing back that is not its own.
                    Ok(batch @ Queued::Batch { .. }) if !group.records.is_empty() => {
                        next = Some(batch);
                        break;
                    }
                    Ok(more) => self.take(&mut group, more),
                    Err(_) => break,
                }
            }
            if self.finish(group).is_err() {
                queue.close();
                break;
            }
            self.shared.states.age();
        }
        self.shared.tail.close();
    }

    fn begin(&mut self) -> Group<R> {
        self.recorded_at_ms = self.recorded_at_ms.max(self.shared.clock.now_ms());
        Group {
            records: Vec::new(),
            commits: Vec::new(),
            heads: Vec::new(),
            bytes: 0,
            answers: Vec::new(),
        }
    }

    fn take(&mut self, group: &mut Group<R>, queued: Queued<R>) {
        let waiting = match queued {
            Queued::One { submission, reply } => {
                let decided = match self.decide(group, submission) {
                    Ok(Ok(member)) => Decided::Commit(member),
                    Ok(Err(earlier)) => Decided::Done(Ok(Answer::AlreadySo(earlier))),
                    Err(error) => Decided::Done(Err(error)),
                };
                Waiting::One(reply, decided)
            }
            Queued::Batch { batch, reply } => {
                let decided = self.decide_batch(group, batch);
                Waiting::Batch(reply, decided)
            }
        };
        group.answers.push(waiting);
    }

    /// Decides one submission; a new commit joins the group, whose member it becomes.
    fn decide(
        &self,
        group: &mut Group<R>,
        submission: Submission<R>,
    ) -> Result<Result<usize, Earlier>, ExecuteError<R::Refusal>> {
        let Submission {
            assertion,
            key,
            decision,
            prefetched,
            seen_recorded_at_ms,
            expected,
        } = submission;
        let position = self.next.saturating_add(group.records.len() as u64);
        if let Some(earlier) = self.earlier(group, &assertion)? {
            return Ok(Err(earlier));
        }
        check_time(&assertion, seen_recorded_at_ms, self.recorded_at_ms)?;
        let mut world = World::new(position, self.recorded_at_ms, &assertion, &key);
        self.learn(&mut world, decision.as_ref(), &prefetched)?;
        if let Some((stream, expected)) = expected {
            let actual = self
                .loaded(&stream, &prefetched)?
                .head
                .map_or(0, |head| head.revisions);
            if actual != expected {
                return Err(ExecuteError::Precondition {
                    stream,
                    expected,
                    actual,
                });
            }
        }
        let verdict = decision.decide(&world);
        if let Some(stream) = world.undeclared() {
            return Err(Corrupt::Undeclared(stream).into());
        }
        drop(world);
        match verdict.map_err(ExecuteError::Rejected)? {
            Verdict::AlreadySo(earlier) => Ok(Err(earlier)),
            Verdict::Facts(facts) => self
                .commit(group, position, assertion, facts, prefetched)
                .map(Ok),
        }
    }

    /// The commit that holds this id already: the same bytes are answered with it, others refused.
    fn earlier(
        &self,
        group: &Group<R>,
        assertion: &Assertion,
    ) -> Result<Option<Earlier>, ExecuteError<R::Refusal>> {
        let id = assertion.id();
        let same_group = group
            .commits
            .iter()
            .find(|commit| commit.assertion.id() == id);
        let (position, is_same) = if let Some(commit) = same_group {
            (commit.position, commit.assertion.is_same(assertion))
        } else if let Some(position) = self.shared.ask_index(|index| index.id(id))? {
            let commit = self.shared.commit(position)?;
            (position, commit.assertion.is_same(assertion))
        } else {
            return Ok(None);
        };
        if is_same {
            Ok(Some(Earlier { id, position }))
        } else {
            Err(Refused::IdReused { id, position }.into())
        }
    }

    fn learn(
        &self,
        world: &mut World<'_>,
        decision: &dyn Decision<Error = R::Refusal>,
        prefetched: &[Loaded],
    ) -> Result<(), ExecuteError<R::Refusal>> {
        learn(world, decision, |stream| {
            Ok(self.loaded(stream, prefetched)?.known())
        })
    }

    /// The state of a stream: cached, or prefetched and still current, or read now.
    fn loaded(&self, stream: &Stream, prefetched: &[Loaded]) -> Result<Loaded, Corrupt> {
        if let Some(loaded) = self.shared.states.get(stream) {
            return Ok(loaded);
        }
        let head = self.shared.ask_index(|index| index.stream(stream))?;
        let current = prefetched
            .iter()
            .find(|loaded| &loaded.stream == stream && loaded.head == head);
        let loaded = match current {
            Some(loaded) => loaded.clone(),
            None => self.shared.load_at(stream, head)?,
        };
        self.shared.states.put(loaded.clone());
        Ok(loaded)
    }

    fn commit(
        &self,
        group: &mut Group<R>,
        position: u64,
        assertion: Assertion,
        facts: Vec<Fact>,
        prefetched: Vec<Loaded>,
    ) -> Result<usize, ExecuteError<R::Refusal>> {
        // Every stream written must be loaded, also one the decision did not have to read.
        let mut revisions: Vec<(Stream, u64)> = Vec::with_capacity(facts.len());
        for fact in &facts {
            if !revisions.iter().any(|(stream, _)| stream == &fact.stream) {
                let head = self.loaded(&fact.stream, &prefetched)?.head;
                revisions.push((fact.stream.clone(), head.map_or(0, |head| head.revisions)));
            }
        }
        // A state that is held here too would be copied, not changed, when it is folded.
        drop(prefetched);
        let commit = Commit {
            log: self.shared.origin.as_str().into(),
            position,
            recorded_at_ms: self.recorded_at_ms,
            engine: self.shared.rules.engine(),
            assertion,
            facts: number(facts, &mut revisions),
        };
        let leaf = commit.encode().map_err(|error| match error {
            crate::commit::NotACommit::TooLarge(size) => {
                ExecuteError::Refused(Refused::TooLarge(size))
            }
            other => Corrupt::Leaf {
                position,
                what: other.to_string(),
            }
            .into(),
        })?;
        let links = links(&commit, |stream| {
            self.shared
                .states
                .get(stream)
                .and_then(|loaded| loaded.head)
        });
        let record = Record::new(leaf, links);
        let heads = fold(
            &self.shared.rules,
            &commit,
            record.leaf_hash,
            &mut &self.shared.states,
        )?;
        group.bytes = group.bytes.saturating_add(record.leaf.len());
        group.records.push(record);
        group.commits.push(Arc::new(commit));
        group.heads.push(heads);
        Ok(group.records.len() - 1)
    }

    /// Makes the group durable, signs its head, tells everybody. An error means: stop.
    fn finish(&mut self, group: Group<R>) -> Result<(), ()> {
        if group.records.is_empty() {
            tell(group, None);
            return Ok(());
        }
        match self.shared.store.append_at(self.next, &group.records) {
            Ok(()) => self.acknowledge(group),
            Err(error) => self.undo(group, &error),
        }
    }

    fn acknowledge(&mut self, group: Group<R>) -> Result<(), ()> {
        for record in &group.records {
            self.tree.append(record.leaf_hash);
        }
        self.next = self.next.saturating_add(group.records.len() as u64);
        self.shared
            .proofs
            .take_in(group.records.iter().map(|record| record.leaf_hash));
        for (commit, heads) in group.commits.iter().zip(&group.heads) {
            if let Err(error) = self
                .shared
                .index
                .add(commit.position, commit.assertion.id(), heads)
            {
                self.shared.stop(format!(
                    "the index refuses the commit at {}: {error}",
                    commit.position
                ));
                return Err(());
            }
        }
        let Some(head) =
            self.shared
                .proofs
                .sign(self.next, self.tree.root(), &self.shared.checkpoint_key)
        else {
            self.shared.stop("the head cannot be signed".into());
            return Err(());
        };
        self.shared.set_head(Arc::clone(&head));
        let leaves = group.records.iter().map(|record| record.leaf_hash);
        self.shared
            .tail
            .push(group.commits.iter().cloned().zip(leaves));
        tell(group, Some(&head));
        Ok(())
    }

    /// Nothing of the group counts: its states are forgotten, everybody is told.
    fn undo(&self, group: Group<R>, error: &AppendError) -> Result<(), ()> {
        for (stream, _) in group.heads.iter().flatten() {
            self.shared.states.take(stream);
        }
        let why = match error {
            AppendError::Full => Unavailable::DiskFull,
            _ => Unavailable::Unknown,
        };
        let full = why == Unavailable::DiskFull;
        if !full {
            // Known before the first answer: nobody may go on as if nothing had happened.
            self.shared.stop(error.to_string());
        }
        for waiting in group.answers {
            match waiting {
                Waiting::One(reply, _) => {
                    let _gone = reply.send(Err(why.clone().into()));
                }
                Waiting::Batch(reply, _) => {
                    let _gone = reply.send(Err(why.clone().into()));
                }
            }
        }
        if full { Ok(()) } else { Err(()) }
    }
}

/// Answers everybody; `head` covers the group's commits, if it has any.
fn tell<R: Rules>(group: Group<R>, head: Option<&Arc<Head>>) {
    let committed = |member: usize| {
        Some(Committed {
            commit: Arc::clone(group.commits.get(member)?),
            leaf: group.records.get(member)?.leaf_hash,
            head: Arc::clone(head?),
        })
    };
    for waiting in group.answers {
        match waiting {
            Waiting::One(reply, decided) => {
                let answer = match decided {
                    Decided::Done(answer) => answer,
                    Decided::Commit(member) => committed(member)
                        .map(Answer::Committed)
                        .ok_or_else(|| Unavailable::Unknown.into()),
                };
                let _gone = reply.send(answer);
            }
            Waiting::Batch(reply, decided) => {
                let _gone = reply.send(decided.answer(committed));
            }
        }
    }
}
