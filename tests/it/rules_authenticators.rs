//! authenticator.…: whose passkey signs a person in, how well, and who takes it away.

use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::person::assurance::Level;
use identity::person::authenticator::enrol::{AUTHENTICATORS_MAX, EnrolAuthenticatorError};
use identity::person::authenticator::remove::RemoveAuthenticatorError;
use identity::person::authenticator::{self, Authenticators};
use identity::person::link::confirm::ConfirmLinkError;
use identity::person::link::remove::RemoveLinkError;
use identity::person::recovery::DELAY_MS;
use identity::person::served::NotServed;
use identity::person::{self, Person, link, suspend};
use identity::role::Role;
use tests::support::asking::{Asking, Signer, officer, person, registrar, security};
use tests::support::given::Given;
use tests::support::people::{self, by_learner, by_registrar};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    a_passkey_is_its_persons_alone,
    a_passkey_is_no_better_than_its_person_can_be_known,
    passkeys_are_counted_and_named_once,
    nobody_shuts_himself_out_of_links_and_passkeys,
    who_may_not_act_enrols_nothing,
    others_take_away_what_they_answer_for,
    a_passkey_is_a_way_in_for_whoever_would_make_another,
    what_a_mistaken_merge_enrolled_goes_with_it,
    the_ledger_stops_a_key_that_was_copied,
];

const SCHOOL: u32 = 1;

fn learner() -> Uuid {
    person(21)
}

fn given() -> Given {
    Given::province()
        .registered(learner())
        .registered(person(22))
        .appointed(person(6), Role::Security, None)
        .appointed(officer(1, 7), Role::Clerk, Some(SCHOOL))
        .appointed(officer(1, 9), Role::Institution, Some(SCHOOL))
        .appointed(officer(2, 9), Role::Institution, Some(2))
}

fn data(who: Uuid, name: u128, loa: u8) -> authenticator::enrol::Data {
    authenticator::enrol::Data {
        authenticator: Uuid::from_u128(name),
        loa: Level::try_from(loa).unwrap(),
        person: who,
    }
}

/// The learner enrols.
fn own(who: Uuid, name: u128, loa: u8) -> Asking {
    by_learner(who, authenticator::enrol::KIND, &data(who, name, loa))
}

/// A clerk of school 1 enrols.
fn clerks(name: u128, loa: u8) -> Asking {
    let clerk = officer(1, 7);
    let data = data(clerk, name, loa);
    let asking = Asking::new(Signer::school(SCHOOL), authenticator::enrol::KIND, &data);
    asking.by(clerk, "clerk")
}

fn removal(who: Uuid, name: u128) -> authenticator::remove::Data {
    authenticator::remove::Data {
        authenticator: Uuid::from_u128(name),
        person: who,
    }
}

fn removes(who: Uuid, name: u128) -> Asking {
    by_learner(who, authenticator::remove::KIND, &removal(who, name))
}

fn state(given: &Given, who: Uuid) -> Authenticators {
    let state: Person = given.state(&person::wire::stream(who));
    state.authenticators
}

fn standing(given: &Given, who: Uuid) -> Vec<u128> {
    let state = state(given, who);
    state.standing().iter().map(|it| it.id.as_u128()).collect()
}

fn links(who: Uuid, ceremony: u128) -> link::confirm::Data {
    link::confirm::Data {
        values: said::values(2),
        ceremony: Uuid::from_u128(ceremony),
        loa: Level::GOVERNMENT,
        person: who,
    }
}

