//! split.*: an account that held two people is taken apart, and what every rule of it refuses.

use credentials::account::whole::{self, Whole};
use credentials::account::{self, Account, OutcomeState};
use credentials::credential::issue::{self, IssueError};
use credentials::merge::apply::ApplyMergeError;
use credentials::merge::revert::RevertMergeError;
use credentials::policy::PolicyError;
use credentials::split::agree::AgreeSplitError;
use credentials::split::apply::{self, ApplySplitError, ENDED_MAX};
use credentials::split::propose::{self, OUTCOMES_MAX, ProposeSplitError};
use credentials::split::transfer::{self, TransferError, moved_id};
use credentials::split::withdraw::{self, WithdrawSplitError};
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::person::erasure::request::RequestErasureError;
use identity::person::{self, Person};
use identity::purpose::Purpose;
use identity::role::Role;
use tests::support::asking::{Asking, Signer, person, registrar};
use tests::support::given::{Given, Written, next_key};
use tests::support::{governing, keeping, said};
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    who_may_be_split,
    every_outcome_is_exactly_one_persons,
    an_issuer_moves_its_own_and_nothing_else,
    a_doubted_outcome_is_settled_first,
    nothing_moves_without_a_policy,
    a_split_is_applied_when_all_agree,
    nothing_is_used_while_a_split_is_in_hand,
    a_used_merge_is_taken_apart,
    a_manifest_that_is_out_of_date_is_not_applied,
    what_was_revoked_since_fits_into_one_commit,
];

fn one() -> Uuid {
    person(21)
}

fn other() -> Uuid {
    person(22)
}

fn given() -> Given {
    Given::province()
        .registered(one())
        .registered(other())
        .registered(person(23))
}

fn records(given: &mut Given, who: Uuid, record: &str) -> Written {
    given.makes(&said::record(1, who, record, said::course()))
}

fn id(who: Uuid, record: &str) -> Uuid {
    said::outcome_of(1, who, record)
}

/// Two registrars agree; the name of the split.
fn split(given: &mut Given, moves: &[Uuid], stays: &[Uuid]) -> Uuid {
    let data = said::splitting(one(), other(), moves, stays);
    given.agreed_by_registrars(&said::split(&data)).0.id
}

/// The account of `one` with A-1, which is its own, and B-1, which is the other's.
fn mixed(given: &mut Given) -> (Uuid, Written) {
    records(given, one(), "A-1");
    let foreign = records(given, one(), "B-1");
    let split = split(given, &[id(one(), "B-1")], &[id(one(), "A-1")]);
    (split, foreign)
}

fn whole(given: &Given, of: Uuid) -> Whole {
    let get = |number| {
        let account: Account = given.state(&account::wire::stream(number));
        Ok::<_, ()>(std::sync::Arc::new(account))
    };
    whole::whole(of, get).unwrap()
}

/// The records that stand in an account.
fn stands(given: &Given, of: Uuid) -> Vec<String> {
    let school = Institution::default();
    let account = whole(given, of).account;
    let outcomes = account.outcomes.iter();
    let mut records: Vec<_> = outcomes
        .filter(|it| it.state(&school) == OutcomeState::Recorded)
        .map(|it| it.origin.record.clone())
        .collect();
    records.sort();
    records
}

fn moves(split: Uuid, record: &str, foreign: &Written) -> Asking {
    let data = said::moving(one(), split, (id(one(), record), record), other());
    said::transfer(1, &data, foreign.target)
}

