//! link.…: whose account signs a person in, and on whose word.

use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::assurance::Level;
use identity::person::link::confirm::ConfirmLinkError;
use identity::person::link::confirm::LINKS_MAX;
use identity::person::link::remove::RemoveLinkError;
use identity::person::link::{self, Links};
use identity::person::recovery::DELAY_MS;
use identity::person::served::NotServed;
use identity::person::{self, Person, suspend};
use identity::role::Role;
use tests::support::asking::{Asking, Signer, officer, person, registrar, security};
use tests::support::given::Given;
use tests::support::people::{self, by_learner, by_registrar};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    an_account_is_linked_and_taken_away,
    a_counter_links_only_who_has_no_way_in,
    nobody_links_for_another_nor_better_than_is_known,
    an_officer_is_linked_by_invitation_or_by_security,
    an_institution_links_its_own_staff,
    nobody_shuts_himself_out,
    what_a_mistaken_merge_let_in_goes_with_it,
    a_ceremony_links_once_and_links_are_counted,
];

const SCHOOL: u32 = 1;

fn learner() -> Uuid {
    person(21)
}

fn given() -> Given {
    Given::province()
        .registered(learner())
        .registered(person(22))
        .appointed(officer(1, 1), Role::Counter, Some(SCHOOL))
        .appointed(officer(2, 1), Role::Counter, Some(2))
}

fn data(who: Uuid, ceremony: u128, loa: u8) -> link::confirm::Data {
    link::confirm::Data {
        values: said::values(2),
        ceremony: Uuid::from_u128(ceremony),
        loa: Level::try_from(loa).unwrap(),
        person: who,
    }
}

/// A registrar's officer links.
fn links(who: Uuid, ceremony: u128, loa: u8) -> Asking {
    by_registrar(link::confirm::KIND, &data(who, ceremony, loa))
}

/// The person links.
fn own(who: Uuid, ceremony: u128, loa: u8) -> Asking {
    by_learner(who, link::confirm::KIND, &data(who, ceremony, loa))
}

fn removal(who: Uuid, link: Uuid) -> link::remove::Data {
    link::remove::Data { link, person: who }
}

fn removes(who: Uuid, link: Uuid) -> Asking {
    by_registrar(link::remove::KIND, &removal(who, link))
}

fn at_school(asking: Asking, number: u32) -> Asking {
    let asking = asking.signed_by(Signer::school(number));
    asking.by(officer(number, 1), "counter")
}

fn state(given: &Given, who: Uuid) -> Links {
    let state: Person = given.state(&person::wire::stream(who));
    state.links
}

fn not_served(error: NotServed) -> ConfirmLinkError {
    ConfirmLinkError::NotServed(error)
}

/// An account would sign nobody in, or go on after it was taken away.
#[test]
fn an_account_is_linked_and_taken_away() {
    let mut given = given();
    let linked = given.makes(&links(learner(), 1, 3));
    assert_eq!(linked.kinds(), ["link.confirmed.v1"]);
    let id = linked.earlier().id;
    assert_eq!(
        state(&given, learner()).find(id).unwrap().loa,
        Level::GOVERNMENT
    );
    let whole: Person = given.state(&person::wire::stream(learner()));
    let (kept, _) = whole.values.last().unwrap();
    assert_eq!(*kept, id, "an erasure finds its values");
    let unknown = |person, link| RemoveLinkError::LinkUnknown { person, link };
    let another = person(22);
    refused(&mut given, &removes(another, id), unknown(another, id));
    let elsewhere = at_school(removes(learner(), id), 2);
    let not_served = NotServed::NotOnRoster(IssuerNumber(2));
    refused(
        &mut given,
        &elsewhere,
        RemoveLinkError::NotServed(not_served),
    );
    let stranger = by_learner(another, link::remove::KIND, &removal(learner(), id));
    refused(&mut given, &stranger, RemoveLinkError::NotYours);
    let removed = given.makes(&removes(learner(), id));
    assert_eq!(removed.kinds(), ["link.removed.v1"]);
    assert!(state(&given, learner()).standing().is_empty());
    assert_eq!(state(&given, learner()).changes(), 2);
    let gone = unknown(learner(), id);
    refused(&mut given, &removes(learner(), id), gone);
}

/// One officer alone would come into an account that has its owner: a recovery without its second officer
/// and without the days to say no.
#[test]
fn a_counter_links_only_who_has_no_way_in() {
    let mut given = given();
    let first = given.makes(&at_school(links(learner(), 1, 3), SCHOOL));
    let before = || ConfirmLinkError::LinkedBefore(learner());
    let again = at_school(links(learner(), 2, 3), SCHOOL);
    refused(&mut given, &again, before());
    // Nor by taking the first one away.
    given.makes(&removes(learner(), first.earlier().id));
    refused(&mut given, &again, before());
    refused(&mut given, &links(learner(), 2, 3), before());
    given.makes(&own(learner(), 3, 3));
    // Two officers and three days: what signed in before does so no more, and a counter links anew.
    let (proposal, _) = given.agreed_by_registrars(&people::starts(learner(), false));
    given.now_ms += DELAY_MS;
    given.makes(&people::opens(learner(), proposal.id));
    assert!(state(&given, learner()).standing().is_empty());
    given.makes(&again);
    assert_eq!(state(&given, learner()).standing().len(), 1);
}

