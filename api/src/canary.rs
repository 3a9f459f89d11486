//! Looking for values in every byte of a directory: the check that an erasure left none (SECURITY §7).
//!
//! Invariant: a value is found in whatever form the house could have written it: UTF-8, UTF-16, JSON escapes,
//! percent signs, hexadecimal, base64 at each of its three places. Nothing is written, and the value is named
//! by its number alone.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Bytes looked at in one go.
const CHUNK: usize = 1 << 20;
/// Shorter values are found by chance in random bytes.
pub const VALUE_BYTES_MIN: usize = 6;

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// Offset of its first byte.
    pub offset: u64,
    /// Which value, from 1.
    pub value: usize,
    /// In which form.
    pub form: &'static str,
}

/// What a look came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scan {
    /// Files read.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Where something was found; at most one for each file, value and form.
    pub found: Vec<Found>,
}

struct Pattern {
    value: usize,
    form: &'static str,
    bytes: Vec<u8>,
}

/// Looks for `values` in the contents and names of all files under `root`. Links are not followed.
pub fn scan(root: &Path, values: &[String]) -> io::Result<Scan> {
    let mut patterns = Vec::new();
    for (index, value) in values.iter().enumerate() {
        for (form, bytes) in forms(value) {
            patterns.push(Pattern {
                value: index + 1,
                form,
                bytes,
            });
        }
    }
    let mut scan = Scan::default();
    walk(root, &patterns, &mut scan)?;
    Ok(scan)
}

fn walk(at: &Path, patterns: &[Pattern], scan: &mut Scan) -> io::Result<()> {
    let mut entries = std::fs::read_dir(at)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            // A file of a running server may go while we look.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let name = entry.file_name();
        look(name.as_encoded_bytes(), 0, &path, patterns, &mut scan.found);
        if kind.is_dir() {
            walk(&path, patterns, scan)?;
        } else if kind.is_file() {
            match File::open(&path) {
                Ok(file) => read(file, &path, patterns, scan)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn read(mut file: File, path: &Path, patterns: &[Pattern], scan: &mut Scan) -> io::Result<()> {
    scan.files += 1;
    let longest = patterns.iter().map(|it| it.bytes.len()).max();
    let overlap = longest.unwrap_or(1).saturating_sub(1);
    let mut kept: Vec<u8> = Vec::new();
    let mut offset = 0;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        let read = file.by_ref().take(CHUNK as u64).read_to_end(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        scan.bytes += read as u64;
        // What stands across two chunks is found in the second, with the end of the first before it.
        let begins = offset - kept.len() as u64;
        kept.extend_from_slice(&chunk);
        look(&kept, begins, path, patterns, &mut scan.found);
        offset += read as u64;
        let cut = kept.len().saturating_sub(overlap);
        kept.drain(..cut);
    }
}

fn look(bytes: &[u8], begins: u64, path: &Path, patterns: &[Pattern], found: &mut Vec<Found>) {
    // Preallocated room is most of a log; bytes that are all the one before them are all the first.
    let is_blank = bytes.first() == Some(&0) && bytes.get(1..) == bytes.get(..bytes.len() - 1);
    if is_blank {
        return;
    }
    let mut by_first: Vec<Vec<&Pattern>> = (0..256).map(|_| Vec::new()).collect();
    for it in patterns {
        let first = it.bytes.first().map(|first| usize::from(*first));
        if let Some(bucket) = first.and_then(|first| by_first.get_mut(first)) {
            bucket.push(it);
        }
    }
    for (at, byte) in bytes.iter().enumerate() {
        let Some(bucket) = by_first.get(usize::from(*byte)).filter(|it| !it.is_empty()) else {
            continue;
        };
        let rest = bytes.get(at..).unwrap_or_default();
        for it in bucket.iter().filter(|it| rest.starts_with(&it.bytes)) {
            let is_known = |known: &Found| {
                (known.value, known.form) == (it.value, it.form) && known.path == path
            };
            if !found.iter().any(is_known) {
                found.push(Found {
                    path: path.into(),
                    offset: begins + at as u64,
                    value: it.value,
                    form: it.form,
                });
            }
        }
    }
}

/// What the bytes of a value look like, wherever they may have been written.
fn forms(value: &str) -> Vec<(&'static str, Vec<u8>)> {
    let units = || value.encode_utf16();
    let bytes = value.as_bytes();
    let text = |parts: Vec<String>| parts.concat().into_bytes();
    let is_plain = value.is_ascii();
    let mut forms = vec![
        ("UTF-8", bytes.to_vec()),
        ("UTF-16LE", units().flat_map(u16::to_le_bytes).collect()),
        ("UTF-16BE", units().flat_map(u16::to_be_bytes).collect()),
        (
            "hex",
            text(bytes.iter().map(|it| format!("{it:02x}")).collect()),
        ),
        (
            "HEX",
            text(bytes.iter().map(|it| format!("{it:02X}")).collect()),
        ),
        (
            "percent",
            text(bytes.iter().map(|it| format!("%{it:02X}")).collect()),
        ),
    ];
    if !is_plain {
        let escaped = |upper: bool| {
            let of = |it: u16| {
                if upper {
                    format!("\\u{it:04X}")
                } else {
                    format!("\\u{it:04x}")
                }
            };
            text(units().map(of).collect())
        };
        forms.push(("JSON", escaped(false)));
        forms.push(("JSON", escaped(true)));
    }
    for shift in 0..3 {
        // Behind one or two other bytes; the characters that those and what follows have a share in are left out.
        let shifted = [vec![0; shift], bytes.to_vec()].concat();
        let skipped = (shift * 8).div_ceil(6);
        let whole = shifted.len() * 8 / 6;
        for (form, encoded) in [
            ("base64", STANDARD_NO_PAD.encode(&shifted)),
            ("base64url", URL_SAFE_NO_PAD.encode(&shifted)),
        ] {
            let shown = encoded.get(skipped..whole).unwrap_or_default();
            forms.push((form, shown.as_bytes().to_vec()));
        }
    }
    forms
}
