//! institution.merge: who takes another in, and answers for it from then on.

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::{self, Account, OutcomeState};
use credentials::credential::set_status::{SetStatusError, Status};
use credentials::rulebook::Refusal;
use credentials::verify;
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::institution::merge::MergeInstitutionError;
use identity::institution::revive::ReviveError;
use identity::institution::settle_entries::SettleEntriesError;
use identity::institution::succession::{ABSORBED_MAX, GENERATIONS_MAX};
use identity::institution::{Event, Level, Settlement, Standing, seal, wire};
use tests::support::asking::{Asking, Signer, origin, person};
use tests::support::given::Given;
use tests::support::governing::{close, merge, province, reinstate, revival, revive, suspend};
use tests::support::keeping::{acknowledgement, settle_with, settling};
use tests::support::said;

use super::rules_coverage::refused;
use super::rules_credentials::{asking as issuing, data as credential, key_of, setting};

use super::rules_institutions::{ONE, institution, record};

pub(crate) const REFUSALS: &[fn()] = &[
    only_an_open_institution_takes_another_in,
    the_successor_and_nobody_else_answers,
    a_chain_of_mergers_ends,
];

/// Two would answer for one past, or nobody.
#[test]
fn only_an_open_institution_takes_another_in() {
    let mut given = province()
        .placed(1, Level::School, None)
        .placed(2, Level::School, None)
        .placed(3, Level::School, None)
        .placed(4, Level::County, None);
    for (number, into, expected) in [
        (0, 1, MergeInstitutionError::Registrar),
        (1, 0, MergeInstitutionError::Registrar),
        (1, 1, MergeInstitutionError::Itself),
        (9, 1, MergeInstitutionError::Unknown(IssuerNumber(9))),
        (1, 9, MergeInstitutionError::Unknown(IssuerNumber(9))),
        (4, 1, MergeInstitutionError::LevelUnfit(ONE)),
    ] {
        refused(&mut given, &merge(number, into), expected);
    }
    let not_open = |n| MergeInstitutionError::SuccessorNotOpen(IssuerNumber(n));
    given.governed(&suspend(2));
    refused(&mut given, &merge(1, 2), not_open(2));
    given.governed(&reinstate(2));
    given.governed(&close(3));
    refused(&mut given, &merge(1, 3), not_open(3));
    let proposal = given.makes(&merge(1, 2)).target;
    let merged = given.makes(&said::approve(proposal, person(5), "registrar"));
    assert_eq!(
        merged.kinds(),
        [
            "institution.merged.v1",
            "institution.absorbs.v1",
            "approval.completed.v1"
        ]
    );
    assert_eq!(given.already(&merge(1, 2)), merged.earlier());
    let elsewhere = MergeInstitutionError::Merged {
        number: ONE,
        into: IssuerNumber(2),
    };
    refused(&mut given, &merge(1, 4), elsewhere);
    refused(&mut given, &merge(2, 1), not_open(1));
    let revived = ReviveError::Merged {
        number: ONE,
        into: IssuerNumber(2),
    };
    refused(&mut given, &revive(&revival(1, "key-2")), revived);
    // One that was closed finds a successor later.
    given.governed(&merge(3, 2));
    assert!(institution(&given, 2).answers_for(IssuerNumber(3)));
}

/// A holder whose school is gone could never have an error corrected, or strangers could.
#[test]
fn the_successor_and_nobody_else_answers() {
    let mut given = tests::support::keeping::school(10)
        .admitted(2)
        .admitted(3)
        .registered(person(100));
    given.makes(&said::activate(&key_of(1)));
    given.makes(&record(1, "R1"));
    given.makes(&issuing(&credential(1, 77)));
    let awarder = CorrectOutcomeError::NotYours {
        outcome: said::outcome_of(1, person(100), "R1"),
        awarder: ONE,
    };
    let stolen = given.next;
    given.makes(&record(1, "R2"));
    given.cut_off(1, "key-1", stolen - 1);
    let disputed = institution(&given, 1).disputed();
    assert!(disputed.contains(stolen));
    given.governed(&merge(1, 2));

    // The credential: the successor's to suspend.
    let another = SetStatusError::NotYours {
        credential: credential(1, 77).credential,
        issuer: ONE,
    };
    refused(&mut given, &setting(3, 1, Status::Suspended), another);
    given.makes(&setting(2, 1, Status::Suspended));
    let state = given.state::<credentials::credential::Credential>(
        &credentials::credential::wire::stream(credential(1, 77).credential),
    );
    assert_eq!(state.standing(&given.whole(1)), verify::Standing::Suspended);
    assert_eq!(
        state.standing(&institution(&given, 1)),
        verify::Standing::Disputed,
        "who does not know the successor must not take its word"
    );

    // What was disputed: the successor's to settle, with its own two keys.
    let data = |signer: &Signer| {
        let mut data = settling(Settlement::Repudiated, signer, [(stolen, stolen)]);
        data.institution = ONE;
        let text = seal::settlement(
            Settlement::Repudiated,
            &origin(),
            ONE,
            &data.ranges,
            &data.root,
        );
        data.seal = seal::Seal::of(&signer.key(), &text);
        data
    };
    for number in [2, 3] {
        let key = acknowledgement(number);
        given.agreed(&tests::support::keeping::activate(
            &key,
            identity::institution::KeyUse::Acknowledgement,
        ));
    }
    let by = |number| {
        let key = Signer::school(number);
        settle_with(Settlement::Repudiated, acknowledgement(number), &data(&key))
    };
    refused(&mut given, &by(3), SettleEntriesError::NotYours(ONE));
    assert_eq!(given.whole(1).standing("key-1", stolen), Standing::Disputed);
    given.makes(&by(2));
    assert_eq!(
        given.whole(1).standing("key-1", stolen),
        Standing::Repudiated
    );

    // The outcome: corrected and revoked by two of the successor's officers.
    let account = |given: &Given| given.state::<Account>(&account::wire::stream(person(100)));
    let first = account(&given).outcomes[0].clone();
    let mut fields = said::course();
    fields.credits = Some("5".parse().unwrap());
    let asked = said::correct(1, person(100), "R1", fields);
    let correct = |number| Asking {
        data: asked.data.clone(),
        ..said::correct(number, person(100), "R1", said::course()).about(first.current)
    };
    refused(&mut given, &correct(3), awarder);
    given.agreed(&correct(2));
    let corrected = account(&given).outcomes[0].clone();
    assert_eq!(corrected.standing(&given.whole(1)), Standing::Good);
    let revoke = Asking {
        data: said::revoke(1, person(100), "R1").data,
        ..said::revoke(2, person(100), "R1").about(corrected.current)
    };
    let revoked = given.agreed(&revoke);
    let outcome = account(&given).outcomes[0].clone();
    assert_eq!(
        outcome.state(&given.whole(1)),
        OutcomeState::Revoked(revoked.earlier())
    );
    // A thief of the successor's key would have revoked for good what he never awarded.
    assert_eq!(
        outcome.state(&institution(&given, 1)),
        OutcomeState::Disputed
    );
}

