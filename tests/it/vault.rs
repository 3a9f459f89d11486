//! The vault: values sealed, salts used once, orphans reaped, erased values gone, keys kept.

mod crash;
mod erase;
mod keystore;
mod lookup;
mod master;
mod rotating;
mod sealed;
mod settle;
mod values;

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use api::master::MasterKey;
use api::vault::{Standing, Vault, VaultError};
use identity::erasable::{Commitments, Disclosure, Opened};
use identity::purpose::Purpose;
use ledger::clock::{FixedClock, random, uuid_v4, uuid_v7};
use ledger::side::Side;
use ledger::side::sqlite::SqliteSide;
use serde_json::json;
use tests::support::memory_side::MemorySide;
use uuid::Uuid;

/// When every test begins: 2026-07-01.
const START_MS: i64 = 1_782_864_000_000;

/// Two stores in memory, a master key and a clock that stands.
struct House {
    vault: MemorySide,
    keys: MemorySide,
    master: MasterKey,
    clock: Arc<FixedClock>,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(START_MS));
        Self {
            vault: MemorySide::new(Arc::clone(&clock) as _),
            keys: MemorySide::new(Arc::clone(&clock) as _),
            master: new_master(),
            clock,
        }
    }

    /// Opens the vault; again = after a crash.
    fn open(&self) -> Vault {
        self.try_open().unwrap()
    }

    fn try_open(&self) -> Result<Vault, VaultError> {
        let (vault, keys) = (self.vault.clone(), self.keys.clone());
        let clock = Arc::clone(&self.clock);
        Vault::open(Arc::new(vault), Arc::new(keys), self.master.clone(), clock)
    }

    /// The clock stands `ms` after the start.
    fn at(&self, ms: i64) {
        self.clock.set(START_MS + ms);
    }
}

fn new_master() -> MasterKey {
    let dir = tempfile::tempdir().unwrap();
    MasterKey::load_or_create(&dir.path().join("master.key")).unwrap()
}

/// The vault over two SQLite files in a directory.
fn open_files(dir: &Path) -> Vault {
    let clock = Arc::new(FixedClock::at(START_MS));
    let side = |name: &str| -> Arc<dyn Side> {
        Arc::new(SqliteSide::open(&dir.join(name), Arc::clone(&clock) as _).unwrap())
    };
    let master = MasterKey::load_or_create(&dir.join("master.key")).unwrap();
    let (vault, keys) = (side("vault.db"), side("keys.db"));
    Vault::open(vault, keys, master, clock).unwrap()
}

/// An assertion's values as they are submitted.
struct Submission {
    person: Uuid,
    id: Uuid,
    disclosures: Vec<Disclosure>,
}

impl Submission {
    fn of(person: Uuid, values: &[(&str, &str)]) -> Self {
        let disclosures = values
            .iter()
            .map(|(name, value)| Disclosure::new(random(), name, json!(value)))
            .collect();
        Self {
            person,
            id: uuid_v7(START_MS),
            disclosures,
        }
    }

    /// One person's grade.
    fn grade(grade: &str) -> Self {
        Self::of(uuid_v4(), &[("grade", grade)])
    }

    fn commitments(&self) -> Commitments {
        let digests = self.disclosures.iter().map(Disclosure::digest).collect();
        Commitments::of(digests).unwrap()
    }

    fn put(&self, vault: &Vault) -> Result<(), VaultError> {
        vault.put_pending(
            self.person,
            Purpose::StudyRecord,
            self.id,
            &self.disclosures,
        )
    }

    fn opened(&self, vault: &Vault) -> Result<Vec<Opened>, VaultError> {
        vault.opened(
            self.person,
            Purpose::StudyRecord,
            self.id,
            &self.commitments(),
        )
    }

    /// It opens to exactly what was submitted.
    fn assert_here(&self, vault: &Vault) {
        let wanted: Vec<_> = self
            .disclosures
            .iter()
            .map(|disclosure| disclosure.opened().clone())
            .collect();
        assert_eq!(self.opened(vault).unwrap(), wanted);
    }
}

/// A log that holds `ids`.
fn live_if(in_log: bool) -> Standing {
    if in_log {
        Standing::Live
    } else {
        Standing::Absent
    }
}

fn log_of(ids: &[Uuid]) -> impl Fn(Uuid) -> Result<Standing, Infallible> + '_ {
    |id| Ok(live_if(ids.contains(&id)))
}
