//! The worked example of SECURITY §2, row by row: one institution, keys K1 → K2 → K3, recovery key R,
//! acknowledgement key A.

use identity::did::IssuerNumber;
use identity::institution::Standing::{Disputed, Good, Repudiated};
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::{Institution, Settlement, Standing};
use tests::support::asking::{Signer, person};
use tests::support::given::{Given, Written, next_key};
use tests::support::keeping::{
    acknowledgement, compromise, reaffirm, recover, rotate, school, settle,
};
use tests::support::said;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[row_7710_a_cut_off_neither_falls_below_the_floor_nor_rises];

/// The rows, by the position they end at.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Row {
    Admitted = 100,
    FirstFloor = 3_000,
    Rotated = 5_001,
    SecondFloor = 6_000,
    Stolen = 7_400,
    Recovered = 7_501,
    Reaffirmed = 7_610,
    Repudiated = 7_620,
    CutEarlier = 7_700,
}

fn k1() -> Signer {
    Signer::school(1)
}

fn k2() -> Signer {
    next_key(1)
}

fn k3() -> Signer {
    Signer::new(1, "key-3")
}

fn institution(given: &Given) -> Institution {
    given.state(&IssuerNumber(1).stream())
}

/// Signs at `position`, for whom it does not matter.
fn submits(given: &mut Given, key: &Signer, position: u64) -> Written {
    given.skip_to(position);
    let asking = said::register(1, person(10_000 + position)).signed_by(key.clone());
    given.makes(&asking)
}

/// Everything up to and with `row`.
fn until(row: Row) -> Given {
    let mut given = school(100);
    assert_eq!(given.next, 101);
    if row >= Row::FirstFloor {
        given.skip_to(3_000);
        given.makes(&reaffirm(1, 2_990, &[]));
    }
    if row >= Row::Rotated {
        given.skip_to(5_000);
        given.agreed(&rotate(&k1(), &k2(), "key-3"));
    }
    if row >= Row::SecondFloor {
        given.skip_to(6_000);
        given.makes(&reaffirm(1, 5_990, &[]));
    }
    if row >= Row::Stolen {
        for position in [
            6_400, 6_501, 7_150, 7_151, 7_199, 7_200, 7_239, 7_240, 7_400,
        ] {
            submits(&mut given, &k2(), position);
        }
    }
    if row >= Row::Recovered {
        given.skip_to(7_498);
        assert_eq!(given.cut_off(1, "key-2", 7_150).commit.position, 7_500);
        given.makes(&recover("key-2", &k3(), "key-4"));
    }
    if row >= Row::Reaffirmed {
        given.skip_to(7_610);
        let theirs = [(7_151, 7_199), (7_240, 7_400)];
        given.makes(&settle(Settlement::Reaffirmed, &k3(), theirs));
    }
    if row >= Row::Repudiated {
        given.skip_to(7_620);
        given.makes(&settle(Settlement::Repudiated, &k3(), [(7_200, 7_239)]));
    }
    if row >= Row::CutEarlier {
        given.skip_to(7_698);
        given.cut_off(1, "key-2", 6_500);
    }
    given
}

/// Where K2 stands at each of `positions`.
fn standing<const N: usize>(given: &Given, positions: [u64; N]) -> [Standing; N] {
    positions.map(|position| institution(given).standing("key-2", position))
}

/// A key would sign its own admission, or the next one would not be bound to it.
#[test]
fn row_100_admitted_with_a_pledge() {
    let mut given = until(Row::Admitted);
    let key = institution(&given).key("key-1").cloned().unwrap();
    assert_eq!(key.activated, 100);
    assert!(!key.is_valid_at(100) && key.is_valid_at(101));
    assert_eq!(key.next, Some(tests::support::keeping::pledge(1, "key-2")));
    assert_eq!(submits(&mut given, &k1(), 101).commit.position, 101);
}

/// What a school stood for could be denied.
#[test]
fn row_3000_the_first_floor() {
    let given = until(Row::FirstFloor);
    assert_eq!(institution(&given).floor(), Some(2_990));
    assert_eq!(
        *institution(&given).floors[0].signed.fragment,
        acknowledgement(1).fragment
    );
}

