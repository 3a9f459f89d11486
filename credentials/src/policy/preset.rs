//! The policies that ship with the program.
//!
//! Invariant: a file under `credentials/policies/` never changes once it was released (a test holds
//! its hash); a change is a new file with the next version. Pure; a crash loses nothing.

use std::sync::LazyLock;

use ledger::hash::Digest;

use super::{BadPolicy, Policy};

const DOCUMENTS: [&str; 1] = [include_str!("../../policies/zhejiang-default.1.json")];

static SHIPPED: LazyLock<Result<Vec<Policy>, BadPolicy>> =
    LazyLock::new(|| DOCUMENTS.into_iter().map(Policy::parse).collect());

/// The id of the preset that `init` and `demo` adopt.
pub const DEFAULT: &str = "zhejiang-default";

/// Why no shipped policy answers.
#[derive(Debug, thiserror::Error)]
pub enum NoPreset {
    /// A shipped file is damaged: a build that must not run.
    #[error("a shipped policy is damaged: {0}")]
    Damaged(&'static BadPolicy),
    /// No preset has this id and version.
    #[error("no policy {id:?} version {version} is shipped")]
    Unknown {
        /// As asked.
        id: String,
        /// As asked.
        version: u32,
    },
    /// There is one, but with another content than the one that was decided under.
    #[error("policy {id:?} version {version} has hash {shipped}, not the one asked for")]
    OtherHash {
        /// As asked.
        id: String,
        /// As asked.
        version: u32,
        /// Of the one we ship.
        shipped: Digest,
    },
}

/// All shipped policies.
pub fn all() -> Result<&'static [Policy], NoPreset> {
    match &*SHIPPED {
        Ok(policies) => Ok(policies),
        Err(damage) => Err(NoPreset::Damaged(damage)),
    }
}

/// The policy that a decision names.
pub fn find(id: &str, version: u32, hash: Digest) -> Result<&'static Policy, NoPreset> {
    let unknown = || NoPreset::Unknown {
        id: id.into(),
        version,
    };
    let found = all()?
        .iter()
        .find(|policy| policy.id == id && policy.version == version);
    let policy = found.ok_or_else(unknown)?;
    if policy.hash() == hash {
        Ok(policy)
    } else {
        Err(NoPreset::OtherHash {
            id: id.into(),
            version,
            shipped: policy.hash(),
        })
    }
}

/// The newest version of a shipped policy.
pub fn newest(id: &str) -> Result<&'static Policy, NoPreset> {
    all()?
        .iter()
        .filter(|policy| policy.id == id)
        .max_by_key(|policy| policy.version)
        .ok_or_else(|| NoPreset::Unknown {
            id: id.into(),
            version: 0,
        })
}
