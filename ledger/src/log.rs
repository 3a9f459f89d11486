//! A running log: what is asked of it, from the outside.
//!
//! Invariant: `check` decides nothing and changes nothing; only the sequencer, behind the queue,
//! does. Everything under the data directory but `log/` can be thrown away and is made again.
//! A crash at any moment: open again; what was acknowledged is there.

mod check;
mod shared;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::assertion::{Assertion, Seen};
use crate::batch::{self, Batch, MemberProof, NotABatch};
use crate::clock::Clock;
use crate::commit::Commit;
use crate::decision::{Aggregate, Earlier, Rules, Verdict, World};
use crate::execute::{BatchError, Corrupt, ExecuteError, Refused, Unavailable};
use crate::fact::Stream;
use crate::index::{Index, IndexError, Opened};
use crate::key::SigningKey;
use crate::proofs::{Head, Proofs, ProofsError};
use crate::receipt::Receipt;
use crate::sequencer::{
    BatchReply, BatchSubmission, Queued, Reply, Sequencer, Submission, check_time,
};
use crate::states::States;
use crate::store::{ReadError, Store};
use crate::tail::Tail;

use check::Signature;
pub(crate) use shared::Shared;

/// How often checkpoints are published while there is news.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

/// Limits of a running log.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Streams whose state is kept in memory.
    pub streams_cached_max: usize,
    /// Submissions that may wait for the sequencer.
    pub queue_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            streams_cached_max: 262_144,
            queue_max: 4_096,
        }
    }
}

/// Why a log does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The index cannot even be rebuilt.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// Tiles or checkpoint do not fit the log.
    #[error(transparent)]
    Proofs(#[from] ProofsError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A stored record is damaged or not of this log.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// The head cannot be signed: the origin is no key name.
    #[error("the log's origin {0:?} cannot stand in a checkpoint")]
    Origin(String),
    /// No thread could be started.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// How the writer is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Writing.
    Writable,
    /// The writer stopped and the process must: this is why.
    Stopped(String),
}

/// A log that can be written, asked and proven.
pub struct Log<R: Rules> {
    shared: Arc<Shared<R>>,
    queue: Mutex<Option<mpsc::Sender<Queued<R>>>>,
    closing: Arc<AtomicBool>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// How the index came up.
    pub opened: Opened,
}

