//! The mutable store beside the log: bytes by (space, key) with an optional expiry, in transactions.
//!
//! Invariant: erasable, never a source of facts; nothing here can change what the log says.
//! A crash leaves each transaction whole or absent.

pub mod sqlite;

/// Why the side store did not answer.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    /// The database refused or failed.
    #[error("side store: {0}")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// No room left on the disk: nothing was written, and the same write succeeds once there is room.
    #[error("side store: the disk is full ({0})")]
    Full(String),
    /// The file is not what a side store writes: restore it from its backup.
    #[error("side store: the file is damaged or not a side store ({0}); restore it from a backup")]
    Damaged(String),
    /// The operating system refused.
    #[error("side store: {0}")]
    Io(#[from] std::io::Error),
}

/// One entry: key, value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// Reads and writes inside one transaction. Expired entries are never seen.
pub trait Transaction {
    /// The value of (space, key).
    fn get(&mut self, space: &str, key: &[u8]) -> Result<Option<Vec<u8>>, SideError>;
    /// Writes (space, key); `expires_at_ms` is Unix time in milliseconds, `None` = never.
    fn put(
        &mut self,
        space: &str,
        key: &[u8],
        value: &[u8],
        expires_at_ms: Option<i64>,
    ) -> Result<(), SideError>;
    /// Writes (space, key) iff it is absent (or expired); says whether it did.
    fn put_new(
        &mut self,
        space: &str,
        key: &[u8],
        value: &[u8],
        expires_at_ms: Option<i64>,
    ) -> Result<bool, SideError>;
    /// Deletes (space, key); says whether it was there.
    fn delete(&mut self, space: &str, key: &[u8]) -> Result<bool, SideError>;
    /// Up to `limit` entries whose key starts with `prefix`, in key order, after `after`.
    fn scan(
        &mut self,
        space: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, SideError>;
}

/// A side store.
pub trait Side: Send + Sync {
    /// Runs `work` in one write transaction: commits if it returns `Ok`, else rolls back. Durable on return.
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), SideError>,
    ) -> Result<(), SideError>;
    /// The value of (space, key).
    fn get(&self, space: &str, key: &[u8]) -> Result<Option<Vec<u8>>, SideError>;
    /// As [`Transaction::scan`], outside a write.
    fn scan(
        &self,
        space: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, SideError>;
    /// Deletes what has expired, so that what lives for a minute does not fill the disk.
    fn sweep(&self) -> Result<(), SideError>;
    /// Deletes what has expired and leaves no byte of deleted values in any file of the store.
    fn scrub(&self) -> Result<(), SideError>;
}