/// A school's word would open another's people, or a counter make an officer's sign-in.
#[test]
fn nobody_links_for_another_nor_better_than_is_known() {
    let mut given = given();
    let nobody = person(99);
    let unknown = || not_served(NotServed::PersonUnknown(nobody));
    refused(&mut given, &links(nobody, 1, 3), unknown());
    refused(&mut given, &own(nobody, 1, 3), unknown());
    let stranger = by_learner(person(22), link::confirm::KIND, &data(learner(), 1, 3));
    refused(&mut given, &stranger, ConfirmLinkError::NotYours);
    let elsewhere = at_school(links(learner(), 1, 3), 2);
    let not_on_roster = not_served(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &elsewhere, not_on_roster);
    let high = |loa, most| ConfirmLinkError::LevelUnfit {
        loa: Level::try_from(loa).unwrap(),
        most: Level::try_from(most).unwrap(),
    };
    let counter = at_school(links(learner(), 1, 4), SCHOOL);
    refused(&mut given, &counter, high(4, 3));
    refused(&mut given, &links(learner(), 1, 4), high(4, 3));
    refused(&mut given, &own(learner(), 1, 4), high(4, 3));
    refused(&mut given, &own(learner(), 1, 0), high(0, 3));
    let bare = link::confirm::Data {
        values: Commitments::default(),
        ..data(learner(), 1, 3)
    };
    let bare = by_registrar(link::confirm::KIND, &bare);
    refused(&mut given, &bare, ConfirmLinkError::ValuesDoNotFit);
    let stopped = suspend::Data {
        values: Commitments::default(),
        person: person(22),
        reason: suspend::Reason::DeviceLost,
    };
    given.makes(&by_registrar(suspend::SUSPEND, &stopped));
    let barred = ConfirmLinkError::Barred(person(22));
    refused(&mut given, &links(person(22), 1, 3), barred);
    given.makes(&own(learner(), 1, 3));
}

/// A registrar would sign in as a second one, or as the security administrator, and agree with himself.
#[test]
fn an_officer_is_linked_by_invitation_or_by_security() {
    let mut given = given().appointed(person(6), Role::Security, None);
    let unknown = not_served(NotServed::PersonUnknown(officer(1, 1)));
    refused(&mut given, &links(officer(1, 1), 1, 3), unknown);
    // The first one is the officer's own, by the operator's invitation; the next is not.
    let invited = |ceremony| links(registrar(), ceremony, 4);
    let first = given.makes(&invited(1));
    assert_eq!(
        state(&given, registrar()).standing()[0].loa,
        Level::HARDWARE
    );
    let before = ConfirmLinkError::LinkedBefore(registrar());
    refused(&mut given, &invited(2), before);
    // Security speaks of officers, by two persons, and of nobody else.
    let by_security = |kind: &str, data: &link::confirm::Data| {
        Asking::new(Signer::registrar(), kind, data).by(security(), "security")
    };
    let of = |who, ceremony| by_security(link::confirm::OF_OFFICER, &data(who, ceremony, 4));
    let alone = by_security(link::confirm::KIND, &data(registrar(), 2, 4));
    refused(&mut given, &alone, ConfirmLinkError::NotYours);
    refused(&mut given, &of(learner(), 2), ConfirmLinkError::NotYours);
    refused(&mut given, &of(security(), 2), ConfirmLinkError::NotYours);
    let proposal = given.makes(&of(registrar(), 3));
    let agreed = given.makes(&said::approve(proposal.target, person(6), "security"));
    assert!(agreed.kinds().contains(&"link.confirmed.v1"));
    let of_learner = given.makes(&own(learner(), 9, 3));
    // Taking away too: one administrator would shut all others out.
    let takes = |kind: &str, who, link| {
        let data = removal(who, link);
        Asking::new(Signer::registrar(), kind, &data).by(security(), "security")
    };
    let (first, learners) = (first.earlier().id, of_learner.earlier().id);
    let not_yours = || RemoveLinkError::NotYours;
    let alone = takes(link::remove::KIND, registrar(), first);
    refused(&mut given, &alone, not_yours());
    let learners = takes(link::remove::OF_OFFICER, learner(), learners);
    refused(&mut given, &learners, not_yours());
    let proposal = given.makes(&takes(link::remove::OF_OFFICER, registrar(), first));
    given.makes(&said::approve(proposal.target, person(6), "security"));
    let second = state(&given, registrar()).standing()[0].id;
    let proposal = given.makes(&takes(link::remove::OF_OFFICER, registrar(), second));
    given.makes(&said::approve(proposal.target, person(6), "security"));
    assert!(state(&given, registrar()).standing().is_empty());
    // Whom nothing signs in any more comes back by another invitation.
    given.makes(&invited(4));
}

