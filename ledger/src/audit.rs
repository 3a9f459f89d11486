//! The whole-log audit: everything the log and its companions say, held against the log alone.
//!
//! Invariant: `Ok` means that every commit below the head is one that the sequencer could have
//! written there: its bytes, place, time, id, signature, facts and back-pointers; and that tiles,
//! published checkpoint and (where it could be opened) index say what the log says. Nothing of what
//! is checked is believed: states, roots and ids are the audit's own, made in one pass in order.
//! A crash loses nothing: the log is only read. Memory grows with streams and ids (about 100 bytes
//! each beside the states), and with the commits of seven days (40 bytes each).

mod batches;
mod finding;
mod judge;
mod seen;
mod walk;

use std::path::Path;
use std::sync::Arc;

pub use batches::BatchFault;
pub use finding::{FactFault, Finding, Remedy, Wrong};

use crate::checkpoint::{self, Checkpoint};
use crate::decision::Rules;
use crate::hash::Digest;
use crate::index::{Checked, Doubt, Index, IndexError};
use crate::key::PublicKey;
use crate::store::Store;
use crate::store::embedded::{EmbeddedStore, Verified};
use crate::tile;

/// What is audited, and against what.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a, R> {
    /// The directory of the segments. Opened for reading only, after the checkpoint was read: a
    /// ledger that is being served never looks rolled back.
    pub segments: &'a Path,
    /// The directory that holds `checkpoint`, `tile/` and `index/`.
    pub directory: &'a Path,
    /// The log's origin.
    pub origin: &'a str,
    /// The rules by which every commit is decided again.
    pub rules: &'a R,
    /// Public half of the key that signs checkpoints.
    pub checkpoint_key: &'a PublicKey,
    /// Whether the index is checked too. It is opened for that, which brings it up to the log or
    /// builds it anew: ask for it only while holding the lock of the data directory.
    pub index: bool,
}

/// What became of the index; anything but `Checked` is to be shown loudly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexAudit {
    /// It was not asked for.
    NotAsked,
    /// Not checked: another process has it open.
    InUse,
    /// Every entry was derived again and compared.
    Checked {
        /// What was compared.
        checked: Checked,
        /// Commits that it had yet to take in.
        replayed: u64,
        /// Why it was built anew for this audit, if it was.
        rebuilt: Option<Doubt>,
    },
}

/// What an audit went through without a finding. Time is the caller's to measure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Commits, which is the size of the log; each was decided again.
    pub commits: u64,
    /// Facts, each equal to what the rules decide.
    pub facts: u64,
    /// Signatures of assertions that verify.
    pub signatures: u64,
    /// Members of signed batches, each of whose envelopes vouches for it.
    pub members: u64,
    /// Streams, each folded.
    pub streams: u64,
    /// Distinct assertion ids.
    pub ids: u64,
    /// RFC 6962 root at the log's size.
    pub root: Digest,
    /// Segments, groups and bytes of the store.
    pub store: Verified,
    /// Tiles held against the log, up to the published size.
    pub tiles: tile::Audit,
    /// The published checkpoint, signed and of this log; `None` if none was published, which is to
    /// be shown loudly: nothing then says how long the log once was.
    pub published: Option<Checkpoint>,
    /// What became of the index.
    pub index: IndexAudit,
}

/// Audits a log; stops at the first finding in the order of the log, then checkpoint, tiles, index.
///
/// `progress` hears how many commits are done, and of how many.
pub fn run<R: Rules>(
    inputs: &Inputs<'_, R>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, Finding> {
    // The order matters: tiles and checkpoint never run ahead of the log, so what was published
    // before the log was opened is in it, also while somebody goes on writing.
    let published = published(inputs);
    let store = Arc::new(EmbeddedStore::open_read_only(inputs.segments)?);
    let size = published.as_ref().map_or(0, |published| {
        published.as_ref().map_or(0, |published| published.size)
    });
    if size > store.head() {
        return Err(Finding::RolledBack {
            published: size,
            size: store.head(),
        });
    }
    let walked = walk::walk(inputs, store.as_ref(), size, progress)?;
    // Only now: where the log itself is damaged, that is the finding.
    let published = published?;
    if let Some(published) = &published
        && walked.published_root != published.root
    {
        return Err(Finding::OtherRoot {
            size,
            published: published.root,
            log: walked.published_root,
        });
    }
    let judged = walked.judged;
    Ok(Report {
        commits: judged.commits,
        facts: judged.facts,
        signatures: judged.commits - judged.members,
        members: judged.members,
        streams: judged.streams,
        ids: judged.ids,
        root: judged.root,
        store: walked.store,
        tiles: walked.tiles?,
        published,
        index: index(inputs, store)?,
    })
}

fn published<R>(inputs: &Inputs<'_, R>) -> Result<Option<Checkpoint>, Finding> {
    let text = checkpoint::load(inputs.directory).map_err(Finding::CheckpointUnreadable)?;
    let open = |text: String| Checkpoint::open(&text, inputs.origin, inputs.checkpoint_key);
    let opened = text.map(open).transpose()?;
    Ok(opened.map(|(checkpoint, _note)| checkpoint))
}

fn index<R>(inputs: &Inputs<'_, R>, store: Arc<dyn Store>) -> Result<IndexAudit, Finding> {
    if !inputs.index {
        return Ok(IndexAudit::NotAsked);
    }
    match Index::open(&inputs.directory.join("index"), store) {
        Err(IndexError::Locked) => Ok(IndexAudit::InUse),
        Err(error) => Err(error.into()),
        Ok((index, opened)) => Ok(IndexAudit::Checked {
            checked: index.check()?,
            replayed: opened.replayed,
            rebuilt: opened.rebuilt,
        }),
    }
}
