//! The files of the master keys: the one in use, the next one, and those that wait for their end.
//!
//! Invariant: while a key may still be needed its file is there, under one name or another, and there is
//! always one called `master.key`. Where the surroundings name the files (a variable, a credential of
//! systemd), whoever put them there takes them away; nothing is written then.
//! A crash between two steps leaves names from which the next start goes on.
//!
//! In `keys/`: `master.key`; `master.next.key`, once made it seals; `master.retired-<Unix ms>.key`, since then
//! no row is under it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{CREDENTIAL, FILE_VARIABLE, MasterKey, MasterKeyError, Masters, named};

/// Names a file that holds the key which takes over, instead of `keys/master.next.key`.
pub const NEXT_VARIABLE: &str = "XUEFEN_MASTER_KEY_NEXT_FILE";
/// Name of the credential that is the same.
const NEXT_CREDENTIAL: &str = "xuefen-master-key-next";
/// How long a key waits that no row needs: as long as a copy of the key store from before may live.
pub const WAITS_MS: i64 = identity::person::erasure::COPIES_LIFE_MS;

/// Where the keys are.
#[derive(Debug, Clone)]
pub struct Files {
    keys: PathBuf,
    current: PathBuf,
    next: PathBuf,
    ours: bool,
}

/// A key that waits for its end.
#[derive(Debug, Clone)]
pub struct Retired {
    /// Its file.
    pub path: PathBuf,
    /// When no row was under it any more, Unix milliseconds.
    pub since_ms: i64,
    /// The key; `None` = a stop came between overwriting and removing the file.
    pub key: Option<MasterKey>,
}

impl Retired {
    /// From when on it is destroyed, Unix milliseconds.
    pub fn due_ms(&self) -> i64 {
        self.since_ms.saturating_add(WAITS_MS)
    }
}

impl Files {
    /// Those of a data directory, or those that the surroundings name.
    pub fn of(data: &Path) -> Self {
        let current = named(FILE_VARIABLE, CREDENTIAL);
        Self::at(data, current, named(NEXT_VARIABLE, NEXT_CREDENTIAL))
    }

    /// As [`Files::of`], what is named given.
    pub fn at(data: &Path, current: Option<PathBuf>, next: Option<PathBuf>) -> Self {
        let keys = data.join("keys");
        Self {
            ours: current.is_none() && next.is_none(),
            current: current.unwrap_or_else(|| keys.join("master.key")),
            next: next.unwrap_or_else(|| keys.join("master.next.key")),
            keys,
        }
    }

    /// Whether they are the data directory's own, so that names may be changed here.
    pub fn are_ours(&self) -> bool {
        self.ours
    }

    /// The keys in them; the first is made if there is none and the place is ours.
    pub fn load(&self) -> Result<Masters, MasterKeyError> {
        let current = if self.current.starts_with(&self.keys) {
            MasterKey::load_or_create(&self.current)?
        } else {
            MasterKey::load(&self.current)?
        };
        let mut before: Vec<_> = self
            .retired()?
            .into_iter()
            .filter_map(|it| it.key)
            .collect();
        Ok(match self.next()? {
            Some(next) => {
                before.insert(0, current);
                Masters::of(next, before)
            }
            None => Masters::of(current, before),
        })
    }

    /// The key that takes over, if it is there.
    pub fn next(&self) -> Result<Option<MasterKey>, MasterKeyError> {
        if self.next.exists() {
            MasterKey::load(&self.next).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Makes the key that takes over; one that is there stays.
    pub fn stage(&self) -> Result<(), MasterKeyError> {
        MasterKey::load_or_create(&self.next).map(|_| ())
    }

    /// The next key becomes the current one, which waits from now on. Call it when no row is under any
    /// other than the next; repeating it goes on where it stopped.
    pub fn switch(&self, now_ms: i64) -> Result<(), MasterKeyError> {
        if !self.ours || !self.next.exists() {
            return Ok(());
        }
        let current = MasterKey::load(&self.current)?;
        let mut waiting = self.retired()?.into_iter().filter_map(|it| it.key);
        if !waiting.any(|it| it.is(&current)) {
            let to = self.keys.join(format!("master.retired-{now_ms}.key"));
            fs::hard_link(&self.current, &to).map_err(|source| at(&to, source))?;
            self.sync()?;
        }
        fs::rename(&self.next, &self.current).map_err(|source| at(&self.current, source))?;
        self.sync()
    }

    /// The keys that wait for their end, newest first.
    pub fn retired(&self) -> Result<Vec<Retired>, MasterKeyError> {
        let entries = match fs::read_dir(&self.keys) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(at(&self.keys, source)),
        };
        let mut retired = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| at(&self.keys, source))?;
            let Some(since_ms) = entry.file_name().to_str().and_then(since) else {
                continue;
            };
            let key = match MasterKey::load(&entry.path()) {
                Ok(key) => Some(key),
                Err(MasterKeyError::Form { .. }) => None,
                Err(error) => return Err(error),
            };
            retired.push(Retired {
                path: entry.path(),
                since_ms,
                key,
            });
        }
        retired.sort_by_key(|it| std::cmp::Reverse(it.since_ms));
        Ok(retired)
    }

    /// Overwrites the file of a key that waited long enough, and removes it.
    pub fn destroy(&self, it: &Retired) -> Result<(), MasterKeyError> {
        let failed = |source| at(&it.path, source);
        let mut file = OpenOptions::new()
            .write(true)
            .open(&it.path)
            .map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let blank = vec![b'0'; usize::try_from(length).unwrap_or_default()];
        file.write_all(&blank).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::remove_file(&it.path).map_err(failed)?;
        self.sync()
    }

    fn sync(&self) -> Result<(), MasterKeyError> {
        let synced = File::open(&self.keys).and_then(|keys| keys.sync_all());
        synced.map_err(|source| at(&self.keys, source))
    }
}

/// The time in the name of a file of a key that waits.
fn since(name: &str) -> Option<i64> {
    let rest = name.strip_prefix("master.retired-")?;
    rest.strip_suffix(".key")?.parse().ok()
}

fn at(path: &Path, source: io::Error) -> MasterKeyError {
    MasterKeyError::Io {
        path: path.into(),
        source,
    }
}
