//! The file layer under the embedded store: the only place that names the operating system's files.
//!
//! Invariant: bytes are durable after `sync_data` of their file returned `Ok`, names after `sync_dir`
//! returned `Ok`, and nothing earlier. The store is written against these traits so that the tests
//! can put a disk that tears, loses and fails under the same code (tests/src/support).
//! A crash here leaves what the last syncs promised and any part of the rest.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One directory of flat files.
pub trait Disk: Clone + Send + Sync + 'static {
    /// An open file.
    type File: DiskFile;
    /// Holds the directory for one process until dropped.
    type Lock: Send + Sync;

    /// Opens an existing file, for writing too if `writable`.
    fn open(&self, name: &str, writable: bool) -> io::Result<Self::File>;
    /// Creates a file, or empties the one that has this name, for reading and writing.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Renames a file, replacing `to`.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// The names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes creations, renames and removals so far durable.
    fn sync_dir(&self) -> io::Result<()>;
    /// Takes the lock file `name`; `None` while somebody else holds it.
    fn try_lock(&self, name: &str) -> io::Result<Option<Self::Lock>>;
}

/// One open file, read and written by offset so that readers share it without a seek position.
pub trait DiskFile: Send + Sync + 'static {
    /// Reads at most `buffer.len()` bytes at `offset`; 0 at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes at most `bytes.len()` bytes at `offset`, and says how many.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Makes all bytes written so far durable, and the length that reaches them.
    fn sync_data(&self) -> io::Result<()>;

    /// Fills `buffer` from `offset`; `UnexpectedEof` if the file ends before.
    fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => {
                    buffer = &mut buffer[n..];
                    offset += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Writes all of `bytes` at `offset`: one call unless the system writes short.
    fn write_all_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.write_at(bytes, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => {
                    bytes = &bytes[n..];
                    offset += n as u64;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Writes `length` zero bytes at `offset`.
    fn write_zeros(&self, offset: u64, length: usize) -> io::Result<()> {
        const CHUNK: usize = 1 << 20;
        let zeros = vec![0; length.min(CHUNK)];
        let mut done = 0;
        while done < length {
            let part = (length - done).min(CHUNK);
            self.write_all_at(&zeros[..part], offset + done as u64)?;
            done += part;
        }
        Ok(())
    }
}

/// Says whether the system refused for lack of space: the one failure that passes by itself.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// A directory of the operating system.
#[derive(Debug, Clone)]
pub struct OsDisk(Arc<Path>);

/// The lock file, locked as long as this lives.
#[derive(Debug)]
pub struct OsLock {
    _file: File,
}

impl OsDisk {
    /// An existing directory.
    pub fn at(dir: &Path) -> Self {
        Self(dir.into())
    }

    /// Makes the directory and its missing parents durably, then as [`OsDisk::at`].
    pub fn make(dir: &Path) -> io::Result<Self> {
        let missing: Vec<&Path> = dir.ancestors().take_while(|d| !d.exists()).collect();
        std::fs::create_dir_all(dir)?;
        for made in missing {
            // A relative path's topmost parent is the empty path: the working directory.
            let parent = match made.parent() {
                Some(p) if !p.as_os_str().is_empty() => p,
                _ => Path::new("."),
            };
            File::open(parent)?.sync_all()?;
        }
        Ok(Self::at(dir))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Disk for OsDisk {
    type File = File;
    type Lock = OsLock;

    fn open(&self, name: &str, writable: bool) -> io::Result<File> {
        let path = self.path(name);
        OpenOptions::new().read(true).write(writable).open(path)
    }

    fn create(&self, name: &str) -> io::Result<File> {
        let path = self.path(name);
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        std::fs::remove_file(self.path(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    fn try_lock(&self, name: &str) -> io::Result<Option<OsLock>> {
        let path = self.path(name);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(OsLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

impl DiskFile for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::write_at(self, bytes, offset)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }
}
