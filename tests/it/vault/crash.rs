//! Every write of every act fails once, stored or not; then the process starts again.

use api::vault::{ORPHAN_AFTER_MS, Reserved, Vault, VaultError};
use identity::purpose::Purpose;
use ledger::clock::uuid_v4;
use tests::support::memory_side::{Fault, Place};

use super::{House, Submission, log_of};

const FAULTS: [Fault; 2] = [Fault::Lost, Fault::Unanswered];

fn put_and_reserve(vault: &Vault, one: &Submission) -> Result<(), VaultError> {
    vault.put_pending(one.person, Purpose::Identity, one.id, &one.disclosures)?;
    let reserved = vault.lookup_reserve("resident_id", "n", one.person, one.id)?;
    assert_eq!(reserved, Reserved::Held);
    Ok(())
}

fn assert_here(vault: &Vault, one: &Submission) {
    let opened = vault.opened(one.person, Purpose::Identity, one.id, &one.commitments());
    assert_eq!(&opened.unwrap()[0], one.disclosures[0].opened());
    assert_eq!(vault.lookup("resident_id", "n").unwrap(), Some(one.person));
}

/// Runs `act` in a new house for every write of either store and every fault, until none is left to
/// fail; after each the house is whole again. Answers how many faults were met.
fn at_every_write(
    prepare: impl Fn(&House, &Submission),
    act: impl Fn(&House, &Submission) -> Result<(), VaultError>,
    then: impl Fn(&House, &Submission),
) -> usize {
    let mut met = 0;
    for fault in FAULTS {
        for in_vault in [true, false] {
            for n in 0.. {
                let house = House::new();
                let one = Submission::of(uuid_v4(), &[("name", "王晓明")]);
                prepare(&house, &one);
                let store = if in_vault { &house.vault } else { &house.keys };
                store.fail(n, fault);
                let done = act(&house, &one);
                store.heal();
                if done.is_ok() {
                    then(&house, &one);
                    break;
                }
                assert!(matches!(done, Err(VaultError::Side(_))), "{done:?}");
                met += 1;
                then(&house, &one);
            }
        }
    }
    met
}

#[test]
fn a_submission_that_dies_anywhere_leaves_no_orphan() {
    // If this failed, a crash before the commit would leave somebody's values in the vault for ever,
    // or block the number of a learner who comes again.
    let met = at_every_write(
        |_, _| {},
        |house, one| put_and_reserve(&house.try_open()?, one),
        |house, one| {
            // It never came into the log.
            let vault = house.open();
            house.at(ORPHAN_AFTER_MS);
            vault.settle(&log_of(&[])).unwrap();
            let left = house.vault.rows().into_iter().chain(house.keys.rows());
            for ((space, key), _) in left {
                let keys_only = ["own", "salt", "person-key", "data-key"];
                assert!(keys_only.contains(&space.as_str()), "{space} {key:?}");
            }
            // The same learner comes again.
            put_and_reserve(&house.open(), one).unwrap();
            assert_here(&house.open(), one);
        },
    );
    assert_eq!(met, 2 * (2 + 3), "opening, putting, reserving");
}

#[test]
fn a_committed_submission_survives_a_death_anywhere_after() {
    // If this failed, a crash of the reaper would lose the values of a record that is in the log.
    let prepare = |house: &House, one: &Submission| {
        put_and_reserve(&house.open(), one).unwrap();
        house.at(ORPHAN_AFTER_MS);
    };
    let settle = |house: &House, one: &Submission| -> Result<(), VaultError> {
        match house.try_open()?.settle(&log_of(&[one.id])) {
            Ok(_) => Ok(()),
            Err(api::vault::SettleError::Vault(error)) => Err(error),
            Err(api::vault::SettleError::Log(never)) => match never {},
        }
    };
    let met = at_every_write(prepare, settle, |house, one| {
        assert_here(&house.open(), one);
        settle(house, one).unwrap();
        let pending = |((space, _), _): &(Place, Vec<u8>)| space.ends_with("pending");
        assert!(!house.vault.rows().iter().any(pending));
        assert!(!house.keys.rows().iter().any(pending));
        assert_here(&house.open(), one);
    });
    assert_eq!(met, 2 * (1 + 2), "opening, settling both stores");
}

#[test]
fn an_erasure_that_dies_anywhere_is_finished_by_the_same_call() {
    // If this failed, a crash in the middle would leave a person half erased.
    let prepare = |house: &House, one: &Submission| put_and_reserve(&house.open(), one).unwrap();
    let destroy = |house: &House, one: &Submission| {
        let vault = house.try_open()?;
        vault.destroy(one.person, Purpose::Identity).map(|_| ())
    };
    let met = at_every_write(prepare, destroy, |house, one| {
        destroy(house, one).unwrap();
        let vault = house.open();
        let opened = vault.opened(one.person, Purpose::Identity, one.id, &one.commitments());
        assert!(matches!(opened, Err(VaultError::Erased)), "{opened:?}");
        assert_eq!(vault.lookup("resident_id", "n").unwrap(), None);
        let spaces = |rows: Vec<(Place, Vec<u8>)>| -> Vec<String> {
            let mut spaces: Vec<_> = rows.into_iter().map(|((space, _), _)| space).collect();
            spaces.dedup();
            spaces
        };
        assert_eq!(spaces(house.vault.rows()), ["erased", "own", "salt"]);
        assert_eq!(spaces(house.keys.rows()), ["own"]);
    });
    assert_eq!(met, 2 * (2 + 2), "opening, keys, values, the empty page");
}
