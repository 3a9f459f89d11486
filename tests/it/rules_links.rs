//! link.confirm, link.remove: whose account signs a person in, and on whose word.

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::assurance::Level;
use identity::person::link::{self, ConfirmLinkError, LINKS_MAX, RemoveLinkError};
use identity::person::served::NotServed;
use identity::person::suspend;
use identity::person::{self, Person};
use identity::role::Role;
use tests::support::asking::{Asking, Signer, officer, person, registrar};
use tests::support::given::Given;
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    an_account_is_linked_and_taken_away,
    nobody_links_for_another_nor_better_than_is_known,
    a_ceremony_links_once_and_links_are_counted,
];

fn given() -> Given {
    Given::genesis()
        .admitted(1)
        .admitted(2)
        .registered(person(21))
        .registered(person(22))
        .appointed(officer(1, 1), Role::Counter, Some(1))
        .appointed(officer(2, 1), Role::Counter, Some(2))
}

fn level(loa: u8) -> Level {
    Level::try_from(loa).unwrap()
}

fn links(who: Uuid, ceremony: u128, loa: u8) -> Asking {
    let data = link::Data {
        values: said::values(2),
        ceremony: Uuid::from_u128(ceremony),
        loa: level(loa),
        person: who,
    };
    Asking::new(Signer::registrar(), link::CONFIRM, &data).by(registrar(), "registrar")
}

fn removes(who: Uuid, link: Uuid) -> Asking {
    let data = link::RemoveData { link, person: who };
    Asking::new(Signer::registrar(), link::REMOVE, &data).by(registrar(), "registrar")
}

fn at_school(asking: Asking, number: u32) -> Asking {
    let asking = asking.signed_by(Signer::school(number));
    asking.by(officer(number, 1), "counter")
}

fn state(given: &Given) -> Person {
    given.state(&person::wire::stream(person(21)))
}

/// An account would sign nobody in, or go on after it was taken away.
#[test]
fn an_account_is_linked_and_taken_away() {
    let mut given = given();
    let linked = given.makes(&links(person(21), 1, 4));
    assert_eq!(linked.kinds(), ["link.confirmed.v1"]);
    let id = linked.earlier().id;
    assert_eq!(state(&given).links.find(id).unwrap().loa, Level::HARDWARE);
    assert_eq!(
        state(&given).values.last().unwrap().0,
        id,
        "an erasure finds its values"
    );
    let unknown = |person, link| RemoveLinkError::LinkUnknown { person, link };
    let another = person(22);
    refused(&mut given, &removes(another, id), unknown(another, id));
    let elsewhere = at_school(removes(person(21), id), 2);
    refused(
        &mut given,
        &elsewhere,
        RemoveLinkError::NotServed(NotServed::NotOnRoster(IssuerNumber(2))),
    );
    let stranger = removes(person(21), id).by(person(22), "learner");
    refused(&mut given, &stranger, RemoveLinkError::NotYours);
    let removed = given.makes(&removes(person(21), id).by(person(21), "learner"));
    assert_eq!(removed.kinds(), ["link.removed.v1"]);
    assert!(state(&given).links.standing().is_empty());
    assert_eq!(state(&given).links.changes(), 2);
    refused(
        &mut given,
        &removes(person(21), id),
        unknown(person(21), id),
    );
}

/// A school's word would open another's people, or a counter make an officer's sign-in.
#[test]
fn nobody_links_for_another_nor_better_than_is_known() {
    let mut given = given();
    let nobody = person(99);
    refused(
        &mut given,
        &links(nobody, 1, 3),
        ConfirmLinkError::NotServed(NotServed::PersonUnknown(nobody)),
    );
    let not_yours = || ConfirmLinkError::NotYours;
    let stranger = links(person(21), 1, 3).by(person(22), "learner");
    refused(&mut given, &stranger, not_yours());
    // A school does not speak as a learner.
    let school = links(person(21), 1, 3).signed_by(Signer::school(1));
    refused(&mut given, &school.by(person(21), "learner"), not_yours());
    let elsewhere = at_school(links(person(21), 1, 3), 2);
    refused(
        &mut given,
        &elsewhere,
        ConfirmLinkError::NotServed(NotServed::NotOnRoster(IssuerNumber(2))),
    );
    let high = |loa, most| ConfirmLinkError::LevelUnfit {
        loa: level(loa),
        most: level(most),
    };
    refused(
        &mut given,
        &at_school(links(person(21), 1, 4), 1),
        high(4, 3),
    );
    let own = |loa| links(person(21), 1, loa).by(person(21), "learner");
    refused(&mut given, &own(4), high(4, 3));
    refused(&mut given, &own(0), high(0, 3));
    let bare = link::Data {
        values: Commitments::default(),
        ceremony: Uuid::from_u128(1),
        loa: Level::GOVERNMENT,
        person: person(21),
    };
    let bare = Asking::new(Signer::registrar(), link::CONFIRM, &bare).by(registrar(), "registrar");
    refused(&mut given, &bare, ConfirmLinkError::ValuesDoNotFit);
    let stopped = suspend::Data {
        values: Commitments::default(),
        person: person(22),
        reason: suspend::Reason::DeviceLost,
    };
    let stopped = Asking::new(Signer::registrar(), suspend::SUSPEND, &stopped);
    given.makes(&stopped.by(registrar(), "registrar"));
    let barred = ConfirmLinkError::Barred(person(22));
    refused(&mut given, &links(person(22), 1, 3), barred);
    given.makes(&own(3));
}

/// One ceremony would link twice, or an account's links grow without end.
#[test]
fn a_ceremony_links_once_and_links_are_counted() {
    let mut given = given();
    let first = given.makes(&links(person(21), 1, 3));
    let again = ConfirmLinkError::CeremonyUsed(Uuid::from_u128(1));
    refused(&mut given, &links(person(21), 1, 3), again.clone());
    given.makes(&removes(person(21), first.earlier().id));
    refused(&mut given, &links(person(21), 1, 3), again);
    for ceremony in 2..2 + LINKS_MAX as u128 {
        given.makes(&links(person(21), ceremony, 3));
    }
    refused(
        &mut given,
        &links(person(21), 99, 3),
        ConfirmLinkError::TooMany,
    );
}