/// Somebody would make a key of his own a way into another's account.
#[test]
fn a_passkey_is_its_persons_alone() {
    let mut given = given();
    let enrolled = given.makes(&own(learner(), 1, 3));
    assert_eq!(enrolled.kinds(), ["authenticator.enrolled.v1"]);
    let found = state(&given, learner()).find(Uuid::from_u128(1)).unwrap();
    assert_eq!((found.loa, found.only), (Level::GOVERNMENT, None));
    let not_yours = || EnrolAuthenticatorError::NotYours;
    let kind = authenticator::enrol::KIND;
    let stranger = by_learner(person(22), kind, &data(learner(), 2, 3));
    refused(&mut given, &stranger, not_yours());
    let counter = by_registrar(kind, &data(learner(), 2, 3));
    refused(&mut given, &counter, not_yours());
    let school = Asking::new(Signer::school(SCHOOL), kind, &data(officer(1, 7), 2, 3));
    let school = school.by(officer(1, 9), "institution");
    refused(&mut given, &school, not_yours());
    let security = Asking::new(Signer::registrar(), kind, &data(registrar(), 2, 3));
    let security = security.by(tests::support::asking::security(), "security");
    refused(&mut given, &security, not_yours());
    let unknown = EnrolAuthenticatorError::PersonUnknown(person(99));
    refused(&mut given, &own(person(99), 1, 3), unknown);
    let other = RemoveAuthenticatorError::Unknown {
        person: person(22),
        authenticator: Uuid::from_u128(1),
    };
    refused(&mut given, &removes(person(22), 1), other);
    let theirs = by_learner(
        person(22),
        authenticator::remove::KIND,
        &removal(learner(), 1),
    );
    refused(&mut given, &theirs, RemoveAuthenticatorError::NotYours);
}

/// A learner's key would open what officers do, or a school's clerk whatever else that person is.
#[test]
fn a_passkey_is_no_better_than_its_person_can_be_known() {
    let mut given = given();
    let unfit = |loa, most| EnrolAuthenticatorError::LevelUnfit {
        loa: Level::try_from(loa).unwrap(),
        most: Level::try_from(most).unwrap(),
    };
    refused(&mut given, &own(learner(), 1, 4), unfit(4, 3));
    refused(&mut given, &own(learner(), 1, 0), unfit(0, 3));
    given.makes(&own(learner(), 1, 2));
    refused(&mut given, &clerks(2, 0), unfit(0, 4));
    given.makes(&clerks(2, 4));
    let clerk = state(&given, officer(1, 7)).standing()[0];
    assert_eq!(clerk.loa, Level::HARDWARE);
    assert_eq!(clerk.only, Some(IssuerNumber(SCHOOL)), "in its roles alone");
    let registrars = by_registrar(authenticator::enrol::KIND, &data(registrar(), 3, 4));
    given.makes(&registrars);
    assert_eq!(state(&given, registrar()).standing()[0].only, None);
}

/// A name that came back would sign in what was taken away, or keys grow without end.
#[test]
fn passkeys_are_counted_and_named_once() {
    let mut given = given();
    given.makes(&own(learner(), 1, 3));
    let known = || EnrolAuthenticatorError::Known(Uuid::from_u128(1));
    refused(&mut given, &own(learner(), 1, 3), known());
    given.makes(&own(learner(), 2, 3));
    let removed = given.makes(&removes(learner(), 1));
    assert_eq!(removed.kinds(), ["authenticator.removed.v1"]);
    refused(&mut given, &own(learner(), 1, 3), known());
    for name in 3..2 + AUTHENTICATORS_MAX as u128 {
        given.makes(&own(learner(), name, 3));
    }
    let many = own(learner(), 99, 3);
    refused(&mut given, &many, EnrolAuthenticatorError::TooMany);
}