/// Two people would share one record for ever, or the credit of one be lost or count for both.
#[test]
fn each_gets_what_is_the_own() {
    let mut given = given();
    let (split, foreign) = mixed(&mut given);
    let moved = given.makes(&moves(split, "B-1", &foreign));
    let kinds = [
        "outcome.revoked.v1",
        "lot.revoked.v1",
        "outcome.recorded.v1",
        "lot.deposited.v1",
    ];
    assert_eq!(moved.kinds(), kinds);
    // The same again is so already.
    assert_eq!(
        given.already(&moves(split, "B-1", &foreign)),
        moved.earlier()
    );
    let agreed = given.makes(&said::agree_to_split(1, one(), split));
    let again = given.already(&said::agree_to_split(1, one(), split));
    assert_eq!(again, agreed.earlier());
    let applied = given.makes(&said::end_split(apply::KIND, one(), split));
    assert_eq!(applied.kinds(), ["split.applied.v1", "split.applied.v1"]);
    let again = given.already(&said::end_split(apply::KIND, one(), split));
    assert_eq!(again, applied.earlier());
    assert_eq!(stands(&given, one()), ["A-1"]);
    assert_eq!(stands(&given, other()), ["B-1"]);
    let account = whole(&given, other()).account;
    let outcome = account.outcome(moved_id(split, id(one(), "B-1"))).unwrap();
    let lot = account
        .current_lot(outcome, &Institution::default())
        .unwrap();
    assert_eq!(lot.credit, "4.0".parse().unwrap());
    // The file of the school, sent again, gives neither of them anything twice.
    let again = said::record(1, one(), "B-1", said::course());
    assert!(given.refuses(&again).to_string().contains("was revoked"));
    let again = said::record(1, other(), "B-1", said::course());
    assert_eq!(given.already(&again), moved.earlier());
}

/// An officer would take a stranger's account apart, or one's own.
#[test]
fn who_may_be_split() {
    let mut given = given()
        .registered(registrar())
        .appointed(person(40), Role::Counter, Some(2));
    let propose = |person, other| said::split(&said::splitting(person, other, &[], &[]));
    refused(&mut given, &propose(one(), one()), ProposeSplitError::Same);
    let nobody = person(99);
    let unknown = ProposeSplitError::PersonUnknown(nobody);
    refused(&mut given, &propose(one(), nobody), unknown);
    let elsewhere = Asking::new(
        Signer::school(2),
        propose::KIND,
        &said::splitting(one(), other(), &[], &[]),
    );
    let elsewhere = elsewhere.by(person(40), "counter");
    let not_served = ProposeSplitError::NotOnRoster(IssuerNumber(2));
    refused(&mut given, &elsewhere, not_served);
    refused(
        &mut given,
        &propose(registrar(), one()),
        ProposeSplitError::OwnAccount,
    );
    let mut unproven = said::splitting(one(), other(), &[], &[]);
    unproven.values = said::values(0);
    refused(
        &mut given,
        &said::split(&unproven),
        ProposeSplitError::EvidenceMissing,
    );
    given.agreed_by_registrars(&said::merge(&said::merging(person(23), one())));
    let merged = ProposeSplitError::Merged {
        person: person(23),
        into: one(),
    };
    refused(&mut given, &propose(person(23), one()), merged.clone());
    refused(&mut given, &propose(other(), person(23)), merged);
    let erased = said::erase(&said::erasure(other(), &[Purpose::StudyRecord]));
    given.agreed_by_registrars(&erased);
    refused(
        &mut given,
        &propose(one(), other()),
        ProposeSplitError::Erased(other()),
    );
}

/// A record would be nobody's, or both people's.
#[test]
fn every_outcome_is_exactly_one_persons() {
    let mut given = given();
    records(&mut given, one(), "A-1");
    records(&mut given, one(), "B-1");
    let [a, b] = ["A-1", "B-1"].map(|record| id(one(), record));
    let propose = |moves: &[Uuid], stays: &[Uuid]| {
        said::split(&said::splitting(one(), other(), moves, stays))
    };
    refused(
        &mut given,
        &propose(&[a], &[]),
        ProposeSplitError::NotAssigned(b),
    );
    refused(
        &mut given,
        &propose(&[a], &[a, b]),
        ProposeSplitError::NotInOrder,
    );
    let unknown = ProposeSplitError::OutcomeUnknown(person(7));
    refused(&mut given, &propose(&[a, person(7)], &[b]), unknown);
    let many: Vec<Uuid> = (0..=OUTCOMES_MAX as u64).map(person).collect();
    let outcomes = many.len();
    refused(
        &mut given,
        &propose(&many, &[]),
        ProposeSplitError::TooLarge { outcomes },
    );
    // Who is no more moves nothing.
    given.agreed_by_registrars(&governing::close(1));
    let silent = |outcome| ProposeSplitError::IssuerSilent {
        outcome,
        awarder: IssuerNumber(1),
    };
    refused(&mut given, &propose(&[b], &[a]), silent(b));
    let stays = propose(&[], &[a, b]);
    let split = given.agreed_by_registrars(&stays).0.id;
    given.makes(&said::end_split(apply::KIND, one(), split));
}

