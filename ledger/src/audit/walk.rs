//! The one pass: reading ahead, judging in order, signatures behind, tiles and scrub beside.
//!
//! Invariant: the finding answered is the first in the order of the log, whichever thread met it:
//! every signature in front of it has been checked when it is answered.
//! A thread that cannot be started or dies ends the audit unfinished, never passed.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Scope, ScopedJoinHandle};

use super::Inputs;
use super::finding::{Finding, Wrong};
use super::judge::{Judge, Judged, Signed};
use crate::commit::{Commit, NotACommit};
use crate::decision::Rules;
use crate::execute::Refused;
use crate::hash::Digest;
use crate::merkle;
use crate::store::embedded::{EmbeddedStore, Verified};
use crate::store::{ReadError, Record, Store};
use crate::tile::{self, TileError};

/// Commits that travel between threads together.
const CHUNK_COMMITS: usize = 256;
/// Chunks that a thread may be ahead of the next one.
const CHUNKS_AHEAD: usize = 8;
/// Threads that check signatures, if the machine has as many processors.
const VERIFIERS_MAX: usize = 16;

/// What the pass went through.
pub(super) struct Walked {
    pub(super) judged: Judged,
    pub(super) store: Verified,
    pub(super) tiles: Result<tile::Audit, TileError>,
    /// Root at the published size, from the log alone.
    pub(super) published_root: Digest,
}

/// A record and what it says.
type Read = (Record, Result<Commit, NotACommit>);
type Chunk = Result<Vec<Read>, ReadError>;
/// Signatures to be checked, by position.
type Signatures = Vec<(u64, Signed)>;

/// Walks the log up to its present head; `published` is the size that the tiles must have.
pub(super) fn walk<R: Rules>(
    inputs: &Inputs<'_, R>,
    store: &EmbeddedStore,
    published: u64,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Walked, Finding> {
    let false_signature = FalseSignature::default();
    thread::scope(|scope| {
        let scrub = spawn(scope, "audit-scrub", || store.verify())?;
        let (chunks, read) = sync_channel(CHUNKS_AHEAD);
        spawn(scope, "audit-read", move || read_ahead(store, &chunks))?;
        let (leaf_hashes, tiles) = sync_channel(CHUNKS_AHEAD);
        let directory = inputs.directory;
        let tiles = spawn(scope, "audit-tiles", move || {
            check_tiles(directory, published, tiles)
        })?;
        let (signatures, checks) = sync_channel(CHUNKS_AHEAD);
        let verifiers = verifiers(scope, checks, &false_signature)?;
        let mut pass = Pass {
            judge: Judge::new(inputs.rules, inputs.origin),
            head: store.head(),
            published,
            published_root: merkle::empty_root(),
            false_signature: &false_signature,
            signatures,
            leaf_hashes,
        };
        let passed = pass.run(&read, progress);
        // Dropped here, so that every thread finds its channel closed and ends.
        drop(read);
        let (judged, published_root) = (pass.judge.judged(), pass.published_root);
        drop(pass);
        for verifier in verifiers {
            join(verifier)?;
        }
        let tiles = join(tiles)?;
        let scrubbed = join(scrub)?;
        let (scrubbed, damage) = match scrubbed {
            Ok(scrubbed) => (Some(scrubbed), None),
            Err(error) => (None, Some(error.into())),
        };
        // In this order where positions are equal: a false signature explains the rest.
        let findings = [false_signature.finding(), passed.err(), damage];
        let first = findings
            .into_iter()
            .flatten()
            .min_by_key(|finding| finding.position().unwrap_or(u64::MAX));
        match (first, scrubbed) {
            (None, Some(store)) => Ok(Walked {
                judged,
                store,
                tiles,
                published_root,
            }),
            (Some(finding), _) => Err(finding),
            (None, None) => Err(died()),
        }
    })
}

/// The pass in order.
struct Pass<'a, R> {
    judge: Judge<'a, R>,
    head: u64,
    published: u64,
    published_root: Digest,
    false_signature: &'a FalseSignature,
    signatures: SyncSender<Signatures>,
    leaf_hashes: SyncSender<Vec<Digest>>,
}

