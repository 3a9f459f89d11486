//! Putting and opening: every refusal once, and what is no refusal.

use api::vault::{Values, VaultError, Wanted};
use identity::erasable::{Commitments, Disclosure};
use identity::purpose::Purpose;
use ledger::clock::{random, uuid_v4, uuid_v7};
use serde_json::json;

use super::{House, START_MS, Submission};

#[test]
fn what_was_put_opens_and_nothing_else_does() {
    // If this failed, a learner's own marks would be missing or somebody else's would be shown.
    let house = House::new();
    let vault = house.open();
    let person = uuid_v4();
    let grade = Submission::of(person, &[("grade", "85"), ("title", "高等数学")]);
    grade.put(&vault).unwrap();
    grade.assert_here(&vault);
    grade.assert_here(&house.open());

    let (study, purpose, all) = (Purpose::StudyRecord, Purpose::Identity, grade.commitments());
    let answers = [
        vault.opened(person, purpose, grade.id, &all),
        vault.opened(person, study, uuid_v7(START_MS), &all),
    ];
    for answer in answers {
        assert!(matches!(answer, Err(VaultError::NotHere)), "{answer:?}");
    }
    // Another person has no key for it, or a key that is not the row's.
    let other = Submission::of(uuid_v4(), &[("grade", "60")]);
    let answer = vault.opened(other.person, study, grade.id, &all);
    assert!(matches!(answer, Err(VaultError::Erased)), "{answer:?}");
    other.put(&vault).unwrap();
    let answer = vault.opened(other.person, study, grade.id, &all);
    assert!(matches!(answer, Err(VaultError::Erased)), "{answer:?}");
}

#[test]
fn values_open_for_exactly_their_commitments() {
    // If this failed, a value could be shown under a commitment of the log that is not its own.
    let vault = House::new().open();
    let grade = Submission::of(uuid_v4(), &[("grade", "85"), ("title", "物理")]);
    grade.put(&vault).unwrap();
    let digests: Vec<_> = grade.disclosures.iter().map(Disclosure::digest).collect();
    let foreign = Disclosure::new(random(), "grade", json!("99")).digest();
    let lists = [
        vec![digests[0]],
        vec![digests[0], foreign],
        vec![digests[0], digests[1], foreign],
    ];
    for list in lists {
        let other = Commitments::of(list).unwrap();
        let answer = vault.opened(grade.person, Purpose::StudyRecord, grade.id, &other);
        assert!(
            matches!(answer, Err(VaultError::Damaged { space: "value" })),
            "{answer:?}"
        );
    }
    grade.assert_here(&vault);
}

#[test]
fn a_salt_is_used_once() {
    // If this failed, two commitments under one salt would tell that two values are equal, and
    // whoever knows one salt could guess the other value.
    let house = House::new();
    let vault = house.open();
    let first = Submission::grade("85");
    first.put(&vault).unwrap();
    let salt = *first.disclosures[0].salt();
    let rows = house.vault.rows();
    let again = |person, id, name: &str, value: &str| Submission {
        person,
        id,
        disclosures: vec![
            Disclosure::new(random(), "title", json!("数学")),
            Disclosure::new(salt, name, json!(value)),
        ],
    };
    let submissions = [
        // The same value in another assertion, another value, another person.
        again(first.person, uuid_v7(START_MS), "grade", "85"),
        again(first.person, uuid_v7(START_MS), "grade", "86"),
        again(uuid_v4(), uuid_v7(START_MS), "grade", "85"),
        again(first.person, first.id, "grade", "85"),
    ];
    for submission in submissions {
        let answer = submission.put(&vault);
        assert!(
            matches!(answer, Err(VaultError::SaltSeen { index: 1 })),
            "{answer:?}"
        );
    }
    let twice = Submission {
        person: first.person,
        id: uuid_v7(START_MS),
        disclosures: ["grade", "place"]
            .map(|name| Disclosure::new([7; 32], name, json!("x")))
            .to_vec(),
    };
    let answer = twice.put(&vault);
    assert!(
        matches!(answer, Err(VaultError::SaltSeen { index: 1 })),
        "{answer:?}"
    );
    assert_eq!(house.vault.rows(), rows, "nothing of a refusal stays");
    first.assert_here(&vault);
}

#[test]
fn the_same_submission_again_is_fine() {
    // If this failed, an institution that repeats a request after a time-out would be refused.
    let house = House::new();
    let vault = house.open();
    let grade = Submission::of(uuid_v4(), &[("grade", "85"), ("title", "数学")]);
    grade.put(&vault).unwrap();
    let rows = house.vault.rows();
    grade.put(&vault).unwrap();
    grade.put(&house.open()).unwrap();
    assert_eq!(house.vault.rows(), rows);
    grade.assert_here(&vault);
}

