//! A signing key in a file: three lines, readable by its owner only.
//!
//! Invariant: a file written here is never replaced, and `write` returns only when it is durable,
//! so no key is used that a crash could lose. A crash during `write` leaves a file that `read`
//! refuses; nothing was signed with it. Form: `xuefen-key-v1`, key name, base64url seed, a line each.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::SigningKey;
use crate::assertion::Kid;

/// First line of a key file.
const TAG: &str = "xuefen-key-v1";
/// A key file is far shorter; what is longer is something else.
const FILE_BYTES_MAX: u64 = 1024;

/// Why a key file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The operating system refused.
    #[error("key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others than the owner may read or change it.
    #[error("key file {path} has mode {mode:04o}: only its owner may have access (chmod 600)")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not of the form.
    #[error("{path} is no key file: {what}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
}

/// Writes `key` under its name to a new file of mode 0600; an existing file is an error.
pub fn write(path: &Path, kid: &Kid, key: &SigningKey) -> Result<(), KeyFileError> {
    let seed = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.seed().as_slice()));
    let text = Zeroizing::new(format!("{TAG}\n{kid}\n{}\n", *seed));
    let store = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // Without this a crash can lose the name of a file whose bytes are safe.
        crate::durable::sync_directory_of(path)
    };
    store().map_err(|source| KeyFileError::Io {
        path: path.into(),
        source,
    })
}

/// Reads a key and its name.
pub fn read(path: &Path) -> Result<(Kid, SigningKey), KeyFileError> {
    let text = load(path)?;
    let form = |what| KeyFileError::Form {
        path: path.into(),
        what,
    };
    let mut lines = text.split('\n');
    if lines.next() != Some(TAG) {
        return Err(form("the first line is not xuefen-key-v1"));
    }
    let kid = lines
        .next()
        .and_then(|line| Kid::parse(line).ok())
        .ok_or_else(|| form("the second line is no key name"))?;
    let mut seed = Zeroizing::new([0; 32]);
    let decoded = lines
        .next()
        .map(|line| URL_SAFE_NO_PAD.decode_slice(line, seed.as_mut_slice()));
    if !matches!(decoded, Some(Ok(32))) {
        return Err(form("the third line is not 32 bytes of base64url"));
    }
    if lines.next() != Some("") || lines.next().is_some() {
        return Err(form("it does not end behind the third line"));
    }
    Ok((kid, SigningKey::from_seed(&seed)))
}

fn load(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let io = |source| KeyFileError::Io {
        path: path.into(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed {
            path: path.into(),
            mode,
        });
    }
    let mut text = Zeroizing::new(String::with_capacity(512));
    file.take(FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(io)?;
    Ok(text)
}
