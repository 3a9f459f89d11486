//! The master key is changed while everybody goes on; every write and every step with files may be the last.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use api::keystore::KeyStore;
use api::master::files::{Files, WAITS_MS};
use api::master::{MasterKey, Masters};
use api::vault::{Vault, VaultError};
use ledger::assertion::Kid;
use tests::support::memory_side::Fault;

use super::{House, START_MS, Submission, new_master};

/// More than one page of them.
const PERSONS: usize = 300;

/// A house with people and a kept key under the old master key.
struct Lived {
    house: House,
    next: MasterKey,
    people: Vec<Submission>,
    kid: Kid,
}

impl Lived {
    fn new(persons: usize) -> Self {
        let house = House::new();
        let vault = house.open();
        let people: Vec<_> = (0..persons).map(|_| Submission::grade("85")).collect();
        for one in &people {
            one.put(&vault).unwrap();
        }
        let kid = Kid::parse("did:web:xf.example.org:i:7#key-1").unwrap();
        let store = KeyStore::new(Arc::new(house.keys.clone()), house.master.clone());
        store.generate(&kid).unwrap();
        Self {
            house,
            next: new_master(),
            people,
            kid,
        }
    }

    fn open(&self, masters: &Masters) -> Result<(Vault, KeyStore), VaultError> {
        let house = &self.house;
        let keys = || Arc::new(house.keys.clone());
        let clock = Arc::clone(&house.clock);
        let vault = Arc::new(house.vault.clone());
        let vault = Vault::open(vault, keys(), masters.clone(), clock)?;
        Ok((vault, KeyStore::new(keys(), masters.clone())))
    }

    /// Both keys, as a start finds them in the middle of a change.
    fn both(&self) -> Masters {
        Masters::of(self.next.clone(), vec![self.house.master.clone()])
    }

    fn assert_readable(&self, masters: &Masters) {
        let (vault, store) = self.open(masters).unwrap();
        for one in &self.people {
            one.assert_here(&vault);
        }
        assert!(store.signer(&self.kid).unwrap().is_some());
    }
}

fn pass(vault: &Vault, store: &KeyStore) -> Result<(), VaultError> {
    store.rewrap()?;
    vault.rewrap().map(|_| ())
}

#[test]
fn a_change_that_dies_at_any_write_is_finished_by_the_next_pass() {
    // A crash in the yearly change of the key would lose every learner's values behind it.
    let mut met = 0;
    for fault in [Fault::Lost, Fault::Unanswered] {
        for n in 0.. {
            let lived = Lived::new(PERSONS);
            let masters = Masters::from(lived.house.master.clone());
            let (vault, store) = lived.open(&masters).unwrap();
            masters.advance(lived.next.clone());
            lived.house.keys.fail(n, fault);
            let done = pass(&vault, &store);
            lived.house.keys.heal();
            // The server that met it goes on reading, and so does the one that starts behind it.
            for one in lived.people.iter().step_by(37) {
                one.assert_here(&vault);
            }
            lived.assert_readable(&lived.both());
            let is_done = done.is_ok();
            if !is_done {
                met += 1;
                assert!(matches!(done, Err(VaultError::Side(_))), "{done:?}");
                let (vault, store) = lived.open(&lived.both()).unwrap();
                assert!(vault.is_behind().unwrap() || fault == Fault::Unanswered);
                pass(&vault, &store).unwrap();
            }
            // The same end: everything is under the new key, nothing under the old one.
            lived.assert_readable(&Masters::from(lived.next.clone()));
            let old = lived.open(&Masters::from(lived.house.master.clone()));
            assert!(matches!(old.err(), Some(VaultError::WrongMasterKey)));
            if is_done {
                break;
            }
        }
    }
    assert_eq!(
        met,
        2 * 4,
        "the kept key, two pages of persons, the own keys"
    );
}

#[test]
fn nothing_is_unreadable_at_any_moment_of_a_change() {
    // Readers would meet errors for as long as a pass over a province takes, or lose what came meanwhile.
    let lived = Lived::new(PERSONS);
    let masters = Masters::from(lived.house.master.clone());
    let (vault, store) = lived.open(&masters).unwrap();
    let stop = AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) || rounds == 0 {
                // A vault without anything in memory, each time.
                lived.assert_readable(&masters);
                rounds += 1;
            }
        });
        let writing = scope.spawn(|| {
            let mut put = Vec::new();
            while !stop.load(Ordering::Relaxed) || put.is_empty() {
                let one = Submission::grade("91");
                one.put(&vault).unwrap();
                put.push(one);
            }
            put
        });
        for _ in 0..3 {
            let next = if masters.is_current(&lived.next) {
                new_master()
            } else {
                lived.next.clone()
            };
            masters.advance(next);
            pass(&vault, &store).unwrap();
            assert!(!vault.is_behind().unwrap());
        }
        masters.advance(lived.next.clone());
        pass(&vault, &store).unwrap();
        stop.store(true, Ordering::Relaxed);
        reading.join().unwrap();
        writing.join().unwrap()
    });
    // Whatever was written before, during and behind a pass opens under the newest key alone.
    pass(&vault, &store).unwrap();
    let alone = Masters::from(lived.next.clone());
    lived.assert_readable(&alone);
    let (vault, _) = lived.open(&alone).unwrap();
    for one in &written {
        one.assert_here(&vault);
    }
}

