//! A segment as readers see it: a name, a range of positions, a handle opened when first needed.
//!
//! Invariant: of a closed segment nothing changes any more; an offset from its table is only a hint,
//! the record found there proves itself by position and CRC.
//! A crash loses handles and tables, which are rebuilt on demand.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::damage::{Damage, Fault};
use super::disk::DiskFile;
use super::layout::{ENTRY_BYTES, FOOTER_BYTES, Footer, Header, decode_table, segment_name};
use crate::store::ReadError;

/// One segment of the log.
pub(super) struct Segment<F> {
    /// File name.
    pub(super) name: String,
    /// Position of its first record.
    pub(super) first: u64,
    /// Length of the file.
    pub(super) bytes: u32,
    /// What its footer says; `None` = this is the segment that grows.
    pub(super) footer: Option<Footer>,
    /// The open file, if it is held open.
    pub(super) held: RwLock<Option<Arc<Handle<F>>>>,
}

/// An open segment file and, once loaded, its offset table.
pub(super) struct Handle<F> {
    /// The file.
    pub(super) file: F,
    /// The offset table of a closed segment.
    pub(super) table: OnceLock<Vec<u32>>,
}

impl<F: DiskFile> Handle<F> {
    pub(super) fn new(file: F) -> Arc<Self> {
        Arc::new(Self {
            file,
            table: OnceLock::new(),
        })
    }
}

impl<F: DiskFile> Segment<F> {
    /// A segment that takes records.
    pub(super) fn growing(header: &Header, held: Arc<Handle<F>>) -> Self {
        Self {
            name: segment_name(header.first),
            first: header.first,
            bytes: header.bytes,
            footer: None,
            held: RwLock::new(Some(held)),
        }
    }

    /// A segment that a footer closes; its file is opened when first needed.
    pub(super) fn closed(header: &Header, footer: Footer) -> Self {
        Self {
            name: segment_name(header.first),
            first: header.first,
            bytes: header.bytes,
            footer: Some(footer),
            held: RwLock::new(None),
        }
    }

    /// The handle, if the file is open.
    pub(super) fn held(&self) -> Option<Arc<Handle<F>>> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    /// Holds `handle`, or nothing.
    pub(super) fn hold(&self, handle: Option<Arc<Handle<F>>>) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = handle;
    }

    /// Damage in this segment.
    pub(super) fn damage(&self, offset: usize, position: u64, fault: Fault) -> Damage {
        Damage {
            file: self.name.clone(),
            offset: offset as u64,
            position,
            fault,
        }
    }

    /// Offset of the table in the file.
    pub(super) fn table_offset(&self, footer: &Footer) -> usize {
        (self.bytes as usize).saturating_sub(FOOTER_BYTES + ENTRY_BYTES * footer.count as usize)
    }

    /// Reads the offset table and checks it against the footer.
    pub(super) fn load_table(&self, file: &F, footer: &Footer) -> Result<Vec<u32>, ReadError> {
        let offset = self.table_offset(footer);
        let mut bytes = vec![0; ENTRY_BYTES * footer.count as usize];
        file.read_exact_at(&mut bytes, offset as u64)?;
        if crc32c::crc32c(&bytes) != footer.table_crc {
            return Err(self.damage(offset, self.first, Fault::Table).into());
        }
        Ok(decode_table(&bytes))
    }

    /// Offsets of the records `i` and `j` (`j` = count: behind the last) from the table on disk.
    pub(super) fn entries(
        &self,
        file: &F,
        footer: &Footer,
        i: usize,
        j: usize,
    ) -> Result<(u32, u32), ReadError> {
        let entry = |n: usize| -> Result<u32, ReadError> {
            if n >= footer.count as usize {
                return Ok(footer.end);
            }
            let mut bytes = [0; ENTRY_BYTES];
            let offset = self.table_offset(footer) + ENTRY_BYTES * n;
            file.read_exact_at(&mut bytes, offset as u64)?;
            Ok(u32::from_le_bytes(bytes))
        };
        let (start, end) = (entry(i)?, entry(j)?);
        if start >= end || end > footer.end {
            let offset = self.table_offset(footer) + ENTRY_BYTES * i;
            let position = self.first + i as u64;
            return Err(self.damage(offset, position, Fault::Table).into());
        }
        Ok((start, end))
    }
}
