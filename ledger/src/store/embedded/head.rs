//! The head file: how far the log is acknowledged, in two slots written in turn.
//!
//! Invariant: a slot is written only after everything below its position is durable, and never over
//! the slot that counts; so a torn slot means that the group it speaks of is whole on disk.
//! A crash here leaves the older slot in force, and the group above it is accepted on open.

use std::io;

use super::damage::{Damage, Fault};
use super::disk::{Disk, DiskFile};
use super::layout::{HEAD_BYTES, RUNNING_START, SLOT_BYTES, SLOT_STRIDE, Slot};
use crate::hash::Digest;

/// Name of the head file.
pub(super) const HEAD_NAME: &str = "head";
/// Name under which a first head file is prepared.
pub(super) const HEAD_NEW_NAME: &str = "head.new";

/// What the head file says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// The slot that counts.
    pub(super) slot: Slot,
    /// The other slot is unreadable.
    pub(super) one_slot_bad: bool,
}

/// The open head file of a writer.
pub(super) struct HeadFile<F> {
    file: F,
    /// What both slots hold durably.
    slots: [[u8; SLOT_BYTES]; 2],
    pending: [u8; SLOT_BYTES],
    sequence: u64,
}

/// Makes the head file of an empty log, durably.
pub(super) fn create<D: Disk>(disk: &D) -> io::Result<()> {
    let file = disk.create(HEAD_NEW_NAME)?;
    file.write_zeros(0, HEAD_BYTES)?;
    for sequence in [0, 1] {
        let slot = Slot {
            sequence,
            next: 0,
            running: RUNNING_START,
        };
        file.write_all_at(&slot.encode(), slot.offset())?;
    }
    file.sync_data()?;
    // Only now may it bear the name: a head file is whole or absent.
    disk.rename(HEAD_NEW_NAME, HEAD_NAME)?;
    disk.sync_dir()
}

impl<F: DiskFile> HeadFile<F> {
    /// Opens the head file and says what it says. Both slots bad = damage.
    pub(super) fn open<D: Disk<File = F>>(
        disk: &D,
        writable: bool,
    ) -> Result<(Self, Head), super::OpenError> {
        let file = disk.open(HEAD_NAME, writable)?;
        let mut slots = [[0; SLOT_BYTES]; 2];
        let mut found = [None; 2];
        for (i, slot) in slots.iter_mut().enumerate() {
            match file.read_exact_at(slot, (i * SLOT_STRIDE) as u64) {
                Ok(()) => found[i] = Slot::decode(slot).filter(|s| s.sequence % 2 == i as u64),
                // A file cut short has lost the slot.
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(e) => return Err(e.into()),
            }
        }
        let newest = found.iter().flatten().max_by_key(|slot| slot.sequence);
        let Some(slot) = newest.copied() else {
            return Err(Damage {
                file: HEAD_NAME.into(),
                offset: 0,
                position: 0,
                fault: Fault::Slots,
            }
            .into());
        };
        let head = Head {
            slot,
            one_slot_bad: found.iter().any(Option::is_none),
        };
        let sequence = slot.sequence;
        Ok((
            Self {
                file,
                slots,
                pending: [0; SLOT_BYTES],
                sequence,
            },
            head,
        ))
    }

    /// Writes the next slot; it counts only after [`HeadFile::sync`].
    pub(super) fn write(&mut self, next: u64, running: Digest) -> io::Result<()> {
        let slot = Slot {
            sequence: self.sequence + 1,
            next,
            running,
        };
        self.pending = slot.encode();
        self.file.write_all_at(&self.pending, slot.offset())
    }

    /// Makes the slot written last durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.slots[self.next_slot()] = self.pending;
        self.sequence += 1;
        Ok(())
    }

    /// Puts back, durably, the slot that a failed [`HeadFile::write`] may have touched.
    pub(super) fn undo(&mut self) -> io::Result<()> {
        let slot = self.next_slot();
        let offset = (slot * SLOT_STRIDE) as u64;
        self.file.write_all_at(&self.slots[slot], offset)?;
        self.file.sync_data()
    }

    fn next_slot(&self) -> usize {
        usize::from(self.sequence.is_multiple_of(2))
    }
}