#[test]
fn other_values_under_one_id_are_refused() {
    // If this failed, who guesses or repeats an id could replace the values of a signed assertion.
    let house = House::new();
    let vault = house.open();
    let grade = Submission::grade("85");
    grade.put(&vault).unwrap();
    let rows = house.vault.rows();
    let other = Submission {
        id: grade.id,
        ..Submission::of(grade.person, &[("grade", "99")])
    };
    let answer = other.put(&vault);
    assert!(matches!(answer, Err(VaultError::OtherValues)), "{answer:?}");
    assert_eq!(house.vault.rows(), rows);
    grade.assert_here(&vault);
}

#[test]
fn disclosures_that_are_no_set_are_refused() {
    // If this failed, one disclosure could stand for two, or a flood of values fill the vault.
    let house = House::new();
    let vault = house.open();
    let one = Disclosure::new(random(), "grade", json!("85"));
    let many = (0..33).map(|n| Disclosure::new(random(), &format!("m{n}"), json!("x")));
    for disclosures in [vec![one.clone(), one], many.collect()] {
        let submission = Submission {
            person: uuid_v4(),
            id: uuid_v7(START_MS),
            disclosures,
        };
        let answer = submission.put(&vault);
        assert!(matches!(answer, Err(VaultError::Values(_))), "{answer:?}");
        let answer = vault.opened(
            submission.person,
            Purpose::StudyRecord,
            submission.id,
            &Submission::grade("1").commitments(),
        );
        assert!(matches!(answer, Err(VaultError::NotHere)), "{answer:?}");
    }
}

#[test]
fn an_assertion_without_values_leaves_no_trace() {
    // If this failed, every open record would cost a write and two keys in the vault.
    let house = House::new();
    let vault = house.open();
    let (rows, writes) = (house.vault.rows(), house.keys.writes());
    let none = Submission::of(uuid_v4(), &[]);
    none.put(&vault).unwrap();
    assert_eq!((house.vault.rows(), house.keys.writes()), (rows, writes));
    assert_eq!(none.opened(&vault).unwrap(), []);
}

#[test]
fn a_batch_is_put_whole_in_one_write_or_not_at_all() {
    // If this failed, a refused batch would leave values behind, or an import would sync each row.
    let house = House::new();
    let vault = house.open();
    let person = uuid_v4();
    let all: Vec<_> = (0..50)
        .map(|n| {
            Submission::of(
                if n % 2 == 0 { person } else { uuid_v4() },
                &[("grade", "85")],
            )
        })
        .collect();
    let values = |all: &[Submission]| -> Vec<(uuid::Uuid, uuid::Uuid, Vec<Disclosure>)> {
        all.iter()
            .map(|one| (one.person, one.id, one.disclosures.clone()))
            .collect()
    };
    let mut bad = values(&all);
    bad[40].2 = all[3].disclosures.clone();
    let put = |rows: &[(uuid::Uuid, uuid::Uuid, Vec<Disclosure>)]| {
        let rows: Vec<_> = rows
            .iter()
            .map(|(person, id, disclosures)| Values {
                person: *person,
                purpose: Purpose::StudyRecord,
                assertion_id: *id,
                disclosures,
            })
            .collect();
        vault.put_pending_all(&rows)
    };
    let before = house.vault.rows();
    let refused = put(&bad).unwrap_err();
    assert_eq!(refused.at, Some(40));
    assert!(matches!(refused.why, VaultError::SaltSeen { index: 0 }));
    assert_eq!(house.vault.rows(), before);

    let writes = (house.vault.writes(), house.keys.writes());
    put(&values(&all)).unwrap();
    let (vault_writes, keys_writes) = (
        house.vault.writes() - writes.0,
        house.keys.writes() - writes.1,
    );
    assert_eq!((vault_writes, keys_writes), (1, 0), "keys were made before");
    let commitments: Vec<_> = all.iter().map(Submission::commitments).collect();
    let wanted: Vec<_> = all
        .iter()
        .zip(&commitments)
        .map(|(one, commitments)| Wanted {
            person: one.person,
            purpose: Purpose::StudyRecord,
            assertion_id: one.id,
            commitments,
        })
        .collect();
    let opened = vault.opened_all(&wanted);
    assert_eq!(opened.len(), 50);
    for (answer, one) in opened.into_iter().zip(&all) {
        assert_eq!(&answer.unwrap()[0], one.disclosures[0].opened());
    }
    assert_eq!(
        vault.disclosures(&wanted[7]).unwrap(),
        all[7].disclosures,
        "with their salts, to take along"
    );
}
