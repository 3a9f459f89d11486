//! Checking proofs (RFC 9162 §2.1.3.2 and §2.1.4.2).
//!
//! Invariant: a path of any other length than its index and sizes give is refused.

use super::{empty_root, node_hash};
use crate::hash::Digest;

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// The index is not below the size, or the old size above the new.
    #[error("the proof is about a commit or a size beyond the tree")]
    Range,
    /// The path has fewer or more hashes than the index and the sizes give.
    #[error("the proof's path has a wrong length")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof's path leads to another root")]
    Root,
}

/// The root that `path` leads to from a leaf hash at `index` in a tree of `size` leaves.
///
/// Whoever takes this root for true must hold it against a signed one: [`verify_inclusion`].
pub fn root_of_inclusion(
    leaf_hash: Digest,
    index: u64,
    size: u64,
    path: &[Digest],
) -> Result<Digest, BadProof> {
    if index >= size {
        return Err(BadProof::Range);
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = leaf_hash;
    for sibling in path {
        if last == 0 {
            return Err(BadProof::Length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // The right edge has no sibling on the levels where it is a left child: go up.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last == 0 {
        Ok(hash)
    } else {
        Err(BadProof::Length)
    }
}

/// Checks that the leaf of `leaf_hash` stands at `index` in the tree of `size` leaves with `root`.
pub fn verify_inclusion(
    leaf_hash: Digest,
    index: u64,
    size: u64,
    path: &[Digest],
    root: &Digest,
) -> Result<(), BadProof> {
    if root_of_inclusion(leaf_hash, index, size, path)? == *root {
        Ok(())
    } else {
        Err(BadProof::Root)
    }
}

/// Checks that the tree of `new` leaves with `new_root` begins with that of `old` leaves with
/// `old_root`. Every tree begins with the empty one.
pub fn verify_consistency(
    old: u64,
    old_root: &Digest,
    new: u64,
    new_root: &Digest,
    path: &[Digest],
) -> Result<(), BadProof> {
    if old > new {
        return Err(BadProof::Range);
    }
    if old == 0 || old == new {
        let known = if old == new { *new_root } else { empty_root() };
        return match (path.is_empty(), known == *old_root) {
            (false, _) => Err(BadProof::Length),
            (true, false) => Err(BadProof::Root),
            (true, true) => Ok(()),
        };
    }
    let mut path = path.iter();
    // The last complete subtree of the old tree: everything below it is the same in both.
    let whole = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> whole, (new - 1) >> whole);
    let seed = if old.is_power_of_two() {
        old_root
    } else {
        path.next().ok_or(BadProof::Length)?
    };
    let (mut old_hash, mut new_hash) = (*seed, *seed);
    for sibling in path {
        if last == 0 {
            return Err(BadProof::Length);
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    match (last == 0, old_hash == *old_root && new_hash == *new_root) {
        (false, _) => Err(BadProof::Length),
        (true, false) => Err(BadProof::Root),
        (true, true) => Ok(()),
    }
}
