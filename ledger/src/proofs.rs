//! The Merkle side of a running log: tiles, proofs and the published checkpoint.
//!
//! Invariant: a checkpoint is published only after its tiles are durable, and only for a size whose
//! commits are; never two roots of one size.
//! After a crash tiles restart from the published checkpoint's right edge and take in the commits
//! beyond it from the log.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::checkpoint::{self, BadCheckpoint, Checkpoint};
use crate::hash::Digest;
use crate::key::{PublicKey, SigningKey};
use crate::receipt::Receipt;
use crate::store::{ReadError, Store};
use crate::tile::{TileError, TilePath, Tiles};

/// A head that the sequencer signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of commits.
    pub size: u64,
    /// Root of that size.
    pub root: Digest,
    /// The signed note.
    pub note: String,
}

/// Why the Merkle side did not come up or did not answer.
#[derive(Debug, thiserror::Error)]
pub enum ProofsError {
    /// The tiles.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The log.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The file operations.
    #[error("checkpoint: {0}")]
    Io(#[from] std::io::Error),
    /// The published checkpoint is not ours.
    #[error("the published checkpoint is not of this log: {0}")]
    Checkpoint(#[from] BadCheckpoint),
    /// The log is shorter than what was published: an old copy was put in its place.
    #[error(
        "a checkpoint of size {published} was published, but the log has only {size} commits: an older copy was restored; restore the newest backup, nothing will be signed"
    )]
    RolledBack {
        /// Size published.
        published: u64,
        /// Size of the log.
        size: u64,
    },
    /// The log has another root at that size than was published.
    #[error(
        "the log's root at size {0} is not the one published: the log was altered; restore it from a backup, nothing will be signed"
    )]
    OtherRoot(u64),
}

/// Tiles and what they must still take in.
pub struct Proofs {
    directory: PathBuf,
    origin: String,
    tiles: Mutex<Tiles>,
    pending: Mutex<Vec<Digest>>,
    published: Mutex<u64>,
}

impl Proofs {
    /// Opens the tiles under `directory` and brings them up to the head of `store`.
    pub fn open(
        directory: &Path,
        origin: &str,
        key: &PublicKey,
        store: &dyn Store,
    ) -> Result<Self, ProofsError> {
        let published = match checkpoint::load(directory)? {
            Some(text) => Some(Checkpoint::open(&text, origin, key)?.0),
            None => None,
        };
        let head = store.head();
        if let Some(published) = published.as_ref().filter(|published| published.size > head) {
            return Err(ProofsError::RolledBack {
                published: published.size,
                size: head,
            });
        }
        let tiles = match &published {
            None => Self::rebuilt(directory, store, head)?,
            Some(published) => match Tiles::open(directory, published.size) {
                Ok(tiles) if tiles.root() == published.root => tiles,
                // Damaged tiles are harmless: the log has every hash. Whether the log is the one
                // that was published is then asked of the log itself.
                Ok(_) | Err(TileError::TileDamaged { .. }) => {
                    let tiles = Self::rebuilt(directory, store, published.size)?;
                    if tiles.root() != published.root {
                        return Err(ProofsError::OtherRoot(published.size));
                    }
                    tiles
                }
                Err(error) => return Err(error.into()),
            },
        };
        let proofs = Self {
            directory: directory.into(),
            origin: origin.into(),
            tiles: Mutex::new(tiles),
            pending: Mutex::default(),
            published: Mutex::new(published.map_or(0, |published| published.size)),
        };
        let from = proofs.lock().size();
        for hash in LeafHashes::of(store, from, head) {
            proofs.lock().append(hash?);
        }
        Ok(proofs)
    }

    fn rebuilt(directory: &Path, store: &dyn Store, size: u64) -> Result<Tiles, ProofsError> {
        Tiles::rebuild(directory, LeafHashes::of(store, 0, size))
    }

