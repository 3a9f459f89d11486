//! The Merkle tree of RFC 6962: hashes, roots, and proofs that a commit is in the log and that the
//! log only ever grew.
//!
//! Invariant: the root of a size is a function of the leaf hashes below it; a proof that verifies
//! cannot be made for any other leaf or history without breaking SHA-256.
//! Form: docs/FORMAT.md "Merkle tree".

mod generate;
mod verify;

pub use generate::{consistency_path, inclusion_path, root_at};
pub use verify::{BadProof, root_of_inclusion, verify_consistency, verify_inclusion};

use crate::hash::Digest;

/// Hash of a leaf: SHA-256(0x00 ‖ leaf).
pub fn leaf_hash(leaf: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], leaf])
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], &left.0, &right.0])
}

/// Root of the tree without leaves: SHA-256 of nothing.
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

/// A perfect subtree: the leaves `index << level .. (index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Node {
    /// Its height: 0 = a leaf.
    pub level: u32,
    /// Which one of its level, from 0.
    pub index: u64,
}

/// A tree known by its right edge: the roots of its perfect subtrees, largest first.
///
/// Enough to append and to know the root, in O(log size) memory.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    size: u64,
    /// One for each set bit of `size`, from the highest.
    edge: Vec<Digest>,
}

impl Tree {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree of `size` leaves whose perfect subtrees have these roots, largest first; `None`
    /// unless there is one for each set bit of `size`.
    pub fn from_edge(size: u64, edge: Vec<Digest>) -> Option<Self> {
        (usize::try_from(size.count_ones()) == Ok(edge.len())).then_some(Self { size, edge })
    }

    /// Appends the hash of a leaf; amortised two hashes.
    pub fn append(&mut self, leaf_hash: Digest) {
        let mut node = leaf_hash;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.edge.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.edge.push(node);
        self.size += 1;
    }

    /// The hash of `node` if it is one of the perfect subtrees of the right edge.
    pub fn edge_node(&self, node: Node) -> Option<Digest> {
        let above = self.size.checked_shr(node.level)?;
        // There is one for each set bit; it is the last of its level.
        if above & 1 == 0 || node.index != above - 1 {
            return None;
        }
        let before = usize::try_from((above >> 1).count_ones()).ok()?;
        self.edge.get(before).copied()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root at the present size.
    pub fn root(&self) -> Digest {
        fold(self.edge.iter().copied())
    }
}

/// Root over perfect subtrees from left to right, largest first; nothing gives the empty root.
fn fold(edge: impl DoubleEndedIterator<Item = Digest>) -> Digest {
    edge.rev()
        .reduce(|right, left| node_hash(&left, &right))
        .unwrap_or_else(empty_root)
}
