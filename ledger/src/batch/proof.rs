//! That an envelope vouches for one of its members: its JWS and a path to the root in it.
//!
//! Invariant: whoever holds a member's leaf, this proof and the signer's key needs nothing else.
//! Form: docs/FORMAT.md "Receipt", behind the leaf in `extra`.

use std::convert::Infallible;
use std::fmt;

use crate::assertion::{Assertion, Malformed};
use crate::batch::{Data, MEMBERS_MAX, NotABatch, data_of};
use crate::commit::{Commit, NotACommit};
use crate::execute::Corrupt;
use crate::hash::Digest;
use crate::key::{BadSignature, PublicKey};
use crate::merkle::{self, BadProof, Node, Tree};
use crate::store::Store;

/// Longest path from a member to its root.
const PATH_MAX: usize = MEMBERS_MAX.next_power_of_two().ilog2() as usize;

/// The envelope's JWS, and the sibling hashes from the member up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberProof {
    /// The envelope, compact.
    pub envelope: String,
    /// The hashes, lowest first.
    pub path: Vec<Digest>,
}

/// Why an envelope does not vouch for a member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMember {
    /// The envelope is no assertion.
    #[error("the envelope: {0}")]
    Malformed(#[from] Malformed),
    /// The envelope is none of a batch.
    #[error(transparent)]
    NotABatch(#[from] NotABatch),
    /// The commit is no batch's member.
    #[error("the commit is no batch's member")]
    NoMember,
    /// The envelope is of another log or of another key than the member.
    #[error("the envelope is of another log or key")]
    Foreign,
    /// The member is not what the envelope's root is made of.
    #[error("the path from member to envelope: {0}")]
    Path(#[from] BadProof),
    /// The envelope's signature is false.
    #[error("the envelope's signature does not verify")]
    Signature(#[from] BadSignature),
}

impl MemberProof {
    /// The proof of the commit's assertion, from the log; `None` if it has a signature of its own.
    pub fn of(store: &dyn Store, commit: &Commit) -> Result<Option<Self>, Corrupt> {
        let Some(place) = commit.assertion.place() else {
            return Ok(None);
        };
        let envelope = place.envelope;
        let corrupt = |position, what: String| Corrupt::Leaf { position, what };
        let decoded = |position: u64, leaf: &[u8]| {
            Commit::decode(leaf).map_err(|error: NotACommit| corrupt(position, error.to_string()))
        };
        let first = store.read(envelope, 1)?;
        let first = first
            .first()
            .ok_or_else(|| corrupt(envelope, "it is not there".into()))?;
        let first = decoded(envelope, &first.leaf)?;
        let data =
            data_of(&first.assertion).map_err(|error| corrupt(envelope, error.to_string()))?;
        let count = u64::from(data.count);
        let mut hashes = Vec::with_capacity(MEMBERS_MAX);
        let mut next = envelope + 1;
        while next <= envelope + count {
            let left = usize::try_from(envelope + count + 1 - next).unwrap_or(MEMBERS_MAX);
            let records = store.read(next, left)?;
            if records.is_empty() {
                return Err(corrupt(next, "it is not there".into()));
            }
            for record in records {
                let member = decoded(next, &record.leaf)?.assertion;
                let hash = member.member_hash();
                hashes.push(hash.ok_or_else(|| corrupt(next, "it is no batch's member".into()))?);
                next += 1;
            }
        }
        Ok(Some(Self {
            envelope: first.assertion.text().into(),
            path: path(&hashes, place.index.into()),
        }))
    }

    /// Reads what stands behind a leaf: the envelope and the path, a line each.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let envelope = lines.next()?.to_owned();
        let path: Option<Vec<Digest>> = lines.map(|line| Digest::parse(line).ok()).collect();
        path.filter(|path| path.len() <= PATH_MAX)
            .map(|path| Self { envelope, path })
    }

    /// Checks that `key` signed an envelope over `member`.
    pub fn verify(&self, member: &Assertion, key: &PublicKey) -> Result<(), BadMember> {
        let (Some(place), Some(hash)) = (member.place(), member.member_hash()) else {
            return Err(BadMember::NoMember);
        };
        let envelope = Assertion::parse(&self.envelope)?;
        let Data { count, root } = data_of(&envelope)?;
        if envelope.kid() != member.kid() || envelope.log() != member.log() {
            return Err(BadMember::Foreign);
        }
        merkle::verify_inclusion(hash, place.index.into(), count.into(), &self.path, &root)?;
        Ok(envelope.verify(key)?)
    }
}

/// The path from the member `index` to the root over all of them.
fn path(members: &[Digest], index: u64) -> Vec<Digest> {
    let subtree = |node: Node| -> Result<Digest, Infallible> {
        let width = 1_usize << node.level;
        let from = usize::try_from(node.index)
            .unwrap_or_default()
            .saturating_mul(width);
        let mut tree = Tree::new();
        for hash in members.iter().skip(from).take(width) {
            tree.append(*hash);
        }
        Ok(tree.root())
    };
    let Ok(path) = merkle::inclusion_path(index, members.len() as u64, subtree);
    path
}

/// The text form.
impl fmt::Display for MemberProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.envelope)?;
        for hash in &self.path {
            writeln!(f, "{hash}")?;
        }
        Ok(())
    }
}
