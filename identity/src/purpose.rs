//! For what a person's values are kept; each purpose has a key of its own (SECURITY §7).
//!
//! Invariant: a name once given stands in facts and in the vault for ever.

use serde::{Deserialize, Serialize};

/// For what a person's values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Where somebody is reached.
    Contact,
    /// Who somebody is.
    Identity,
    /// What somebody learned.
    StudyRecord,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Contact, Self::Identity, Self::StudyRecord];

    /// Its name in facts and in the vault.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Identity => "identity",
            Self::StudyRecord => "study-record",
        }
    }
}

impl std::fmt::Display for Purpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
