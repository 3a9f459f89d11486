//! Files that must not reach fjall: their damage would end the process instead of failing.
//!
//! Invariant: no count that fjall reserves memory for before it compares a checksum is larger than
//! its file, since a failed allocation aborts (sfa 1.0 `toc/reader.rs`: entries of an archive's table
//! of contents; lsm-tree 3.1 `version/recovery.rs`: blob files, of which an index has none); and no
//! value is wrong that fjall asserts while it holds a lock, since closing the database asserts again
//! (lsm-tree 3.1 `manifest.rs`). Otherwise one flipped bit would keep the server from ever starting.
//! Whatever else is wrong with a file, fjall finds out itself; an abort that is not foreseen here
//! ends one start, and the mark of an opening turns the next into a rebuild.

use std::path::Path;

use super::Doubt;

/// Magic, version, checksum type, checksum, position and length of the table of contents.
const TRAILER_BYTES: usize = 38;
const TRAILER_MAGIC: &[u8] = b"SFA!";
/// Where the position stands in the trailer.
const POSITION_AT: usize = 22;
/// Magic at the start of the table of contents; the number of entries follows.
const TABLE_MAGIC: &[u8] = b"TOC!";
/// Sections of manifests and version files that no checksum covers, and how they begin in an index.
const SECTIONS: [(&[u8], &[u8]); 4] = [
    (b"blob_files", &[0; 4]),
    (b"blob_gc_stats", &[0; 4]),
    (b"level_count", &[7]),
    (b"filter_hash_type", &[0]),
];
/// Version files are a few KiB; of larger archives (tables) only the end is read.
const END_BYTES_MAX: usize = 1 << 16;

/// Looks at every file under `dir`, if there is such a directory.
pub(super) fn look_through(dir: &Path) -> Result<(), Doubt> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            look_through(&path)?;
        } else if let Ok(end) = read_end(&path)
            && is_fatal(&end).unwrap_or(false)
        {
            let name = entry.file_name();
            let what = format!("{} would stop the database", name.display());
            return Err(Doubt::Unreadable(what));
        }
    }
    Ok(())
}

/// The last bytes of a file, and where they begin in it.
struct End {
    start: u64,
    bytes: Vec<u8>,
}

fn read_end(path: &Path) -> std::io::Result<End> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let mut file = std::fs::File::open(path)?;
    let start = file.metadata()?.len().saturating_sub(END_BYTES_MAX as u64);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(END_BYTES_MAX as u64).read_to_end(&mut bytes)?;
    Ok(End { start, bytes })
}

impl End {
    /// The bytes from a position of the file on.
    fn from(&self, position: u64) -> Option<&[u8]> {
        let at = usize::try_from(position.checked_sub(self.start)?).ok()?;
        self.bytes.get(at..)
    }
}

/// `None` = not an archive, or one that fjall refuses before it does any harm.
fn is_fatal(end: &End) -> Option<bool> {
    let trailer = end.bytes.last_chunk::<TRAILER_BYTES>()?;
    if !trailer.starts_with(TRAILER_MAGIC) {
        return None;
    }
    let position = u64::from_le_bytes(*trailer[POSITION_AT..].first_chunk()?);
    let mut rest = end.from(position)?.strip_prefix(TABLE_MAGIC)?;
    let mut entries = u32::from_le_bytes(take(&mut rest)?);
    while entries > 0 {
        let Some((section_at, name)) = entry(&mut rest) else {
            return Some(true);
        };
        let expected = SECTIONS.iter().find(|(section, _)| *section == name);
        if let Some((_, expected)) = expected
            && !end.from(section_at)?.starts_with(expected)
        {
            return Some(true);
        }
        entries -= 1;
    }
    Some(false)
}

/// An entry of the table of contents: position, length, name behind its length.
fn entry<'a>(rest: &mut &'a [u8]) -> Option<(u64, &'a [u8])> {
    let position = u64::from_le_bytes(take(rest)?);
    let _length: [u8; 8] = take(rest)?;
    let name_bytes = u16::from_le_bytes(take(rest)?);
    let (name, behind) = rest.split_at_checked(usize::from(name_bytes))?;
    *rest = behind;
    Some((position, name))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (chunk, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*chunk)
}
