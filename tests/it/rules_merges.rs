//! merge.apply, merge.revert: two numbers of one person become one account, and part again.

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::whole::{self, Whole};
use credentials::account::{self, Account, LotState};
use credentials::credential::issue::{self, IssueError};
use credentials::merge::apply::{self, ApplyMergeError, LOTS_MAX, ResidentIds};
use credentials::merge::revert::RevertMergeError;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::officer::appoint::AppointError;
use identity::officer::clerk::{self, ChangeClerkError};
use identity::person::death::{self, RecordDeathError};
use identity::person::erasure::request::RequestErasureError;
use identity::person::served::NotServed;
use identity::person::suspend::{self, SuspendPersonError};
use identity::person::{self, Person};
use identity::purpose::Purpose;
use identity::role::Role;
use tests::support::asking::{Asking, Signer, officer, person, registrar};
use tests::support::given::{Given, Written};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    only_two_numbers_of_one_person_are_merged,
    nobody_merges_for_the_own_good,
    an_account_must_fit_into_one_commit,
    a_person_has_few_numbers,
    who_is_barred_is_not_merged,
    a_merge_is_taken_back_by_who_may_merge,
    one_record_counts_once,
    a_merge_is_taken_back_while_nothing_was_used,
    a_number_that_is_used_no_more_gets_no_role,
    who_is_forgotten_is_forgotten_under_every_number,
];

fn stays() -> Uuid {
    person(21)
}

fn goes() -> Uuid {
    person(22)
}

/// Two registrars, schools 1 and 2, and two numbers that school 1 registered.
fn given() -> Given {
    Given::province()
        .registered(stays())
        .registered(goes())
        .registered(person(23))
}

fn records(given: &mut Given, who: Uuid, record: &str) -> Written {
    given.makes(&said::record(1, who, record, said::course()))
}

/// Proposes and has the second registrar agree.
fn agreed(given: &mut Given, asking: &Asking) -> Written {
    given.agreed_by_registrars(asking).1
}

fn merged(given: &mut Given, absorbed: Uuid, into: Uuid) -> Written {
    agreed(given, &said::merge(&said::merging(absorbed, into)))
}

fn whole(given: &Given, of: Uuid) -> Whole {
    let get = |number| {
        let account: Account = given.state(&account::wire::stream(number));
        Ok::<_, ()>(std::sync::Arc::new(account))
    };
    whole::whole(of, get).unwrap()
}

fn facts_about(written: &Written, who: Uuid) -> usize {
    let stream = account::wire::stream(who);
    let facts = written.commit.facts.iter();
    facts.filter(|fact| fact.stream == stream).count()
}

/// One officer could merge, or what was known of either number would be lost.
#[test]
fn two_numbers_become_one_account() {
    let mut given = given();
    let first = records(&mut given, goes(), "B-1");
    records(&mut given, stays(), "A-1");
    let proposal = given.makes(&said::merge(&said::merging(goes(), stays())));
    assert_eq!(proposal.kinds(), ["approval.proposed.v1"]);
    let written = given.makes(&said::approve(proposal.target, person(5), "registrar"));
    let kinds = [
        "merge.applied.v1",
        "merge.applied.v1",
        "account.absorbed.v1",
        "account.absorbs.v1",
        "approval.completed.v1",
    ];
    assert_eq!(written.kinds(), kinds);
    let state: Person = given.state(&person::wire::stream(goes()));
    assert_eq!(state.merged_into.unwrap().0, stays());
    for number in [goes(), stays()] {
        let whole = whole(&given, number);
        assert_eq!(whole.holder, stays());
        assert_eq!(whole.numbers, [stays(), goes()]);
        assert_eq!(whole.account.outcomes.len(), 2);
    }
    // Whatever is said of either from here on stands in the account that stays.
    let more = records(&mut given, goes(), "B-2");
    assert_eq!(
        (facts_about(&more, stays()), facts_about(&more, goes())),
        (2, 0)
    );
    let mut better = said::course();
    better.credits = Some("3.0".parse().unwrap());
    let correction = said::correct(1, goes(), "B-1", better).about(first.target);
    let corrected = given.agreed(&correction);
    assert_eq!(facts_about(&corrected, goes()), 0);
    let account = whole(&given, goes()).account;
    let of = said::outcome_of(1, goes(), "B-1");
    let outcome = account.outcome(of).unwrap();
    let lot = account
        .current_lot(outcome, &Institution::default())
        .unwrap();
    assert_eq!(lot.credit, "3.0".parse().unwrap());
    // The same again is so already, whoever says it.
    let again = said::merge(&said::merging(goes(), stays()));
    assert_eq!(given.already(&again), written.earlier());
    // Under the number that stays it is nobody's: what is said of an outcome names the number of its record.
    let other = said::revoke(1, stays(), "B-1").about(corrected.target);
    let mut other = other;
    other.data["outcome"] = serde_json::json!(of);
    let refusal = given.refuses(&other);
    assert!(
        refusal.to_string().contains("there is no outcome"),
        "{refusal}"
    );
}

