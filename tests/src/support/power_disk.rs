//! A disk in memory whose power can be cut (SECURITY §9(a)): it tears, reorders and forgets whatever
//! was not synced, at the granularity of sectors, and names of files alike.
//!
//! Invariant: after a cut, bytes and names that a sync covered are there; of the rest any part is.
//! With a [`Lie`] told, the disk breaks that promise: the tests' proof that they would notice.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::store::embedded::{Disk, DiskFile};

use super::seeded::Seeded;

const SECTOR_BYTES: usize = 512;

/// A promise that the disk breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// `sync_data` says yes and does nothing.
    DataSync,
    /// `sync_dir` says yes and does nothing.
    DirSync,
    /// `sync_data` says yes and works only two syncs later: as if the store acknowledged a group
    /// before the syncs of its records and of the head.
    LateSync,
}

#[derive(Debug, Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    current: Vec<u8>,
    /// Sectors of `current` written since the last sync.
    dirty: BTreeSet<usize>,
}

impl Inode {
    fn sync(&mut self) {
        self.durable.resize(self.current.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            self.copy(sector, SECTOR_BYTES);
        }
    }

    /// Makes the first `bytes` bytes of a sector durable.
    fn copy(&mut self, sector: usize, bytes: usize) {
        let start = sector * SECTOR_BYTES;
        let end = (start + bytes)
            .min(self.durable.len())
            .min(self.current.len());
        if start < end {
            self.durable[start..end].copy_from_slice(&self.current[start..end]);
        }
    }

    fn crash(&mut self, seeded: &mut Seeded) {
        if self.durable.len() != self.current.len() && seeded.once_in(2) {
            self.durable.resize(self.current.len(), 0);
        }
        // Some crashes keep next to nothing, some next to all: the rare ones tell most.
        let keep = seeded.below(5);
        for sector in std::mem::take(&mut self.dirty) {
            if seeded.below(4) < keep {
                let torn = seeded.once_in(8);
                let bytes = if torn {
                    seeded.below(SECTOR_BYTES)
                } else {
                    SECTOR_BYTES
                };
                self.copy(sector, bytes);
            }
        }
        self.current = self.durable.clone();
    }
}

#[derive(Debug, Clone)]
enum NameChange {
    Link(String, usize),
    Unlink(String),
    Rename(String, String, usize),
}

#[derive(Debug)]
struct Machine {
    seeded: Seeded,
    lie: Option<Lie>,
    inodes: Vec<Inode>,
    current: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    changes: Vec<NameChange>,
    /// Changing calls until the power goes; `None` = it stays.
    calls_left: Option<usize>,
    off: bool,
    late: Vec<usize>,
}

impl Machine {
    /// Counts a changing call. The one during which the power goes still reaches the cache.
    fn call(&mut self) -> io::Result<bool> {
        if self.off {
            return Err(io::Error::other("the power is off"));
        }
        if let Some(left) = &mut self.calls_left {
            self.off = *left == 0;
            *left = left.saturating_sub(1);
        }
        Ok(self.off)
    }