/// A school would move what another awarded, or say another mark on the way.
#[test]
fn an_issuer_moves_its_own_and_nothing_else() {
    let mut given = given();
    let none = said::agree_to_split(1, one(), person(8));
    refused(&mut given, &none, AgreeSplitError::NotInHand(person(8)));
    let (split, foreign) = mixed(&mut given);
    let stranger = said::agree_to_split(2, one(), split);
    refused(
        &mut given,
        &stranger,
        AgreeSplitError::NothingIssued(IssuerNumber(2)),
    );
    let [a, b] = ["A-1", "B-1"].map(|record| id(one(), record));
    let data = || said::moving(one(), split, (b, "B-1"), other());
    let asks = |data: &transfer::Data| said::transfer(1, data, foreign.target);
    let elsewhere = said::moving(one(), person(8), (b, "B-1"), other());
    refused(
        &mut given,
        &asks(&elsewhere),
        TransferError::NotInHand(person(8)),
    );
    let unknown = said::moving(one(), split, (person(7), "B-1"), other());
    refused(
        &mut given,
        &asks(&unknown),
        TransferError::OutcomeUnknown(person(7)),
    );
    let mut kept = data();
    kept.person = one();
    refused(
        &mut given,
        &asks(&kept),
        TransferError::OtherPerson(other()),
    );
    let mut named = data();
    named.outcome = person(7);
    let expected = moved_id(split, b);
    refused(
        &mut given,
        &asks(&named),
        TransferError::IdNotDerived { expected },
    );
    let not_yours = TransferError::NotYours {
        outcome: b,
        awarder: IssuerNumber(1),
    };
    refused(
        &mut given,
        &said::transfer(2, &data(), foreign.target),
        not_yours,
    );
    let own = said::moving(one(), split, (a, "A-1"), one());
    refused(&mut given, &asks(&own), TransferError::Settled(a));
    let mut stale = foreign.target;
    stale.id = person(7);
    let current = TransferError::TargetNotCurrent {
        id: foreign.target.id,
    };
    refused(&mut given, &said::transfer(1, &data(), stale), current);
    let mut better = data();
    better.fields.credits = Some("9.0".parse().unwrap());
    refused(&mut given, &asks(&better), TransferError::Differs);
    records(&mut given, other(), "B-1");
    refused(
        &mut given,
        &asks(&data()),
        TransferError::RecordThere("B-1".into()),
    );
}

/// What a thief wrote would be signed for by its school, and be credit again.
#[test]
fn a_doubted_outcome_is_settled_first() {
    let mut given = keeping::school(10).registered(one()).registered(other());
    let foreign = records(&mut given, one(), "B-1");
    let at = foreign.commit.position;
    given.skip_to(100);
    given.cut_off(1, "key-1", at - 1);
    let next = next_key(1);
    given.makes(&keeping::recover("key-1", &next, "key-3"));
    let split = split(&mut given, &[id(one(), "B-1")], &[]);
    let moving = moves(split, "B-1", &foreign).signed_by(next);
    refused(&mut given, &moving, TransferError::Disputed);
}