/// A school would make a stranger its clerk, and come in as that person.
#[test]
fn an_institution_links_its_own_staff() {
    let clerk = officer(1, 7);
    let mut given = given()
        .appointed(officer(2, 9), Role::Institution, Some(2))
        .appointed(officer(1, 9), Role::Institution, Some(SCHOOL))
        .appointed(clerk, Role::Clerk, Some(SCHOOL))
        .appointed(learner(), Role::Clerk, Some(2));
    let by = |asking: Asking, number| {
        let asking = asking.signed_by(Signer::school(number));
        asking.by(officer(number, 9), "institution")
    };
    let confirm = |who, ceremony, number| by(links(who, ceremony, 4), number);
    let linked = given.makes(&confirm(clerk, 1, SCHOOL));
    let only = state(&given, clerk).standing()[0].only;
    assert_eq!(only, Some(IssuerNumber(SCHOOL)), "in its own roles alone");
    let before = ConfirmLinkError::LinkedBefore(clerk);
    refused(&mut given, &confirm(clerk, 2, SCHOOL), before);
    // School 1 registered this learner; school 2 only calls the learner its clerk.
    let not_yours = || ConfirmLinkError::NotYours;
    refused(&mut given, &confirm(learner(), 3, 2), not_yours());
    refused(&mut given, &confirm(clerk, 3, 2), not_yours());
    refused(&mut given, &confirm(registrar(), 3, SCHOOL), not_yours());
    let gone = |number| by(removes(clerk, linked.earlier().id), number);
    refused(&mut given, &gone(2), RemoveLinkError::NotYours);
    given.makes(&gone(SCHOOL));
}

/// Who takes the last account away could never come back.
#[test]
fn nobody_shuts_himself_out() {
    let mut given = given();
    given.makes(&people::documented(learner()));
    let linked = given.makes(&own(learner(), 1, 3));
    let last = by_learner(
        learner(),
        link::remove::KIND,
        &removal(learner(), linked.earlier().id),
    );
    refused(&mut given, &last, RemoveLinkError::LastOne);
    let second = given.makes(&own(learner(), 2, 3));
    given.makes(&last);
    let last = by_learner(
        learner(),
        link::remove::KIND,
        &removal(learner(), second.earlier().id),
    );
    refused(&mut given, &last, RemoveLinkError::LastOne);
    given.makes(&people::sheet(learner(), person(77)));
    given.makes(&last);
}

/// A stranger would stay in an account that was never the stranger's; or a thief in an account that its
/// owner opened again.
#[test]
fn what_a_mistaken_merge_let_in_goes_with_it() {
    let (mut given, other) = (given(), person(22));
    let theirs = given.makes(&own(other, 1, 3)).earlier().id;
    let merge = said::merge(&said::merging(other, learner()));
    given.agreed_by_registrars(&merge);
    // A counter alone makes no second way in: the other number's account signs in already.
    let before = ConfirmLinkError::LinkedBefore(learner());
    refused(&mut given, &links(learner(), 2, 3), before);
    let later = given.makes(&own(learner(), 3, 3)).earlier().id;
    given.makes(&people::sheet(learner(), person(77)));
    let (_, reverted) = given.agreed_by_registrars(&said::unmerge(other, learner()));
    assert!(reverted.kinds().contains(&"merge.reverted.v1"));
    assert!(state(&given, learner()).find(later).is_none());
    let whole: Person = given.state(&person::wire::stream(learner()));
    assert!(whole.recoveries.sheet.is_none());
    assert!(state(&given, other).find(theirs).is_some());
    // Merged for good, the holder takes the other number's account away, and a recovery ends it too.
    given.agreed_by_registrars(&merge);
    let holder = |given: &Given| -> Person { given.state(&person::wire::stream(learner())) };
    let link = state(&given, other).find(theirs).unwrap();
    assert!(link.counts_for(&holder(&given)));
    let takes = by_learner(learner(), link::remove::KIND, &removal(other, theirs));
    let by_other = by_learner(person(23), link::remove::KIND, &removal(other, theirs));
    refused(&mut given, &by_other, RemoveLinkError::NotYours);
    let (proposal, _) = given.agreed_by_registrars(&people::starts(learner(), false));
    given.now_ms += DELAY_MS;
    given.makes(&people::opens(learner(), proposal.id));
    assert!(!link.counts_for(&holder(&given)));
    given.makes(&links(learner(), 4, 3));
    given.makes(&takes);
}

/// One ceremony would link twice, or an account's links grow without end.
#[test]
fn a_ceremony_links_once_and_links_are_counted() {
    let mut given = given();
    let first = given.makes(&own(learner(), 1, 3));
    let again = ConfirmLinkError::CeremonyUsed(Uuid::from_u128(1));
    refused(&mut given, &own(learner(), 1, 3), again.clone());
    given.makes(&removes(learner(), first.earlier().id));
    refused(&mut given, &own(learner(), 1, 3), again);
    for ceremony in 2..2 + LINKS_MAX as u128 {
        given.makes(&own(learner(), ceremony, 3));
    }
    let many = own(learner(), 99, 3);
    refused(&mut given, &many, ConfirmLinkError::TooMany);
}