    /// The tiles, with everything taken in.
    fn lock(&self) -> MutexGuard<'_, Tiles> {
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        let pending =
            std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        for hash in pending {
            tiles.append(hash);
        }
        tiles
    }

    /// Takes in the leaf hashes of a durable group; never waits for a file.
    pub(crate) fn take_in(&self, leaf_hashes: impl IntoIterator<Item = Digest>) {
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(leaf_hashes);
    }

    /// Size and root of everything taken in.
    pub fn size_and_root(&self) -> (u64, Digest) {
        let tiles = self.lock();
        (tiles.size(), tiles.root())
    }

    /// The root at an earlier size.
    pub fn root_at(&self, size: u64) -> Result<Digest, TileError> {
        self.lock().root_at(size)
    }

    /// The right edge as a tree, for the sequencer's own roots.
    pub(crate) fn tree(&self) -> crate::merkle::Tree {
        self.lock().tree().clone()
    }

    /// A receipt for `leaf` at `position` under `head`.
    pub fn receipt(&self, position: u64, leaf: Vec<u8>, head: &Head) -> Result<Receipt, TileError> {
        let path = self.lock().inclusion(position, head.size)?;
        Ok(Receipt {
            leaf: Some(leaf),
            member: None,
            index: position,
            path,
            checkpoint: head.note.clone(),
        })
    }

    /// A receipt from the published tiles alone, while another process may own the log.
    pub fn receipt_from(
        directory: &Path,
        position: u64,
        leaf: Vec<u8>,
        head: &Head,
    ) -> Result<Receipt, ProofsError> {
        let tiles = Tiles::open(directory, head.size)?;
        if tiles.root() != head.root {
            return Err(ProofsError::OtherRoot(head.size));
        }
        let path = tiles.inclusion(position, head.size)?;
        Ok(Receipt {
            leaf: Some(leaf),
            member: None,
            index: position,
            path,
            checkpoint: head.note.clone(),
        })
    }

    /// The consistency proof between two sizes.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, TileError> {
        self.lock().consistency(old, new)
    }

    /// The bytes of a hash tile at the published size, proven.
    pub fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, TileError> {
        self.lock().tile(path)
    }

    /// Publishes tiles and checkpoint of everything taken in, if there is news; says its size.
    pub fn publish(&self, key: &SigningKey) -> Result<Option<u64>, ProofsError> {
        let mut published = self
            .published
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let publication = {
            let tiles = self.lock();
            if tiles.size() <= *published {
                return Ok(None);
            }
            tiles.prepare()
        };
        // Written without the lock: proofs and the sequencer never wait for these files.
        let (size, root) = publication.write()?;
        self.lock().written(&publication);
        let text = Checkpoint::sign(&self.origin, size, &root, key).map_err(BadCheckpoint::from)?;
        checkpoint::store(&self.directory, &text)?;
        *published = size;
        Ok(Some(size))
    }

    /// The published checkpoint's text.
    pub fn checkpoint(&self) -> std::io::Result<Option<String>> {
        checkpoint::load(&self.directory)
    }

    /// Signs the head of (size, root).
    pub(crate) fn sign(&self, size: u64, root: Digest, key: &SigningKey) -> Option<Arc<Head>> {
        let note = Checkpoint::sign(&self.origin, size, &root, key).ok()?;
        Some(Arc::new(Head { size, root, note }))
    }
}

/// The leaf hashes of a range of a log, in chunks.
struct LeafHashes<'a> {
    store: &'a dyn Store,
    next: u64,
    end: u64,
    chunk: std::vec::IntoIter<Digest>,
}

impl<'a> LeafHashes<'a> {
    fn of(store: &'a dyn Store, from: u64, end: u64) -> Self {
        Self {
            store,
            next: from,
            end,
            chunk: Vec::new().into_iter(),
        }
    }
}

impl Iterator for LeafHashes<'_> {
    type Item = Result<Digest, ProofsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(hash) = self.chunk.next() {
            return Some(Ok(hash));
        }
        if self.next >= self.end {
            return None;
        }
        let limit = usize::try_from(self.end - self.next)
            .unwrap_or(usize::MAX)
            .min(4_096);
        match self.store.read(self.next, limit) {
            Ok(records) => {
                self.next = self.next.saturating_add(records.len() as u64);
                let hashes: Vec<Digest> =
                    records.into_iter().map(|record| record.leaf_hash).collect();
                self.chunk = hashes.into_iter();
                self.chunk.next().map(Ok)
            }
            Err(error) => {
                self.next = self.end;
                Some(Err(error.into()))
            }
        }
    }
}
