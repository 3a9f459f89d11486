//! merge.request: a learner who signs in as two numbers asks that they become one; one officer agrees.

use credentials::merge::apply::{ApplyMergeError, ResidentIds};
use credentials::merge::request::{self, Changed, RequestMergeError};
use identity::approval::decide::{self, ApprovalError};
use identity::person::assurance::Level;
use identity::person::link;
use identity::person::{self, Person};
use identity::role::Role;
use ledger::assertion::Target;
use tests::support::asking::{Asking, Signer, officer, person, registrar};
use tests::support::given::{Given, Written};
use tests::support::people::{by_learner, by_registrar};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    a_learner_merges_into_the_own_number_alone,
    both_numbers_are_shown_well_enough,
    a_link_that_was_taken_away_shows_nothing,
    the_officer_who_agrees_is_neither_of_the_two,
    nobody_makes_both_the_proof_and_the_merge,
    what_was_shown_dies_with_the_next_change,
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

/// What was shown just now: `link` signs in as `absorbed`, and `own` as the asker.
fn shown(given: &Given, absorbed: Uuid, link: Uuid, own: Uuid) -> request::Data {
    let state = |who| given.state::<Person>(&person::wire::stream(who));
    request::Data {
        absorbed,
        changed: Changed::of(&state(absorbed), &state(stays())),
        link,
        own,
        person: stays(),
        resident_ids: ResidentIds::Absent,
    }
}

/// The learner asks, signed in by the first link that it got.
fn asks(given: &Given, absorbed: Uuid, link: Uuid) -> Asking {
    let state: Person = given.state(&person::wire::stream(stays()));
    let own = state.links.standing()[0].id;
    by_learner(stays(), request::KIND, &shown(given, absorbed, link, own))
}

fn proposed(given: &mut Given, absorbed: Uuid, link: Uuid) -> Written {
    let asking = asks(given, absorbed, link);
    given.makes(&asking)
}

/// A registrar who linked nobody agrees.
fn agrees(asked: Target) -> Asking {
    said::approve(asked, second(), "registrar")
}

fn second() -> Uuid {
    person(5)
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
    let asked = proposed(&mut given, goes(), other);
    assert_eq!(asked.kinds(), ["approval.proposed.v1"]);
    let written = given.makes(&agrees(asked.target));
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
    let again = asks(&given, goes(), other);
    assert_eq!(given.already(&again), written.earlier());
}

/// A learner would merge whom it pleases, or a school's key ask what no learner wanted.
#[test]
fn a_learner_merges_into_the_own_number_alone() {
    let (mut given, [own, other]) = given();
    let data = request::Data {
        person: person(23),
        ..shown(&given, goes(), other, own)
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
    let same = asks(&given, stays(), other);
    let refusal = RequestMergeError::Merge(ApplyMergeError::Same);
    refused(&mut given, &same, refusal);
}

/// A weak account, or one that says no more than whose clerk somebody is, would take a record along.
#[test]
fn both_numbers_are_shown_well_enough() {
    let (mut given, [own, _]) = given();
    // Neither the own link nor one of a third shows the other number.
    for link in [own, Uuid::from_u128(9)] {
        let asking = asks(&given, goes(), link);
        refused(
            &mut given,
            &asking,
            RequestMergeError::LinkUnknown {
                link,
                person: goes(),
            },
        );
    }
    let weak = linked(&mut given, person(23), 3, 2);
    let has = Level::try_from(2).unwrap();
    let asking = asks(&given, person(23), weak);
    refused(
        &mut given,
        &asking,
        RequestMergeError::LinkTooLow { link: weak, has },
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
    let asking = asks(&given, clerk, only);
    refused(
        &mut given,
        &asking,
        RequestMergeError::LinkUnknown {
            link: only,
            person: clerk,
        },
    );
}

/// Whoever was let in by mistake would still take the record along after the link was taken away (I6).
#[test]
fn a_link_that_was_taken_away_shows_nothing() {
    let (mut given, [_, other]) = given();
    let asked = proposed(&mut given, goes(), other).target;
    let data = link::remove::Data {
        link: other,
        person: goes(),
    };
    given.makes(&by_registrar(link::remove::KIND, &data));
    let approval = agrees(asked);
    refused(
        &mut given,
        &approval,
        RequestMergeError::LinkUnknown {
            link: other,
            person: goes(),
        },
    );
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
    let asked = proposed(&mut given, person(25), link).target;
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

/// One officer alone would merge a stranger's record into a number of its own making.
#[test]
fn nobody_makes_both_the_proof_and_the_merge() {
    let (mut given, [_, other]) = given();
    let asked = proposed(&mut given, goes(), other).target;
    // The registrar who linked both at the counter.
    let own = said::approve(asked, registrar(), "registrar");
    let vouched = RequestMergeError::OfficerVouched(registrar());
    refused(&mut given, &own, vouched.clone());
    // Nor by a further account, which the number that it made up links itself.
    let data = link::confirm::Data {
        values: said::values(2),
        ceremony: Uuid::from_u128(6),
        loa: Level::try_from(3).unwrap(),
        person: goes(),
    };
    let second = by_learner(goes(), link::confirm::KIND, &data);
    let second = given.makes(&second).target.id;
    let asked = proposed(&mut given, goes(), second).target;
    let own = said::approve(asked, registrar(), "registrar");
    refused(&mut given, &own, vouched);
    given.makes(&agrees(asked));
}

/// A request would outlive the recovery that threw its thief out, or merge again what two officers parted.
#[test]
fn what_was_shown_dies_with_the_next_change() {
    for side in [stays(), goes()] {
        let (mut given, [_, other]) = given();
        let asked = proposed(&mut given, goes(), other).target;
        let data = link::confirm::Data {
            values: said::values(2),
            ceremony: Uuid::from_u128(7),
            loa: Level::try_from(3).unwrap(),
            person: side,
        };
        given.makes(&by_learner(side, link::confirm::KIND, &data));
        refused(&mut given, &agrees(asked), RequestMergeError::Changed);
    }
    // Asked twice, merged, parted: the second request is of before.
    let (mut given, [_, other]) = given();
    let first = proposed(&mut given, goes(), other).target;
    let second = proposed(&mut given, goes(), other).target;
    given.makes(&agrees(first));
    given.agreed_by_registrars(&said::unmerge(goes(), stays()));
    refused(&mut given, &agrees(second), RequestMergeError::Changed);
    // The asker's own side is a rule too.
    let weak = link::confirm::Data {
        values: said::values(2),
        ceremony: Uuid::from_u128(8),
        loa: Level::try_from(2).unwrap(),
        person: stays(),
    };
    let weak = by_learner(stays(), link::confirm::KIND, &weak);
    let weak = given.makes(&weak).target.id;
    let data = shown(&given, goes(), other, weak);
    let has = Level::try_from(2).unwrap();
    refused(
        &mut given,
        &by_learner(stays(), request::KIND, &data),
        RequestMergeError::LinkTooLow { link: weak, has },
    );
}

/// Whose account was broken into could only watch how it is merged away.
#[test]
fn whose_number_it_is_may_say_no() {
    let (mut given, [_, other]) = given();
    let asked = proposed(&mut given, goes(), other).target;
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
    let late = agrees(asked);
    let rejected = ApprovalError::Rejected(no.commit.position);
    refused(&mut given, &late, rejected);
    // Who asked takes it back too.
    let again = proposed(&mut given, goes(), other).target;
    let back = given.makes(&says_no(again, stays()));
    assert_eq!(back.kinds(), ["approval.rejected.v1"]);
}