/// Two people would share one account, or a person be in two at once.
#[test]
fn only_two_numbers_of_one_person_are_merged() {
    let mut given = given();
    let merge = |absorbed, into| said::merge(&said::merging(absorbed, into));
    refused(&mut given, &merge(stays(), stays()), ApplyMergeError::Same);
    let nobody = person(99);
    for (absorbed, into) in [(nobody, stays()), (stays(), nobody)] {
        let unknown = ApplyMergeError::PersonUnknown(nobody);
        refused(&mut given, &merge(absorbed, into), unknown);
    }
    let different = apply::Data {
        resident_ids: ResidentIds::Differ,
        ..said::merging(goes(), stays())
    };
    refused(
        &mut given,
        &said::merge(&different),
        ApplyMergeError::ResidentIdsDiffer,
    );
    // A counter of a school merges whom the school registered, and nobody else.
    let counter = |number: u32, absorbed, into| {
        let data = said::merging(absorbed, into);
        Asking::new(Signer::school(number), apply::KIND, &data).by(officer(number, 1), "counter")
    };
    given = given
        .appointed(officer(1, 1), Role::Counter, Some(1))
        .appointed(officer(2, 1), Role::Counter, Some(2));
    refused(
        &mut given,
        &counter(2, goes(), stays()),
        ApplyMergeError::NotOnRoster(IssuerNumber(2)),
    );
    given.makes(&counter(1, goes(), stays()));
    merged(&mut given, goes(), stays());
    let before = ApplyMergeError::MergedBefore {
        person: goes(),
        into: stays(),
    };
    refused(&mut given, &merge(goes(), person(23)), before.clone());
    refused(&mut given, &merge(person(23), goes()), before);
}

/// An officer would take over somebody's credit, or join two roles that nobody may hold.
#[test]
fn nobody_merges_for_the_own_good() {
    let mut given = given().registered(registrar()).registered(person(5));
    let own = said::merge(&said::merging(goes(), registrar()));
    refused(&mut given, &own, ApplyMergeError::OwnAccount);
    // Nor does the one who agrees.
    let proposal = given
        .makes(&said::merge(&said::merging(goes(), person(5))))
        .target;
    let approval = said::approve(proposal, person(5), "registrar");
    refused(&mut given, &approval, ApplyMergeError::OwnAccount);
    let clerk = tests::support::given::clerk(1);
    given = given
        .registered(clerk)
        .appointed(clerk, Role::Clerk, Some(1));
    let staff = said::merge(&said::merging(clerk, stays()));
    refused(&mut given, &staff, ApplyMergeError::HoldsRoles(clerk));
}

/// A commit would be too large for its segment, and the merge fail after both officers agreed.
#[test]
fn an_account_must_fit_into_one_commit() {
    let mut given = given();
    for n in 0..LOTS_MAX {
        records(&mut given, goes(), &format!("R-{n}"));
    }
    // Every one of them is named, and they fit.
    merged(&mut given, goes(), stays());
    records(&mut given, stays(), "R-A");
    let lots = LOTS_MAX + 1;
    let merge = said::merge(&said::merging(stays(), person(23)));
    refused(&mut given, &merge, ApplyMergeError::TooManyLots { lots });
    merged(&mut given, person(23), stays());
}

