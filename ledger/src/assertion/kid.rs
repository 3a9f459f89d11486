//! The name of a key.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The name of a key: a DID and, behind `#`, one of its verification methods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Kid(Box<str>);

/// A text that is no key name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key name: expected did:…#…, at most 256 characters")]
pub struct NotAKid(pub String);

impl Kid {
    /// Reads `did:…#fragment` (ASCII, no spaces, at most 256 characters).
    pub fn parse(text: &str) -> Result<Self, NotAKid> {
        let good = text.len() <= 256
            && text.starts_with("did:")
            && text
                .bytes()
                .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
            && text.split_once('#').is_some_and(|(did, fragment)| {
                did.len() > 4 && !fragment.is_empty() && !fragment.contains('#')
            });
        if good {
            Ok(Self(text.into()))
        } else {
            Err(NotAKid(text.into()))
        }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The DID: who signs.
    pub fn did(&self) -> &str {
        self.0.split_once('#').map_or("", |(did, _)| did)
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Kid {
    type Error = NotAKid;
    fn try_from(text: String) -> Result<Self, NotAKid> {
        Self::parse(&text)
    }
}

impl From<Kid> for String {
    fn from(kid: Kid) -> Self {
        kid.0.into()
    }
}
