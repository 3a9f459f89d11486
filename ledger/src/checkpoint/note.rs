//! Signed notes (C2SP signed-note): a text, an empty line, one signature a line.
//!
//! Invariant: what is signed is the text with its final newline; signatures of unknown keys are
//! ignored, a false one under a known key condemns the note.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hash::Digest;
use crate::key::{PublicKey, SigningKey};

/// Largest note in bytes.
pub const NOTE_BYTES_MAX: usize = 1 << 20;
/// Most signatures in a note; the specification asks for at least 16.
pub const SIGNATURES_MAX: usize = 64;

/// What a signature line is a signature over (C2SP signed-note "Signature types").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureType {
    /// Ed25519 over the note's text.
    Ed25519,
    /// A witness's timestamped Ed25519 cosignature (C2SP tlog-cosignature v1).
    Cosignature,
}

impl SignatureType {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// Why a text is no signed note, or cannot become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANote {
    /// Larger than [`NOTE_BYTES_MAX`].
    #[error("larger than 1 MiB")]
    TooLarge,
    /// A control character other than newline.
    #[error("a control character")]
    Control,
    /// No empty line before the signatures, or nothing behind it.
    #[error("no text with signatures behind an empty line")]
    NoSignatures,
    /// More than [`SIGNATURES_MAX`] signatures.
    #[error("more than 64 signatures")]
    TooMany,
    /// A line that is not em dash, name, and base64 of a key id and a signature.
    #[error("a signature line that is not «— name base64»")]
    Line,
    /// A key name that is empty or holds a space, `+` or a control character.
    #[error("a key name that is empty or holds a space, + or a control character")]
    Name,
}

/// Why a note is not signed by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// No signature line has this key's name and id.
    #[error("no signature by this key")]
    Unsigned,
    /// A signature line with this key's name and id does not verify.
    #[error("a signature by this key does not verify")]
    False,
}

/// A note, read but not yet checked against a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name of the key.
    pub name: String,
    /// First four bytes of the hash of name, type and key.
    pub key_id: [u8; 4],
    /// What stands behind the key id; its form depends on the key.
    pub bytes: Vec<u8>,
}

impl SignedNote {
    /// Reads a note.
    pub fn parse(note: &str) -> Result<Self, NotANote> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NotANote::TooLarge);
        }
        if note.bytes().any(|b| b < 0x20 && b != b'\n') {
            return Err(NotANote::Control);
        }
        let at = note.rfind("\n\n").ok_or(NotANote::NoSignatures)?;
        let (text, rest) = note.split_at(at + 1);
        let lines = rest
            .strip_prefix('\n')
            .filter(|lines| !lines.is_empty())
            .ok_or(NotANote::NoSignatures)?
            .strip_suffix('\n')
            .ok_or(NotANote::Line)?;
        if lines.split('\n').count() > SIGNATURES_MAX {
            return Err(NotANote::TooMany);
        }
        Ok(Self {
            text: text.into(),
            signatures: lines
                .split('\n')
                .map(Signature::parse)
                .collect::<Result<_, _>>()?,
        })
    }

    /// The signed text, its final newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in order.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Checks that the key `key` of that name signed the text.
    pub fn verify(&self, name: &str, key: &PublicKey) -> Result<(), BadNote> {
        let key_id = key_id(name, SignatureType::Ed25519, key);
        let mut result = Err(BadNote::Unsigned);
        for signature in self.by(name, key_id) {
            let bytes = signature.try_into().map_err(|_| BadNote::False)?;
            key.verify(self.text.as_bytes(), bytes)
                .map_err(|_| BadNote::False)?;
            result = Ok(());
        }
        result
    }

    /// The signatures under a name and key id.
    pub(crate) fn by(&self, name: &str, key_id: [u8; 4]) -> impl Iterator<Item = &[u8]> {
        self.signatures
            .iter()
            .filter(move |line| line.name == name && line.key_id == key_id)
            .map(|line| line.bytes.as_slice())
    }
}

impl Signature {
    fn parse(line: &str) -> Result<Self, NotANote> {
        let (name, base64) = line
            .strip_prefix("\u{2014} ")
            .and_then(|rest| rest.split_once(' '))
            .ok_or(NotANote::Line)?;
        check_name(name)?;
        let bytes = STANDARD.decode(base64).map_err(|_| NotANote::Line)?;
        match bytes.split_first_chunk::<4>() {
            Some((key_id, bytes)) if !bytes.is_empty() => Ok(Self {
                name: name.into(),
                key_id: *key_id,
                bytes: bytes.into(),
            }),
            _ => Err(NotANote::Line),
        }
    }
}

/// The signature line, newline included, by which `key` of that name signs `text`.
pub fn sign(name: &str, key: &SigningKey, text: &str) -> Result<String, NotANote> {
    let signature = key.sign(text.as_bytes());
    line(
        name,
        key_id(name, SignatureType::Ed25519, &key.public()),
        &signature,
    )
}

/// Key id: the first four bytes of SHA-256(name ‖ "\n" ‖ type ‖ key).
pub fn key_id(name: &str, kind: SignatureType, key: &PublicKey) -> [u8; 4] {
    let digest = Digest::of_parts(&[name.as_bytes(), b"\n", &[kind.byte()], key.as_bytes()]);
    let [a, b, c, d, ..] = digest.0;
    [a, b, c, d]
}

/// The verifier key text by which other C2SP tools are told a key: `name+id+base64(type ‖ key)`.
pub fn verifier_key(name: &str, kind: SignatureType, key: &PublicKey) -> String {
    let id = u32::from_be_bytes(key_id(name, kind, key));
    let mut bytes = vec![kind.byte()];
    bytes.extend_from_slice(key.as_bytes());
    format!("{name}+{id:08x}+{}", STANDARD.encode(bytes))
}

/// A signature line, newline included.
pub(crate) fn line(name: &str, key_id: [u8; 4], signature: &[u8]) -> Result<String, NotANote> {
    check_name(name)?;
    let bytes = [&key_id, signature].concat();
    Ok(format!("\u{2014} {name} {}\n", STANDARD.encode(bytes)))
}

fn check_name(name: &str) -> Result<(), NotANote> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(bad) {
        Err(NotANote::Name)
    } else {
        Ok(())
    }
}
