//! What stands on the disk: nothing readable, nothing that opens when altered, nothing to guess.

use api::vault::{Vault, VaultError};
use identity::erasable::Disclosure;
use identity::purpose::Purpose;
use ledger::clock::{FixedClock, uuid_v4};
use ledger::hash::Digest;
use ledger::side::Side as _;
use ledger::side::sqlite::SqliteSide;
use proptest::prelude::*;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

use super::{House, START_MS, Submission, new_master, open_files};

/// How many files under `dir` hold `needle`.
fn found(dir: &Path, needle: &[u8]) -> usize {
    let holds = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    };
    std::fs::read_dir(dir)
        .unwrap()
        .filter(|entry| holds(&entry.as_ref().unwrap().path()))
        .count()
}

#[test]
fn no_value_salt_or_alias_stands_in_any_file() {
    // If this failed, whoever takes a disk or a backup would read names, marks and identity numbers.
    let dir = tempfile::tempdir().unwrap();
    let vault = open_files(dir.path());
    let canary = "canary-5b1f0e7c-value";
    let number = "33010620010203451X";
    let submission = Submission::of(uuid_v4(), &[("name", canary), ("resident_id", number)]);
    submission.put(&vault).unwrap();
    let held = vault.lookup_reserve("resident_id", number, submission.person, submission.id);
    assert!(held.is_ok());
    let mut needles: Vec<Vec<u8>> = vec![canary.into(), number.into()];
    for disclosure in &submission.disclosures {
        needles.push(disclosure.encoded().into());
        needles.push(disclosure.salt().to_vec());
    }
    let names: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in ["vault.db", "vault.db-wal", "keys.db", "keys.db-wal"] {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
    for needle in &needles {
        assert_eq!(found(dir.path(), needle), 0);
    }
    submission.assert_here(&vault);

    // The control: unsealed, each of them is found.
    let clock = Arc::new(FixedClock::at(START_MS));
    let plain = SqliteSide::open(&dir.path().join("plain.db"), clock).unwrap();
    plain
        .write(&mut |tx| {
            for (n, needle) in (0_u8..).zip(&needles) {
                tx.put("plain", &[n], needle, None)?;
            }
            Ok(())
        })
        .unwrap();
    for needle in &needles {
        assert!(found(dir.path(), needle) > 0, "the control is found");
    }
}

#[test]
fn no_commitment_is_guessed_without_its_salt() {
    // If this failed, erasing would be a promise that anybody with the log could break by trying
    // every mark or every identity number.
    let salted = Submission::grade("85");
    let commitment = salted.disclosures[0].digest();
    let hits = |digest_of: &dyn Fn(&str) -> Digest| {
        (0..=1000)
            .map(|tenths| format!("{}", f64::from(tenths) / 10.0))
            .filter(|candidate| digest_of(candidate) == commitment)
            .count()
    };
    let salt = *salted.disclosures[0].salt();
    let under = |salt| move |value: &str| Disclosure::new(salt, "grade", json!(value)).digest();
    assert_eq!(hits(&under(salt)), 1, "the control, with the salt");
    assert_eq!(hits(&under([0; 32])), 0);
    assert_eq!(hits(&|value| Digest::of(value.as_bytes())), 0);
    let bare = |value: &str| Digest::of(json!(["grade", value]).to_string().as_bytes());
    assert_eq!(hits(&bare), 0);
}

#[test]
fn an_alias_hash_of_another_key_is_another() {
    // If this failed, aliases could be looked up by anybody who can hash, without our key.
    let number = "33010620010203451X";
    let hashes = |house: &House| -> Vec<Vec<u8>> {
        let vault = house.open();
        let person = uuid_v4();
        let held = vault.lookup_reserve("resident_id", number, person, person);
        assert!(held.is_ok());
        let rows = house.keys.rows().into_iter();
        rows.filter(|((space, _), _)| space == "lookup")
            .map(|((_, key), _)| key)
            .collect()
    };
    let (one, two) = (hashes(&House::new()), hashes(&House::new()));
    assert_eq!((one.len(), two.len()), (1, 1));
    assert_ne!(one, two);
    let plain = Digest::of(format!("resident_id\0{number}").as_bytes());
    assert!(one[0] != plain.0 && two[0] != plain.0);
}

#[test]
fn another_master_key_opens_nothing() {
    // If this failed, a vault restored with the wrong key would look empty or, worse, be written to.
    let mut house = House::new();
    let submission = Submission::grade("85");
    submission.put(&house.open()).unwrap();
    let right = std::mem::replace(&mut house.master, new_master());
    let rows = (house.vault.rows(), house.keys.rows());
    let refused = house.try_open();
    assert!(
        matches!(refused, Err(VaultError::WrongMasterKey)),
        "{refused:?}"
    );
    assert_eq!((house.vault.rows(), house.keys.rows()), rows);
    house.master = right;
    submission.assert_here(&house.open());
}

#[test]
fn a_vault_refuses_keys_that_are_not_its_own() {
    // If this failed, a lost key file would be replaced by new keys without a word: every value
    // unreadable, every used salt and alias free again.
    let (mut house, other) = (House::new(), House::new());
    Submission::grade("85").put(&house.open()).unwrap();
    Submission::grade("85").put(&other.open()).unwrap();
    let own = house.keys.rows();
    house.keys.restore(&[]);
    let refused = house.try_open();
    assert!(matches!(refused, Err(VaultError::NotAPair)), "{refused:?}");
    assert_eq!(house.keys.rows(), []);
    house.keys.restore(&other.keys.rows());
    let own_master = std::mem::replace(&mut house.master, other.master.clone());
    let refused = house.try_open();
    assert!(matches!(refused, Err(VaultError::NotAPair)), "{refused:?}");
    house.master = own_master;
    house.keys.restore(&own);
    assert!(house.try_open().is_ok());
}

#[test]
fn every_altered_byte_is_an_error_or_harmless() {
    // If this failed, who can write to the database could change a mark or a name unseen.
    let house = House::new();
    let vault = house.open();
    let submission = Submission::of(uuid_v4(), &[("grade", "85"), ("title", "数学")]);
    submission.put(&vault).unwrap();
    let held = vault.lookup_reserve("resident_id", "x", submission.person, submission.id);
    assert!(held.is_ok());
    let (mut refused, mut harmless) = (0, 0);
    for store in [&house.vault, &house.keys] {
        for (place, value) in store.rows() {
            for at in 0..value.len() {
                let mut altered = value.clone();
                altered[at] ^= 1 << (at % 8);
                store.alter(&place, altered);
                match reads(&house, &submission) {
                    Ok(()) => harmless += 1,
                    Err(_) => refused += 1,
                }
            }
            store.alter(&place, Vec::new());
            match reads(&house, &submission) {
                Ok(()) => harmless += 1,
                Err(_) => refused += 1,
            }
            store.alter(&place, value);
        }
    }
    assert!(refused > 500, "{refused} refused, {harmless} harmless");
    reads(&house, &submission).unwrap();
}

/// Opens everything anew; what it reads is right, or this panics.
fn reads(house: &House, submission: &Submission) -> Result<(), VaultError> {
    let vault: Vault = house.try_open()?;
    let opened = submission.opened(&vault)?;
    let wanted = submission.disclosures.iter().map(Disclosure::opened);
    assert!(opened.iter().eq(wanted), "another value was shown");
    let person = vault.lookup("resident_id", "x")?;
    assert_eq!(person, Some(submission.person), "another person was found");
    Ok(())
}

#[test]
fn a_moved_row_does_not_open() {
    // If this failed, who can write to the database could give somebody another's marks.
    let house = House::new();
    let vault = house.open();
    let person = uuid_v4();
    let (low, high) = (
        Submission::of(person, &[("grade", "60")]),
        Submission::of(person, &[("grade", "99")]),
    );
    low.put(&vault).unwrap();
    high.put(&vault).unwrap();
    let rows: Vec<_> = house
        .vault
        .rows()
        .into_iter()
        .filter(|((space, _), _)| space == "value")
        .collect();
    assert_eq!(rows.len(), 2);
    house.vault.alter(&rows[0].0, rows[1].1.clone());
    house.vault.alter(&rows[1].0, rows[0].1.clone());
    for submission in [&low, &high] {
        let answer = submission.opened(&vault);
        assert!(
            matches!(answer, Err(VaultError::Damaged { space: "value" })),
            "{answer:?}"
        );
        // Nor under the other's commitments.
        let other = if submission.id == low.id { &high } else { &low };
        let answer = vault.opened(
            person,
            Purpose::StudyRecord,
            submission.id,
            &other.commitments(),
        );
        assert!(
            matches!(answer, Err(VaultError::Damaged { space: "value" })),
            "{answer:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_values_come_back_as_they_were(
        values in prop::collection::vec("\\PC{0,40}", 1..8),
        numbers in prop::collection::vec(any::<i64>(), 0..4),
    ) {
        // If this failed, some name or mark would come back altered, or could not be read at all.
        let house = House::new();
        let vault = house.open();
        let mut submission = Submission::of(uuid_v4(), &[]);
        let texts = values.iter().map(|value| json!(value));
        for (n, value) in texts.chain(numbers.iter().map(|n| json!(n))).enumerate() {
            let name = format!("member{n}");
            submission.disclosures.push(Disclosure::new(ledger::clock::random(), &name, value));
        }
        submission.put(&vault).unwrap();
        submission.assert_here(&house.open());
    }
}