/// Who takes the last way in away could never come back; or nobody could change from accounts to passkeys.
#[test]
fn nobody_shuts_himself_out_of_links_and_passkeys() {
    let mut given = given();
    given.makes(&people::documented(learner()));
    let confirm =
        |ceremony| by_learner(learner(), link::confirm::KIND, &links(learner(), ceremony));
    let linked = given.makes(&confirm(1)).earlier().id;
    let unlink = |link| {
        let data = link::remove::Data {
            link,
            person: learner(),
        };
        by_learner(learner(), link::remove::KIND, &data)
    };
    refused(&mut given, &unlink(linked), RemoveLinkError::LastOne);
    given.makes(&own(learner(), 1, 3));
    given.makes(&unlink(linked));
    let last = RemoveAuthenticatorError::LastOne;
    refused(&mut given, &removes(learner(), 1), last.clone());
    let linked = given.makes(&confirm(2)).earlier().id;
    given.makes(&removes(learner(), 1));
    refused(&mut given, &unlink(linked), RemoveLinkError::LastOne);
    given.makes(&own(learner(), 2, 3));
    given.makes(&unlink(linked));
    refused(&mut given, &removes(learner(), 2), last);
    given.makes(&people::sheet(learner(), person(77)));
    given.makes(&removes(learner(), 2));
    assert!(standing(&given, learner()).is_empty());
}

/// Whoever was stopped, or whose number is used no more, would make a way back in.
#[test]
fn who_may_not_act_enrols_nothing() {
    let mut given = given();
    given.makes(&by_registrar(
        authenticator::enrol::KIND,
        &data(registrar(), 1, 4),
    ));
    let merge = said::merge(&said::merging(person(22), learner()));
    given.agreed_by_registrars(&merge);
    let barred = AskError::ActorBarred(person(22));
    refused(&mut given, &own(person(22), 2, 3), barred);
    let stopped = suspend::Data {
        values: identity::erasable::Commitments::default(),
        person: learner(),
        reason: suspend::Reason::DeviceLost,
    };
    given.makes(&by_registrar(suspend::SUSPEND, &stopped));
    let barred = AskError::ActorBarred(learner());
    refused(&mut given, &own(learner(), 2, 3), barred);
}

/// A lost key would stay good, or one officer alone shut another out.
#[test]
fn others_take_away_what_they_answer_for() {
    let mut given = given();
    given.makes(&own(learner(), 1, 3));
    given.makes(&clerks(2, 4));
    given.makes(&by_registrar(
        authenticator::enrol::KIND,
        &data(registrar(), 3, 4),
    ));
    let takes = |signer, by, role: &str, kind: &str, who, name| {
        Asking::new(signer, kind, &removal(who, name)).by(by, role)
    };
    let (one, two) = (
        authenticator::remove::KIND,
        authenticator::remove::OF_OFFICER,
    );
    let clerk = officer(1, 7);
    let not_yours = || RemoveAuthenticatorError::NotYours;
    let counter = |who, name| {
        takes(
            Signer::registrar(),
            registrar(),
            "registrar",
            one,
            who,
            name,
        )
    };
    let elsewhere = takes(
        Signer::school(2),
        officer(2, 9),
        "counter",
        one,
        learner(),
        1,
    );
    let elsewhere = elsewhere.by(officer(2, 9), "institution");
    refused(&mut given, &elsewhere, not_yours());
    given = given.appointed(officer(2, 1), Role::Counter, Some(2));
    let elsewhere = takes(
        Signer::school(2),
        officer(2, 1),
        "counter",
        one,
        learner(),
        1,
    );
    let not_served = NotServed::NotOnRoster(IssuerNumber(2));
    refused(
        &mut given,
        &elsewhere,
        RemoveAuthenticatorError::NotServed(not_served),
    );
    // What a school's clerk enrolled is the school's to take, and no other's.
    let school = |number, by| takes(Signer::school(number), by, "institution", one, clerk, 2);
    refused(&mut given, &school(2, officer(2, 9)), not_yours());
    given.makes(&school(SCHOOL, officer(1, 9)));
    given.makes(&counter(learner(), 1));
    assert!(standing(&given, learner()).is_empty());
    // Of an officer two security administrators say so.
    let alone = takes(
        Signer::registrar(),
        security(),
        "security",
        one,
        registrar(),
        3,
    );
    refused(&mut given, &alone, not_yours());
    let of_learner = takes(
        Signer::registrar(),
        security(),
        "security",
        two,
        learner(),
        1,
    );
    refused(&mut given, &of_learner, not_yours());
    let both = takes(
        Signer::registrar(),
        security(),
        "security",
        two,
        registrar(),
        3,
    );
    let proposal = given.makes(&both);
    assert_eq!(standing(&given, registrar()), [3]);
    given.makes(&said::approve(proposal.target, person(6), "security"));
    assert!(standing(&given, registrar()).is_empty());
}