    fn apply(names: &mut BTreeMap<String, usize>, change: &NameChange) {
        match change {
            NameChange::Link(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            NameChange::Unlink(name) => {
                names.remove(name);
            }
            NameChange::Rename(from, to, inode) => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
        }
    }

    fn change(&mut self, change: NameChange) -> io::Result<()> {
        let cut = self.call()?;
        Self::apply(&mut self.current, &change);
        self.changes.push(change);
        answer(cut)
    }

    fn inode(&self, name: &str) -> io::Result<usize> {
        let inode = self.current.get(name).copied();
        inode.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn answer(cut: bool) -> io::Result<()> {
    if cut {
        return Err(io::Error::other("the power went"));
    }
    Ok(())
}

/// The disk; clones are the same disk.
#[derive(Debug, Clone)]
pub struct PowerDisk(Arc<Mutex<Machine>>);

/// A file of it.
#[derive(Debug)]
pub struct PowerFile {
    disk: PowerDisk,
    inode: usize,
}

impl PowerDisk {
    /// An empty disk that shakes by this seed.
    pub fn new(seed: u64, lie: Option<Lie>) -> Self {
        Self::holding(seed, lie, &BTreeMap::new())
    }

    /// A disk that holds these files, durably.
    pub fn holding(seed: u64, lie: Option<Lie>, files: &BTreeMap<String, Vec<u8>>) -> Self {
        let inodes = files.values().map(|bytes| Inode {
            durable: bytes.clone(),
            current: bytes.clone(),
            dirty: BTreeSet::new(),
        });
        let names: BTreeMap<_, _> = files.keys().cloned().zip(0..).collect();
        Self(Arc::new(Mutex::new(Machine {
            seeded: Seeded::new(seed),
            lie,
            inodes: inodes.collect(),
            current: names.clone(),
            durable: names,
            changes: Vec::new(),
            calls_left: None,
            off: false,
            late: Vec::new(),
        })))
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the power go during the changing call after `calls` more.
    pub fn cut_after(&self, calls: usize) {
        self.machine().calls_left = Some(calls);
    }

    /// Says whether the power is gone.
    pub fn is_off(&self) -> bool {
        self.machine().off
    }

    /// Loses what was not durable, more or less, and turns the power on again.
    pub fn crash(&self) {
        let mut machine = self.machine();
        let machine = &mut *machine;
        machine.late.clear();
        for inode in &mut machine.inodes {
            if !inode.dirty.is_empty() || inode.durable.len() != inode.current.len() {
                inode.crash(&mut machine.seeded);
            }
        }
        for change in std::mem::take(&mut machine.changes) {
            if machine.seeded.once_in(2) {
                Machine::apply(&mut machine.durable, &change);
            }
        }
        machine.current = machine.durable.clone();
        machine.calls_left = None;
        machine.off = false;
    }

    /// All files as the operating system shows them now.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let machine = self.machine();
        let names = machine.current.iter();
        names
            .map(|(name, inode)| (name.clone(), machine.inodes[*inode].current.clone()))
            .collect()
    }
}

impl PowerFile {
    /// What Linux does after a failed sync: the pages count as clean, so that no later sync writes
    /// them, while reads still show them.
    pub fn forget_unsynced(&self) {
        let mut machine = self.disk.machine();
        machine.inodes[self.inode].dirty.clear();
    }
}

impl Disk for PowerDisk {
    type File = PowerFile;
    type Lock = ();

    fn open(&self, name: &str, _writable: bool) -> io::Result<PowerFile> {
        let inode = self.machine().inode(name)?;
        let disk = self.clone();
        Ok(PowerFile { disk, inode })
    }

    fn create(&self, name: &str) -> io::Result<PowerFile> {
        let mut machine = self.machine();
        let inode = machine.inodes.len();
        machine.inodes.push(Inode::default());
        machine.change(NameChange::Link(name.into(), inode))?;
        let disk = self.clone();
        Ok(PowerFile { disk, inode })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut machine = self.machine();
        let inode = machine.inode(from)?;
        machine.change(NameChange::Rename(from.into(), to.into(), inode))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut machine = self.machine();
        machine.inode(name)?;
        machine.change(NameChange::Unlink(name.into()))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.machine().current.keys().cloned().collect())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut machine = self.machine();
        let cut = machine.call()?;
        if !cut && machine.lie != Some(Lie::DirSync) {
            machine.changes.clear();
            machine.durable = machine.current.clone();
        }
        answer(cut)
    }

    fn try_lock(&self, _name: &str) -> io::Result<Option<()>> {
        Ok(Some(()))
    }
}

impl DiskFile for PowerFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let machine = self.disk.machine();
        let bytes = &machine.inodes[self.inode].current;
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let length = buffer.len().min(bytes.len() - start);
        buffer[..length].copy_from_slice(&bytes[start..start + length]);
        Ok(length)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut machine = self.disk.machine();
        let cut = machine.call()?;
        let inode = &mut machine.inodes[self.inode];
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start + bytes.len();
        if inode.current.len() < end {
            inode.current.resize(end, 0);
        }
        inode.current[start..end].copy_from_slice(bytes);
        inode
            .dirty
            .extend(start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES));
        answer(cut)?;
        Ok(bytes.len())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.machine().inodes[self.inode].current.len() as u64)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut machine = self.disk.machine();
        let cut = machine.call()?;
        if cut {
            return answer(true);
        }
        match machine.lie {
            Some(Lie::DataSync) => {}
            Some(Lie::LateSync) => {
                machine.late.push(self.inode);
                if machine.late.len() > 2 {
                    let inode = machine.late.remove(0);
                    machine.inodes[inode].sync();
                }
            }
            _ => machine.inodes[self.inode].sync(),
        }
        Ok(())
    }
}
