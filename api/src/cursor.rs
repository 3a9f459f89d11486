//! Opaque cursors: a position or number behind a tag, so that nobody builds one by hand.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::problem::{Problem, Reason};

const TAG: &[u8] = b"c1";

/// The cursor behind `last`.
pub fn write(last: u64) -> String {
    let mut bytes = TAG.to_vec();
    bytes.extend_from_slice(&last.to_be_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What stands in a cursor of ours.
pub fn read(text: &str) -> Result<u64, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let number = bytes.strip_prefix(TAG).and_then(|number| <[u8; 8]>::try_from(number).ok());
    number
        .map(u64::from_be_bytes)
        .ok_or_else(|| Problem::of(Reason::BodyUnreadable).detail("cursor: use `next` of the page before"))
}
