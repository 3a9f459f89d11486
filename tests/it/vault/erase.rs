//! Destroying keys: what they sealed opens no more, anywhere; the rest stays.

use api::vault::{ORPHAN_AFTER_MS, VaultError};
use identity::purpose::Purpose;
use ledger::clock::uuid_v4;
use ledger::side::Side as _;
use ledger::side::sqlite::SqliteSide;
use std::sync::Arc;
use tests::support::memory_side::{Fault, Place};

use super::{House, Submission, log_of, open_files};

#[test]
fn erased_values_answer_erased_and_others_stay() {
    // If this failed, erasing points would take the diploma, or the erased would still be read.
    let house = House::new();
    let vault = house.open();
    let person = uuid_v4();
    let name = Submission::of(person, &[("name", "王晓明")]);
    let put = |one: &Submission, purpose| {
        vault.put_pending(one.person, purpose, one.id, &one.disclosures)
    };
    let open =
        |one: &Submission, purpose| vault.opened(one.person, purpose, one.id, &one.commitments());
    put(&name, Purpose::Identity).unwrap();
    let grades: Vec<_> = (0..300)
        .map(|_| Submission::of(person, &[("grade", "85")]))
        .collect();
    for grade in &grades {
        grade.put(&vault).unwrap();
    }
    let neighbour = Submission::grade("77");
    neighbour.put(&vault).unwrap();

    assert_eq!(vault.destroy(person, Purpose::StudyRecord).unwrap(), 300);
    for grade in &grades {
        assert!(matches!(grade.opened(&vault), Err(VaultError::Erased)));
        assert!(matches!(
            grade.opened(&house.open()),
            Err(VaultError::Erased)
        ));
        assert!(matches!(grade.put(&vault), Err(VaultError::Erased)));
    }
    assert_eq!(open(&name, Purpose::Identity).unwrap().len(), 1);
    neighbour.assert_here(&vault);
    assert_eq!(vault.destroy(person, Purpose::StudyRecord).unwrap(), 0);

    // Who learns again gets a new key; the old values stay gone.
    let later = Submission::of(person, &[("grade", "90")]);
    later.put(&vault).unwrap();
    later.assert_here(&vault);
    later.assert_here(&house.open());
    assert!(matches!(grades[0].opened(&vault), Err(VaultError::Erased)));
    house.at(ORPHAN_AFTER_MS);
    let ids = [later.id, name.id, neighbour.id];
    let settled = vault.settle(&log_of(&ids)).unwrap();
    assert_eq!((settled.live, settled.reaped), (3, 0));

    vault.destroy(person, Purpose::StudyRecord).unwrap();
    vault.destroy(person, Purpose::Identity).unwrap();
    let of_person = |((_, key), _): &(Place, Vec<u8>)| key.starts_with(person.as_bytes());
    assert!(!house.keys.rows().iter().any(of_person), "no key is left");
    neighbour.assert_here(&vault);
}

#[test]
fn a_key_whose_end_is_unknown_seals_nothing_more() {
    // If this failed, what somebody learns after a failed erasure would be lost at the next restart.
    let house = House::new();
    let vault = house.open();
    let grade = Submission::grade("85");
    grade.put(&vault).unwrap();
    house.keys.fail(0, Fault::Unanswered);
    let failed = vault.destroy(grade.person, Purpose::StudyRecord);
    assert!(matches!(failed, Err(VaultError::Side(_))), "{failed:?}");
    let later = Submission::of(grade.person, &[("grade", "90")]);
    later.put(&vault).unwrap();
    later.assert_here(&house.open());
    assert!(matches!(grade.opened(&vault), Err(VaultError::Erased)));
}

#[test]
fn an_old_backup_of_the_vault_does_not_bring_values_back() {
    // If this failed, restoring last month's vault would undo every erasure since.
    let house = House::new();
    let vault = house.open();
    let grade = Submission::grade("85");
    grade.put(&vault).unwrap();
    let backup = house.vault.rows();
    assert_eq!(
        vault.destroy(grade.person, Purpose::StudyRecord).unwrap(),
        1
    );
    house.vault.restore(&backup);
    let vault = house.open();
    assert!(matches!(grade.opened(&vault), Err(VaultError::Erased)));
    // Not even when the person has a key again.
    let later = Submission::of(grade.person, &[("grade", "90")]);
    later.put(&vault).unwrap();
    assert!(matches!(grade.opened(&vault), Err(VaultError::Erased)));
    later.assert_here(&vault);
}

#[test]
fn after_a_scrub_no_sealed_byte_is_left() {
    // If this failed, sealed values and wrapped keys of erased people would stay on the disk, to be
    // opened by whoever gets the master key.
    let dir = tempfile::tempdir().unwrap();
    let vault = open_files(dir.path());
    let grade = Submission::of(uuid_v4(), &[("grade", "85"), ("title", "数学")]);
    let neighbour = Submission::grade("77");
    grade.put(&vault).unwrap();
    neighbour.put(&vault).unwrap();
    let rows_of = |file: &str, space: &str| {
        let clock = Arc::new(ledger::clock::FixedClock::at(super::START_MS));
        let side = SqliteSide::open(&dir.path().join(file), clock).unwrap();
        side.scan(space, &[], None, 10).unwrap()
    };
    let mut needles = Vec::new();
    for (file, space) in [
        ("vault.db", "value"),
        ("keys.db", "data-key"),
        ("keys.db", "person-key"),
    ] {
        let rows = rows_of(file, space);
        assert_eq!(rows.len(), 2);
        for (key, value) in rows {
            let gone =
                key.starts_with(grade.person.as_bytes()) || key.starts_with(grade.id.as_bytes());
            // Without the form byte and the name in front: the nonce and what it sealed.
            needles.push((gone, value[17..].to_vec()));
        }
    }
    let found = |needle: &[u8]| {
        std::fs::read_dir(dir.path()).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(
        needles.iter().all(|(_, needle)| found(needle)),
        "the control"
    );
    assert_eq!(needles.iter().filter(|(gone, _)| *gone).count(), 3);
    vault.destroy(grade.person, Purpose::StudyRecord).unwrap();
    vault.scrub().unwrap();
    for (gone, needle) in &needles {
        assert_eq!(found(needle), !gone);
    }
    neighbour.assert_here(&vault);
}