/// A decision would have to learn of more numbers than it has rounds for, and end in an error of ours.
#[test]
fn a_person_has_few_numbers() {
    let mut given = given();
    let numbers: Vec<Uuid> = (40..50).map(person).collect();
    for number in &numbers {
        given = given.registered(*number);
    }
    // One within another: the fourth is too deep, from whichever end.
    for pair in numbers[..4].windows(2) {
        merged(&mut given, pair[0], pair[1]);
    }
    let deep = said::merge(&said::merging(numbers[3], numbers[4]));
    refused(&mut given, &deep, ApplyMergeError::TooManyNumbers);
    // At the greatest depth everything still works for the innermost.
    let recorded = records(&mut given, numbers[0], "R-1");
    given.agreed(&said::revoke(1, numbers[0], "R-1").about(recorded.target));
    for number in &numbers[4..8] {
        merged(&mut given, *number, numbers[3]);
    }
    let ninth = said::merge(&said::merging(numbers[8], numbers[3]));
    refused(&mut given, &ninth, ApplyMergeError::TooManyNumbers);
}

/// A suspension would be escaped by a merge, or a death by a second number.
#[test]
fn who_is_barred_is_not_merged() {
    let mut given = given();
    let data = suspend::Data {
        values: identity::erasable::Commitments::default(),
        person: goes(),
        reason: suspend::Reason::Misused,
    };
    let suspension =
        Asking::new(Signer::registrar(), suspend::SUSPEND, &data).by(registrar(), "registrar");
    given.makes(&suspension);
    let merge = said::merge(&said::merging(goes(), stays()));
    refused(&mut given, &merge, ApplyMergeError::Barred(goes()));
    // And what was merged is suspended under the number that stays.
    let mut given = self::given();
    merged(&mut given, goes(), stays());
    refused(
        &mut given,
        &suspension,
        SuspendPersonError::NotServed(NotServed::Merged(stays())),
    );
    let data = death::Data {
        values: said::values(1),
        person: goes(),
    };
    let died = Asking::new(Signer::registrar(), death::RECORD, &data).by(registrar(), "registrar");
    refused(
        &mut given,
        &died,
        RecordDeathError::NotServed(NotServed::Merged(stays())),
    );
}

/// Two counters of any school would part anybody's accounts, or an officer the own.
#[test]
fn a_merge_is_taken_back_by_who_may_merge() {
    let mut given = given()
        .appointed(officer(2, 1), Role::Counter, Some(2))
        .registered(person(5));
    merged(&mut given, goes(), stays());
    let foreign = said::unmerge(goes(), stays())
        .signed_by(Signer::school(2))
        .by(officer(2, 1), "counter");
    refused(
        &mut given,
        &foreign,
        RevertMergeError::NotOnRoster(IssuerNumber(2)),
    );
    let mut other = self::given().registered(registrar());
    let proposal = other
        .makes(&said::merge(&said::merging(goes(), stays())))
        .target;
    other.makes(&said::approve(proposal, person(5), "registrar"));
    // The number that stays is the first registrar's own only in this test's mind: by hand.
    let own = said::unmerge(goes(), stays()).by(stays(), "registrar");
    other = other.appointed(stays(), Role::Registrar, None);
    refused(&mut other, &own, RevertMergeError::OwnAccount);
}

/// A course entered under both numbers would give its credit twice.
#[test]
fn one_record_counts_once() {
    let mut given = given();
    let first = records(&mut given, stays(), "R-1");
    let doubled = records(&mut given, goes(), "R-1");
    merged(&mut given, goes(), stays());
    let counts = |given: &Given| -> Vec<bool> {
        let account = whole(given, stays()).account;
        let school: Institution = given.state(&IssuerNumber(1).stream());
        let outcomes = account.outcomes.iter();
        outcomes
            .map(|it| !account.is_doubled(it, &school))
            .collect()
    };
    assert_eq!(counts(&given), [true, false]);
    let mut better = said::course();
    better.credits = Some("9.0".parse().unwrap());
    let correction = said::correct(1, goes(), "R-1", better).about(doubled.target);
    refused(&mut given, &correction, CorrectOutcomeError::Quarantined);
    let data = issue::Data {
        outcome: said::outcome_of(1, goes(), "R-1"),
        person: goes(),
        ..super::rules_credentials::data(1, 77)
    };
    let issue = Asking::new(Signer::school(1), issue::KIND, &data);
    refused(&mut given, &issue, IssueError::OutcomeQuarantined);
    // Its institution ends the one that counted: the other counts, and can be corrected.
    given.agreed(&said::revoke(1, stays(), "R-1").about(first.target));
    assert_eq!(counts(&given), [true, true]);
    given.agreed(&correction);
    let account = whole(&given, stays()).account;
    let states: Vec<LotState> = account.lots.iter().map(|lot| lot.state).collect();
    let expected = [LotState::Revoked, LotState::Superseded, LotState::Available];
    assert_eq!(states, expected);
}

