//! Aliases: one person each, reserved before the log, released only after it was asked.

use api::vault::{Alias, NotReserved, ORPHAN_AFTER_MS, Reserved, VaultError, Wish};
use identity::purpose::Purpose;
use ledger::clock::{uuid_v4, uuid_v7};

use super::{House, START_MS, Submission, log_of};

const NUMBER: &str = "33010620010203451X";

#[test]
fn an_alias_belongs_to_one_person() {
    // If this failed, one identity number would lead to two people's records.
    let house = House::new();
    let vault = house.open();
    let (a, b) = (uuid_v4(), uuid_v4());
    let (of_a, of_b) = (uuid_v7(START_MS), uuid_v7(START_MS));
    let reserve = |person, id| {
        vault
            .lookup_reserve("resident_id", NUMBER, person, id)
            .unwrap()
    };
    assert_eq!(vault.lookup("resident_id", NUMBER).unwrap(), None);
    assert_eq!(reserve(a, of_a), Reserved::Held);
    assert_eq!(reserve(a, of_a), Reserved::Held, "the same again is fine");
    let taken = |settled| Reserved::Taken {
        index: 0,
        person: a,
        settled,
    };
    assert_eq!(reserve(b, of_b), taken(false));
    assert_eq!(reserve(a, of_b), taken(false), "another assertion");
    assert_eq!(reserve(b, of_a), taken(false), "another person");
    assert_eq!(vault.lookup("resident_id", NUMBER).unwrap(), Some(a));
    // The type is part of the alias, and where it ends is not ambiguous.
    assert_eq!(vault.lookup("passport", NUMBER).unwrap(), None);
    assert_eq!(
        vault.lookup("resident_i", &format!("d{NUMBER}")).unwrap(),
        None
    );
    house.at(60_000);
    let settled = vault.settle(&log_of(&[of_a])).unwrap();
    assert_eq!((settled.live, settled.reaped, settled.waiting), (1, 0, 0));
    assert_eq!(reserve(b, of_b), taken(true));
    house.at(10 * ORPHAN_AFTER_MS);
    let settled = vault.settle(&log_of(&[])).unwrap();
    assert_eq!(settled.reaped, 0, "what is live is not asked for again");
    assert_eq!(house.open().lookup("resident_id", NUMBER).unwrap(), Some(a));
}

#[test]
fn several_aliases_are_reserved_together_or_not_at_all() {
    // If this failed, a refused registration would keep a learner's own number from her for an hour.
    let house = House::new();
    let vault = house.open();
    let (a, b) = (uuid_v4(), uuid_v4());
    let alias = |kind, normalised| Alias { kind, normalised };
    let (number, pass) = (alias("resident_id", NUMBER), alias("passport", "E1"));
    let held = vault.lookup_reserve_all(&[pass], a, uuid_v7(START_MS));
    assert_eq!(held.unwrap(), Reserved::Held);
    let rows = house.keys.rows();
    let answer = vault.lookup_reserve_all(&[number, pass], b, uuid_v7(START_MS));
    let taken = Reserved::Taken {
        index: 1,
        person: a,
        settled: false,
    };
    assert_eq!(answer.unwrap(), taken);
    assert_eq!(house.keys.rows(), rows, "nothing was reserved");
    assert_eq!(vault.lookup("resident_id", NUMBER).unwrap(), None);
}

