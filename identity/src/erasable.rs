//! Values that can be forgotten: a commit holds a salted commitment, the vault the value.
//!
//! Invariant: the open form has no `Serialize`, so no personal value reaches a commit by accident;
//! one commitment is opened by exactly one disclosure. Form: SD-JWT disclosures (RFC 9901),
//! docs/FORMAT.md "Disclosure".
//!
//! A crash between vault and log leaves a value without a commit: the reaper removes it.

use std::collections::HashSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::hash::Digest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes of a salt: one for each value, never used twice.
pub const SALT_BYTES: usize = 32;
/// Most values one assertion may carry.
pub const VALUES_MAX: usize = 32;
/// Largest value in bytes of JSON text.
pub const VALUE_BYTES_MAX: usize = 8_192;

/// The commitments of an assertion: its `data._sd`, ascending, none twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Digest>", into = "Vec<Digest>")]
pub struct Commitments(Vec<Digest>);

/// `_sd` is not a list of digests in ascending order of their text, none twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("_sd must be ascending, without duplicates, at most 32 digests")]
pub struct NotCommitments;

impl Commitments {
    /// Sorts `digests`; refuses duplicates.
    pub fn of(mut digests: Vec<Digest>) -> Result<Self, NotCommitments> {
        digests.sort_by_key(Digest::to_string);
        Self::try_from(digests)
    }

    /// None at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The digests.
    pub fn as_slice(&self) -> &[Digest] {
        &self.0
    }
}

impl TryFrom<Vec<Digest>> for Commitments {
    type Error = NotCommitments;
    fn try_from(digests: Vec<Digest>) -> Result<Self, NotCommitments> {
        let ascending = digests.windows(2).all(|pair| match pair {
            [a, b] => a.to_string() < b.to_string(),
            _ => true,
        });
        if ascending && digests.len() <= VALUES_MAX {
            Ok(Self(digests))
        } else {
            Err(NotCommitments)
        }
    }
}

impl From<Commitments> for Vec<Digest> {
    fn from(commitments: Commitments) -> Self {
        commitments.0
    }
}

/// An opened value. It has no `Serialize`: it can be shown, not stored in a commit.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    name: String,
    value: Value,
}

impl Opened {
    /// Which member it is.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, for a view that may show it.
    pub fn expose(&self) -> &Value {
        &self.value
    }

    /// The value if it is text.
    pub fn expose_text(&self) -> Option<&str> {
        self.value.as_str()
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opened({}: …)", self.name)
    }
}

/// One disclosure as it travels: base64url of the JSON array [salt, name, value].
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    encoded: String,
    salt: [u8; SALT_BYTES],
    opened: Opened,
}

impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disclosure({}: …)", self.opened.name)
    }
}

/// Why disclosures and commitments do not fit together; the whole submission is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// Not base64url of a JSON array of three.
    #[error("disclosure {index}: {what}")]
    Malformed {
        /// Which one, from 0.
        index: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The salt is not 32 bytes.
    #[error("disclosure {index}: the salt is not 32 bytes")]
    Salt {
        /// Which one, from 0.
        index: usize,
    },
    /// `name` may not be disclosed in this kind.
    #[error("disclosure {index}: {name:?} is not an erasable member of this kind")]
    NotErasable {
        /// Which one, from 0.
        index: usize,
        /// The member.
        name: String,
    },
    /// No digest in `_sd` is this disclosure's.
    #[error("disclosure {index}: no digest in _sd is opened by it")]
    Unreferenced {
        /// Which one, from 0.
        index: usize,
    },
    /// The same disclosure, digest, salt or name stands twice.
    #[error("disclosure {index} stands twice")]
    Twice {
        /// Which one, from 0.
        index: usize,
    },
    /// A digest that nothing opens.
    #[error("digest {0} in _sd is opened by no disclosure")]
    Missing(Digest),
}

impl Disclosure {
    /// The disclosure of `name` = `value` under `salt`.
    pub fn new(salt: [u8; SALT_BYTES], name: &str, value: Value) -> Self {
        let array = Value::Array(vec![
            Value::String(URL_SAFE_NO_PAD.encode(salt)),
            Value::String(name.into()),
            value.clone(),
        ]);
        Self {
            encoded: URL_SAFE_NO_PAD.encode(array.to_string()),
            salt,
            opened: Opened {
                name: name.into(),
                value,
            },
        }
    }