#[test]
fn a_row_that_no_key_opens_holds_up_no_other() {
    // One damaged row would keep the old key in use for ever.
    let lived = Lived::new(3);
    let rows = lived.house.keys.rows();
    let (place, row) = rows
        .iter()
        .find(|((space, _), _)| space == "person-key")
        .unwrap();
    let mut row = row.clone();
    row[30] ^= 1;
    lived.house.keys.alter(place, row.clone());
    let (vault, _) = lived.open(&lived.both()).unwrap();
    let (wrapped, damaged) = vault.rewrap().unwrap();
    assert_eq!((wrapped, damaged), (2 + 4, 1), "two persons, the own keys");
    let kept = lived.house.keys.rows();
    assert!(
        kept.iter().any(|(at, it)| at == place && *it == row),
        "it stays to be looked at"
    );
}

fn files(dir: &Path) -> Files {
    Files::at(dir, None, None)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir.join("keys")).unwrap();
    let mut names: Vec<_> = entries
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_files_of_a_change_can_be_left_at_any_step() {
    // A power cut between two names would leave a ledger without the key that opens its vault.
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path();
    let keys = at.join("keys");
    files(at).load().unwrap();
    let old = MasterKey::load(&keys.join("master.key")).unwrap();
    files(at).stage().unwrap();
    files(at).stage().unwrap();
    let next = MasterKey::load(&keys.join("master.next.key")).unwrap();
    assert!(!next.is(&old));
    let masters = files(at).load().unwrap();
    assert!(masters.is_current(&next) && masters.has_before());
    // It stopped between the two steps of the switch.
    let waits = keys.join(format!("master.retired-{START_MS}.key"));
    std::fs::hard_link(keys.join("master.key"), &waits).unwrap();
    let masters = files(at).load().unwrap();
    assert!(masters.is_current(&next) && masters.has_before());
    files(at).switch(START_MS + 1).unwrap();
    files(at).switch(START_MS + 2).unwrap();
    let retired = format!("master.retired-{START_MS}.key");
    assert_eq!(names(at), ["master.key", &retired]);
    let masters = files(at).load().unwrap();
    assert!(masters.is_current(&next) && masters.has_before());
    assert!(MasterKey::load(&waits).unwrap().is(&old));
    // It stopped between overwriting and removing.
    let waiting = files(at).retired().unwrap();
    assert_eq!(waiting[0].due_ms(), START_MS + WAITS_MS);
    let length = std::fs::metadata(&waits).unwrap().len();
    std::fs::write(&waits, vec![b'0'; usize::try_from(length).unwrap()]).unwrap();
    let masters = files(at).load().unwrap();
    assert!(masters.is_current(&next) && !masters.has_before());
    files(at).destroy(&files(at).retired().unwrap()[0]).unwrap();
    assert_eq!(names(at), ["master.key"]);
}

#[test]
fn named_keys_are_never_moved() {
    // A key from a vault of the operator's, mounted read-only, would end the change in an error, or be copied out.
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let first = MasterKey::load_or_create(&a).unwrap();
    let second = MasterKey::load_or_create(&b).unwrap();
    let data = dir.path().join("data");
    std::fs::create_dir_all(data.join("keys")).unwrap();
    let files = Files::at(&data, Some(a.clone()), Some(b.clone()));
    assert!(!files.are_ours());
    let masters = files.load().unwrap();
    assert!(masters.is_current(&second) && masters.has_before());
    files.switch(START_MS).unwrap();
    assert!(MasterKey::load(&a).unwrap().is(&first) && b.exists());
    assert!(names(&data).is_empty());
    // The operator swaps them; the copy of before opens as long as both are given.
    let swapped = Files::at(&data, Some(b), None).load().unwrap();
    assert!(swapped.is_current(&second) && !swapped.has_before());
    assert!(
        Files::at(&data, Some(dir.path().join("none")), None)
            .load()
            .is_err()
    );
}
