//! What lies where under a data directory.
//!
//! Invariant: `log/`, `keys/` and the two vault files are the only things that cannot be made again.
//! One process holds `lock` while it writes; `log audit` needs no lock.

use std::fs::{File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A data directory.
#[derive(Debug, Clone)]
pub struct DataDir(PathBuf);

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another process works on it.
    #[error("{0} is in use by another process: stop it, or name another --data-dir")]
    InUse(PathBuf),
    /// There is no ledger in it.
    #[error("{0} holds no ledger: run `xuefen init --host HOST --data-dir {0}` first")]
    Empty(PathBuf),
    /// There is a ledger in it already.
    #[error("{0} holds a ledger or other files: genesis is made in an empty directory only")]
    NotEmpty(PathBuf),
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// Which path.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
}

/// The lock of a data directory; released when dropped.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not read")] File);

impl DataDir {
    /// The directory at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The commits.
    pub fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// The views.
    pub fn views(&self) -> PathBuf {
        self.0.join("views")
    }

    /// Sealed values.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault.db")
    }

    /// Wrapped keys; its backups live at most 30 days.
    pub fn vault_keys(&self) -> PathBuf {
        self.0.join("vault-keys.db")
    }

    /// Tokens, imports, idempotent answers.
    pub fn side(&self) -> PathBuf {
        self.0.join("side.db")
    }

    /// Key files, mode 0700.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// The key file of the registrar's key `fragment`.
    pub fn key(&self, fragment: &str) -> PathBuf {
        self.keys().join(format!("{fragment}.key"))
    }

    /// The trust bundle.
    pub fn trust(&self) -> PathBuf {
        self.0.join("trust.json")
    }

    /// What the demo made.
    pub fn demo(&self) -> PathBuf {
        self.0.join("demo.json")
    }

    /// Whether a ledger stands here.
    pub fn has_ledger(&self) -> bool {
        self.log().join("head").exists()
    }

    /// Takes the lock of the directory, which is made if it is missing. Of one that is there nothing
    /// is changed: whoever locks it to write first asks [`DataDir::require_empty`] or
    /// [`DataDir::require_ledger`], and then closes it to others.
    pub fn lock(&self) -> Result<Lock, DataDirError> {
        let io = |source| DataDirError::Io {
            path: self.0.clone(),
            source,
        };
        // Whoever may not enter the directory reads no file in it, whatever the files' own modes.
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(io)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.0.join("lock"))
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(self.0.clone())),
            Err(TryLockError::Error(source)) => Err(io(source)),
        }
    }

    /// Closes the directory to others: one that was there before may be open to all. A group that was
    /// let in stays.
    pub fn close_to_others(&self) -> Result<(), DataDirError> {
        let io = |source| DataDirError::Io {
            path: self.0.clone(),
            source,
        };
        let found = std::fs::metadata(&self.0).map_err(io)?.permissions();
        if found.mode() & 0o007 != 0 {
            let closed = Permissions::from_mode(found.mode() & !0o007);
            std::fs::set_permissions(&self.0, closed).map_err(io)?;
        }
        Ok(())
    }

    /// Refuses a directory that holds anything but its lock; one that is missing holds nothing.
    pub fn require_empty(&self) -> Result<(), DataDirError> {
        let io = |source| DataDirError::Io {
            path: self.0.clone(),
            source,
        };
        let mut entries = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(io)?,
        };
        let other = entries.any(|entry| entry.is_ok_and(|entry| entry.file_name() != "lock"));
        if other {
            Err(DataDirError::NotEmpty(self.0.clone()))
        } else {
            Ok(())
        }
    }

    /// Refuses a directory without a ledger.
    pub fn require_ledger(&self) -> Result<(), DataDirError> {
        if self.has_ledger() {
            Ok(())
        } else {
            Err(DataDirError::Empty(self.0.clone()))
        }
    }
}