/// A wrong merge would stay for ever, or be undone although its credit was used.
#[test]
fn a_merge_is_taken_back_while_nothing_was_used() {
    let mut given = given();
    records(&mut given, stays(), "R-1");
    records(&mut given, goes(), "R-1");
    let recorded = records(&mut given, goes(), "R-2");
    let read = |given: &Given| {
        [stays(), goes(), person(23)].map(|number| {
            let whole = whole(given, number);
            format!(
                "{:?} {:?} {:?}",
                whole.numbers, whole.account.outcomes, whole.account.lots
            )
        })
    };
    let before = read(&given);
    let undo = said::unmerge(goes(), stays());
    let not_merged = RevertMergeError::NotMerged {
        absorbed: goes(),
        person: stays(),
    };
    refused(&mut given, &undo, not_merged.clone());
    merged(&mut given, goes(), stays());
    // What is recorded for the number that stays is no use of the other's.
    merged(&mut given, stays(), person(23));
    let since = RevertMergeError::MergedSince {
        person: stays(),
        into: person(23),
    };
    refused(&mut given, &undo, since);
    agreed(&mut given, &said::unmerge(stays(), person(23)));
    let undone = agreed(&mut given, &undo);
    let kinds = [
        "merge.reverted.v1",
        "merge.reverted.v1",
        "account.restored.v1",
        "account.released.v1",
        "approval.completed.v1",
    ];
    assert_eq!(undone.kinds(), kinds);
    assert_eq!(read(&given), before, "as if it had never been");
    refused(&mut given, &undo, not_merged);

    merged(&mut given, goes(), stays());
    records(&mut given, stays(), "A-9");
    agreed(&mut given, &undo);
    merged(&mut given, goes(), stays());
    given.agreed(&said::revoke(1, goes(), "R-2").about(recorded.target));
    let used = RevertMergeError::Used(said::outcome_of(1, goes(), "R-2"));
    refused(&mut given, &undo, used);
    let mut other = self::given();
    merged(&mut other, goes(), stays());
    records(&mut other, goes(), "R-3");
    let used = RevertMergeError::Used(said::outcome_of(1, goes(), "R-3"));
    refused(&mut other, &undo, used);
}

/// Somebody would hold two roles through two numbers.
#[test]
fn a_number_that_is_used_no_more_gets_no_role() {
    let mut given = given();
    merged(&mut given, goes(), stays());
    let appointed = said::appoint(goes(), Role::Audit, None);
    refused(&mut given, &appointed, AppointError::Merged(stays()));
    let data = clerk::Data {
        person: goes(),
        role: Role::Clerk,
    };
    let appointed =
        Asking::new(Signer::school(1), clerk::APPOINT, &data).by(officer(1, 1), "institution");
    refused(&mut given, &appointed, ChangeClerkError::Merged(stays()));
}

/// Half of what is known of somebody would outlive the erasure, or a merge bring it back.
#[test]
fn who_is_forgotten_is_forgotten_under_every_number() {
    let mut given = given();
    merged(&mut given, goes(), stays());
    let all: &[Purpose] = &[Purpose::Identity, Purpose::StudyRecord];
    let erase = |who| said::erase(&said::erasure(who, all));
    refused(
        &mut given,
        &erase(stays()),
        RequestErasureError::AbsorbedFirst(goes()),
    );
    agreed(&mut given, &erase(goes()));
    agreed(&mut given, &erase(stays()));
    let mut other = self::given();
    agreed(&mut other, &erase(person(23)));
    refused(
        &mut other,
        &said::merge(&said::merging(person(23), stays())),
        ApplyMergeError::Erased(person(23)),
    );
}
