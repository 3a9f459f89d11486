//! The names of tiles (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`.
//!
//! Invariant: a name has one spelling, so what the HTTP door parses can name no file but a tile.

use std::fmt;

use super::TILE_WIDTH;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// Hashes of a tile level, 0 to 63.
    Hashes(u8),
    /// Log entries, for auditors.
    Entries,
}

/// The name of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    /// What it holds.
    pub shelf: Shelf,
    /// Which one of its level, from 0.
    pub index: u64,
    /// Number of hashes or entries: 1 to 256, and 256 = full.
    pub width: u16,
}

/// The text names no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no tile")]
pub struct NotATilePath(pub String);

impl TilePath {
    /// Reads a name that begins with `tile/`, in its only spelling.
    pub fn parse(text: &str) -> Result<Self, NotATilePath> {
        // Whatever is read loosely here is held against its only spelling.
        Self::read(text)
            .filter(|path| path.to_string() == text)
            .ok_or_else(|| NotATilePath(text.chars().take(100).collect()))
    }

    /// Whether it is full.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    fn read(text: &str) -> Option<Self> {
        let (shelf, rest) = text.strip_prefix("tile/")?.split_once('/')?;
        let shelf = if shelf == "entries" {
            Shelf::Entries
        } else {
            Shelf::Hashes(shelf.parse().ok().filter(|level| *level <= 63)?)
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => {
                let partial = |width: &u16| (1..TILE_WIDTH).contains(width);
                (index, width.parse().ok().filter(partial)?)
            }
            None => (rest, TILE_WIDTH),
        };
        let index = index.split('/').try_fold(0_u64, |index, group| {
            let digits = group.strip_prefix('x').unwrap_or(group);
            let digits = digits.parse::<u16>().ok().filter(|digits| *digits < 1000)?;
            index.checked_mul(1000)?.checked_add(digits.into())
        })?;
        Some(Self {
            shelf,
            index,
            width,
        })
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shelf {
            Shelf::Hashes(level) => write!(f, "tile/{level}")?,
            Shelf::Entries => f.write_str("tile/entries")?,
        }
        let mut power = 1;
        while self.index / power >= 1000 {
            power *= 1000;
        }
        while power > 1 {
            write!(f, "/x{:03}", self.index / power % 1000)?;
            power /= 1000;
        }
        write!(f, "/{:03}", self.index % 1000)?;
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}