/// A counter alone, or an invitation, would make a second way into an account that has one.
#[test]
fn a_passkey_is_a_way_in_for_whoever_would_make_another() {
    let mut given = given();
    let before = |who| ConfirmLinkError::LinkedBefore(who);
    let counter = |ceremony| by_registrar(link::confirm::KIND, &links(learner(), ceremony));
    given.makes(&own(learner(), 1, 3));
    refused(&mut given, &counter(1), before(learner()));
    // Nor once it is taken away.
    given.makes(&by_registrar(
        authenticator::remove::KIND,
        &removal(learner(), 1),
    ));
    refused(&mut given, &counter(1), before(learner()));
    given.makes(&own(learner(), 2, 3));
    let (proposal, _) = given.agreed_by_registrars(&people::starts(learner(), false));
    given.now_ms += DELAY_MS;
    given.makes(&people::opens(learner(), proposal.id));
    assert!(
        standing(&given, learner()).is_empty(),
        "a recovery ends all"
    );
    given.makes(&counter(1));
    // An officer's first account comes where nothing signs the officer in.
    given.makes(&by_registrar(
        authenticator::enrol::KIND,
        &data(registrar(), 3, 4),
    ));
    let invited = by_registrar(link::confirm::KIND, &links(registrar(), 2));
    refused(&mut given, &invited, before(registrar()));
}

/// A stranger would stay in an account that was never the stranger's.
#[test]
fn what_a_mistaken_merge_enrolled_goes_with_it() {
    let (mut given, other) = (given(), person(22));
    given.makes(&own(other, 1, 3));
    given.makes(&own(learner(), 2, 3));
    let merge = said::merge(&said::merging(other, learner()));
    given.agreed_by_registrars(&merge);
    let counter = by_registrar(link::confirm::KIND, &links(learner(), 1));
    refused(
        &mut given,
        &counter,
        ConfirmLinkError::LinkedBefore(learner()),
    );
    given.makes(&own(learner(), 3, 3));
    given.agreed_by_registrars(&said::unmerge(other, learner()));
    assert_eq!(standing(&given, learner()), [2]);
    assert_eq!(standing(&given, other), [1]);
    // Merged for good, the holder takes the other number's key away.
    given.agreed_by_registrars(&merge);
    let takes = by_learner(learner(), authenticator::remove::KIND, &removal(other, 1));
    given.makes(&takes);
    assert!(standing(&given, other).is_empty());
}

/// Whoever copied a key would come in as long as its owner does not look; or anybody could shut others out.
#[test]
fn the_ledger_stops_a_key_that_was_copied() {
    let mut given = given();
    given.makes(&own(learner(), 1, 3));
    let kind = authenticator::suspend::KIND;
    let data = |name| authenticator::suspend::Data {
        authenticator: Uuid::from_u128(name),
        person: learner(),
    };
    let unknown = |name| authenticator::suspend::SuspendAuthenticatorError::Unknown {
        person: learner(),
        authenticator: Uuid::from_u128(name),
    };
    refused(&mut given, &people::by_ledger(kind, &data(2)), unknown(2));
    given.refuses(&by_learner(learner(), kind, &data(1)));
    // Also the last one.
    let stopped = given.makes(&people::by_ledger(kind, &data(1)));
    assert_eq!(stopped.kinds(), ["authenticator.suspended.v1"]);
    assert!(standing(&given, learner()).is_empty());
    refused(&mut given, &people::by_ledger(kind, &data(1)), unknown(1));
    let known = EnrolAuthenticatorError::Known(Uuid::from_u128(1));
    refused(&mut given, &own(learner(), 1, 3), known);
}
