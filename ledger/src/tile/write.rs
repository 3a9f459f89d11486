//! Writing tiles so that a checkpoint never promises one that a crash can lose.
//!
//! Invariant: when `publish` returns, every tile of the present size is durable, names included.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{HASH_BYTES, Shelf, TILE_HEIGHT, TILE_WIDTH, TileError, TilePath, Tiles};
use crate::durable;
use crate::hash::Digest;

impl Tiles {
    /// Makes the tiles of the present size durable; returns size and root for the checkpoint that
    /// may now replace the last one.
    pub fn publish(&mut self) -> Result<(u64, Digest), TileError> {
        self.write_full()?;
        let mut names = BTreeSet::new();
        for (level, row) in (0_u8..).zip(&self.edge) {
            let hashes_at = |size: u64| size >> (u32::from(level) * TILE_HEIGHT);
            if row.is_empty() || hashes_at(self.published) == hashes_at(self.size()) {
                continue;
            }
            let path = TilePath {
                shelf: Shelf::Hashes(level),
                index: hashes_at(self.size()) / u64::from(TILE_WIDTH),
                width: u16::try_from(row.len()).unwrap_or(TILE_WIDTH),
            };
            put(&self.directory, path, row, &mut names)?;
        }
        sync(&names)?;
        self.published = self.size();
        Ok((self.size(), self.root()))
    }

    /// Makes the waiting full tiles durable and removes the partial ones they replace.
    pub(super) fn write_full(&mut self) -> Result<(), TileError> {
        let mut names = BTreeSet::new();
        for tile in &self.full {
            let path = full_path(tile.level, tile.index);
            put(&self.directory, path, &tile.hashes, &mut names)?;
        }
        sync(&names)?;
        for tile in std::mem::take(&mut self.full) {
            let partials = partials(&self.directory, tile.level, tile.index);
            match fs::remove_dir_all(&partials) {
                Ok(()) => {}
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(failed(&partials, source)),
            }
        }
        Ok(())
    }
}

/// Removes all hash tiles.
pub(super) fn clear(directory: &Path) -> Result<(), TileError> {
    for level in 0..=u8::try_from(u64::BITS / TILE_HEIGHT).unwrap_or_default() {
        let shelf = directory.join("tile").join(level.to_string());
        match fs::remove_dir_all(&shelf) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(failed(&shelf, source)),
        }
    }
    Ok(())
}

/// The name of a full tile.
pub(super) fn full_path(level: u8, index: u64) -> TilePath {
    TilePath {
        shelf: Shelf::Hashes(level),
        index,
        width: TILE_WIDTH,
    }
}

/// The directory of a tile's partial forms.
pub(super) fn partials(directory: &Path, level: u8, index: u64) -> PathBuf {
    directory.join(format!("{}.p", full_path(level, index)))
}

/// The bytes of a tile.
pub(super) fn bytes(hashes: &[Digest]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(hashes.len() * HASH_BYTES);
    for hash in hashes {
        bytes.extend_from_slice(&hash.0);
    }
    bytes
}

/// Writes a tile; adds to `names` the directories whose names must be made durable for it.
fn put(
    directory: &Path,
    path: TilePath,
    hashes: &[Digest],
    names: &mut BTreeSet<PathBuf>,
) -> Result<(), TileError> {
    let file = directory.join(path.to_string());
    let mut parent = file.parent();
    while let Some(here) = parent {
        names.insert(here.into());
        if here.exists() {
            break;
        }
        parent = here.parent();
    }
    if let Some(here) = file.parent() {
        fs::create_dir_all(here).map_err(|source| failed(here, source))?;
    }
    durable::replace(&file, &bytes(hashes)).map_err(|source| failed(&file, source))
}

fn sync(names: &BTreeSet<PathBuf>) -> Result<(), TileError> {
    for name in names {
        durable::sync_directory(name).map_err(|source| failed(name, source))?;
    }
    Ok(())
}

fn failed(path: &Path, source: io::Error) -> TileError {
    TileError::Io {
        path: path.into(),
        source,
    }
}
