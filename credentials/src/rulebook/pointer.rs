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

/// The pointer of an error; of an unknown member, that of the object it stands in: its name may be a
/// value in the wrong place.
pub fn known(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let pointer = of(error.path());
    let unknown = error.inner().to_string().starts_with("unknown field");
    match pointer.rsplit_once('/') {
        Some((object, _)) if unknown => object.into(),
        _ => pointer,
    }
}
