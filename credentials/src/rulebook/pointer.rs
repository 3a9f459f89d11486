//! Where in a JSON text something is wrong, as a JSON Pointer (RFC 6901).
//!
//! Invariant: names of members are escaped, so a pointer leads to one member only.

use serde_path_to_error::{Path, Segment};

/// The pointer of `path`; empty for the whole text.
pub fn of(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let part = match segment {
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Seq { index } => index.to_string(),
            Segment::Enum { .. } | Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&part);
    }
    pointer
}