#[test]
fn a_batch_reserves_all_its_aliases_or_names_all_that_are_taken() {
    // If this failed, a roster would be sent a thousand times to find a thousand known people, or two
    // of its rows share one number.
    let house = House::new();
    let vault = house.open();
    let numbers = ["n0", "n1", "n2", "n3"];
    let aliases = numbers.map(|number| {
        [Alias {
            kind: "staff_number",
            normalised: number,
        }]
    });
    let wish = |at: usize| Wish {
        aliases: &aliases[at],
        person: uuid_v4(),
        assertion_id: uuid_v7(START_MS),
    };
    let before = [wish(1), wish(3)];
    vault.lookup_reserve_many(&before).unwrap();
    let rows = house.keys.rows();
    // The last wants what the first of its own batch has.
    let batch = [wish(0), wish(1), wish(2), wish(3), wish(0)];
    let taken = |index: usize, person| {
        let settled = false;
        let reserved = Reserved::Taken {
            index: 0,
            person,
            settled,
        };
        (index, reserved)
    };
    let expected = [
        taken(1, before[0].person),
        taken(3, before[1].person),
        taken(4, batch[0].person),
    ];
    match vault.lookup_reserve_many(&batch) {
        Err(NotReserved::Taken(found)) => assert_eq!(found, expected),
        other => panic!("{other:?}"),
    }
    assert_eq!(house.keys.rows(), rows, "nothing was reserved");
    let rest = [batch[0], batch[2]];
    vault.lookup_reserve_many(&rest).unwrap();
    vault.lookup_reserve_many(&rest).expect("the same again");
    for (number, person) in [("n0", rest[0].person), ("n2", rest[1].person)] {
        assert_eq!(vault.lookup("staff_number", number).unwrap(), Some(person));
    }
}

#[test]
fn an_orphaned_reservation_is_released() {
    // If this failed, a registration that never came into the log would block a number for ever.
    let house = House::new();
    let vault = house.open();
    let (a, b) = (uuid_v4(), uuid_v4());
    let (of_a, of_b) = (uuid_v7(START_MS), uuid_v7(START_MS));
    let before = house.keys.rows();
    let held = vault.lookup_reserve("resident_id", NUMBER, a, of_a);
    assert_eq!(held.unwrap(), Reserved::Held);
    house.at(ORPHAN_AFTER_MS - 1);
    let settled = vault.settle(&log_of(&[])).unwrap();
    assert_eq!((settled.live, settled.reaped, settled.waiting), (0, 0, 1));
    house.at(ORPHAN_AFTER_MS);
    let settled = vault.settle(&log_of(&[])).unwrap();
    assert_eq!((settled.live, settled.reaped, settled.waiting), (0, 1, 0));
    assert_eq!(house.keys.rows(), before, "no row stays");
    let held = vault.lookup_reserve("resident_id", NUMBER, b, of_b);
    assert_eq!(held.unwrap(), Reserved::Held);
}

#[test]
fn a_reservation_asked_for_again_is_not_taken_away() {
    // If this failed, a repeated registration could be in the log while its number was free.
    let house = House::new();
    let vault = house.open();
    let (a, of_a) = (uuid_v4(), uuid_v7(START_MS));
    let reserve = || {
        vault
            .lookup_reserve("resident_id", NUMBER, a, of_a)
            .unwrap()
    };
    assert_eq!(reserve(), Reserved::Held);
    house.at(ORPHAN_AFTER_MS);
    assert_eq!(reserve(), Reserved::Held);
    let settled = vault.settle(&log_of(&[])).unwrap();
    assert_eq!((settled.reaped, settled.waiting), (0, 1));
    assert_eq!(vault.lookup("resident_id", NUMBER).unwrap(), Some(a));
}

#[test]
fn a_repeated_assertion_does_not_bring_an_erased_alias_back() {
    // If this failed, an old request sent again would make an erased person findable by number.
    let house = House::new();
    let vault = house.open();
    let born = Submission::of(uuid_v4(), &[("name", "王晓明")]);
    let put = || vault.put_pending(born.person, Purpose::Identity, born.id, &born.disclosures);
    let reserve = || vault.lookup_reserve("resident_id", NUMBER, born.person, born.id);
    put().unwrap();
    assert_eq!(reserve().unwrap(), Reserved::Held);
    assert_eq!(vault.destroy(born.person, Purpose::Identity).unwrap(), 1);
    assert_eq!(vault.lookup("resident_id", NUMBER).unwrap(), None);
    assert!(matches!(put(), Err(VaultError::Erased)));
    assert!(matches!(reserve(), Err(VaultError::Erased)));
    assert_eq!(vault.lookup("resident_id", NUMBER).unwrap(), None);
    // Somebody who comes later, or the same person anew, may have the number.
    let anew = vault.lookup_reserve("resident_id", NUMBER, uuid_v4(), uuid_v7(START_MS));
    assert_eq!(anew.unwrap(), Reserved::Held);
}
