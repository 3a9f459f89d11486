//! Making roots and proofs from any reader of perfect subtree hashes (RFC 6962 §2.1).
//!
//! Invariant: only nodes that are complete at the size asked for are read.

use super::{Node, fold};
use crate::hash::Digest;

/// Root of the first `size` leaves.
pub fn root_at<E>(size: u64, mut read: impl FnMut(Node) -> Result<Digest, E>) -> Result<Digest, E> {
    range_root(0, size, &mut read)
}

/// The sibling hashes from leaf `index` up to the root of the first `size` leaves, lowest first.
///
/// Empty if `index` is not below `size`: there is no such proof, and none verifies.
pub fn inclusion_path<E>(
    index: u64,
    size: u64,
    mut read: impl FnMut(Node) -> Result<Digest, E>,
) -> Result<Vec<Digest>, E> {
    let mut path = Vec::new();
    if index >= size {
        return Ok(path);
    }
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            path.push(range_root(middle, end, &mut read)?);
            end = middle;
        } else {
            path.push(range_root(start, middle, &mut read)?);
            start = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The hashes that prove that the first `old` leaves are a prefix of the first `new` ones.
///
/// Empty if `old` is 0, equal to `new`, or larger.
pub fn consistency_path<E>(
    old: u64,
    new: u64,
    mut read: impl FnMut(Node) -> Result<Digest, E>,
) -> Result<Vec<Digest>, E> {
    let mut path = Vec::new();
    if old == 0 || old >= new {
        return Ok(path);
    }
    let (mut start, mut end) = (0, new);
    while end != old {
        let middle = start + split(end - start);
        if old <= middle {
            path.push(range_root(middle, end, &mut read)?);
            end = middle;
        } else {
            path.push(range_root(start, middle, &mut read)?);
            start = middle;
        }
    }
    // A subtree that begins at leaf 0 is the old tree itself, whose root the verifier knows.
    if start > 0 {
        path.push(range_root(start, end, &mut read)?);
    }
    path.reverse();
    Ok(path)
}

/// Root of the leaves `start..end`; `start` is a multiple of a power of two that is no smaller than
/// the range, as every node of an RFC 6962 tree is.
fn range_root<E>(
    start: u64,
    end: u64,
    read: &mut impl FnMut(Node) -> Result<Digest, E>,
) -> Result<Digest, E> {
    let size = end - start;
    let mut at = start;
    let mut edge = Vec::with_capacity(64);
    for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
        edge.push(read(Node {
            level,
            index: at >> level,
        })?);
        at += 1 << level;
    }
    Ok(fold(edge.into_iter()))
}

/// The largest power of two smaller than `size`, which is at least 2.
fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}
