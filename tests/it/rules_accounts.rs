//! outcome.record, outcome.correct, outcome.revoke: what was learned, and what becomes of it.

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::outcome::{FieldError, lot_id};
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::account::revoke_outcome::RevokeOutcomeError;
use credentials::account::{Account, LotState, OutcomeState, wire};
use credentials::policy::{OutcomeKind, PolicyError, PolicyRef};
use credentials::rulebook::Refusal;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use ledger::assertion::Target;
use ledger::hash::Digest;
use serde_json::json;
use tests::support::asking::{Asking, Signer, person};
use tests::support::given::{Given, Written};
use tests::support::said;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    an_awarder_records_its_own,
    only_the_registered_have_accounts,
    the_same_record_is_the_same_outcome,
    a_revoked_record_stays_revoked,
    nothing_counts_without_a_policy,
    a_correction_names_what_it_corrects,
    a_correction_keeps_the_rules_of_a_recording,
    a_revocation_names_what_it_revokes,
];

/// Schools 1 and 2, and person 100.
fn ready() -> Given {
    Given::genesis()
        .admitted(1)
        .admitted(2)
        .registered(person(100))
}

fn recorded() -> (Given, Written) {
    let mut given = ready();
    let written = given.makes(&said::record(1, person(100), "R1", said::course()));
    (given, written)
}

fn account(given: &Given) -> Account {
    given.state(&wire::stream(person(100)))
}

/// (milli-credits, state) of every lot in order of deposit.
fn lots(given: &Given) -> Vec<(u64, LotState)> {
    account(given)
        .lots
        .iter()
        .map(|lot| (lot.credit.get(), lot.state))
        .collect()
}

/// A passed course would not reach the learner, or its credit would not.
#[test]
fn recording_deposits_a_lot() {
    let (given, written) = recorded();
    assert_eq!(written.kinds(), ["outcome.recorded.v1", "lot.deposited.v1"]);
    let policy: PolicyRef =
        serde_json::from_value(written.member("lot.deposited.v1", "policy")).unwrap();
    assert_eq!(
        policy,
        said::policy(),
        "the decision names the terms it was made under"
    );
    let account = account(&given);
    let outcome = account
        .outcome(said::outcome_of(1, person(100), "R1"))
        .unwrap();
    assert_eq!(outcome.recorded, written.earlier());
    assert_eq!(outcome.current, written.target);
    assert_eq!(lots(&given), [(4_000, LotState::Available)]);
    assert_eq!(account.lots[0].id, lot_id(outcome.id, 0));
}

/// A school could speak for another, or for what it was never admitted to teach.
#[test]
fn an_awarder_records_its_own() {
    let mut given = ready();
    let theirs = said::record(2, person(100), "R1", said::course()).signed_by(Signer::school(1));
    let refusal = RecordOutcomeError::AwarderNotAuthorised {
        signer: IssuerNumber(1),
        awarder: IssuerNumber(2),
    };
    refused(&mut given, &theirs, refusal);

    let mut narrow = said::admission(3);
    narrow.scope = vec!["elder_course".into()];
    let mut given = given.admitted_as(&narrow);
    let kind = "course";
    let refusal = RecordOutcomeError::KindNotInScope {
        awarder: IssuerNumber(3),
        kind,
    };
    refused(
        &mut given,
        &said::record(3, person(100), "R1", said::course()),
        refusal,
    );
    let mut elder = said::course();
    elder.kind = OutcomeKind::ElderCourse;
    given.makes(&said::record(3, person(100), "R1", elder));
}

/// Credit would pile up under a number that is nobody, or under an id that says nothing.
#[test]
fn only_the_registered_have_accounts() {
    let mut given = ready();
    let nobody = said::record(1, person(101), "R1", said::course());
    refused(
        &mut given,
        &nobody,
        RecordOutcomeError::PersonUnknown(person(101)),
    );
    let mut data = said::recording(1, person(100), "R1", said::course());
    let expected = data.outcome;
    data.outcome = said::outcome_of(1, person(100), "R2");
    let asking = Asking::new(Signer::school(1), "outcome.record.v1", &data);
    refused(
        &mut given,
        &asking,
        RecordOutcomeError::IdNotDerived { expected },
    );
}

