//! What a stolen key ended or suspended in its school's name: in doubt, then settled.

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::{self, Account, LotState, OutcomeState};
use credentials::credential::issue::{self, IssueError};
use credentials::credential::set_status::{SetStatusError, Status};
use credentials::rulebook::Refusal;
use credentials::verify::Standing;
use identity::did::IssuerNumber;
use identity::institution::{Institution, Settlement};
use tests::support::asking::{Asking, Signer, person};
use tests::support::given::{Given, Written, next_key};
use tests::support::keeping::{recover, school, settle};
use tests::support::said;

use super::rules_coverage::refused;
use super::rules_credentials::{asking, bits, data, key_of, setting, standing};

pub(crate) const REFUSALS: &[fn()] = &[
    a_status_in_doubt_is_settled_first,
    an_outcome_in_doubt_is_settled_first,
];

/// School 1 issued credential 1 for R1 of person 100; the commits of both.
fn issued() -> (Given, Written, Written) {
    let mut given = school(10).registered(person(100));
    given.makes(&said::activate(&key_of(1)));
    let recorded = given.makes(&said::record(1, person(100), "R1", said::course()));
    let issued = given.makes(&asking(&data(1, 77)));
    (given, recorded, issued)
}

/// Cuts `key-1` off behind `last`, and activates its successor, which is given back.
fn cut_off(given: &mut Given, last: &Written) -> Signer {
    given.skip_to(100);
    given.cut_off(1, "key-1", last.commit.position);
    let next = next_key(1);
    given.makes(&recover("key-1", &next, "key-3"));
    next
}

fn settled(given: &mut Given, next: &Signer, how: Settlement, what: &Written) {
    let at = what.commit.position;
    given.makes(&settle(how, next, [(at, at)]));
}

/// A gate would believe a thief's word, or a school could not undo it.
#[test]
fn a_status_in_doubt_is_settled_first() {
    let (mut given, _, issued) = issued();
    let suspended = given.makes(&setting(1, 1, Status::Suspended));
    assert_eq!(bits(&given, 77), [false, true, false]);
    let next = cut_off(&mut given, &issued);
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Disputed, [false; 3])
    );
    for status in [Status::Suspended, Status::Reinstated] {
        let asking = setting(1, 1, status).signed_by(next.clone());
        refused(&mut given, &asking, SetStatusError::Disputed);
    }
    // The one that may come back is no other than the one that stands.
    let another = asking(&data(2, 78)).signed_by(next.clone());
    assert_eq!(given.already(&another), issued.earlier());
    settled(&mut given, &next, Settlement::Repudiated, &suspended);
    assert_eq!(standing(&given, 1), Standing::Issued);
    let reinstated = setting(1, 1, Status::Reinstated).signed_by(next.clone());
    refused(&mut given, &reinstated, SetStatusError::NotSuspended);
    given.makes(&setting(1, 1, Status::Suspended).signed_by(next));
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Suspended, [false, true, false])
    );
}

/// Waiting for a settlement, a school could not end what must end today.
#[test]
fn a_status_in_doubt_can_be_ended() {
    let (mut given, _, issued) = issued();
    given.makes(&setting(1, 1, Status::Suspended));
    let next = cut_off(&mut given, &issued);
    given.makes(&setting(1, 1, Status::Revoked).signed_by(next));
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Revoked, [true, false, false])
    );
}

/// A correction would clear a doubt, and credit be given back twice.
#[test]
fn an_outcome_in_doubt_is_settled_first() {
    let (mut given, recorded, issued) = issued();
    let revoked = given.agreed(&said::revoke(1, person(100), "R1").about(recorded.target));
    assert_eq!(standing(&given, 1), Standing::Revoked);
    let next = cut_off(&mut given, &issued);
    assert_eq!(
        (standing(&given, 1), bits(&given, 77)),
        (Standing::Disputed, [false; 3])
    );
    let by_next = |asking: Asking| asking.signed_by(next.clone());
    let mut better = said::course();
    better.credits = Some("3.0".parse().unwrap());
    let correction = by_next(said::correct(1, person(100), "R1", better).about(recorded.target));
    refused(&mut given, &correction, CorrectOutcomeError::Disputed);
    let another = by_next(Asking::new(Signer::school(1), issue::KIND, &data(2, 78)));
    refused(&mut given, &another, IssueError::OutcomeDisputed);

    settled(&mut given, &next, Settlement::Repudiated, &revoked);
    let state = |given: &Given| -> (OutcomeState, Vec<LotState>) {
        let school: Institution = given.state(&IssuerNumber(1).stream());
        let account: Account = given.state(&account::wire::stream(person(100)));
        let outcome = &account.outcomes[0];
        let lots = account.lots.iter().map(|lot| lot.state).collect();
        (outcome.state(&school), lots)
    };
    assert_eq!(state(&given).0, OutcomeState::Recorded);
    assert_eq!(standing(&given, 1), Standing::Issued);
    let again = by_next(said::record(1, person(100), "R1", said::course()));
    assert_eq!(given.already(&again), recorded.earlier());
    let proposed = given.makes(&correction);
    let corrected = given.makes(&by_next(said::second(1, proposed.target)));
    assert!(corrected.kinds().contains(&"credential.superseded.v1"));
    assert_eq!(
        state(&given),
        (
            OutcomeState::Recorded,
            vec![LotState::Superseded, LotState::Available]
        )
    );
    let refusal = given.refuses(&by_next(
        said::revoke(1, person(100), "R1").about(recorded.target),
    ));
    assert!(matches!(refusal, Refusal::RevokeOutcome(_)), "{refusal:?}");
}
