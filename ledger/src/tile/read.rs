//! Reading tiles and proving each against the one above it.
//!
//! Invariant: a full tile's subtree root stands as a hash in the tile above; the last tile of each
//! level is in memory. So every file is proven by going up until memory is reached, and the file
//! that does not fit has a name.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{MutexGuard, PoisonError};

use super::write::full_path;
use super::{
    FullTile, HASH_BYTES, Shelf, TILE_HEIGHT, TILE_WIDTH, TileError, TilePath, Tiles, subtree_root,
};
use crate::hash::Digest;
use crate::merkle::Node;

/// Proven full tiles that are kept in memory: 128 × 16 KiB.
const CACHED_TILES_MAX: usize = 128;

/// The full tiles proven last, newest at the back.
#[derive(Debug, Default)]
pub(super) struct Cache(VecDeque<FullTile>);

impl Cache {
    fn get(&self, level: u8, index: u64) -> Option<FullTile> {
        find(self.0.iter().rev(), level, index)
    }

    fn put(&mut self, tile: FullTile) {
        if self.0.len() >= CACHED_TILES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(tile);
    }
}

fn find<'a>(
    mut tiles: impl Iterator<Item = &'a FullTile>,
    level: u8,
    index: u64,
) -> Option<FullTile> {
    tiles
        .find(|tile| (tile.level, tile.index) == (level, index))
        .cloned()
}

impl Tiles {
    /// The hash of a perfect subtree within the present size.
    pub(super) fn node(&self, node: Node) -> Result<Digest, TileError> {
        if let Some(hash) = self.tree.edge_node(node) {
            return Ok(hash);
        }
        let level = u8::try_from(node.level / TILE_HEIGHT).unwrap_or(u8::MAX);
        let height = node.level % TILE_HEIGHT;
        let first = node.index << height;
        let tile = first / u64::from(TILE_WIDTH);
        let from = usize::try_from(first % u64::from(TILE_WIDTH)).unwrap_or_default();
        let run = from..from + (1 << height);
        let beyond = || TileError::Range {
            asked: node.index,
            size: self.size(),
        };
        let row = self.edge.get(usize::from(level)).ok_or_else(beyond)?;
        let complete = self.size() >> (u32::from(level) * TILE_HEIGHT) >> TILE_HEIGHT;
        if tile == complete {
            return row.get(run).map(subtree_root).ok_or_else(beyond);
        }
        let within = from >> height;
        let tile = self.full_tile(level, tile)?;
        tile.node(height, within).ok_or_else(beyond)
    }

    /// A full tile, proven.
    fn full_tile(&self, level: u8, index: u64) -> Result<FullTile, TileError> {
        let known = find(self.full.iter(), level, index).or_else(|| self.cache().get(level, index));
        if let Some(tile) = known {
            return Ok(tile);
        }
        let path = full_path(level, index);
        let hashes = load(&self.directory, path, TILE_WIDTH)?;
        let tile = FullTile::new(level, index, hashes);
        let above = Node {
            level: (u32::from(level) + 1) * TILE_HEIGHT,
            index,
        };
        if tile.root() != self.node(above)? {
            return Err(damaged(&self.directory, path));
        }
        self.cache().put(tile.clone());
        Ok(tile)
    }

    /// A poisoned cache is still a cache of proven tiles: each entry was pushed whole.
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last, partial tile of every level at `size`, unproven.
pub(super) fn edge(directory: &Path, size: u64) -> Result<Vec<Vec<Digest>>, TileError> {
    let mut edge = Vec::new();
    let mut hashes = size;
    for level in 0_u8.. {
        if hashes == 0 {
            break;
        }
        let width = u16::try_from(hashes % u64::from(TILE_WIDTH)).unwrap_or_default();
        let path = TilePath {
            shelf: Shelf::Hashes(level),
            index: hashes / u64::from(TILE_WIDTH),
            width,
        };
        edge.push(match width {
            0 => Vec::new(),
            // The partial tile may be gone once the full one is there (C2SP tlog-tiles).
            _ if !directory.join(path.to_string()).exists() => {
                let full = TilePath {
                    width: TILE_WIDTH,
                    ..path
                };
                load(directory, full, width)?
            }
            _ => load(directory, path, width)?,
        });
        hashes >>= TILE_HEIGHT;
    }
    Ok(edge)
}

/// The first `width` hashes of a tile file, whose length must be that of its name.
fn load(directory: &Path, path: TilePath, width: u16) -> Result<Vec<Digest>, TileError> {
    let file = directory.join(path.to_string());
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Err(damaged(directory, path)),
        Err(source) => return Err(TileError::Io { path: file, source }),
    };
    if bytes.len() != usize::from(path.width) * HASH_BYTES {
        return Err(damaged(directory, path));
    }
    let (hashes, _) = bytes.as_chunks::<HASH_BYTES>();
    Ok(hashes
        .iter()
        .take(width.into())
        .map(|hash| Digest(*hash))
        .collect())
}

fn damaged(directory: &Path, path: TilePath) -> TileError {
    TileError::TileDamaged {
        path: directory.join(path.to_string()),
    }
}
