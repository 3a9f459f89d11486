//! history.reaffirm, entries.reaffirm, entries.repudiate: what a school stands for, and what is in doubt.

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::credential::issue::{self, IssueError};
use credentials::rulebook::Refusal;
use identity::did::IssuerNumber;
use identity::institution::reaffirm_history::{EXCEPT_MAX, ReaffirmHistoryError};
use identity::institution::settle_entries::{RANGES_MAX, SettleEntriesError};
use identity::institution::{Institution, Ranges, Settlement, Standing};
use ledger::hash::Digest;
use tests::support::asking::{Asking, Signer, person};
use tests::support::given::{Given, next_key};
use tests::support::keeping::{
    acknowledgement, reaffirm, recover, school, settle, settle_with, settling,
};
use tests::support::said;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    a_floor_only_rises,
    exceptions_are_between_the_floors,
    disputes_are_settled_by_two_keys,
    settlements_are_of_what_is_disputed,
    what_is_disputed_is_not_used,
];

fn institution(given: &Given) -> Institution {
    given.state(&IssuerNumber(1).stream())
}

fn k1() -> Signer {
    Signer::school(1)
}

fn k3() -> Signer {
    Signer::new(1, "key-3")
}

/// A floor would sink under what it holds, or stand for what nobody has seen.
#[test]
fn a_floor_only_rises() {
    let mut given = school(10);
    let size = given.next;
    refused(
        &mut given,
        &reaffirm(1, size, &[]),
        ReaffirmHistoryError::NotSeen {
            through: size,
            size,
        },
    );
    let mut theirs = reaffirm(1, 5, &[]);
    theirs.data["institution"] = 2.into();
    refused(
        &mut given,
        &theirs,
        ReaffirmHistoryError::NotYours(IssuerNumber(2)),
    );
    given.makes(&reaffirm(1, size - 1, &[]));
    given.skip_to(20);
    for through in [size - 1, 3] {
        refused(
            &mut given,
            &reaffirm(1, through, &[]),
            ReaffirmHistoryError::NotHigher(size - 1),
        );
    }
    given.makes(&reaffirm(1, size, &[]));
    // What an acknowledgement key signed behind its own cut-off holds nobody.
    let behind = institution(&given).floors[1].signed.position - 1;
    given.cut_off(1, "ack-1", behind);
    assert_eq!(institution(&given).floor(), Some(size - 1));
}

/// Old grades could be taken back by naming them, or a list be too long to look at.
#[test]
fn exceptions_are_between_the_floors() {
    let mut given = school(10);
    given.skip_to(2_000);
    given.makes(&reaffirm(1, 100, &[50]));
    let long: Vec<u64> = (101..).take(EXCEPT_MAX + 1).collect();
    for except in [vec![100], vec![1_500], vec![300, 200], vec![200, 200], long] {
        refused(
            &mut given,
            &reaffirm(1, 1_400, &except),
            ReaffirmHistoryError::Except,
        );
    }
    given.makes(&reaffirm(1, 1_400, &[200, 300]));
    let state = institution(&given);
    assert_eq!(
        state.disputed().as_slice(),
        [(50, 50), (200, 200), (300, 300)]
    );
    // A forgery with a key that the platform keeps: disputed at once, whichever key signed it.
    assert_eq!(state.standing("key-1", 200), Standing::Disputed);
    assert_eq!(state.standing("key-1", 201), Standing::Good);
}

/// A thief of either key alone would clear his forgeries.
#[test]
fn disputes_are_settled_by_two_keys() {
    let mut given = school(10);
    given.skip_to(100);
    given.cut_off(1, "key-1", 50);
    let ranges = [(51, 60)];
    // The key that was cut off does not agree any more.
    refused(
        &mut given,
        &settle(Settlement::Reaffirmed, &k1(), ranges),
        SettleEntriesError::KeyNotFit("key-1".into()),
    );
    let two = next_key(1);
    given.makes(&recover("key-1", &two, "key-3"));
    let good = settling(Settlement::Reaffirmed, &two, ranges);
    let mut bent = Vec::new();
    // Over other positions, another root, the other way, or by another key.
    let mut data = good.clone();
    data.ranges = Ranges::of([(51, 61)]);
    bent.push(data);
    let mut data = good.clone();
    data.root = Digest::of(b"other leaves");
    bent.push(data);
    let mut data = good.clone();
    data.seal = settling(Settlement::Repudiated, &two, ranges).seal;
    bent.push(data);
    let mut data = good.clone();
    data.seal = settling(Settlement::Reaffirmed, &k3(), ranges).seal;
    bent.push(data);
    for data in &bent {
        refused(
            &mut given,
            &settle_with(Settlement::Reaffirmed, acknowledgement(1), data),
            SettleEntriesError::Seal,
        );
    }
    let written = given.makes(&settle_with(
        Settlement::Reaffirmed,
        acknowledgement(1),
        &good,
    ));
    assert_eq!(written.kinds(), ["entries.reaffirmed.v1"]);
    let written = given.makes(&settle(Settlement::Repudiated, &two, [(61, 70)]));
    assert_eq!(written.kinds(), ["entries.repudiated.v1"]);
    // Settled by an acknowledgement key that was itself in other hands by then: open again.
    let before = institution(&given).settled[0].signed.position - 1;
    given.cut_off(1, "ack-1", before);
    let state = institution(&given);
    assert_eq!(state.standing("key-1", 55), Standing::Disputed);
    assert_eq!(state.standing("key-1", 65), Standing::Disputed);
}