impl<R: Rules> Pass<'_, R> {
    fn run(
        &mut self,
        read: &Receiver<Chunk>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Finding> {
        while self.judge.size() < self.head {
            let chunk = read.recv().map_err(|_| died())??;
            self.take(chunk)?;
            progress(self.judge.size(), self.head);
            if self.false_signature.is_before(self.judge.size()) {
                return Ok(());
            }
        }
        let position = self.judge.size();
        let wrong = |fault| Finding::Commit {
            position,
            wrong: Wrong::Batch(fault),
        };
        self.judge.complete().map_err(wrong)
    }

    fn take(&mut self, chunk: Vec<Read>) -> Result<(), Finding> {
        let mut signatures = Vec::with_capacity(chunk.len());
        let mut leaf_hashes = Vec::with_capacity(chunk.len());
        let judged = chunk.into_iter().try_for_each(|(record, commit)| {
            let position = self.judge.size();
            let wrong = |wrong| Finding::Commit { position, wrong };
            let commit = commit.map_err(|error| wrong(error.into()))?;
            let (signed, verdict) = self.judge.judge(&record, commit);
            signatures.extend(signed.map(|signed| (position, signed)));
            verdict.map_err(wrong)?;
            leaf_hashes.push(record.leaf_hash);
            if self.judge.size() == self.published {
                self.published_root = self.judge.root();
            }
            Ok(())
        });
        // Also behind a finding: an earlier signature may be false.
        self.signatures.send(signatures).map_err(|_| died())?;
        // Who compares tiles has stopped when it found a wrong one, or has seen enough.
        let _seen_enough = self.leaf_hashes.send(leaf_hashes);
        judged
    }
}

/// The first signature that does not verify.
#[derive(Default)]
struct FalseSignature(Mutex<Option<(u64, String)>>);

impl FalseSignature {
    fn check(&self, signatures: Signatures) {
        for (position, Signed { assertion, key }) in signatures {
            if assertion.verify(&key).is_err() {
                let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if first.as_ref().is_none_or(|(known, _)| position < *known) {
                    *first = Some((position, assertion.kid().to_string()));
                }
            }
        }
    }

    fn is_before(&self, position: u64) -> bool {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.as_ref().is_some_and(|(known, _)| *known < position)
    }

    fn finding(&self) -> Option<Finding> {
        let first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.clone().map(|(position, kid)| Finding::Commit {
            position,
            wrong: Wrong::Refused(Refused::BadSignature(kid)),
        })
    }
}

/// Reads and decodes until the head, an error, or nobody wants more.
fn read_ahead(store: &EmbeddedStore, chunks: &SyncSender<Chunk>) {
    let (mut next, head) = (0, store.head());
    let mut limit = CHUNK_COMMITS;
    while next < head {
        let chunk = match store.read(next, limit) {
            // What stands in front of the damage is judged first.
            Err(ReadError::Corrupt { position, .. }) if position > next && limit > 1 => {
                limit = usize::try_from(position - next).map_or(1, |left| left.min(limit - 1));
                continue;
            }
            chunk => chunk,
        };
        limit = CHUNK_COMMITS;
        let chunk = chunk.map(|records| records.into_iter().map(decoded).collect::<Vec<Read>>());
        let read = chunk.as_ref().map_or(0, Vec::len) as u64;
        next = next.saturating_add(read);
        if chunks.send(chunk).is_err() || read == 0 {
            return;
        }
    }
}

fn decoded(record: Record) -> Read {
    let commit = Commit::decode(&record.leaf);
    (record, commit)
}

fn check_tiles(
    directory: &Path,
    size: u64,
    leaf_hashes: Receiver<Vec<Digest>>,
) -> Result<tile::Audit, TileError> {
    let leaf_hashes = leaf_hashes.into_iter().flatten();
    tile::check_all(directory, size, leaf_hashes.map(Ok))
}

fn verifiers<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    checks: Receiver<Signatures>,
    false_signature: &'env FalseSignature,
) -> Result<Vec<ScopedJoinHandle<'scope, ()>>, Finding> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let checks = Arc::new(Mutex::new(checks));
    (0..processors.clamp(1, VERIFIERS_MAX))
        .map(|_| {
            let checks = Arc::clone(&checks);
            spawn(scope, "audit-verify", move || {
                while let Some(signatures) = next(&checks) {
                    false_signature.check(signatures);
                }
            })
        })
        .collect()
}

/// The next signatures; the lock is held while waiting, so that the others wait for it in turn.
fn next(checks: &Mutex<Receiver<Signatures>>) -> Option<Signatures> {
    let checks = checks.lock().unwrap_or_else(PoisonError::into_inner);
    checks.recv().ok()
}

fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, Finding> {
    let builder = thread::Builder::new().name(name.into());
    builder
        .spawn_scoped(scope, work)
        .map_err(Finding::Unfinished)
}

fn join<T>(thread: ScopedJoinHandle<'_, T>) -> Result<T, Finding> {
    thread.join().map_err(|_| died())
}

fn died() -> Finding {
    Finding::Unfinished(io::Error::other("one of its threads died"))
}