/// Whoever stole the successor's key would have revoked, for good, what another school gave.
#[test]
fn a_stolen_key_of_the_successor_is_judged_as_the_successors() {
    let mut given = tests::support::keeping::school(10)
        .admitted(2)
        .registered(person(100));
    given.governed(&suspend(2));
    given.governed(&reinstate(2));
    given.makes(&said::record(2, person(100), "R1", said::course()));
    let account = |given: &Given| given.state::<Account>(&account::wire::stream(person(100)));
    let outcome = account(&given).outcomes[0].clone();
    given.governed(&merge(2, 1));
    let stolen = given.next;
    let revoke = Asking {
        data: said::revoke(2, person(100), "R1").data,
        ..said::revoke(1, person(100), "R1").about(outcome.current)
    };
    given.agreed(&revoke);
    let state = |given: &Given| account(given).outcomes[0].state(&given.whole(2));
    assert!(matches!(state(&given), OutcomeState::Revoked(_)));
    let cut = given.cut_off(1, "key-1", stolen - 1);
    assert_eq!(state(&given), OutcomeState::Disputed);
    assert_eq!(
        given.whole(2).doubts(),
        2,
        "whoever keeps lists must make them anew"
    );
    // The thief's revocation is repudiated where it was signed: the outcome stands again.
    given.makes(&tests::support::keeping::recover(
        "key-1",
        &Signer::new(1, "key-2"),
        "key-3",
    ));
    let at = cut.commit.position;
    given.makes(&tests::support::keeping::settle(
        Settlement::Repudiated,
        &Signer::new(1, "key-2"),
        [(stolen, at)],
    ));
    assert_eq!(state(&given), OutcomeState::Recorded);
}

/// A theft that comes to light after the merger could not be told any more.
#[test]
fn a_key_of_a_merged_school_is_still_cut_off() {
    let mut given = tests::support::keeping::school(10)
        .admitted(2)
        .registered(person(100));
    given.makes(&record(1, "R1"));
    let stolen = given.next;
    given.makes(&record(1, "R2"));
    given.governed(&merge(1, 2));
    given.cut_off(1, "key-1", stolen - 1);
    let whole = given.whole(1);
    assert_eq!(whole.standing("key-1", stolen), Standing::Disputed);
    assert_eq!(whole.standing("key-1", stolen - 1), Standing::Good);
    let next = Signer::new(1, "key-2");
    let recovered = given.refuses(&tests::support::keeping::recover("key-1", &next, "key-3"));
    assert!(matches!(recovered, Refusal::Ask(AskError::Ended { .. })));
}

/// Who answers for whom would be followed for ever, or past what a commit holds.
#[test]
fn a_chain_of_mergers_ends() {
    let last = GENERATIONS_MAX + 2;
    let mut given = (1..=last).fold(province(), Given::admitted);
    for number in 1..last - 1 {
        given.governed(&merge(number, number + 1));
    }
    refused(
        &mut given,
        &merge(last - 1, last),
        MergeInstitutionError::TooMany,
    );
    let whole = given.whole(1);
    assert_eq!(whole.heirs.len(), GENERATIONS_MAX as usize);
    assert!(institution(&given, last - 1).answers_for(ONE));
    // The width, as if a thousand had been merged before.
    let numbers = (5_000..).take(ABSORBED_MAX).map(IssuerNumber);
    let absorbs = Event::Absorbs {
        numbers: numbers.collect(),
        generations: 1,
    };
    let mut given = province().admitted(1).admitted(2);
    let fact = wire::to_fact(IssuerNumber(2), absorbs);
    given.happened(&merge(9, 2), vec![fact]);
    refused(&mut given, &merge(1, 2), MergeInstitutionError::TooMany);
}
