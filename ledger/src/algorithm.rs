//! The registry of signature and hash algorithms: what is listed, how long it is, what is enabled.
//!
//! Invariant: no other code branches on an algorithm's name; what is not enabled here is refused
//! everywhere (STANDARDS §5: EdDSA and SHA-256 are enabled, SM2 and SM3 listed and refused).

/// Whether an entry may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Signed and accepted.
    Enabled,
    /// Known by name and length, refused until a release enables it.
    Refused,
}

/// A signature algorithm, named as in a JWS header (`alg`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureAlgorithm {
    /// Its name.
    pub name: &'static str,
    /// Length of a public key in bytes.
    pub key_bytes: usize,
    /// Length of a signature in bytes.
    pub signature_bytes: usize,
    /// Whether it may be used.
    pub standing: Standing,
}

/// A hash algorithm, named as in the trust bundle (`hash`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashAlgorithm {
    /// Its name.
    pub name: &'static str,
    /// Length of a value in bytes.
    pub hash_bytes: usize,
    /// Whether it may be used.
    pub standing: Standing,
}

/// The signature algorithms.
///
/// SM2 (GB/T 32918.2): a key is a compressed point, a signature r ‖ s.
pub const SIGNATURES: [SignatureAlgorithm; 2] = [
    SignatureAlgorithm {
        name: "EdDSA",
        key_bytes: 32,
        signature_bytes: 64,
        standing: Standing::Enabled,
    },
    SignatureAlgorithm {
        name: "SM2",
        key_bytes: 33,
        signature_bytes: 64,
        standing: Standing::Refused,
    },
];

/// The hash algorithms. SM3: GB/T 32905.
pub const HASHES: [HashAlgorithm; 2] = [
    HashAlgorithm {
        name: "SHA-256",
        hash_bytes: 32,
        standing: Standing::Enabled,
    },
    HashAlgorithm {
        name: "SM3",
        hash_bytes: 32,
        standing: Standing::Refused,
    },
];

/// Why an algorithm cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEnabled {
    /// Listed, but no release has enabled it.
    #[error("algorithm {0} is listed but not enabled")]
    Refused(&'static str),
    /// Not in the registry.
    #[error("algorithm {0:?} is unknown")]
    Unknown(String),
}

/// The enabled signature algorithm `alg`.
pub fn signature(alg: &str) -> Result<&'static SignatureAlgorithm, NotEnabled> {
    let entry = SIGNATURES
        .iter()
        .find(|entry| entry.name == alg)
        .ok_or_else(|| NotEnabled::Unknown(alg.into()))?;
    match entry.standing {
        Standing::Enabled => Ok(entry),
        Standing::Refused => Err(NotEnabled::Refused(entry.name)),
    }
}

/// The enabled hash algorithm `hash`.
pub fn hash(hash: &str) -> Result<&'static HashAlgorithm, NotEnabled> {
    let entry = HASHES
        .iter()
        .find(|entry| entry.name == hash)
        .ok_or_else(|| NotEnabled::Unknown(hash.into()))?;
    match entry.standing {
        Standing::Enabled => Ok(entry),
        Standing::Refused => Err(NotEnabled::Refused(entry.name)),
    }
}

/// Whether `alg` (as in a JWS header) is enabled.
pub fn signature_is_enabled(alg: &str) -> bool {
    signature(alg).is_ok()
}
