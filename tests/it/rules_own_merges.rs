//! merge.request: a learner who signs in as two numbers asks that they become one; one officer agrees.

use credentials::merge::apply::{ApplyMergeError, ResidentIds};
use credentials::merge::request::{self, RequestMergeError};
use identity::approval::decide::{self, ApprovalError};
use identity::person::assurance::Level;
use identity::person::link;
use identity::person::{self, Person};
use identity::role::Role;
use ledger::assertion::Target;
use tests::support::asking::{Asking, Signer, officer, person, registrar};
use tests::support::given::Given;
use tests::support::people::{by_learner, by_registrar};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    a_learner_merges_into_the_own_number_alone,
    both_numbers_are_shown_well_enough,
    a_link_that_was_taken_away_shows_nothing,
    the_officer_who_agrees_is_neither_of_the_two,
    whose_number_it_is_may_say_no,
];

fn stays() -> Uuid {
    person(21)
}

fn goes() -> Uuid {
    person(22)
}

/// What a registrar links to `who`, by this ceremony; the link's name.
fn linked(given: &mut Given, who: Uuid, ceremony: u128, loa: u8) -> Uuid {
    let data = link::confirm::Data {
        values: said::values(2),
        ceremony: Uuid::from_u128(ceremony),
        loa: Level::try_from(loa).unwrap(),
        person: who,
    };
    given
        .makes(&by_registrar(link::confirm::KIND, &data))
        .target
        .id
}

/// Two numbers that school 1 registered, each with a link at level 3; the links' names.
fn given() -> (Given, [Uuid; 2]) {
    let mut given = Given::province();
    for number in [stays(), goes(), person(23)] {
        given = given.registered(number);
    }
    let links = [(stays(), 1), (goes(), 2)].map(|(who, n)| linked(&mut given, who, n, 3));
    (given, links)
}

fn asks(absorbed: Uuid, link: Uuid) -> Asking {
    let data = request::Data {
        absorbed,
        link,
        person: stays(),
        resident_ids: ResidentIds::Absent,
    };
    by_learner(stays(), request::KIND, &data)
}

fn says_no(target: Target, who: Uuid) -> Asking {
    let data = decide::Data {
        decision: decide::Answer::Reject,
    };
    by_learner(who, decide::KIND, &data).about(target)
}

/// Nobody could mend the own record without two officers at a counter; or without any.
#[test]
fn one_officer_agrees_to_what_a_learner_asks() {
    let (mut given, [_, other]) = given();
    let asked = given.makes(&asks(goes(), other));
    assert_eq!(asked.kinds(), ["approval.proposed.v1"]);
    let written = given.makes(&said::approve(asked.target, registrar(), "registrar"));
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
    assert_eq!(given.already(&asks(goes(), other)), written.earlier());
}

/// A learner would merge whom it pleases, or a school's key ask what no learner wanted.
#[test]
fn a_learner_merges_into_the_own_number_alone() {
    let (mut given, [_, other]) = given();
    let data = request::Data {
        absorbed: goes(),
        link: other,
        person: person(23),
        resident_ids: ResidentIds::Absent,
    };
    let for_another = by_learner(stays(), request::KIND, &data);
    refused(
        &mut given,
        &for_another,
        RequestMergeError::NotOwn(person(23)),
    );
    // As before by two officers: what bars a merge bars this one.
    let different = request::Data {
        person: stays(),
        resident_ids: ResidentIds::Differ,
        ..data
    };
    refused(
        &mut given,
        &by_learner(stays(), request::KIND, &different),
        RequestMergeError::Merge(ApplyMergeError::ResidentIdsDiffer),
    );
    let same = asks(stays(), other);
    let refusal = RequestMergeError::Merge(ApplyMergeError::Same);
    refused(&mut given, &same, refusal);
}

