//! The Merkle tree against published roots and against RFC 6962's own recursive definitions.

use std::convert::Infallible;

use ledger::hash::Digest;
use ledger::merkle::{
    self, BadProof, Node, Tree, consistency_path, inclusion_path, leaf_hash, node_hash,
    verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

use crate::keys::hex;

/// The leaves of certificate-transparency-go's and RFC 6962 reference tests.
const LEAVES: [&[u8]; 8] = [
    &[],
    &[0x00],
    &[0x10],
    &[0x20, 0x21],
    &[0x30, 0x31],
    &[0x40, 0x41, 0x42, 0x43],
    &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
    &[
        0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e,
        0x6f,
    ],
];

/// Their published roots at sizes 1 to 8.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// The leaf hashes 0, 1, 2, … of a made-up log.
pub(crate) fn leaves(count: u64) -> Vec<Digest> {
    (0..count).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// MTH of RFC 6962 §2.1, as written there.
pub(crate) fn naive_root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => merkle::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962 §2.1.1.
fn naive_path(index: usize, leaves: &[Digest]) -> Vec<Digest> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, sibling) = if index < left.len() {
        (naive_path(index, left), right)
    } else {
        (naive_path(index - left.len(), right), left)
    };
    path.push(naive_root(sibling));
    path
}

/// SUBPROOF of RFC 6962 §2.1.2.
fn naive_consistency(old: usize, leaves: &[Digest], whole: bool) -> Vec<Digest> {
    if old == leaves.len() {
        return if whole {
            Vec::new()
        } else {
            vec![naive_root(leaves)]
        };
    }
    let (left, right) = leaves.split_at(split(leaves.len()));
    let (mut path, other) = if old <= left.len() {
        (naive_consistency(old, left, whole), right)
    } else {
        (naive_consistency(old - left.len(), right, false), left)
    };
    path.push(naive_root(other));
    path
}

fn split(len: usize) -> usize {
    len.next_power_of_two() / 2
}

fn reader(leaves: &[Digest]) -> impl FnMut(Node) -> Result<Digest, Infallible> + '_ {
    |node| {
        let from = usize::try_from(node.index << node.level).unwrap();
        Ok(naive_root(&leaves[from..from + (1 << node.level)]))
    }
}

fn paths(index: u64, size: u64, leaves: &[Digest]) -> Vec<Digest> {
    let Ok(path) = inclusion_path(index, size, reader(leaves));
    path
}

fn consistency(old: u64, new: u64, leaves: &[Digest]) -> Vec<Digest> {
    let Ok(path) = consistency_path(old, new, reader(leaves));
    path
}

#[test]
fn roots_are_the_published_ones() {
    // If this fails, no outside auditor computes the root that we sign.
    let mut tree = Tree::new();
    assert_eq!(
        tree.root().0,
        hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    );
    for (leaf, root) in LEAVES.iter().zip(ROOTS) {
        tree.append(leaf_hash(leaf));
        assert_eq!(tree.root().0, hex(root), "size {}", tree.size());
    }
}