/// A key would sign beside its successor, or the successor too early.
#[test]
fn row_5001_rotated() {
    let mut given = until(Row::SecondFloor);
    let state = institution(&given);
    let (one, two) = (state.key("key-1").unwrap(), state.key("key-2").unwrap());
    assert_eq!((one.activated, one.retired), (100, Some(5_001)));
    assert_eq!((two.activated, two.retired), (5_001, None));
    assert!(one.is_valid_at(5_001) && !one.is_valid_at(5_002));
    assert!(!two.is_valid_at(5_001) && two.is_valid_at(5_002));
    // Refused whenever it was signed: here and now decides.
    given.skip_to(6_100);
    let late = said::register(1, person(100)).signed_by(k1());
    let refusal = given.refuses(&late).to_string();
    assert!(refusal.contains("retired at 5001"), "{refusal}");
    submits(&mut given, &k2(), 6_101);
}

/// A floor would not rise.
#[test]
fn row_6000_the_second_floor() {
    assert_eq!(institution(&until(Row::SecondFloor)).floor(), Some(5_990));
}

/// A theft would be known before anybody declares it: it is not, and nothing stands apart.
#[test]
fn rows_7200_to_7400_nobody_knows_yet() {
    let given = until(Row::Stolen);
    assert_eq!(standing(&given, [7_150, 7_200, 7_240, 7_400]), [Good; 4]);
    assert!(institution(&given).disputed().is_empty());
}

/// A thief's entries would stay good, or K2 go on signing, or K3 begin too early.
#[test]
fn row_7501_cut_off_and_recovered() {
    let mut given = until(Row::Recovered);
    let state = institution(&given);
    let (two, three) = (state.key("key-2").unwrap(), state.key("key-3").unwrap());
    assert_eq!(two.not_valid_after(), Some(7_150));
    assert_eq!(two.retired, Some(7_500), "the declaration's own position");
    assert!(two.is_valid_at(7_150) && !two.is_valid_at(7_151) && !two.is_valid_at(7_501));
    assert!(!three.is_valid_at(7_501) && three.is_valid_at(7_502));
    assert_eq!(state.disputed().as_slice(), [(7_151, 7_500)]);
    assert_eq!(
        standing(&given, [7_150, 7_151, 7_200, 7_500, 7_501]),
        [Good, Disputed, Disputed, Disputed, Good]
    );
    given.skip_to(7_502);
    let refusal = given.refuses(&said::register(1, person(100)).signed_by(k2()));
    assert!(refusal.to_string().contains("retired at 7500"), "{refusal}");
    submits(&mut given, &k3(), 7_503);
}

/// Genuine entries could not be saved.
#[test]
fn row_7610_reaffirmed() {
    let given = until(Row::Reaffirmed);
    assert_eq!(
        standing(&given, [7_151, 7_199, 7_200, 7_239, 7_240, 7_400, 7_401]),
        [Good, Good, Disputed, Disputed, Good, Good, Disputed]
    );
}

/// A forgery would stay in doubt for ever.
#[test]
fn row_7620_repudiated() {
    let given = until(Row::Repudiated);
    assert_eq!(
        standing(&given, [7_199, 7_200, 7_239, 7_240, 7_500]),
        [Good, Repudiated, Repudiated, Good, Disputed]
    );
    assert_eq!(institution(&given).disputed().as_slice(), [(7_401, 7_500)]);
}

/// What was settled would be open again, or the earlier theft stay good.
#[test]
fn row_7700_cut_off_earlier() {
    let given = until(Row::CutEarlier);
    assert_eq!(
        standing(
            &given,
            [6_500, 6_501, 7_150, 7_151, 7_199, 7_200, 7_400, 7_401]
        ),
        [
            Good, Disputed, Disputed, Good, Good, Repudiated, Good, Disputed
        ]
    );
    let state = institution(&given);
    assert_eq!(state.key("key-2").unwrap().not_valid_after(), Some(6_500));
    assert_eq!(state.key("key-2").unwrap().retired, Some(7_500));
    assert_eq!(
        state.disputed().as_slice(),
        [(6_501, 7_150), (7_401, 7_500)]
    );
}

/// Old grades could be repudiated, or a thief's time given back to him.
#[test]
fn row_7710_a_cut_off_neither_falls_below_the_floor_nor_rises() {
    let mut given = until(Row::CutEarlier);
    given.skip_to(7_710);
    refused(
        &mut given,
        &compromise(1, "key-2", 5_900),
        CompromiseKeyError::BelowFloor { floor: 5_990 },
    );
    refused(
        &mut given,
        &compromise(1, "key-2", 7_000),
        CompromiseKeyError::NotEarlier {
            not_valid_after: 6_500,
        },
    );
    // The same again is nothing new.
    assert_eq!(
        given.already(&compromise(1, "key-2", 6_500)).position,
        7_700
    );
    // Down to the floor itself it may go.
    given.makes(&compromise(1, "key-2", 5_990));
}