/// A school would settle what nobody doubts, twice, or blindly.
#[test]
fn settlements_are_of_what_is_disputed() {
    let mut given = school(10);
    given.skip_to(100);
    given.cut_off(1, "key-1", 50);
    let two = next_key(1);
    given.makes(&recover("key-1", &two, "key-3"));
    let end = institution(&given).key("key-1").unwrap().retired.unwrap();
    let data = settling(Settlement::Repudiated, &two, [(51, 60)]);
    let mut theirs = data.clone();
    theirs.institution = IssuerNumber(2);
    let repudiate = |data| settle_with(Settlement::Repudiated, acknowledgement(1), data);
    refused(
        &mut given,
        &repudiate(&theirs),
        SettleEntriesError::NotYours(IssuerNumber(2)),
    );
    let many: Vec<[u64; 2]> = (0..=RANGES_MAX as u64).map(|n| [2 * n, 2 * n]).collect();
    for ranges in [
        serde_json::json!([]),
        serde_json::json!([[52, 51]]),
        serde_json::json!([[51, 52], [53, 54]]),
        serde_json::json!([[55, 56], [51, 52]]),
        serde_json::json!(many),
    ] {
        let mut asking = repudiate(&data);
        asking.data["ranges"] = ranges;
        refused(&mut given, &asking, SettleEntriesError::Ranges);
    }
    let size = given.next;
    refused(
        &mut given,
        &settle(Settlement::Repudiated, &two, [(51, size)]),
        SettleEntriesError::NotSeen { last: size, size },
    );
    for (from, to) in [(50, 51), (end, end + 1), (3, 4)] {
        refused(
            &mut given,
            &settle(Settlement::Repudiated, &two, [(from, to)]),
            SettleEntriesError::NotDisputed { from, to },
        );
    }
    given.makes(&settle(Settlement::Reaffirmed, &two, [(55, 57)]));
    for (from, to) in [(55, 55), (54, 58)] {
        refused(
            &mut given,
            &settle(Settlement::Repudiated, &two, [(from, to)]),
            SettleEntriesError::NotDisputed { from, to },
        );
    }
    given.makes(&settle(Settlement::Repudiated, &two, [(51, 54), (58, end)]));
    assert!(institution(&given).disputed().is_empty());
}

/// Nobody would be told that a credential rests on what a thief wrote, or a correction would clear it.
#[test]
fn what_is_disputed_is_not_used() {
    let mut given = school(10).registered(person(100));
    let course = || said::course();
    let thief = given.makes(&said::record(1, person(100), "R1", course()));
    let at = thief.commit.position;
    given.makes(&said::record(1, person(100), "R2", course()));
    given.skip_to(100);
    given.cut_off(1, "key-1", at - 1);
    let two = next_key(1);
    given.makes(&recover("key-1", &two, "key-3"));
    let by_two = |asking: Asking| asking.signed_by(two.clone());
    let mut other = course();
    other.credits = Some("3.0".parse().unwrap());
    let correct = by_two(said::correct(1, person(100), "R1", other).about(thief.target));
    let issue = |record: &str| {
        let mut data = super::rules_credentials::data(1, 0);
        data.outcome = said::outcome_of(1, person(100), record);
        by_two(Asking::new(k1(), issue::KIND, &data))
    };
    for _ in 0..2 {
        refused(&mut given, &correct, CorrectOutcomeError::Disputed);
        refused(&mut given, &issue("R1"), IssueError::OutcomeDisputed);
        // Repudiated, it stays so for ever.
        if institution(&given).standing("key-1", at) == Standing::Disputed {
            given.makes(&settle(Settlement::Repudiated, &two, [(at, at)]));
        }
    }
    assert_eq!(
        institution(&given).standing("key-1", at),
        Standing::Repudiated
    );
    given.makes(&settle(Settlement::Reaffirmed, &two, [(at + 1, at + 1)]));
    // Behind the settlement the rules of the credential itself come first again.
    let refusal = given.refuses(&issue("R2"));
    assert!(
        matches!(refusal, Refusal::Issue(IssueError::KeyNotFit(_))),
        "{refusal:?}"
    );
    // A revocation says the same as a repudiation, only sooner.
    given.makes(&by_two(
        said::revoke(1, person(100), "R1").about(thief.target),
    ));
}