#[test]
fn published_proofs_are_made_and_verify() {
    // If this fails, our proofs are not those of RFC 6962 and other verifiers refuse them.
    let leaves: Vec<Digest> = LEAVES.iter().map(|leaf| leaf_hash(leaf)).collect();
    let digests =
        |texts: &[&str]| -> Vec<Digest> { texts.iter().map(|t| Digest(hex(t))).collect() };
    // The reference tests' paths for leaf 0 and leaf 5 of 8, and from 1 to 8 and 6 to 8 leaves.
    let first = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    assert_eq!(paths(0, 8, &leaves), digests(&first));
    assert_eq!(
        paths(5, 8, &leaves),
        digests(&[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
    assert_eq!(consistency(1, 8, &leaves), digests(&first));
    assert_eq!(
        consistency(6, 8, &leaves),
        digests(&[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ])
    );
}

#[test]
fn the_tree_agrees_with_the_definition_at_every_size_to_600() {
    // If this fails, a size exists at which we sign a root that the log does not have.
    let leaves = leaves(600);
    let mut tree = Tree::new();
    for size in 0..=600 {
        assert_eq!(tree.root(), naive_root(&leaves[..size]), "size {size}");
        let Ok(root) = merkle::root_at(size as u64, reader(&leaves));
        assert_eq!(root, tree.root());
        if size < 600 {
            tree.append(leaves[size]);
        }
    }
}

#[test]
fn all_proofs_of_small_trees_hold_and_nothing_else_does() {
    // If this fails, a commit could be proven in a place where it does not stand, or a rewritten
    // log pass for a grown one.
    let leaves = leaves(40);
    let roots: Vec<Digest> = (0..=40).map(|size| naive_root(&leaves[..size])).collect();
    for size in 1..=40_u64 {
        let all = &leaves[..usize::try_from(size).unwrap()];
        let root = &roots[all.len()];
        for (index, leaf) in (0..).zip(all) {
            let path = paths(index, size, all);
            assert_eq!(path, naive_path(usize::try_from(index).unwrap(), all));
            assert_eq!(verify_inclusion(*leaf, index, size, &path, root), Ok(()));
            for other in (0..size + 2).filter(|other| *other != index) {
                assert!(verify_inclusion(*leaf, other, size, &path, root).is_err());
            }
            refuse_changed_paths(&path, |path| {
                verify_inclusion(*leaf, index, size, path, root)
            });
        }
        for old in 0..=size {
            let old_root = &roots[usize::try_from(old).unwrap()];
            let path = consistency(old, size, all);
            if old > 0 {
                assert_eq!(
                    path,
                    naive_consistency(usize::try_from(old).unwrap(), all, true)
                );
            }
            let verify = |path: &[Digest]| verify_consistency(old, old_root, size, root, path);
            assert_eq!(verify(&path), Ok(()));
            refuse_changed_paths(&path, verify);
            let wrong = Digest([7; 32]);
            assert!(verify_consistency(old, &wrong, size, root, &path).is_err());
            if old > 0 {
                assert!(verify_consistency(old, old_root, size, &wrong, &path).is_err());
            }
        }
        assert_eq!(
            verify_consistency(size + 1, root, size, root, &[]),
            Err(BadProof::Range)
        );
    }
}

fn refuse_changed_paths(path: &[Digest], verify: impl Fn(&[Digest]) -> Result<(), BadProof>) {
    let mut longer = path.to_vec();
    longer.push(Digest([0; 32]));
    assert!(verify(&longer).is_err());
    for at in 0..path.len() {
        let mut changed = path.to_vec();
        changed[at].0[at % 32] ^= 1;
        assert!(verify(&changed).is_err());
        changed = path.to_vec();
        changed.remove(at);
        assert!(verify(&changed).is_err());
    }
}

proptest! {
    #[test]
    fn proofs_of_larger_trees_hold_and_break(
        size in 41_u64..3000,
        index: prop::sample::Index,
        old: prop::sample::Index,
        bit: prop::sample::Index,
    ) {
        // If this fails, a receipt from a grown log does not verify, or a forged one does.
        let leaves = leaves(size);
        let (root, count) = (naive_root(&leaves), leaves.len());
        let at = index.index(count);
        let path = paths(at as u64, size, &leaves);
        prop_assert_eq!(&path, &naive_path(at, &leaves));
        prop_assert_eq!(verify_inclusion(leaves[at], at as u64, size, &path, &root), Ok(()));
        let mut bad = path.clone();
        let flip = bit.index(bad.len() * 256);
        bad[flip / 256].0[flip % 256 / 8] ^= 1 << (flip % 8);
        prop_assert!(verify_inclusion(leaves[at], at as u64, size, &bad, &root).is_err());

        let old = old.index(count) + 1;
        let old_root = naive_root(&leaves[..old]);
        let path = consistency(old as u64, size, &leaves);
        prop_assert_eq!(verify_consistency(old as u64, &old_root, size, &root, &path), Ok(()));
        if !path.is_empty() {
            let mut bad = path;
            let flip = bit.index(bad.len() * 256);
            bad[flip / 256].0[flip % 256 / 8] ^= 1 << (flip % 8);
            prop_assert!(verify_consistency(old as u64, &old_root, size, &root, &bad).is_err());
        }
    }
}
