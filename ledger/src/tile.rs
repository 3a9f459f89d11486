//! Hash tiles: the Merkle tree as static files (C2SP tlog-tiles), from which every proof is made.
//!
//! Invariant: nothing read from a tile is given out before it was proven against the right edge in
//! memory, so a damaged file can stop a proof but never bend one.
//! A crash leaves whole tiles only; those beyond the signed checkpoint are written again with the
//! same bytes. Form: docs/FORMAT.md "Tiles".

mod audit;
mod path;
mod read;
mod write;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub use audit::{Audit, check_all};
pub use path::{NotATilePath, Shelf, TilePath};
pub use write::Publication;

use crate::hash::Digest;
use crate::merkle::{self, BadProof, Node, Tree};
use read::Cache;

/// Hashes in a full tile.
pub const TILE_WIDTH: u16 = 256;
/// Tree levels that one tile spans.
const TILE_HEIGHT: u32 = 8;
/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// Why tiles did not answer.
#[derive(Debug, thiserror::Error)]
pub enum TileError {
    /// A tile is missing, has another length, or holds another hash than the tree has there.
    #[error("tile {path} is damaged: rebuild the tiles from the log")]
    TileDamaged {
        /// The file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("tile {path}: {source}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A size or an index beyond the tree.
    #[error("{asked} is beyond the tree of {size} commits")]
    Range {
        /// The size or index asked for.
        asked: u64,
        /// The tree's size.
        size: u64,
    },
    /// A proof made from proven tiles does not verify: memory or processor are at fault.
    #[error("a proof made here does not verify ({0}): this machine computes wrongly")]
    Unproven(#[from] BadProof),
    /// The log has fewer leaves than the tree that is to be checked.
    #[error("the log ended after {have} commits of {size}")]
    LogTooShort {
        /// Leaves that came.
        have: u64,
        /// Leaves expected.
        size: u64,
    },
}

/// The tiles of one log under a directory, with the right edge in memory.
///
/// One writer (`append`, `publish`); proofs need `&self` only.
#[derive(Debug)]
pub struct Tiles {
    directory: PathBuf,
    tree: Tree,
    /// For each tile level, the hashes of its last, partial tile: 0 to 255 of them.
    edge: Vec<Vec<Digest>>,
    /// Full tiles that are not known to be on disk yet, in the order of their completion.
    full: Vec<FullTile>,
    /// How many full tiles went before them.
    full_before: u64,
    /// Size whose tiles are all on disk.
    published: u64,
    cache: Mutex<Cache>,
}

/// A full tile with the hashes of all its subtrees.
#[derive(Debug, Clone)]
struct FullTile {
    level: u8,
    index: u64,
    /// 256 hashes, then the 128 above them, and so on up to the tile's root: 511.
    nodes: Arc<[Digest]>,
}

impl FullTile {
    /// A tile of these 256 hashes.
    fn new(level: u8, index: u64, mut nodes: Vec<Digest>) -> Self {
        let mut at = 0;
        while let Some([left, right]) = nodes.get(at..at + 2) {
            nodes.push(merkle::node_hash(left, right));
            at += 2;
        }
        Self {
            level,
            index,
            nodes: nodes.into(),
        }
    }

    /// The tile's own hashes.
    fn hashes(&self) -> &[Digest] {
        self.nodes
            .get(..usize::from(TILE_WIDTH))
            .unwrap_or_default()
    }

    /// The subtree of `height` (0 to 8) that is number `index` of its height.
    fn node(&self, height: u32, index: usize) -> Option<Digest> {
        let all = 2 * usize::from(TILE_WIDTH);
        self.nodes.get(all - (all >> height) + index).copied()
    }

    /// The root over its 256 hashes.
    fn root(&self) -> Digest {
        self.nodes
            .last()
            .copied()
            .unwrap_or_else(merkle::empty_root)
    }
}

impl Tiles {
    /// Tiles of an empty log; files that stand in `directory` already will be replaced.
    pub fn empty(directory: &Path) -> Self {
        Self {
            directory: directory.into(),
            tree: Tree::new(),
            edge: Vec::new(),
            full: Vec::new(),
            full_before: 0,
            published: 0,
            cache: Mutex::default(),
        }
    }

    /// The tiles at `size`, the size of the last checkpoint, without reading the log.
    ///
    /// The caller must hold [`Tiles::root`] against the root of that signed checkpoint: this is
    /// what proves the edge. Then it appends the leaf hashes of the commits beyond.
    pub fn open(directory: &Path, size: u64) -> Result<Self, TileError> {
        let mut tiles = Self::empty(directory);
        tiles.edge = read::edge(directory, size)?;
        tiles.published = size;
        tiles.tree = edge_tree(size, &tiles.edge).ok_or_else(|| TileError::TileDamaged {
            path: directory.into(),
        })?;
        Ok(tiles)
    }

    /// Writes all tiles again from the leaf hashes of the log, and returns them published.
    pub fn rebuild<E: From<TileError>>(
        directory: &Path,
        leaf_hashes: impl IntoIterator<Item = Result<Digest, E>>,
    ) -> Result<Self, E> {
        write::clear(directory)?;
        let mut tiles = Self::empty(directory);
        for leaf_hash in leaf_hashes {
            tiles.append(leaf_hash?);
            // Bounds the memory of a rebuild of any length: 1024 tiles are 8 MiB.
            if tiles.full.len() >= 1024 {
                let full = tiles.prepare_full();
                full.write()?;
                tiles.written(&full);
            }
        }
        tiles.publish()?;
        Ok(tiles)
    }

    /// Appends the hash of the next leaf, in memory; the files follow with [`Tiles::publish`].
    pub fn append(&mut self, leaf_hash: Digest) {
        self.tree.append(leaf_hash);
        let mut hash = leaf_hash;
        for level in 0_u8.. {
            let below = self.tree.size() >> (u32::from(level) * TILE_HEIGHT);
            let row = usize::from(level);
            if self.edge.len() == row {
                self.edge.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
            }
            self.edge[row].push(hash);
            if self.edge[row].len() < usize::from(TILE_WIDTH) {
                return;
            }
            let index = (below - 1) / u64::from(TILE_WIDTH);
            let tile = FullTile::new(level, index, std::mem::take(&mut self.edge[row]));
            hash = tile.root();
            self.full.push(tile);
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root at the present size; from memory, at most 64 hashes.
    pub fn root(&self) -> Digest {
        self.tree.root()
    }

    /// The right edge alone, for who computes roots of its own.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The bytes of a hash tile, proven; `None` if the log has not grown to it. Entries are not
    /// kept in tiles.
    pub fn tile(&self, path: TilePath) -> Result<Option<Vec<u8>>, TileError> {
        let Shelf::Hashes(level) = path.shelf else {
            return Ok(None);
        };
        let level = u32::from(level) * TILE_HEIGHT;
        let first = path.index.saturating_mul(u64::from(TILE_WIDTH));
        let end = first.saturating_add(u64::from(path.width));
        if self
            .size()
            .checked_shr(level)
            .is_none_or(|hashes| hashes < end)
        {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(usize::from(path.width) * HASH_BYTES);
        for index in first..end {
            bytes.extend_from_slice(&self.node(Node { level, index })?.0);
        }
        Ok(Some(bytes))
    }

    /// The hash of leaf `index`, proven.
    pub fn leaf_hash(&self, index: u64) -> Result<Digest, TileError> {
        self.within(index.saturating_add(1), index)?;
        self.node(Node { level: 0, index })
    }

    /// The root that the log had at `size`, proven to be a prefix of the present tree.
    pub fn root_at(&self, size: u64) -> Result<Digest, TileError> {
        self.within(size, size)?;
        if size == self.size() {
            return Ok(self.root());
        }
        let root = merkle::root_at(size, |node| self.node(node))?;
        let path = merkle::consistency_path(size, self.size(), |node| self.node(node))?;
        merkle::verify_consistency(size, &root, self.size(), &self.root(), &path)?;
        Ok(root)
    }

    /// The path from leaf `index` to the root at `size`, checked before it is given out.
    pub fn inclusion(&self, index: u64, size: u64) -> Result<Vec<Digest>, TileError> {
        self.within(size, size)?;
        if index >= size {
            return Err(TileError::Range { asked: index, size });
        }
        let root = self.root_at(size)?;
        let leaf = self.leaf_hash(index)?;
        let path = merkle::inclusion_path(index, size, |node| self.node(node))?;
        merkle::verify_inclusion(leaf, index, size, &path, &root)?;
        Ok(path)
    }

    /// The path that proves that the log at `old` is a prefix of that at `new`, checked before it
    /// is given out.
    pub fn consistency(&self, old: u64, new: u64) -> Result<Vec<Digest>, TileError> {
        self.within(new, new)?;
        if old > new {
            return Err(TileError::Range {
                asked: old,
                size: new,
            });
        }
        let (old_root, new_root) = (self.root_at(old)?, self.root_at(new)?);
        let path = merkle::consistency_path(old, new, |node| self.node(node))?;
        merkle::verify_consistency(old, &old_root, new, &new_root, &path)?;
        Ok(path)
    }

    fn within(&self, size: u64, asked: u64) -> Result<(), TileError> {
        if size <= self.size() {
            Ok(())
        } else {
            Err(TileError::Range {
                asked,
                size: self.size(),
            })
        }
    }
}

/// Root of the perfect subtree over `hashes`, whose number is a power of two.
fn subtree_root(hashes: &[Digest]) -> Digest {
    let mut tree = Tree::new();
    for hash in hashes {
        tree.append(*hash);
    }
    tree.root()
}

/// The tree whose right edge lies in these partial tiles; `None` if their widths are not of `size`.
fn edge_tree(size: u64, edge: &[Vec<Digest>]) -> Option<Tree> {
    let mut subtrees = Vec::new();
    for row in edge.iter().rev() {
        let mut rest = row.as_slice();
        for bit in (0..TILE_HEIGHT).rev() {
            if row.len() >> bit & 1 == 1 {
                let (subtree, behind) = rest.split_at_checked(1 << bit)?;
                subtrees.push(subtree_root(subtree));
                rest = behind;
            }
        }
    }
    Tree::from_edge(size, subtrees)
}