    /// Reads one; `index` is for the error.
    pub fn parse(encoded: &str, index: usize) -> Result<Self, DisclosureError> {
        let malformed = |what| DisclosureError::Malformed { index, what };
        if encoded.is_empty() {
            return Err(malformed("an empty part"));
        }
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| {
            malformed("not base64url without padding, re-encoding to the same text")
        })?;
        if bytes.len() > VALUE_BYTES_MAX {
            return Err(malformed("larger than 8192 bytes"));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| malformed("not UTF-8"))?;
        let (salt, name, value): (String, String, Value) = serde_json::from_str(text)
            .map_err(|_| malformed("not a JSON array of salt, name, value"))?;
        if name == "_sd" || name == "..." {
            return Err(malformed("a name that SD-JWT reserves"));
        }
        // Plain values only: no object, so no member can stand twice inside one.
        if !(value.is_string() || value.is_i64() || value.is_boolean()) {
            return Err(malformed(
                "the value must be text, a whole number, true or false",
            ));
        }
        let salt: [u8; SALT_BYTES] = URL_SAFE_NO_PAD
            .decode(&salt)
            .ok()
            .and_then(|salt| salt.try_into().ok())
            .ok_or(DisclosureError::Salt { index })?;
        Ok(Self {
            encoded: encoded.into(),
            salt,
            opened: Opened { name, value },
        })
    }

    /// The text as received.
    pub fn encoded(&self) -> &str {
        &self.encoded
    }

    /// Its commitment: SHA-256 over the ASCII of the encoded text.
    pub fn digest(&self) -> Digest {
        Digest::of(self.encoded.as_bytes())
    }

    /// Its salt.
    pub fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    /// What it opens.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }
}

/// Splits a submission `<JWS>~<disclosure>~…~`; a bare JWS has no disclosures.
pub fn split_submission(text: &str) -> Result<(&str, Vec<Disclosure>), DisclosureError> {
    let Some((jws, rest)) = text.split_once('~') else {
        return Ok((text, Vec::new()));
    };
    let Some(parts) = rest.strip_suffix('~') else {
        // Behind the last `~` SD-JWT has a key-binding JWT; here it is refused.
        return Err(DisclosureError::Malformed {
            index: 0,
            what: "the submission must end with ~",
        });
    };
    let disclosures = parts
        .split('~')
        .take(VALUES_MAX + 1)
        .enumerate()
        .map(|(index, part)| Disclosure::parse(part, index))
        .collect::<Result<Vec<_>, _>>()?;
    if disclosures.len() > VALUES_MAX {
        return Err(DisclosureError::Malformed {
            index: VALUES_MAX,
            what: "more than 32 disclosures",
        });
    }
    Ok((jws, disclosures))
}

/// Checks that every commitment is opened by exactly one disclosure, no disclosure is left over,
/// and each names a member that `erasable` allows.
pub fn check(
    commitments: &Commitments,
    disclosures: &[Disclosure],
    erasable: &[&str],
) -> Result<(), DisclosureError> {
    let wanted: HashSet<Digest> = commitments.as_slice().iter().copied().collect();
    let (mut digests, mut salts, mut names) = (HashSet::new(), HashSet::new(), HashSet::new());
    for (index, disclosure) in disclosures.iter().enumerate() {
        let name = disclosure.opened.name();
        if !erasable.contains(&name) {
            return Err(DisclosureError::NotErasable {
                index,
                name: name.into(),
            });
        }
        let digest = disclosure.digest();
        if !wanted.contains(&digest) {
            return Err(DisclosureError::Unreferenced { index });
        }
        if !digests.insert(digest) || !salts.insert(disclosure.salt) || !names.insert(name) {
            return Err(DisclosureError::Twice { index });
        }
    }
    match commitments
        .as_slice()
        .iter()
        .find(|digest| !digests.contains(digest))
    {
        Some(missing) => Err(DisclosureError::Missing(*missing)),
        None => Ok(()),
    }
}
