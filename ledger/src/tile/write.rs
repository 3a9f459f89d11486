//! Writing tiles so that a checkpoint never promises one that a crash can lose.
//!
//! Invariant: when `publish` returns, every tile of the present size is durable, names included.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{FullTile, HASH_BYTES, Shelf, TILE_HEIGHT, TILE_WIDTH, TileError, TilePath, Tiles};
use crate::durable;
use crate::hash::Digest;

/// The tiles that a size needs on disk, taken out of the tree so that it can grow while they are
/// written.
#[derive(Debug)]
pub struct Publication {
    directory: PathBuf,
    size: u64,
    root: Digest,
    full: Vec<FullTile>,
    /// Number of the first of them, counted over the life of the [`Tiles`].
    full_from: u64,
    partial: Vec<(TilePath, Vec<Digest>)>,
}

impl Tiles {
    /// Makes the tiles of the present size durable; returns size and root for the checkpoint that
    /// may now replace the last one.
    ///
    /// A sequencer that must not wait for the disk does the three steps itself:
    /// [`Tiles::prepare`], [`Publication::write`], [`Tiles::written`].
    pub fn publish(&mut self) -> Result<(u64, Digest), TileError> {
        let publication = self.prepare();
        let head = publication.write()?;
        self.written(&publication);
        Ok(head)
    }

    /// What is to be written for the present size; memory only. One at a time.
    pub fn prepare(&self) -> Publication {
        let hashes_at = |size: u64, level: u8| size >> (u32::from(level) * TILE_HEIGHT);
        let partial = (0_u8..)
            .zip(&self.edge)
            .filter(|(level, row)| {
                // A row that did not grow since is on disk already.
                let grew = hashes_at(self.published, *level) != hashes_at(self.size(), *level);
                grew && !row.is_empty()
            })
            .map(|(level, row)| {
                let path = TilePath {
                    shelf: Shelf::Hashes(level),
                    index: hashes_at(self.size(), level) / u64::from(TILE_WIDTH),
                    width: u16::try_from(row.len()).unwrap_or(TILE_WIDTH),
                };
                (path, row.clone())
            })
            .collect();
        Publication {
            partial,
            ..self.prepare_full()
        }
    }

    /// The waiting full tiles alone.
    pub(super) fn prepare_full(&self) -> Publication {
        Publication {
            directory: self.directory.clone(),
            size: self.size(),
            root: self.root(),
            full: self.full.clone(),
            full_from: self.full_before,
            partial: Vec::new(),
        }
    }

    /// Notes that `publication` is durable, so that its full tiles are read from disk from now on.
    pub fn written(&mut self, publication: &Publication) {
        let until = publication.full_from + publication.full.len() as u64;
        let count = usize::try_from(until.saturating_sub(self.full_before)).unwrap_or_default();
        self.full.drain(..count.min(self.full.len()));
        self.full_before = self.full_before.max(until);
        if !publication.partial.is_empty() {
            self.published = self.published.max(publication.size);
        }
    }
}

impl Publication {
    /// Writes the tiles; durable on return. Returns size and root for the checkpoint.
    pub fn write(&self) -> Result<(u64, Digest), TileError> {
        let mut names = BTreeSet::new();
        for tile in &self.full {
            let path = full_path(tile.level, tile.index);
            put(&self.directory, path, tile.hashes(), &mut names)?;
        }
        for (path, row) in &self.partial {
            put(&self.directory, *path, row, &mut names)?;
        }
        for name in &names {
            durable::sync_directory(name).map_err(|source| failed(name, source))?;
        }
        // Now that the full tiles are durable, nobody needs their partial forms.
        for tile in &self.full {
            remove(&partials(&self.directory, tile.level, tile.index))?;
        }
        Ok((self.size, self.root))
    }
}

/// Removes all hash tiles.
pub(super) fn clear(directory: &Path) -> Result<(), TileError> {
    for level in 0..=u8::try_from(u64::BITS / TILE_HEIGHT).unwrap_or_default() {
        remove(&directory.join("tile").join(level.to_string()))?;
    }
    Ok(())
}

/// Removes a directory and all in it, if it is there.
fn remove(directory: &Path) -> Result<(), TileError> {
    match fs::remove_dir_all(directory) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(failed(directory, e)),
        _ => Ok(()),
    }
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

fn failed(path: &Path, source: io::Error) -> TileError {
    TileError::Io {
        path: path.into(),
        source,
    }
}
