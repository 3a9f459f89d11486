//! assurance.raise, .lower, consent.give, .withdraw: who somebody is, and what may be done with it.

use identity::did::IssuerNumber;
use identity::person::assurance::{AssuranceError, Level, Method, level};
use identity::person::consent::{self, ConsentError};
use identity::person::contact::{self, ContactError};
use identity::person::served::NotServed;
use identity::person::{Person, numbers};
use identity::role::Role;
use jiff::civil::date;
use std::sync::Arc;
use tests::support::asking::{Signer, officer, person};
use tests::support::given::Given;
use tests::support::people::{self, by_learner, by_proxy, by_registrar};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    a_level_rises_by_what_was_seen,
    a_level_is_lowered_and_never_raised_by_it,
    consent_is_a_yes_that_can_be_a_no,
    a_childs_yes_is_the_guardians,
    contacts_are_ones_own,
];

fn given() -> Given {
    Given::province()
        .registered(person(21))
        .registered(person(22))
}

pub(crate) fn level_of(given: &Given, who: Uuid) -> Level {
    let get = |number| {
        let state: Person = given.state(&identity::person::wire::stream(number));
        Ok::<_, ()>(Arc::new(state))
    };
    level(&numbers::numbers(who, get).unwrap())
}

/// Anybody would be known for sure without having shown anything, or vouch for himself.
#[test]
fn a_level_rises_by_what_was_seen() {
    let mut given = given()
        .appointed(officer(2, 1), Role::Counter, Some(2))
        .appointed(person(21), Role::Counter, Some(1));
    assert_eq!(level_of(&given, person(99)), Level::CLAIMED);
    assert_eq!(level_of(&given, person(22)), Level::ROSTER);
    let unknown = AssuranceError::NotServed(NotServed::PersonUnknown(person(99)));
    refused(&mut given, &people::documented(person(99)), unknown);
    let elsewhere = people::documented(person(22)).signed_by(Signer::school(2));
    let elsewhere = elsewhere.by(officer(2, 1), "counter");
    let not_theirs = AssuranceError::NotServed(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &elsewhere, not_theirs);
    let own = people::documented(person(21)).signed_by(Signer::school(1));
    let own = own.by(person(21), "counter");
    refused(&mut given, &own, AssuranceError::OwnLevel);
    let key = people::raised(person(22), Method::HardwareKey);
    let too_low = AssuranceError::LevelTooLow {
        now: Level::ROSTER,
        needed: Level::GOVERNMENT,
    };
    refused(&mut given, &key, too_low);

    let raised = given.makes(&people::documented(person(22)));
    assert_eq!(raised.kinds(), ["assurance.raised.v1"]);
    assert_eq!(level_of(&given, person(22)), Level::GOVERNMENT);
    assert_eq!(
        given.already(&people::documented(person(22))),
        raised.earlier()
    );
    given.makes(&key);
    assert_eq!(level_of(&given, person(22)), Level::HARDWARE);
    // The same document again takes nothing away.
    given.already(&people::documented(person(22)));
    assert_eq!(level_of(&given, person(22)), Level::HARDWARE);
}

/// A forged document would go on counting, or an officer raise a level by "lowering" it.
#[test]
fn a_level_is_lowered_and_never_raised_by_it() {
    let mut given = given();
    let not_lower = AssuranceError::NotLower(Level::ROSTER);
    refused(&mut given, &people::lowered(person(21), 2), not_lower);
    given.makes(&people::documented(person(21)));
    given.makes(&people::lowered(person(21), 1));
    assert_eq!(u8::from(level_of(&given, person(21))), 1);
    given.makes(&people::documented(person(21)));
    assert_eq!(level_of(&given, person(21)), Level::GOVERNMENT);
}

/// A merge would make somebody surer than the less sure of the two, or never let it be said again.
#[test]
fn after_a_merge_the_lower_level_counts_until_it_is_said_anew() {
    let mut given = given();
    given.makes(&people::documented(person(21)));
    let merge = said::merge(&said::merging(person(22), person(21)));
    let proposal = given.makes(&merge).target;
    given.makes(&said::approve(proposal, person(5), "registrar"));
    assert_eq!(level_of(&given, person(21)), Level::ROSTER);
    given.makes(&people::documented(person(21)));
    assert_eq!(level_of(&given, person(21)), Level::GOVERNMENT);
    let back = said::unmerge(person(22), person(21));
    let proposal = given.makes(&back).target;
    given.makes(&said::approve(proposal, person(5), "registrar"));
    assert_eq!(level_of(&given, person(21)), Level::GOVERNMENT);
    assert_eq!(level_of(&given, person(22)), Level::ROSTER);
}

