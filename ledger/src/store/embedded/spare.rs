//! The next segment's file, zeroed before it is needed so that no group waits for it.
//!
//! Invariant: a file named `spare` belongs to nobody and may be overwritten or removed at any time;
//! it becomes part of the log only by its rename.
//! A crash leaves at most one such file, which the next opening removes.

use std::io;
use std::thread::JoinHandle;

use super::disk::{Disk, DiskFile, is_full};

/// Name of the file that is prepared.
pub(super) const SPARE_NAME: &str = "spare";

/// Where the preparation stands.
pub(super) enum Spare<F> {
    /// Nothing is prepared.
    None,
    /// A thread writes zeros.
    Making(JoinHandle<io::Result<F>>),
    /// It is there, durable.
    Ready(F),
}

impl<F: DiskFile> Spare<F> {
    /// Begins to prepare a spare beside the appends, unless that was begun.
    pub(super) fn begin<D: Disk<File = F>>(&mut self, disk: &D, bytes: u32) {
        if matches!(self, Self::None) {
            let disk = disk.clone();
            let making = std::thread::Builder::new()
                .name("spare-segment".into())
                .spawn(move || make(&disk, bytes));
            // Without a thread the append that needs it makes it.
            if let Ok(making) = making {
                *self = Self::Making(making);
            }
        }
    }

    /// The prepared file; made now if there is none, or if the disk was full when it was tried.
    pub(super) fn take<D: Disk<File = F>>(&mut self, disk: &D, bytes: u32) -> io::Result<F> {
        match std::mem::replace(self, Self::None) {
            Self::Ready(file) => Ok(file),
            Self::Making(making) => match making.join() {
                Ok(Err(e)) if !is_full(&e) => Err(e),
                Ok(Ok(file)) => Ok(file),
                _ => make(disk, bytes),
            },
            Self::None => make(disk, bytes),
        }
    }
}

impl<F> Spare<F> {
    /// Waits for the thread: a spare that is written after the lock is gone could hit another's.
    pub(super) fn settle(&mut self) {
        if let Self::Making(making) = std::mem::replace(self, Self::None) {
            // Whatever it says, the file is nobody's.
            drop(making.join());
        }
    }
}

fn make<D: Disk>(disk: &D, bytes: u32) -> io::Result<D::File> {
    let file = disk.create(SPARE_NAME)?;
    let filled = file
        .write_zeros(0, bytes as usize)
        .and_then(|()| file.sync_data());
    if let Err(e) = filled {
        // Half a spare must not keep the space that others wait for; the first error is the news.
        drop(file);
        drop(disk.remove(SPARE_NAME));
        return Err(e);
    }
    Ok(file)
}