/// A record sent twice would count twice, or a changed one would silently win.
#[test]
fn the_same_record_is_the_same_outcome() {
    let (mut given, written) = recorded();
    let again = said::record(1, person(100), "R1", said::course());
    assert_eq!(given.already(&again), written.earlier());
    let mut other = said::course();
    other.credits = Some("5.0".parse().unwrap());
    let refusal = RecordOutcomeError::RecordDiffers {
        record: "R1".into(),
        position: written.commit.position,
    };
    refused(
        &mut given,
        &said::record(1, person(100), "R1", other.clone()),
        refusal,
    );
    assert_eq!(lots(&given), [(4_000, LotState::Available)]);

    // What it first said and what it says now are both known; sending either again is nothing new.
    given.agreed(&said::correct(1, person(100), "R1", other.clone()).about(written.target));
    assert_eq!(given.already(&again), written.earlier());
    assert_eq!(
        given.already(&said::record(1, person(100), "R1", other)),
        written.earlier()
    );
    // Another school's number may be the same.
    given.makes(&said::record(2, person(100), "R1", said::course()));
}

/// A revoked diploma would come back by sending it again.
#[test]
fn a_revoked_record_stays_revoked() {
    let (mut given, written) = recorded();
    let revoked = given.agreed(&said::revoke(1, person(100), "R1").about(written.target));
    let refusal = RecordOutcomeError::RecordRevoked {
        record: "R1".into(),
        position: revoked.commit.position,
    };
    refused(
        &mut given,
        &said::record(1, person(100), "R1", said::course()),
        refusal,
    );
    assert_eq!(lots(&given), [(4_000, LotState::Revoked)]);
}

/// Credit would be counted by no terms, or by terms nobody can read.
#[test]
fn nothing_counts_without_a_policy() {
    let (mut given, written) = recorded();
    // 2025-12-31 in UTC+8, the day before the policy begins.
    let before = 1_767_196_800_000 - 1;
    let day = identity::date::day_of(before);
    assert_eq!(day.to_string(), "2025-12-31");
    given = given.at(before);
    let none = PolicyError::NotInForce(day);
    let record = said::record(1, person(100), "R2", said::course());
    refused(
        &mut given,
        &record,
        RecordOutcomeError::Policy(none.clone()),
    );
    let mut better = said::course();
    better.passed = Some(false);
    let correct = said::correct(1, person(100), "R1", better).about(written.target);
    refused(
        &mut given,
        &correct,
        CorrectOutcomeError::Policy(none.clone()),
    );
    refused(
        &mut given,
        &said::revoke(1, person(100), "R1").about(written.target),
        Refusal::Policy(none),
    );
    let mut first_day = given.at(before + 1);
    let mut new_year = said::course();
    new_year.completed_on = jiff::civil::Date::constant(2025, 12, 20);
    first_day.makes(&said::record(1, person(100), "R2", new_year));

    let strange = PolicyRef {
        hash: Digest::of(b"other terms"),
        ..said::policy()
    };
    let mut given = ready().adopted(&strange);
    let refusal = given.refuses(&said::record(1, person(100), "R1", said::course()));
    let Refusal::RecordOutcome(RecordOutcomeError::Policy(error @ PolicyError::Unknown(_))) =
        refusal
    else {
        unreachable!("{refusal:?}")
    };
    let asking = said::record(1, person(100), "R1", said::course());
    refused(&mut given, &asking, RecordOutcomeError::Policy(error));
}

/// A learner's 3.0 would stay 3.0 though the school says 3.5; or the wrong lot would stay spendable
/// (DOMAIN §3.12).
#[test]
fn corrections_supersede() {
    let mut given = ready();
    let mut fields = said::course();
    fields.credits = Some("3.0".parse().unwrap());
    let written = given.makes(&said::record(1, person(100), "R1", fields.clone()));
    fields.credits = Some("3.5".parse().unwrap());
    let first =
        given.agreed(&said::correct(1, person(100), "R1", fields.clone()).about(written.target));
    assert_eq!(
        first.kinds(),
        [
            "outcome.corrected.v1",
            "lot.superseded.v1",
            "lot.deposited.v1",
            "approval.completed.v1"
        ]
    );
    assert_eq!(
        lots(&given),
        [(3_000, LotState::Superseded), (3_500, LotState::Available)]
    );
    let successor = lot_id(said::outcome_of(1, person(100), "R1"), 1);
    assert_eq!(
        first.member("lot.superseded.v1", "successor"),
        json!(successor)
    );

    // Mark 85 → 58: not passed, so the lot in its place holds nothing.
    fields.passed = Some(false);
    given.agreed(&said::correct(1, person(100), "R1", fields).about(first.target));
    assert_eq!(
        lots(&given),
        [
            (3_000, LotState::Superseded),
            (3_500, LotState::Superseded),
            (0, LotState::Available)
        ]
    );
    let account = account(&given);
    assert_eq!(account.outcomes.len(), 1, "it is still one outcome");
    assert_eq!(account.outcomes[0].recorded, written.earlier());
    assert_eq!(
        account.outcomes[0].first.as_ref().unwrap().fields.credits,
        Some("3".parse().unwrap())
    );
}