/// A weak account, or one that says no more than whose clerk somebody is, would take a record along.
#[test]
fn both_numbers_are_shown_well_enough() {
    let (mut given, [own, _]) = given();
    // Neither the own link nor one of a third shows the other number.
    for link in [own, Uuid::from_u128(9)] {
        refused(
            &mut given,
            &asks(goes(), link),
            RequestMergeError::LinkUnknown(link),
        );
    }
    let weak = linked(&mut given, person(23), 3, 2);
    let has = Level::try_from(2).unwrap();
    refused(
        &mut given,
        &asks(person(23), weak),
        RequestMergeError::LinkTooLow { has },
    );
    // A school's officer linked it for its clerk's roles, who has been dismissed since.
    let clerk = person(24);
    let mut given = given
        .registered(clerk)
        .appointed(officer(1, 1), Role::Institution, Some(1))
        .appointed(clerk, Role::Clerk, Some(1));
    let data = link::confirm::Data {
        values: said::values(2),
        ceremony: Uuid::from_u128(4),
        loa: Level::try_from(3).unwrap(),
        person: clerk,
    };
    let by_school =
        Asking::new(Signer::school(1), link::confirm::KIND, &data).by(officer(1, 1), "institution");
    let only = given.makes(&by_school).target.id;
    let data = identity::officer::clerk::Data {
        person: clerk,
        role: Role::Clerk,
    };
    let dismissed = Asking::new(Signer::school(1), identity::officer::clerk::DISMISS, &data)
        .by(officer(1, 1), "institution");
    given.makes(&dismissed);
    refused(
        &mut given,
        &asks(clerk, only),
        RequestMergeError::LinkUnknown(only),
    );
}

/// Whoever was let in by mistake would still take the record along after the link was taken away (I6).
#[test]
fn a_link_that_was_taken_away_shows_nothing() {
    let (mut given, [_, other]) = given();
    let asked = given.makes(&asks(goes(), other)).target;
    let data = link::remove::Data {
        link: other,
        person: goes(),
    };
    given.makes(&by_registrar(link::remove::KIND, &data));
    let approval = said::approve(asked, registrar(), "registrar");
    refused(&mut given, &approval, RequestMergeError::LinkUnknown(other));
}

/// An officer would have an own number merged by an own yes.
#[test]
fn the_officer_who_agrees_is_neither_of_the_two() {
    let (mut given, _) = given();
    // The asker is an officer too, and agrees to what it asked as a learner.
    given = given
        .registered(person(25))
        .appointed(stays(), Role::Registrar, None);
    let link = linked(&mut given, person(25), 5, 3);
    let asked = given.makes(&asks(person(25), link)).target;
    let own = said::approve(asked, stays(), "registrar");
    refused(&mut given, &own, ApprovalError::SamePerson);
    // A role that decides nothing decides nothing.
    let learner = by_learner(
        person(23),
        decide::KIND,
        &decide::Data {
            decision: decide::Answer::Approve,
        },
    )
    .about(asked);
    let role = ApprovalError::ApproverNotAllowed("learner".into());
    refused(&mut given, &learner, role);
    // Whoever was made an officer of the other number's since: its role would come along.
    given = given.appointed(person(25), Role::Registrar, None);
    let other = said::approve(asked, person(25), "registrar");
    refused(
        &mut given,
        &other,
        RequestMergeError::Merge(ApplyMergeError::HoldsRoles(person(25))),
    );
}

/// Whose account was broken into could only watch how it is merged away.
#[test]
fn whose_number_it_is_may_say_no() {
    let (mut given, [_, other]) = given();
    let asked = given.makes(&asks(goes(), other)).target;
    // Nobody else as a learner, and nobody with a yes.
    let stranger = says_no(asked, person(23));
    let role = ApprovalError::ApproverNotAllowed("learner".into());
    refused(&mut given, &stranger, role.clone());
    let data = decide::Data {
        decision: decide::Answer::Approve,
    };
    let yes = by_learner(goes(), decide::KIND, &data).about(asked);
    refused(&mut given, &yes, role);
    let no = given.makes(&says_no(asked, goes()));
    assert_eq!(no.kinds(), ["approval.rejected.v1"]);
    let late = said::approve(asked, registrar(), "registrar");
    let rejected = ApprovalError::Rejected(no.commit.position);
    refused(&mut given, &late, rejected);
    // Who asked takes it back too.
    let again = given.makes(&asks(goes(), other)).target;
    let back = given.makes(&says_no(again, stays()));
    assert_eq!(back.kinds(), ["approval.rejected.v1"]);
}
