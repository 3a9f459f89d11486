//! The reaper: never before it asked the log, never what was put again.

use std::cell::RefCell;

use api::vault::{ASK_AFTER_MS, ORPHAN_AFTER_MS, SettleError, Settled, Standing, VaultError};
use ledger::clock::uuid_v7;
use uuid::Uuid;

use super::{House, START_MS, Submission, live_if, log_of};

/// The log times out.
type TimesOut = std::fmt::Error;

fn settled(live: usize, reaped: usize, waiting: usize) -> Settled {
    Settled {
        live,
        reaped,
        waiting,
    }
}

#[test]
fn committed_values_live_and_orphans_go() {
    // If this failed, a recorded mark would vanish, or a refused one stay for ever.
    let house = House::new();
    let vault = house.open();
    let (kept, orphan) = (Submission::grade("85"), Submission::grade("60"));
    kept.put(&vault).unwrap();
    orphan.put(&vault).unwrap();
    let ids = [kept.id];
    let log = log_of(&ids);
    house.at(ASK_AFTER_MS - 1);
    let asked = |_| -> Result<Standing, TimesOut> { panic!("too young to be asked for") };
    assert_eq!(vault.settle(&asked).unwrap(), settled(0, 0, 2));
    house.at(ASK_AFTER_MS);
    assert_eq!(vault.settle(&log).unwrap(), settled(1, 0, 1));
    house.at(ORPHAN_AFTER_MS - 1);
    assert_eq!(vault.settle(&log).unwrap(), settled(0, 0, 1));
    orphan.assert_here(&vault);
    house.at(ORPHAN_AFTER_MS);
    assert_eq!(vault.settle(&log).unwrap(), settled(0, 1, 0));
    let answer = orphan.opened(&vault);
    assert!(matches!(answer, Err(VaultError::NotHere)), "{answer:?}");
    kept.assert_here(&vault);
    assert_eq!(vault.settle(&log).unwrap(), settled(0, 0, 0));
}

#[test]
fn an_unknown_answer_removes_nothing() {
    // If this failed, a slow log would cost learners their records: a time-out means unknown.
    let house = House::new();
    let vault = house.open();
    let grade = Submission::grade("85");
    grade.put(&vault).unwrap();
    house.at(100 * ORPHAN_AFTER_MS);
    let rows = house.vault.rows();
    let answer = vault.settle(&|_| Err(std::fmt::Error));
    assert!(matches!(answer, Err(SettleError::Log(_))));
    assert_eq!(house.vault.rows(), rows);
    grade.assert_here(&vault);
}

#[test]
fn what_is_put_again_while_the_log_is_asked_stays() {
    // If this failed, a request repeated at the wrong moment would be in the log without its values.
    let house = House::new();
    let vault = house.open();
    let grade = Submission::grade("85");
    grade.put(&vault).unwrap();
    house.at(ORPHAN_AFTER_MS);
    let answer = vault.settle(&|_| {
        // The log answered "no"; now the same submission comes again and is queued.
        grade.put(&vault).unwrap();
        Ok::<_, TimesOut>(Standing::Absent)
    });
    assert_eq!(answer.unwrap(), settled(0, 0, 1));
    grade.assert_here(&vault);
}

#[test]
fn a_reaped_submission_may_come_again_but_its_salt_not_elsewhere() {
    // If this failed, a request repeated after an hour would be refused for ever, or a salt that
    // somebody has seen would protect another value.
    let house = House::new();
    let vault = house.open();
    let grade = Submission::grade("85");
    grade.put(&vault).unwrap();
    house.at(ORPHAN_AFTER_MS);
    assert_eq!(vault.settle(&log_of(&[])).unwrap(), settled(0, 1, 0));
    let elsewhere = Submission {
        id: uuid_v7(START_MS),
        person: grade.person,
        disclosures: grade.disclosures.clone(),
    };
    let answer = elsewhere.put(&vault);
    assert!(
        matches!(answer, Err(VaultError::SaltSeen { index: 0 })),
        "{answer:?}"
    );
    grade.put(&vault).unwrap();
    grade.assert_here(&vault);
    assert_eq!(vault.settle(&log_of(&[])).unwrap(), settled(0, 0, 1));
}

#[test]
fn every_pending_value_is_asked_for_once_a_round() {
    // If this failed, values beyond the first page would stay pending for ever.
    let house = House::new();
    let vault = house.open();
    let all: Vec<_> = (0..600).map(|_| Submission::grade("85")).collect();
    for one in &all {
        one.put(&vault).unwrap();
    }
    house.at(ORPHAN_AFTER_MS);
    let asked: RefCell<Vec<Uuid>> = RefCell::default();
    let in_log = |id: Uuid| all.iter().position(|one| one.id == id).unwrap() % 3 == 0;
    let answer = vault.settle(&|id| {
        asked.borrow_mut().push(id);
        Ok::<_, TimesOut>(live_if(in_log(id)))
    });
    assert_eq!(answer.unwrap(), settled(200, 400, 0));
    let mut asked = asked.into_inner();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 600);
    for one in &all {
        if in_log(one.id) {
            one.assert_here(&vault);
        } else {
            assert!(matches!(one.opened(&vault), Err(VaultError::NotHere)));
        }
    }
}
