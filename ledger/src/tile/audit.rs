//! Holding every tile file against the log.
//!
//! Invariant: the log is the truth; a tile is right iff its bytes are those the log gives.

use std::fs;
use std::io;
use std::path::Path;

use super::write::{bytes, full_path, partials};
use super::{HASH_BYTES, Shelf, TILE_HEIGHT, TILE_WIDTH, TileError, TilePath, Tiles};
use crate::hash::Digest;

/// What [`check_all`] held against the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audit {
    /// Leaves of the tree.
    pub size: u64,
    /// Root at that size, from the log alone: to be held against the signed checkpoint.
    pub root: Digest,
    /// Full tiles, each there and right.
    pub tiles_full: u64,
    /// Partial tiles of this and of earlier sizes, each right; those of this size are there.
    pub tiles_partial: u64,
}

/// Compares every byte of every tile of the first `size` leaves with what the log says.
///
/// `size` is that of a published checkpoint; leaf hashes and files beyond it are not looked at.
pub fn check_all<E: From<TileError>>(
    directory: &Path,
    size: u64,
    leaf_hashes: impl IntoIterator<Item = Result<Digest, E>>,
) -> Result<Audit, E> {
    let mut truth = Tiles::empty(directory);
    let mut audit = Audit {
        size,
        root: truth.root(),
        tiles_full: 0,
        tiles_partial: 0,
    };
    let mut leaf_hashes = leaf_hashes.into_iter();
    while truth.size() < size {
        let have = truth.size();
        let leaf_hash = leaf_hashes
            .next()
            .ok_or(TileError::LogTooShort { have, size })?;
        truth.append(leaf_hash?);
        for tile in std::mem::take(&mut truth.full) {
            compare(directory, full_path(tile.level, tile.index), tile.hashes())?;
            audit.tiles_full += 1;
            audit.tiles_partial += left_over(directory, tile.level, tile.index, tile.hashes())?;
        }
    }
    for (level, row) in (0_u8..).zip(&truth.edge) {
        if row.is_empty() {
            continue;
        }
        let index = size >> (u32::from(level) * TILE_HEIGHT) >> TILE_HEIGHT;
        audit.tiles_partial += left_over(directory, level, index, row)?;
        let last = TilePath {
            shelf: Shelf::Hashes(level),
            index,
            width: u16::try_from(row.len()).unwrap_or(TILE_WIDTH),
        };
        // Counted above if it is there; if the log went on, the full tile stands for it.
        if !directory.join(last.to_string()).exists() {
            prefix(directory, full_path(level, index), last, row)?;
            audit.tiles_partial += 1;
        }
    }
    audit.root = truth.root();
    Ok(audit)
}

/// Compares the partial forms of a tile, of whatever sizes; returns how many there are.
fn left_over(directory: &Path, level: u8, index: u64, row: &[Digest]) -> Result<u64, TileError> {
    let mut count = 0;
    let here = partials(directory, level, index);
    let failed = |source| TileError::Io {
        path: here.clone(),
        source,
    };
    let entries = match fs::read_dir(&here) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(failed(source)),
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        let name = format!("{}.p/{}", full_path(level, index), name.display());
        // Temporary files of a cut-off write are no tiles; wider ones lie beyond the size.
        let Ok(path) = TilePath::parse(&name) else {
            continue;
        };
        if let Some(hashes) = row.get(..path.width.into()) {
            compare(directory, path, hashes)?;
            count += 1;
        }
    }
    Ok(count)
}

fn compare(directory: &Path, path: TilePath, hashes: &[Digest]) -> Result<(), TileError> {
    let file = directory.join(path.to_string());
    if read(&file)? == bytes(hashes) {
        Ok(())
    } else {
        Err(TileError::TileDamaged { path: file })
    }
}

/// Compares the beginning of a full tile that stands for the partial tile `wanted`.
fn prefix(
    directory: &Path,
    full: TilePath,
    wanted: TilePath,
    hashes: &[Digest],
) -> Result<(), TileError> {
    let found = read(&directory.join(full.to_string()))?;
    if found.len() == usize::from(TILE_WIDTH) * HASH_BYTES && found.starts_with(&bytes(hashes)) {
        Ok(())
    } else {
        Err(TileError::TileDamaged {
            path: directory.join(wanted.to_string()),
        })
    }
}

/// A file's bytes; a missing file has none, which no tile has.
fn read(file: &Path) -> Result<Vec<u8>, TileError> {
    match fs::read(file) {
        Ok(bytes) => Ok(bytes),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(TileError::Io {
            path: file.into(),
            source,
        }),
    }
}