/// The answer to a correction sent twice would lead to a commit that is not the correction.
#[test]
fn a_correction_that_says_the_same_is_so_already() {
    let (mut given, written) = recorded();
    let same = said::correct(1, person(100), "R1", said::course()).about(written.target);
    assert_eq!(given.already(&same), written.earlier());
    let mut better = said::course();
    better.credits = Some("4.5".parse().unwrap());
    let corrected =
        given.agreed(&said::correct(1, person(100), "R1", better.clone()).about(written.target));
    let same = said::correct(1, person(100), "R1", better).about(corrected.target);
    assert_eq!(given.already(&same), corrected.earlier());
}

/// Somebody would correct what he had not read, or what is not his.
#[test]
fn a_correction_names_what_it_corrects() {
    let (mut given, written) = recorded();
    let mut better = said::course();
    better.credits = Some("4.5".parse().unwrap());
    let good = said::correct(1, person(100), "R1", better.clone()).about(written.target);
    let outcome = said::outcome_of(1, person(100), "R1");

    let unknown = said::correct(1, person(100), "R2", better.clone()).about(written.target);
    let refusal = CorrectOutcomeError::OutcomeUnknown(said::outcome_of(1, person(100), "R2"));
    refused(&mut given, &unknown, refusal);
    let mut theirs = said::correct(2, person(100), "R1", better.clone()).about(written.target);
    theirs.data["outcome"] = json!(outcome);
    let refusal = CorrectOutcomeError::NotYours {
        outcome,
        awarder: IssuerNumber(1),
    };
    refused(&mut given, &theirs, refusal);
    let stale = CorrectOutcomeError::TargetNotCurrent {
        id: written.target.id,
    };
    let mut blind = good.clone();
    blind.target = None;
    refused(&mut given, &blind, stale.clone());
    let other_leaf = Target {
        leaf: Digest::of(b"another"),
        ..written.target
    };
    refused(&mut given, &good.clone().about(other_leaf), stale);

    let corrected = given.agreed(&good);
    let mut best = better.clone();
    best.credits = Some("5".parse().unwrap());
    let late = said::correct(1, person(100), "R1", best.clone()).about(written.target);
    refused(
        &mut given,
        &late,
        CorrectOutcomeError::TargetNotCurrent {
            id: corrected.target.id,
        },
    );

    let revoked = given.agreed(&said::revoke(1, person(100), "R1").about(corrected.target));
    let dead = said::correct(1, person(100), "R1", best).about(corrected.target);
    refused(
        &mut given,
        &dead,
        CorrectOutcomeError::Revoked(revoked.commit.position),
    );
}

/// What could never be recorded would come in as a correction.
#[test]
fn a_correction_keeps_the_rules_of_a_recording() {
    let (mut given, written) = recorded();
    let mut absurd = said::course();
    absurd.credits = Some("240.001".parse().unwrap());
    let refusal = CorrectOutcomeError::Field(FieldError::AmountAbsurd {
        credit: "240.001".parse().unwrap(),
        max: "240".parse().unwrap(),
    });
    refused(
        &mut given,
        &said::correct(1, person(100), "R1", absurd).about(written.target),
        refusal,
    );
}

/// A cheat's credit would stay, or an honest learner's be taken by a stranger.
#[test]
fn a_revocation_names_what_it_revokes() {
    let (mut given, written) = recorded();
    let outcome = said::outcome_of(1, person(100), "R1");
    let unknown = said::revoke(1, person(100), "R2").about(written.target);
    let refusal = RevokeOutcomeError::OutcomeUnknown(said::outcome_of(1, person(100), "R2"));
    refused(&mut given, &unknown, refusal);
    let mut theirs = said::revoke(2, person(100), "R1").about(written.target);
    theirs.data["outcome"] = json!(outcome);
    refused(
        &mut given,
        &theirs,
        RevokeOutcomeError::NotYours {
            outcome,
            awarder: IssuerNumber(1),
        },
    );
    let outdated = RevokeOutcomeError::TargetNotCurrent {
        id: written.target.id,
    };
    refused(&mut given, &said::revoke(1, person(100), "R1"), outdated);

    let revoked = given.agreed(&said::revoke(1, person(100), "R1").about(written.target));
    assert_eq!(
        revoked.kinds(),
        [
            "outcome.revoked.v1",
            "lot.revoked.v1",
            "approval.completed.v1"
        ]
    );
    assert_eq!(
        account(&given).outcomes[0].state(&Institution::default()),
        OutcomeState::Revoked(revoked.earlier())
    );
    let repeated = said::revoke(1, person(100), "R1").about(written.target);
    assert_eq!(given.already(&repeated), revoked.earlier());
}
