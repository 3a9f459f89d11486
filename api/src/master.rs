//! The master key: one file, readable by its owner only, under which every other key is wrapped.
//!
//! Invariant: a master key file is never replaced here, and a key is in use only when its file is
//! durable. A crash while it is made leaves at most a file ending in `.new` that nothing reads.
//! Form of the file: `xuefen-master-v1`, then base64url of 32 bytes, a line each.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::seal::{MacKey, SealKey};

pub mod files;
mod masters;

pub(crate) use masters::Keys;
pub use masters::Masters;

/// First line of a master key file.
const TAG: &str = "xuefen-master-v1";
/// A master key file is far shorter; what is longer is something else.
const FILE_BYTES_MAX: u64 = 256;

/// Names a file that holds the master key, instead of `<data>/keys/master.key`.
pub const FILE_VARIABLE: &str = "XUEFEN_MASTER_KEY_FILE";
/// Where systemd puts the credentials of a service; the master key is one of them by this name.
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
/// Name of that credential (`LoadCredential=xuefen-master-key:…`).
const CREDENTIAL: &str = "xuefen-master-key";

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The operating system refused.
    #[error("master key {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Others than the owner may read or change it.
    #[error("master key {path} has mode {mode:04o}: only its owner may have access (chmod 600)")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not of the form.
    #[error("{path} is no master key file (xuefen-master-v1 and 32 bytes of base64url)")]
    Form {
        /// The file.
        path: PathBuf,
    },
}

/// The key that wraps the others. Cloning shares it; it is wiped with its last owner.
#[derive(Clone)]
pub struct MasterKey(Arc<SealKey>);

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey")
    }
}

impl MasterKey {
    /// Of the named file, or of the data directory: the newest key alone. A named file is never
    /// made: if it is missing, somebody forgot to mount it, and a new key would open nothing.
    pub fn of_file_or_data_dir(named: Option<&Path>, data: &Path) -> Result<Self, MasterKeyError> {
        match named {
            Some(path) => Self::load(path),
            None => Self::load_or_create(&data.join("keys").join("master.key")),
        }
    }

    /// The master key of a data directory, of the file that the surroundings name, or its own.
    pub fn of_data_dir(data: &Path) -> Result<Self, MasterKeyError> {
        Self::of_file_or_data_dir(named(FILE_VARIABLE, CREDENTIAL).as_deref(), data)
    }

    /// Reads the file at `path`, or makes it (mode 0600, its directory 0700) with a new random key.
    pub fn load_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        match Self::load(path) {
            Err(MasterKeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create(path).map_err(|source| MasterKeyError::Io {
                    path: path.into(),
                    source,
                })?;
                // Of two that make it at once, both read the one that came first.
                Self::load(path)
            }
            loaded => loaded,
        }
    }

    /// Reads the file at `path`.
    pub fn load(path: &Path) -> Result<Self, MasterKeyError> {
        let text = read(path)?;
        let form = || MasterKeyError::Form { path: path.into() };
        let line = text
            .strip_prefix(TAG)
            .and_then(|rest| rest.strip_prefix('\n'))
            .and_then(|rest| rest.strip_suffix('\n'))
            .ok_or_else(form)?;
        let mut bytes = Zeroizing::new([0; 32]);
        match URL_SAFE_NO_PAD.decode_slice(line, bytes.as_mut_slice()) {
            Ok(32) => Ok(Self(Arc::new(SealKey::of(bytes)))),
            _ => Err(form()),
        }
    }

    /// A key that was kept under another one.
    pub(crate) fn of_key(key: SealKey) -> Self {
        Self(Arc::new(key))
    }

    /// Whether both are the same key.
    pub fn is(&self, other: &Self) -> bool {
        let shown = |it: &Self| it.mac_key("same").mac(&[]);
        shown(self) == shown(other)
    }

    /// The key itself, to seal with.
    pub(crate) fn seal_key(&self) -> &SealKey {
        &self.0
    }

    /// A sealing key of its own for `domain`, derived from this one.
    pub(crate) fn sub_key(&self, domain: &str) -> SealKey {
        let derived = MacKey::of(SealKey::of(Zeroizing::new(*self.0.expose())))
            .mac(&[b"xuefen-derive-seal-v1\0", domain.as_bytes()]);
        SealKey::of(Zeroizing::new(derived))
    }

    /// A hashing key of its own for `domain`, derived from this one.
    pub(crate) fn mac_key(&self, domain: &str) -> MacKey {
        let derived = MacKey::of(SealKey::of(Zeroizing::new(*self.0.expose())))
            .mac(&[b"xuefen-derive-v1\0", domain.as_bytes()]);
        MacKey::of(SealKey::of(Zeroizing::new(derived)))
    }
}

/// The file that a variable names, else a credential of the service, if it was given.
fn named(variable: &str, credential: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    named.or_else(|| {
        let given = PathBuf::from(std::env::var_os(CREDENTIALS_VARIABLE)?).join(credential);
        given.exists().then_some(given)
    })
}

fn read(path: &Path) -> Result<Zeroizing<String>, MasterKeyError> {
    let io = |source| MasterKeyError::Io {
        path: path.into(),
        source,
    };
    let file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Exposed {
            path: path.into(),
            mode,
        });
    }
    // Room for all of it, so that no copy is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(512));
    file.take(FILE_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    let text =
        std::str::from_utf8(&bytes).map_err(|_| MasterKeyError::Form { path: path.into() })?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn create(path: &Path) -> io::Result<()> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)?;
    let key = SealKey::random();
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(key.expose()));
    let text = Zeroizing::new(format!("{TAG}\n{}\n", *encoded));
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".{}.new", ledger::clock::uuid_v4()));
    let new = PathBuf::from(new);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // A link never replaces a file, as a rename would.
    let linked = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    File::open(directory)?.sync_all()?;
    match directory.parent() {
        Some(above) if !above.as_os_str().is_empty() => File::open(above)?.sync_all(),
        _ => Ok(()),
    }
}