/// Data would be used without a yes, or the no would not count, or take something else with it.
#[test]
fn consent_is_a_yes_that_can_be_a_no() {
    let mut given = given();
    let data = people::contact(person(21));
    let yes = by_learner(person(21), consent::GIVE, &data);
    let no = by_learner(person(21), consent::WITHDRAW, &data);
    refused(&mut given, &no, ConsentError::NotGiven);
    let anothers = by_learner(person(22), consent::GIVE, &data);
    refused(&mut given, &anothers, ConsentError::NotYours);
    let nobody = by_learner(person(99), consent::GIVE, &people::contact(person(99)));
    refused(&mut given, &nobody, ConsentError::PersonUnknown(person(99)));
    let unknown = by_registrar(consent::GIVE, &people::contact(person(99)));
    let unknown_person = ConsentError::NotServed(NotServed::PersonUnknown(person(99)));
    refused(&mut given, &unknown, unknown_person);

    let given_at = given.makes(&yes);
    assert_eq!(given_at.kinds(), ["consent.given.v1"]);
    assert_eq!(given.already(&yes), given_at.earlier());
    // Another text is another question.
    let newer = consent::Data { edition: 2, ..data };
    given.makes(&by_learner(person(21), consent::GIVE, &newer));
    let state =
        |given: &Given| -> Person { given.state(&identity::person::wire::stream(person(21))) };
    assert_eq!(
        state(&given)
            .consents
            .given(consent::Use::Contact)
            .unwrap()
            .0,
        2
    );
    given.makes(&no);
    let after = state(&given);
    assert!(after.consents.given(consent::Use::Contact).is_none());
    assert!(after.barred().is_none(), "a no changes nothing else");
}

/// A child would say yes where the law asks the guardian, or the guardian still after the end.
#[test]
fn a_childs_yes_is_the_guardians() {
    let mut given = given();
    let (child, parent) = (person(21), person(22));
    given.makes(&people::documented(parent));
    let data = people::contact(child);
    let by_parent = by_proxy(parent, child, consent::GIVE, &data);
    let not_let = identity::ask::AskError::NotDelegated {
        agent: parent,
        principal: child,
    };
    refused(&mut given, &by_parent, not_let.clone());
    let granted = given.makes(&people::enters(&people::guardian(
        child,
        parent,
        date(2030, 1, 1),
    )));
    let by_child = by_learner(child, consent::GIVE, &data);
    refused(&mut given, &by_child, ConsentError::GuardianNeeded);
    let said = given.makes(&by_parent);
    assert_eq!(said.kinds(), ["consent.given.v1", "delegate.acted.v1"]);
    // No is the child's to say too.
    given.makes(&by_learner(child, consent::WITHDRAW, &data));
    // Another child is another matter.
    let other = by_proxy(parent, child, consent::GIVE, &people::contact(person(23)));
    refused(&mut given, &other, not_let.clone());
    given.makes(&people::revokes(child, child, granted.target.id));
    refused(&mut given, &by_parent, not_let);
    given.makes(&by_child);
}

/// A thief would have the notices sent to a phone of his own.
#[test]
fn contacts_are_ones_own() {
    let mut given = given().appointed(officer(2, 1), Role::Counter, Some(2));
    let data = |person| contact::RecordData {
        values: said::values(1),
        channel: contact::Channel::Sms,
        person,
    };
    let remove = contact::RemoveData {
        channel: contact::Channel::Sms,
        person: person(21),
    };
    let none = by_learner(person(21), contact::REMOVE, &remove);
    refused(&mut given, &none, ContactError::NotRecorded);
    let anothers = by_learner(person(22), contact::RECORD, &data(person(21)));
    refused(&mut given, &anothers, ContactError::NotYours);
    let elsewhere = anothers
        .signed_by(Signer::school(2))
        .by(officer(2, 1), "counter");
    let not_theirs = ContactError::NotServed(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &elsewhere, not_theirs);
    let nobody = by_learner(person(99), contact::RECORD, &data(person(99)));
    refused(&mut given, &nobody, ContactError::Barred(person(99)));
    let two = contact::RecordData {
        values: said::values(2),
        ..data(person(21))
    };
    let two = by_learner(person(21), contact::RECORD, &two);
    refused(&mut given, &two, ContactError::ValuesDoNotFit);
    let recorded = given.makes(&by_learner(person(21), contact::RECORD, &data(person(21))));
    assert_eq!(recorded.kinds(), ["contact.recorded.v1"]);
    given.makes(&none);
}