impl<R: Rules> Log<R> {
    /// Opens the log in `store` with its index and tiles under `directory`, and starts its writer.
    pub fn open(
        directory: &Path,
        store: Arc<dyn Store>,
        origin: &str,
        rules: R,
        checkpoint_key: SigningKey,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, OpenError> {
        let proofs = Proofs::open(directory, origin, &checkpoint_key.public(), store.as_ref())?;
        let (index, opened) = Index::open(&directory.join("index"), Arc::clone(&store))?;
        let (size, root) = proofs.size_and_root();
        let head = proofs
            .sign(size, root, &checkpoint_key)
            .ok_or_else(|| OpenError::Origin(origin.into()))?;
        let shared = Arc::new(Shared {
            origin: origin.into(),
            rules,
            clock,
            index,
            states: States::new(options.streams_cached_max),
            reads: States::new(options.streams_cached_max / 4),
            proofs,
            tail: Arc::new(Tail::starting_at(store.head())),
            store,
            checkpoint_key,
            head: RwLock::new(head),
            rebuilding: Mutex::default(),
            seen: Mutex::default(),
            health: watch::Sender::new(Health::Writable),
        });
        let last = shared
            .store
            .head()
            .checked_sub(1)
            .map(|last| shared.commit(last))
            .transpose()?;
        if last.as_ref().is_some_and(|last| *last.log != *origin) {
            let what = format!("it belongs to another log than {origin}");
            return Err(Corrupt::Leaf {
                position: shared.store.head() - 1,
                what,
            }
            .into());
        }
        let (queue, queued) = mpsc::channel(options.queue_max);
        let sequencer = Sequencer::new(
            Arc::clone(&shared),
            last.map_or(i64::MIN, |last| last.recorded_at_ms),
        );
        let closing = Arc::new(AtomicBool::new(false));
        let threads = vec![
            std::thread::Builder::new()
                .name("sequencer".into())
                .spawn(move || sequencer.run(queued))?,
            publisher(Arc::clone(&shared), Arc::clone(&closing))?,
        ];
        Ok(Self {
            shared,
            queue: Mutex::new(Some(queue)),
            closing,
            threads: Mutex::new(threads),
            opened,
        })
    }

    /// Reads an assertion and checks everything that needs no order: form, log, `seen`, signature,
    /// the shape of its data. About one signature check of work.
    pub fn check(&self, compact: &str) -> Result<Submission<R>, ExecuteError<R::Refusal>> {
        self.check_parsed(Assertion::parse(compact).map_err(Refused::from)?)
    }

    /// As [`Log::check`], of an assertion already read.
    pub fn check_parsed(
        &self,
        assertion: Assertion,
    ) -> Result<Submission<R>, ExecuteError<R::Refusal>> {
        if assertion.kind() == batch::KIND {
            return Err(Refused::EnvelopeAlone.into());
        }
        self.shared.check(assertion, Signature::Own)
    }

    /// Whether an assertion's signature holds, whatever it asks.
    pub fn check_signature(&self, assertion: &Assertion) -> Result<(), ExecuteError<R::Refusal>> {
        let key = self.shared.key(assertion)?;
        let refused = |_| Refused::BadSignature(assertion.kid().to_string());
        Ok(assertion.verify(&key).map_err(refused)?)
    }

    /// Checks a batch as [`Log::check`] does one assertion: the envelope, then every member. One
    /// signature check of work, whatever the number of members. A member that does not pass is told
    /// of with those that the rules refuse.
    pub fn check_batch(&self, batch: Batch) -> Result<BatchSubmission<R>, BatchError<R::Refusal>> {
        self.shared.check_batch(batch)
    }

    /// As [`Log::check_batch`], of members that [`Log::check_member`] has passed: these very ones.
    pub fn check_envelope(
        &self,
        batch: Batch,
        members: Vec<Submission<R>>,
    ) -> Result<BatchSubmission<R>, BatchError<R::Refusal>> {
        let checked = members.iter().map(Submission::assertion);
        let same = batch.members().len() == members.len()
            && batch
                .members()
                .iter()
                .zip(checked)
                .all(|(one, other)| one.is_same(other));
        if !same {
            return Err(Refused::from(NotABatch::Root).into());
        }
        let (envelope, _) = batch.into_parts();
        Ok(BatchSubmission {
            envelope: self.shared.check(envelope, Signature::Own)?,
            members: members.into_iter().map(Ok).collect(),
        })
    }

    /// As [`Log::check`] of one assertion that a batch is to hold: its signer is believed.
    pub fn check_member(
        &self,
        member: Assertion,
    ) -> Result<Submission<R>, ExecuteError<R::Refusal>> {
        self.shared.check_member(member)
    }

    /// What the submission would come to if it were decided now: the same rules, nothing written.
    pub fn preview(&self, submission: &Submission<R>) -> Result<Verdict, ExecuteError<R::Refusal>> {
        let Submission {
            assertion,
            key,
            decision,
            prefetched,
            seen_recorded_at_ms,
            ..
        } = submission;
        let id = assertion.id();
        if let Some(position) = self.position_of(id)? {
            return if self.shared.commit(position)?.assertion.is_same(assertion) {
                Ok(Verdict::AlreadySo(Earlier { id, position }))
            } else {
                Err(Refused::IdReused { id, position }.into())
            };
        }
        let now_ms = self.shared.clock.now_ms();
        check_time(assertion, *seen_recorded_at_ms, now_ms)?;
        let mut world = World::new(self.shared.store.head(), now_ms, assertion, key);
        for loaded in prefetched {
            world.learn(loaded.known());
        }
        let verdict = decision.decide(&world);
        match world.undeclared() {
            Some(stream) => Err(Corrupt::Undeclared(stream).into()),
            None => verdict.map_err(ExecuteError::Rejected),
        }
    }

    /// Lets go of states that the sequencer has too: it would copy them for as long as a checked
    /// submission is kept. For those that wait before they are queued.
    #[must_use]
    pub fn lean(&self, mut submission: Submission<R>) -> Submission<R> {
        self.shared.forget_cached(&mut submission);
        submission
    }

    /// Queues a checked submission and waits for its answer.
    pub async fn submit(&self, submission: Submission<R>) -> Reply<R> {
        match self.enqueue(submission)?.await {
            Ok(answer) => answer,
            Err(_) => Err(Unavailable::Unknown.into()),
        }
    }

    /// As [`Log::submit`], from a thread outside the runtime.
    pub fn submit_blocking(&self, submission: Submission<R>) -> Reply<R> {
        match self.enqueue(submission)?.blocking_recv() {
            Ok(answer) => answer,
            Err(_) => Err(Unavailable::Unknown.into()),
        }
    }

    /// Queues a checked submission; its answer comes through the receiver. Full = not now.
    pub fn enqueue(
        &self,
        mut submission: Submission<R>,
    ) -> Result<oneshot::Receiver<Reply<R>>, Unavailable> {
        self.shared.forget_cached(&mut submission);
        let (reply, answer) = oneshot::channel();
        self.send(Queued::One { submission, reply })?;
        Ok(answer)
    }

    /// As [`Log::enqueue`], of a whole batch.
    pub fn enqueue_batch(
        &self,
        mut batch: BatchSubmission<R>,
    ) -> Result<oneshot::Receiver<BatchReply<R>>, Unavailable> {
        for submission in batch.members.iter_mut().flatten() {
            self.shared.forget_cached(submission);
        }
        let (reply, answer) = oneshot::channel();
        self.send(Queued::Batch { batch, reply })?;
        Ok(answer)
    }

    fn send(&self, queued: Queued<R>) -> Result<(), Unavailable> {
        let queue = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let queue = queue.ok_or(Unavailable::Stopping)?;
        queue.try_send(queued).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Unavailable::QueueFull,
            mpsc::error::TrySendError::Closed(_) => Unavailable::Stopping,
        })
    }

    /// The folded state of a stream, as new as the writer's own.
    pub fn state<A: Aggregate>(&self, stream: &Stream) -> Result<Arc<A>, Corrupt> {
        let loaded = self.shared.state_of(stream)?;
        loaded
            .state
            .downcast::<A>()
            .map_err(|_| Corrupt::NoFold(stream.clone()))
    }

    /// The folded state of a stream as of `until`, and how many commits there were then.
    ///
    /// Read from the log each time: for lists that are asked for as of a day in the past.
    pub fn state_as_of<A: Aggregate>(
        &self,
        stream: &Stream,
        recorded_at_ms: i64,
    ) -> Result<(Arc<A>, u64), Corrupt> {
        let size = self.shared.size_as_of(recorded_at_ms)?;
        let loaded = self.shared.state_below(stream, size)?;
        let state = loaded
            .state
            .downcast::<A>()
            .map_err(|_| Corrupt::NoFold(stream.clone()))?;
        Ok((state, size))
    }

    /// Positions of every commit with a fact of `stream`, oldest first.
    pub fn positions_of(&self, stream: &Stream) -> Result<Vec<u64>, Corrupt> {
        self.shared.positions_of(stream)
    }

    /// The commit at `position`; `None` at or past the head.
    pub fn commit(&self, position: u64) -> Result<Option<Commit>, Corrupt> {
        if position >= self.shared.store.head() {
            return Ok(None);
        }
        self.shared.commit(position).map(Some)
    }

    /// The position of the assertion `id`.
    pub fn position_of(&self, id: uuid::Uuid) -> Result<Option<u64>, Corrupt> {
        self.shared.ask_index(|index| index.id(id))
    }

    /// A receipt for the commit at `position` under the newest signed head.
    pub fn receipt(&self, position: u64) -> Result<Option<Receipt>, Corrupt> {
        let head = self.head();
        if position >= head.size {
            return Ok(None);
        }
        let leaf = self.shared.record(position)?.leaf;
        let commit = self.shared.commit(position)?;
        let mut receipt = self.shared.proofs.receipt(position, leaf, &head)?;
        receipt.member = MemberProof::of(self.shared.store.as_ref(), &commit)?;
        Ok(Some(receipt))
    }

    /// The newest signed head.
    pub fn head(&self) -> Arc<Head> {
        self.shared.head()
    }

    /// What a signer of this moment has seen.
    pub fn seen(&self) -> Seen {
        let head = self.head();
        Seen {
            root: head.root,
            size: head.size,
        }
    }

    /// The log's origin.
    pub fn origin(&self) -> &str {
        &self.shared.origin
    }

    /// Tiles, checkpoints, proofs.
    pub fn proofs(&self) -> &Proofs {
        &self.shared.proofs
    }

    /// The newest commits; a follower keeps a share of its own.
    pub fn tail(&self) -> &Arc<Tail> {
        &self.shared.tail
    }

    /// The store, for followers and audits.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// The rules.
    pub fn rules(&self) -> &R {
        &self.shared.rules
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// Submissions waiting for the sequencer.
    pub fn queued(&self) -> usize {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.as_ref().map_or(0, |queue| {
            queue.max_capacity().saturating_sub(queue.capacity())
        })
    }

    /// Tells when the writer stops.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.shared.health.subscribe()
    }

    /// Publishes the checkpoint of everything acknowledged.
    pub fn publish(&self) -> Result<Option<u64>, ProofsError> {
        self.shared.proofs.publish(&self.shared.checkpoint_key)
    }

    /// Takes no more, finishes what is queued, publishes the last checkpoint, writes the index.
    pub fn close(&self) {
        drop(
            self.queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        self.closing.store(true, Ordering::SeqCst);
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            thread.thread().unpark();
            let _panicked = thread.join();
        }
        if let Err(error) = self.publish() {
            self.shared.stop(error.to_string());
        }
        if let Err(error) = self.shared.index.flush() {
            self.shared.stop(error.to_string());
        }
    }
}

impl<R: Rules> Drop for Log<R> {
    fn drop(&mut self) {
        self.close();
    }
}

fn publisher<R: Rules>(
    shared: Arc<Shared<R>>,
    closing: Arc<AtomicBool>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("publisher".into())
        .spawn(move || {
            while !closing.load(Ordering::SeqCst) {
                std::thread::park_timeout(PUBLISH_EVERY);
                if let Err(error) = shared.proofs.publish(&shared.checkpoint_key) {
                    shared.stop(format!("checkpoints cannot be published: {error}"));
                    return;
                }
            }
        })
}
