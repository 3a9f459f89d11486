//! Checkpoints: the signed statement "this log has this size and this root" (C2SP tlog-checkpoint).
//!
//! Invariant: the text form is the only one of its origin, size and root, so a signature over it is
//! a signature over them. Never two roots of one size: that is the caller's promise, which
//! witnesses watch. Form: docs/FORMAT.md "Checkpoint".

pub mod note;

use std::fmt;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::durable;
use crate::hash::Digest;
use crate::key::{PublicKey, SigningKey};
pub use note::{BadNote, NotANote, SignatureType, SignedNote};

/// File name of the published checkpoint in the log's directory, beside `tile/`.
pub const FILE: &str = "checkpoint";

/// A log's size and root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log: `<host>/log/<generation>`.
    pub origin: String,
    /// Number of commits.
    pub size: u64,
    /// RFC 6962 root of that size.
    pub root: Digest,
}

/// Why a text is no checkpoint of a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// Not a signed note.
    #[error("the checkpoint is no signed note: {0}")]
    Note(#[from] NotANote),
    /// The note's text is not origin, size and root.
    #[error("not a checkpoint: {0}")]
    Form(&'static str),
    /// It belongs to another log.
    #[error("the checkpoint is of the log {0:?}")]
    Origin(String),
    /// The log's signature is missing or false.
    #[error("the checkpoint's signature: {0}")]
    Signature(#[from] BadNote),
}

impl Checkpoint {
    /// The signed note over (origin, size, root) by the log's checkpoint key.
    ///
    /// Refuses an origin that cannot be a key name: empty, or with spaces, `+` or line ends.
    pub fn sign(
        origin: &str,
        size: u64,
        root: &Digest,
        key: &SigningKey,
    ) -> Result<String, NotANote> {
        let body = Self {
            origin: origin.into(),
            size,
            root: *root,
        }
        .to_string();
        let signature = note::sign(origin, key, &body)?;
        Ok(format!("{body}\n{signature}"))
    }

    /// Reads a note's text; extension lines are allowed and not looked at.
    pub fn parse(body: &str) -> Result<Self, BadCheckpoint> {
        let text = body
            .strip_suffix('\n')
            .ok_or(BadCheckpoint::Form("it does not end with a newline"))?;
        let mut lines = text.split('\n');
        let mut line = |missing| {
            lines
                .next()
                .filter(|line| !line.is_empty())
                .ok_or(BadCheckpoint::Form(missing))
        };
        let origin = line("no origin line")?;
        let size = line("no size line")?;
        let root = line("no root line")?;
        if lines.any(str::is_empty) {
            return Err(BadCheckpoint::Form("an empty extension line"));
        }
        Ok(Self {
            origin: origin.into(),
            size: decimal(size).ok_or(BadCheckpoint::Form("the size is no plain decimal"))?,
            root: hash(root).ok_or(BadCheckpoint::Form("the root is not base64 of 32 bytes"))?,
        })
    }

    /// Reads a note and checks that the log `origin` with `key` signed it.
    pub fn open(
        text: &str,
        origin: &str,
        key: &PublicKey,
    ) -> Result<(Self, SignedNote), BadCheckpoint> {
        let note = SignedNote::parse(text)?;
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin != origin {
            return Err(BadCheckpoint::Origin(checkpoint.origin));
        }
        note.verify(origin, key)?;
        Ok((checkpoint, note))
    }
}

/// The body: origin, size and root, a line each.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = STANDARD.encode(self.root.0);
        write!(f, "{}\n{}\n{root}\n", self.origin, self.size)
    }
}

/// Replaces the published checkpoint under `directory`; durable on return.
///
/// Its tiles must be durable before: [`crate::tile::Tiles::publish`].
pub fn store(directory: &Path, text: &str) -> io::Result<()> {
    let file = directory.join(FILE);
    durable::replace(&file, text.as_bytes())?;
    durable::sync_directory_of(&file)
}

/// The published checkpoint's text; `None` if none was published yet.
pub fn load(directory: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(directory.join(FILE)) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// A decimal in its only form: no sign, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash in base64 with padding.
pub(crate) fn hash(text: &str) -> Option<Digest> {
    let bytes = STANDARD.decode(text).ok()?;
    bytes.try_into().ok().map(Digest)
}
