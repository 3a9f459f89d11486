//! Receipts: a proof, checked offline, that a commit is in the log (C2SP tlog-proof).
//!
//! Invariant: the commit's bytes ride along in `extra`, which is not signed; they count only once
//! their hash has led to a signed root. Form: docs/FORMAT.md "Receipt".

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::assertion::ASSERTION_BYTES_MAX;
use crate::batch::MemberProof;
use crate::checkpoint::{self, BadCheckpoint, Checkpoint};
use crate::commit::{LEAF_BYTES_MAX, LEAF_LINES};
use crate::hash::Digest;
use crate::key::PublicKey;
use crate::merkle::{self, BadProof};
use crate::witness::{self, Cosigned, FalseCosignature, Witness};

/// First line of a receipt.
const TAG: &str = "c2sp.org/tlog-proof@v1";
/// Most bytes of `extra`: a leaf, an envelope, and a path of ten hashes.
const EXTRA_BYTES_MAX: usize = LEAF_BYTES_MAX + ASSERTION_BYTES_MAX + 1_024;
/// Longest path: a tree has at most 2⁶⁴ leaves.
const PATH_MAX: usize = 64;

/// A proof that a commit is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The leaf's bytes; our own receipts always carry them.
    pub leaf: Option<Vec<u8>>,
    /// Of a batch's member: that its envelope vouches for it. Stands behind the leaf.
    pub member: Option<MemberProof>,
    /// The commit's position.
    pub index: u64,
    /// Sibling hashes from the leaf up.
    pub path: Vec<Digest>,
    /// The signed checkpoint's text, with cosignatures.
    pub checkpoint: String,
}

/// Whom a verifier trusts; the trust bundle says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The log.
    pub origin: String,
    /// Its checkpoint key.
    pub key: PublicKey,
    /// Its witnesses.
    pub witnesses: Vec<Witness>,
    /// How many of them must have signed; 0 until witnesses exist.
    pub quorum: usize,
}

/// What a receipt proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The commit's position.
    pub index: u64,
    /// The checkpoint it was proven under.
    pub checkpoint: Checkpoint,
    /// The witnesses that signed it.
    pub cosigned: Vec<Cosigned>,
}

/// Why a text is no receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a receipt: {0}")]
pub struct NotAReceipt(pub &'static str);

/// Why a receipt proves nothing. The checks run in this order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReceipt {
    /// It carries no commit, and none was given.
    #[error("the receipt carries no commit")]
    NoLeaf,
    /// The checkpoint is not one of the log.
    #[error(transparent)]
    Checkpoint(#[from] BadCheckpoint),
    /// A cosignature is false.
    #[error(transparent)]
    Cosignature(#[from] FalseCosignature),
    /// The path does not lead from the commit to the checkpoint's root.
    #[error("the receipt's path: {0}")]
    Path(#[from] BadProof),
    /// Fewer witnesses signed than the policy asks for: not false, but not confirmed.
    #[error("{have} of the {need} witnesses that are needed have signed")]
    Quorum {
        /// Witnesses that signed.
        have: usize,
        /// Witnesses needed.
        need: usize,
    },
}

impl Receipt {
    /// Reads a receipt in its only form.
    pub fn parse(text: &str) -> Result<Self, NotAReceipt> {
        let mut rest = text;
        let mut line = || {
            let (line, behind) = rest.split_once('\n')?;
            rest = behind;
            Some(line)
        };
        if line() != Some(TAG) {
            return Err(NotAReceipt("the first line is not c2sp.org/tlog-proof@v1"));
        }
        let mut next = line();
        let (mut leaf, mut member) = (None, None);
        if let Some(extra) = next.and_then(|line| line.strip_prefix("extra ")) {
            let bytes = STANDARD
                .decode(extra)
                .map_err(|_| NotAReceipt("extra is not base64"))?;
            if bytes.len() > EXTRA_BYTES_MAX {
                return Err(NotAReceipt(
                    "extra is larger than a commit with its envelope",
                ));
            }
            (leaf, member) = split(bytes)?;
            next = line();
        }
        let index = next
            .and_then(|line| line.strip_prefix("index "))
            .and_then(checkpoint::decimal)
            .ok_or(NotAReceipt("no index line with a plain decimal"))?;
        let mut path = Vec::new();
        loop {
            match line().ok_or(NotAReceipt("no empty line behind the path"))? {
                "" => break,
                _ if path.len() == PATH_MAX => return Err(NotAReceipt("a path of more than 64")),
                hash => path.push(
                    checkpoint::hash(hash)
                        .ok_or(NotAReceipt("a path line is not base64 of 32 bytes"))?,
                ),
            }
        }
        Ok(Self {
            leaf,
            member,
            index,
            path,
            checkpoint: rest.into(),
        })
    }

    /// Checks the commit it carries; the bytes of [`Receipt::leaf`] are in the log iff this is `Ok`.
    pub fn verify(&self, policy: &Policy) -> Result<Proven, BadReceipt> {
        let leaf = self.leaf.as_deref().ok_or(BadReceipt::NoLeaf)?;
        self.verify_hash(merkle::leaf_hash(leaf), policy)
    }

    /// Checks that the leaf of this hash is in the log; what the receipt carries is not looked at.
    pub fn verify_hash(&self, leaf_hash: Digest, policy: &Policy) -> Result<Proven, BadReceipt> {
        let (checkpoint, note) = Checkpoint::open(&self.checkpoint, &policy.origin, &policy.key)?;
        let cosigned = witness::cosignatures(&note, &policy.witnesses)?;
        let Checkpoint { size, root, .. } = &checkpoint;
        merkle::verify_inclusion(leaf_hash, self.index, *size, &self.path, root)?;
        if cosigned.len() < policy.quorum {
            return Err(BadReceipt::Quorum {
                have: cosigned.len(),
                need: policy.quorum,
            });
        }
        Ok(Proven {
            index: self.index,
            checkpoint,
            cosigned,
        })
    }
}

/// The leaf, and what stands behind it: a leaf has seven lines.
fn split(mut extra: Vec<u8>) -> Result<(Option<Vec<u8>>, Option<MemberProof>), NotAReceipt> {
    let ends = extra.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let end = ends.map(|(at, _)| at + 1).nth(LEAF_LINES - 1);
    let behind = match end {
        Some(end) if end < extra.len() => extra.split_off(end),
        _ if extra.len() > LEAF_BYTES_MAX => {
            return Err(NotAReceipt("extra is larger than a commit"));
        }
        _ => return Ok((Some(extra), None)),
    };
    let member = std::str::from_utf8(&behind)
        .ok()
        .and_then(MemberProof::parse);
    let member = member.ok_or(NotAReceipt("what stands behind the leaf is no envelope"))?;
    Ok((Some(extra), Some(member)))
}

/// The text form.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TAG}")?;
        if let Some(leaf) = &self.leaf {
            let mut extra = leaf.clone();
            if let Some(member) = &self.member {
                extra.extend_from_slice(member.to_string().as_bytes());
            }
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.path {
            writeln!(f, "{}", STANDARD.encode(hash.0))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