/// A lot would be deposited that no policy speaks of.
#[test]
fn nothing_moves_without_a_policy() {
    let mut given = given();
    let (split, foreign) = mixed(&mut given);
    // 2025-12-31 in UTC+8, the day before the policy begins.
    let before = 1_767_196_800_000 - 1;
    given = given.at(before);
    let none = PolicyError::NotInForce(identity::date::day_of(before));
    let moving = moves(split, "B-1", &foreign);
    refused(&mut given, &moving, TransferError::Policy(none));
}

/// An account would be open again while a school still doubts whose a record is.
#[test]
fn a_split_is_applied_when_all_agree() {
    let mut given = given()
        .registered(registrar())
        .appointed(person(40), Role::Counter, Some(2));
    let ends = |kind, split| said::end_split(kind, one(), split);
    let none = ApplySplitError::NotInHand(person(8));
    refused(&mut given, &ends(apply::KIND, person(8)), none);
    let none = WithdrawSplitError::NotInHand(person(8));
    refused(&mut given, &ends(withdraw::KIND, person(8)), none);
    let (split, foreign) = mixed(&mut given);
    let elsewhere = |asking: Asking| {
        asking
            .signed_by(Signer::school(2))
            .by(person(40), "counter")
    };
    let two = IssuerNumber(2);
    let asking = elsewhere(ends(apply::KIND, split));
    refused(&mut given, &asking, ApplySplitError::NotOnRoster(two));
    let asking = elsewhere(ends(withdraw::KIND, split));
    refused(&mut given, &asking, WithdrawSplitError::NotOnRoster(two));
    let own = |asking: Asking| asking.by(one(), "registrar");
    given = given.appointed(one(), Role::Registrar, None);
    let asking = own(ends(apply::KIND, split));
    refused(&mut given, &asking, ApplySplitError::OwnAccount);
    let asking = own(ends(withdraw::KIND, split));
    refused(&mut given, &asking, WithdrawSplitError::OwnAccount);
    let unmoved = ApplySplitError::NotMoved(id(one(), "B-1"));
    given.makes(&said::agree_to_split(1, one(), split));
    refused(&mut given, &ends(apply::KIND, split), unmoved);
    let withdrawn = given.makes(&ends(withdraw::KIND, split));
    assert_eq!(
        given.already(&ends(withdraw::KIND, split)),
        withdrawn.earlier()
    );
    // Another, to which nobody agrees.
    let data = said::splitting(one(), other(), &[id(one(), "B-1")], &[id(one(), "A-1")]);
    let split = given.agreed_by_registrars(&said::split(&data)).0.id;
    given.makes(&moves(split, "B-1", &foreign));
    let alone = ApplySplitError::NotAgreed(IssuerNumber(1));
    refused(&mut given, &ends(apply::KIND, split), alone);
}

/// The wrong one of two people would be certified, merged away or erased before it is clear who is who.
#[test]
fn nothing_is_used_while_a_split_is_in_hand() {
    let mut given = given();
    given.agreed_by_registrars(&said::merge(&said::merging(person(23), one())));
    let (split, _) = mixed(&mut given);
    let again = said::split(&said::splitting(one(), other(), &[], &[]));
    refused(&mut given, &again, ProposeSplitError::InHand(split));
    let data = issue::Data {
        outcome: id(one(), "A-1"),
        person: one(),
        ..super::rules_credentials::data(1, 77)
    };
    let issue = Asking::new(Signer::school(1), issue::KIND, &data);
    refused(&mut given, &issue, IssueError::OutcomeInSplit);
    let merge = said::merge(&said::merging(other(), one()));
    refused(&mut given, &merge, ApplyMergeError::SplitInHand(split));
    let revert = said::unmerge(person(23), one());
    refused(&mut given, &revert, RevertMergeError::SplitInHand(split));
    let erase = said::erase(&said::erasure(other(), &[Purpose::StudyRecord]));
    refused(&mut given, &erase, RequestErasureError::SplitInHand(split));
    // Marks of the last term still come in.
    records(&mut given, one(), "A-2");
}

