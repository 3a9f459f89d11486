//! Ed25519 keys under the one strict rule (docs/FORMAT.md "Ed25519", STANDARDS §5).
//!
//! Invariant: a [`PublicKey`] is a canonical encoding of a point that is not of small order, so
//! every signature is judged by rules 1 to 4 and by nothing else, here, in the browser and offline.
//! A crash here means that this machine computed a signature that does not verify: it must stop.

pub mod file;

use std::fmt;

use ed25519_dalek::Signer as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Multicodec prefix of an Ed25519 public key (`0xed`, as a varint).
const ED25519_PUB: [u8; 2] = [0xed, 0x01];

/// The signature does not hold under the one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// Why bytes or a text are no acceptable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// The bytes encode no point of the curve (rule 2).
    #[error("the key is no point of the curve")]
    NotAPoint,
    /// The bytes are another encoding of a point than its only canonical one (rule 2).
    #[error("the key is not in its canonical encoding")]
    NotCanonical,
    /// One of the 8 points of small order (rule 3): it would fit signatures nobody made.
    #[error("the key is a point of small order")]
    SmallOrder,
    /// A point with a component of small order (rule 5): refused when a key is registered.
    #[error("the key is a point of mixed order")]
    MixedOrder,
    /// The text is not `z` and base58btc of 0xed 0x01 and 32 bytes.
    #[error("the key is not an Ed25519 Multikey (z6Mk…)")]
    NotAMultikey,
    /// The text is not `did:key:` and a Multikey.
    #[error("the key is not a did:key (did:key:z6Mk…)")]
    NotADidKey,
}

/// A verification key. In JSON it is its Multikey text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// A key that signatures may be checked with: rules 2 and 3 hold for it.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NotAKey> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| NotAKey::NotAPoint)?;
        // The library also decodes y ≥ p and a sign bit on x = 0: only re-encoding tells.
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(NotAKey::NotCanonical);
        }
        if key.is_weak() {
            return Err(NotAKey::SmallOrder);
        }
        Ok(Self(key))
    }

    /// A key that may be registered for an institution, device, log or witness: rule 5 holds too.
    pub fn register(bytes: &[u8; 32]) -> Result<Self, NotAKey> {
        let key = Self::from_bytes(bytes)?;
        if key.0.to_edwards().is_torsion_free() {
            Ok(key)
        } else {
            Err(NotAKey::MixedOrder)
        }
    }

    /// Accepts iff rules 1 to 4 hold.
    pub fn verify(&self, message: &[u8], signature: &[u8; 64]) -> Result<(), BadSignature> {
        self.0
            .verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature))
            .map_err(|_| BadSignature)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Its Multikey text: `z6Mk…`, 48 characters.
    pub fn multikey(&self) -> String {
        let mut bytes = [0; 34];
        bytes[..2].copy_from_slice(&ED25519_PUB);
        bytes[2..].copy_from_slice(self.as_bytes());
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// Reads a Multikey text.
    pub fn from_multikey(text: &str) -> Result<Self, NotAKey> {
        let mut bytes = [0; 34];
        let length = text
            .strip_prefix('z')
            .and_then(|base58| bs58::decode(base58).onto(&mut bytes).ok());
        match (length, bytes.split_first_chunk::<2>()) {
            (Some(34), Some((&ED25519_PUB, key))) => {
                let key = key.try_into().map_err(|_| NotAKey::NotAMultikey)?;
                Self::from_bytes(key)
            }
            _ => Err(NotAKey::NotAMultikey),
        }
    }

    /// Its did:key: `did:key:z6Mk…`.
    pub fn did_key(&self) -> String {
        format!("did:key:{}", self.multikey())
    }

    /// The only verification method of its did:key: `did:key:z6Mk…#z6Mk…`.
    pub fn did_key_method(&self) -> String {
        let multikey = self.multikey();
        format!("did:key:{multikey}#{multikey}")
    }

    /// Reads a did:key, with or without its one verification method.
    pub fn from_did_key(text: &str) -> Result<Self, NotAKey> {
        let name = text.strip_prefix("did:key:").ok_or(NotAKey::NotADidKey)?;
        let multikey = match name.split_once('#') {
            Some((multikey, fragment)) if fragment == multikey => multikey,
            Some(_) => return Err(NotAKey::NotADidKey),
            None => name,
        };
        Self::from_multikey(multikey)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.multikey())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.multikey())
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_multikey(&text).map_err(serde::de::Error::custom)
    }
}

/// A signing key; its seed is wiped when dropped and never printed.
pub struct SigningKey {
    secret: ed25519_dalek::SigningKey,
    public: PublicKey,
}

impl SigningKey {
    /// The key of a 32-byte seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        // The scalar is clamped: never small order, never mixed order, canonical by construction.
        let public = PublicKey(secret.verifying_key());
        Self { secret, public }
    }

    /// A new key from the operating system's randomness.
    pub fn generate() -> Self {
        Self::from_seed(&Zeroizing::new(crate::clock::random()))
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        self.public.clone()
    }

    /// Signs deterministically (RFC 8032) and checks the bytes by rules 1 to 4 before they leave.
    ///
    /// A faulty processor can make a signature that gives the key away, so none leaves unchecked;
    /// the check costs about one verification. If it fails the process stops: nothing this machine
    /// computes can be trusted any more.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature = self.secret.sign(message).to_bytes();
        if self.public.verify(message, &signature).is_err() {
            std::process::abort();
        }
        signature
    }

    /// Its seed, for the key file.
    fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.secret.to_bytes())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public)
    }
}