/// Two people who were merged by mistake could never be told apart again once a mark was corrected.
#[test]
fn a_used_merge_is_taken_apart() {
    let mut given = given();
    records(&mut given, one(), "A-1");
    let first = records(&mut given, other(), "B-1");
    let kept = records(&mut given, other(), "B-2");
    let ended = records(&mut given, other(), "B-3");
    given.agreed_by_registrars(&said::merge(&said::merging(other(), one())));
    given.agreed(&said::revoke(1, other(), "B-3").about(ended.target));
    let mut better = said::course();
    better.credits = Some("3.0".parse().unwrap());
    let correction = said::correct(1, other(), "B-1", better.clone()).about(first.target);
    let corrected = given.agreed(&correction);
    let used = RevertMergeError::Used(id(other(), "B-1"));
    refused(&mut given, &said::unmerge(other(), one()), used);
    let [b1, b2] = ["B-1", "B-2"].map(|record| id(other(), record));
    // B-2 turns out to be the first one's.
    let split = split(&mut given, &[b1], &[id(one(), "A-1"), b2]);
    let mut data = said::moving(one(), split, (b1, "B-1"), other());
    data.fields = better;
    given.makes(&said::transfer(1, &data, corrected.target));
    let data = said::moving(one(), split, (b2, "B-2"), one());
    given.makes(&said::transfer(1, &data, kept.target));
    given.makes(&said::agree_to_split(1, one(), split));
    let applied = given.makes(&said::end_split(apply::KIND, one(), split));
    assert!(applied.kinds().contains(&"account.restored.v1"));
    assert_eq!(stands(&given, one()), ["A-1", "B-2"]);
    assert_eq!(stands(&given, other()), ["B-1"]);
    let account = whole(&given, other()).account;
    let outcome = account.outcome(moved_id(split, b1)).unwrap();
    let lot = account
        .current_lot(outcome, &Institution::default())
        .unwrap();
    assert_eq!(lot.credit, "3.0".parse().unwrap());
    let state: Person = given.state(&person::wire::stream(other()));
    assert_eq!(state.merged_into, None);
    // Merged once more, it is taken back plainly: nothing was used since.
    given.agreed_by_registrars(&said::merge(&said::merging(other(), one())));
    assert_eq!(stands(&given, one()), ["A-1", "B-1", "B-2"]);
    given.agreed_by_registrars(&said::unmerge(other(), one()));
    assert_eq!(stands(&given, other()), ["B-1"]);
}

/// A mark that came in meanwhile would go to the wrong one of two.
#[test]
fn a_manifest_that_is_out_of_date_is_not_applied() {
    let mut given = given();
    given.agreed_by_registrars(&said::merge(&said::merging(other(), one())));
    let split = split(&mut given, &[], &[]);
    records(&mut given, other(), "B-9");
    let outdated = ApplySplitError::Outdated(id(other(), "B-9"));
    let apply = said::end_split(apply::KIND, one(), split);
    refused(&mut given, &apply, outdated);
}

/// Two officers and all schools would agree, and then no commit could hold it.
#[test]
fn what_was_revoked_since_fits_into_one_commit() {
    let mut given = given();
    let mut recorded = Vec::new();
    for n in 0..=ENDED_MAX {
        recorded.push(records(&mut given, other(), &format!("R-{n}")));
    }
    given.agreed_by_registrars(&said::merge(&said::merging(other(), one())));
    for (n, it) in recorded.iter().enumerate().skip(1) {
        given.agreed(&said::revoke(1, other(), &format!("R-{n}")).about(it.target));
    }
    let kept = id(other(), "R-0");
    let fits = split(&mut given, &[kept], &[]);
    given.makes(&said::agree_to_split(1, one(), fits));
    given.makes(&said::end_split(withdraw::KIND, one(), fits));
    given.agreed(&said::revoke(1, other(), "R-0").about(recorded[0].target));
    let split = split(&mut given, &[], &[]);
    let apply = said::end_split(apply::KIND, one(), split);
    let many = ApplySplitError::TooManyEnded(ENDED_MAX + 1);
    refused(&mut given, &apply, many);
}
