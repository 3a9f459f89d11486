//! delegation.grant, .narrow, .revoke, .expire: who acts in whose name, for what, and until when.

use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::person::assurance::Level;
use identity::person::delegation::end::EndDelegationError;
use identity::person::delegation::grant::{self, GrantDelegationError};
use identity::person::delegation::narrow::NarrowDelegationError;
use identity::person::delegation::{GUARDIANS_MAX, PRINCIPALS_MAX, PROXIES_MAX, Scope, live};
use identity::person::served::NotServed;
use identity::person::{self as persons, Person, suspend};
use identity::purpose::Purpose;
use identity::role::Role;
use jiff::civil::{Date, date};
use tests::support::asking::{NOON_MS, Signer, officer, person};
use tests::support::given::{Given, Written};
use tests::support::people::{self, by_proxy, grants};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    somebody_lets_another_view_and_takes_it_back,
    only_whom_it_concerns_lets_others_act,
    scope_and_end_are_bounded,
    nobody_has_more_than_may_be_at_once,
    it_is_narrowed_and_never_widened,
    the_ledger_ends_what_time_ends,
    nobody_acts_by_more_than_was_given,
];

const DAY_MS: i64 = 24 * 3_600_000;
/// Within a year of the day on which tests begin.
const SOON: Date = date(2026, 12, 31);

fn elder() -> Uuid {
    person(21)
}

fn helper() -> Uuid {
    person(22)
}

/// Everybody from 21 to 40 is registered and known by a document.
fn given() -> Given {
    let mut given = Given::province();
    for n in 21..=40 {
        given = given.registered(person(n));
        given.makes(&people::documented(person(n)));
    }
    given
}

fn state(given: &Given, who: Uuid) -> Person {
    given.state(&persons::wire::stream(who))
}

/// Whether `agent` may view in the name of `principal` at this time.
fn views(given: &Given, agent: Uuid, principal: Uuid) -> bool {
    let today = identity::date::day_of(given.now_ms);
    let (of, by) = (state(given, principal), state(given, agent));
    live(&of, (agent, &by), Scope::View, today).is_some()
}

fn id(written: &Written) -> Uuid {
    written.target.id
}

/// A password would be shared instead, or a helper go on looking after being sent away.
#[test]
fn somebody_lets_another_view_and_takes_it_back() {
    let mut given = given();
    assert!(!views(&given, helper(), elder()));
    let granted = given.makes(&grants(&people::proxy(elder(), helper(), SOON)));
    assert_eq!(granted.kinds(), ["delegation.granted.v1", "limit.taken.v1"]);
    assert!(views(&given, helper(), elder()));
    assert!(!views(&given, elder(), helper()), "not the other way");

    // Given anew, the new one takes the old one's place.
    let again = given.makes(&grants(&people::proxy(elder(), helper(), SOON)));
    assert_eq!(
        again.kinds(),
        [
            "delegation.revoked.v1",
            "limit.released.v1",
            "delegation.granted.v1",
            "limit.taken.v1"
        ]
    );
    let stranger = people::revokes(person(30), elder(), id(&again));
    refused(&mut given, &stranger, EndDelegationError::NotYours);
    let none = people::revokes(elder(), elder(), person(99));
    refused(&mut given, &none, EndDelegationError::Unknown(person(99)));
    let revoked = given.makes(&people::revokes(elder(), elder(), id(&again)));
    assert_eq!(
        revoked.kinds(),
        ["delegation.revoked.v1", "limit.released.v1"]
    );
    assert!(!views(&given, helper(), elder()));
    let once_more = people::revokes(elder(), elder(), id(&again));
    assert_eq!(given.already(&once_more), revoked.earlier());

    // No other school has a say in it.
    let elsewhere = people::revokes(elder(), elder(), id(&again)).signed_by(Signer::school(2));
    let elsewhere = elsewhere.by(officer(2, 1), "counter");
    given = given.appointed(officer(2, 1), Role::Counter, Some(2));
    let not_theirs = EndDelegationError::NotServed(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &elsewhere, not_theirs);

    // The helper may give it back too.
    let third = given.makes(&grants(&people::proxy(elder(), helper(), SOON)));
    given.makes(&people::revokes(helper(), elder(), id(&third)));
    assert!(!views(&given, helper(), elder()));
}

/// A school would enter a helper for another's elder, an officer himself, or a child its own guardian.
#[test]
fn only_whom_it_concerns_lets_others_act() {
    let mut given = given()
        .registered(person(50))
        .appointed(officer(1, 1), Role::Counter, Some(1))
        .appointed(officer(2, 1), Role::Counter, Some(2));
    let data = people::proxy(elder(), helper(), SOON);
    let by_helper = people::by_learner(helper(), grant::KIND, &data);
    refused(&mut given, &by_helper, GrantDelegationError::NotYours);
    let guardian = people::guardian(elder(), helper(), SOON);
    refused(
        &mut given,
        &grants(&guardian),
        GrantDelegationError::GuardianByOfficer,
    );
    let at = |number| {
        let asking = people::enters(&data).signed_by(Signer::school(number));
        asking.by(officer(number, 1), "counter")
    };
    let elsewhere = GrantDelegationError::NotServed(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &at(2), elsewhere);
    let mut own = at(1);
    own.data["agent"] = serde_json::json!(officer(1, 1));
    refused(&mut given, &own, GrantDelegationError::Oneself);
    let same = grants(&people::proxy(elder(), elder(), SOON));
    refused(&mut given, &same, GrantDelegationError::Oneself);
    // A learner's word is given on the platform, under its key: no school says it by its own.
    let forged = grants(&data).signed_by(Signer::school(1));
    refused(
        &mut given,
        &forged,
        AskError::ActorNotAllowed {
            person: elder(),
            role: "learner".into(),
        },
    );
    let nobody = grants(&people::proxy(elder(), person(99), SOON));
    refused(
        &mut given,
        &nobody,
        GrantDelegationError::Barred(person(99)),
    );
    let unsure = GrantDelegationError::LevelTooLow {
        person: person(50),
        now: Level::ROSTER,
        needed: Level::GOVERNMENT,
    };
    let not_shown = grants(&people::proxy(elder(), person(50), SOON));
    refused(&mut given, &not_shown, unsure.clone());
    refused(
        &mut given,
        &grants(&people::proxy(person(50), helper(), SOON)),
        unsure,
    );
    // Of a child the guardian's document suffices.
    given.makes(&people::enters(&people::guardian(
        person(50),
        helper(),
        SOON,
    )));
    given.makes(&at(1));
}

/// Somebody would be pressed into it, or have it for life.
#[test]
fn scope_and_end_are_bounded() {
    let mut given = given();
    let data = people::proxy(elder(), helper(), SOON);
    let cases = [
        (
            grant::Data {
                unpressed: false,
                ..data.clone()
            },
            GrantDelegationError::Pressed,
        ),
        (
            grant::Data {
                scopes: Vec::new(),
                ..data.clone()
            },
            GrantDelegationError::ScopesNotInOrder,
        ),
        (
            grant::Data {
                scopes: vec![Scope::View, Scope::View],
                ..data.clone()
            },
            GrantDelegationError::ScopesNotInOrder,
        ),
        (
            grant::Data {
                scopes: vec![Scope::Erase, Scope::View],
                ..data.clone()
            },
            GrantDelegationError::ScopeOutside(Scope::Erase),
        ),
        (
            grant::Data {
                until: date(2026, 6, 30),
                ..data.clone()
            },
            GrantDelegationError::UntilPast,
        ),
        (
            grant::Data {
                until: date(2027, 7, 1),
                ..data.clone()
            },
            GrantDelegationError::UntilTooFar(date(2027, 6, 30)),
        ),
        (
            grant::Data {
                uses_max: Some(0),
                ..data.clone()
            },
            GrantDelegationError::NoUse,
        ),
    ];
    for (data, error) in cases {
        refused(&mut given, &grants(&data), error);
    }
    let last_day = grant::Data {
        until: date(2027, 6, 30),
        ..data
    };
    given.makes(&grants(&last_day));
    // On its day it is over, without anybody saying so.
    given.now_ms = NOON_MS + 364 * DAY_MS;
    assert!(views(&given, helper(), elder()));
    given.now_ms += DAY_MS;
    assert!(!views(&given, helper(), elder()));
}

/// A farm would act for a whole village, also by two numbers of one helper.
#[test]
fn nobody_has_more_than_may_be_at_once() {
    let mut given = given();
    for n in 0..PROXIES_MAX {
        let agent = person(30 + n as u64);
        given.makes(&grants(&people::proxy(elder(), agent, SOON)));
    }
    let one_more = grants(&people::proxy(elder(), helper(), SOON));
    let full = GrantDelegationError::TooManyAgents(PROXIES_MAX);
    refused(&mut given, &one_more, full);

    let mut last = None;
    for n in 0..PRINCIPALS_MAX {
        let principal = person(23 + n as u64);
        last = Some(given.makes(&grants(&people::proxy(principal, helper(), SOON))));
    }
    let sixth = grants(&people::proxy(person(29), helper(), SOON));
    let full = GrantDelegationError::TooManyPrincipals {
        agent: helper(),
        count: PRINCIPALS_MAX,
    };
    refused(&mut given, &sixth, full.clone());
    // The same elder again takes no second place.
    given.makes(&grants(&people::proxy(person(23), helper(), SOON)));
    // Under another number that is merged the places stay taken.
    let merge = said::merge(&said::merging(helper(), person(40)));
    let proposal = given.makes(&merge).target;
    given.makes(&said::approve(proposal, person(5), "registrar"));
    let by_other = grants(&people::proxy(person(29), person(40), SOON));
    refused(
        &mut given,
        &by_other,
        GrantDelegationError::TooManyPrincipals {
            agent: person(40),
            count: PRINCIPALS_MAX,
        },
    );
    let principal = person(23 + PRINCIPALS_MAX as u64 - 1);
    let last = id(&last.unwrap());
    given.makes(&people::revokes(principal, principal, last));
    given.makes(&by_other);

    for n in 0..GUARDIANS_MAX {
        let agent = person(30 + n as u64);
        given.makes(&people::enters(&people::guardian(elder(), agent, SOON)));
    }
    let fifth = people::enters(&people::guardian(elder(), person(35), SOON));
    let full = GrantDelegationError::TooManyAgents(GUARDIANS_MAX);
    refused(&mut given, &fifth, full);
}

/// A helper would get more than was agreed to, or the elder could not cut it down.
#[test]
fn it_is_narrowed_and_never_widened() {
    let mut given = given();
    let data = people::guardian(elder(), helper(), SOON);
    let granted = given.makes(&people::enters(&data));
    let narrow = |scopes: &[Scope], until| people::narrows(elder(), id(&granted), scopes, until);
    let sooner = date(2026, 9, 1);
    let same = narrow(&[Scope::Consent, Scope::Erase, Scope::View], SOON);
    assert_eq!(given.already(&same), granted.earlier());
    let narrowed = given.makes(&narrow(&[Scope::View], sooner));
    assert_eq!(narrowed.kinds(), ["delegation.narrowed.v1"]);
    for (scopes, until) in [
        (&[Scope::View][..], SOON),
        (&[Scope::Erase, Scope::View], sooner),
        (&[], sooner),
    ] {
        refused(
            &mut given,
            &narrow(scopes, until),
            NarrowDelegationError::NotLess,
        );
    }
    let by_agent = people::narrows(helper(), id(&granted), &[Scope::View], sooner);
    let mut by_agent = by_agent;
    by_agent.data["person"] = serde_json::json!(elder());
    refused(
        &mut given,
        &by_agent,
        NarrowDelegationError::End(EndDelegationError::NotYours),
    );
    given.now_ms += 70 * DAY_MS;
    refused(
        &mut given,
        &narrow(&[Scope::View], date(2026, 8, 1)),
        NarrowDelegationError::End(EndDelegationError::Over(id(&granted))),
    );
}

/// A guardian would act for a young man of fourteen, or the ledger end what is not over.
#[test]
fn the_ledger_ends_what_time_ends() {
    let mut given = given();
    let proxy = given.makes(&grants(&people::proxy(elder(), helper(), SOON)));
    let early = people::expires(elder(), id(&proxy));
    refused(&mut given, &early, EndDelegationError::NotDue(id(&proxy)));
    let none = people::expires(elder(), person(99));
    refused(&mut given, &none, EndDelegationError::Unknown(person(99)));
    // Born some day of August 2012: the day stands in no commit, the month it is rounded up to does.
    let child = person(23);
    let guardian = people::guardian(child, helper(), date(2026, 9, 1));
    let guardian = given.makes(&people::enters(&guardian));
    let on_birthday = people::expires(child, id(&guardian));
    refused(
        &mut given,
        &on_birthday,
        EndDelegationError::NotDue(id(&guardian)),
    );
    given.now_ms = NOON_MS + 40 * DAY_MS;
    let expired = given.makes(&on_birthday);
    assert_eq!(
        expired.kinds(),
        ["delegation.expired.v1", "limit.released.v1"]
    );
    assert!(!views(&given, helper(), child));
    assert_eq!(given.already(&on_birthday), expired.earlier());
    given.now_ms = NOON_MS + 200 * DAY_MS;
    given.makes(&early);
}

/// A helper would erase the elder's record, act once more than was agreed, or for a barred person.
#[test]
fn nobody_acts_by_more_than_was_given() {
    let mut given = given();
    let data = said::erasure(elder(), &Purpose::ALL);
    let erases = by_proxy(
        helper(),
        elder(),
        identity::person::erasure::request::KIND,
        &data,
    );
    let not_let = AskError::NotDelegated {
        agent: helper(),
        principal: elder(),
    };
    refused(&mut given, &erases, not_let.clone());
    given.makes(&grants(&people::proxy(elder(), helper(), SOON)));
    refused(&mut given, &erases, not_let.clone());
    let once = grant::Data {
        uses_max: Some(1),
        ..people::guardian(elder(), helper(), SOON)
    };
    let entered = given.makes(&people::enters(&once));
    // A guardian asks, and a registrar agrees.
    let proposed = given.makes(&erases);
    assert_eq!(
        proposed.kinds(),
        ["approval.proposed.v1", "delegate.acted.v1"]
    );
    refused(&mut given, &erases, not_let.clone());
    // Taken back, nobody can agree any more to what was asked by it; standing, its one use is this one.
    given.makes(&people::revokes(elder(), elder(), id(&entered)));
    let agreement = said::approve(proposed.target, person(5), "registrar");
    refused(&mut given, &agreement, not_let.clone());
    let child = person(24);
    let other = grant::Data {
        person: child,
        ..once
    };
    given.makes(&people::enters(&other));
    let of_child = said::erasure(child, &Purpose::ALL);
    let kind = identity::person::erasure::request::KIND;
    let asked = given.makes(&by_proxy(helper(), child, kind, &of_child));
    let agreed = given.makes(&said::approve(asked.target, person(5), "registrar"));
    assert_eq!(agreed.kinds()[0], "erasure.requested.v1");
    // Nobody acts in no name, nor in another role in somebody's.
    let mut nameless = erases.clone();
    nameless.act.as_mut().unwrap().on_behalf_of = None;
    let unnamed = AskError::ActorNotAllowed {
        person: helper(),
        role: "proxy".into(),
    };
    refused(&mut given, &nameless, unnamed);
    let mut as_learner = erases.clone();
    as_learner.act.as_mut().unwrap().role = "learner".into();
    let mixed = AskError::ActorNotAllowed {
        person: helper(),
        role: "learner".into(),
    };
    refused(&mut given, &as_learner, mixed);

    given.makes(&people::enters(&people::guardian(elder(), helper(), SOON)));
    assert!(views(&given, helper(), elder()));
    let suspension = suspend::Data {
        values: identity::erasable::Commitments::default(),
        person: elder(),
        reason: suspend::Reason::DeviceLost,
    };
    given.makes(&people::by_registrar(suspend::SUSPEND, &suspension));
    assert!(!views(&given, helper(), elder()));
    refused(&mut given, &erases, not_let);
}

/// What was given to one number would go on for two, or never come back when the merge is undone.
#[test]
fn a_merge_suspends_what_was_given_before_it() {
    let mut given = given();
    given.makes(&grants(&people::proxy(elder(), helper(), SOON)));
    for (absorbed, into) in [(person(30), elder()), (person(31), helper())] {
        let merge = said::merge(&said::merging(absorbed, into));
        let proposal = given.makes(&merge).target;
        given.makes(&said::approve(proposal, person(5), "registrar"));
        assert!(!views(&given, helper(), elder()));
        let back = said::unmerge(absorbed, into);
        let proposal = given.makes(&back).target;
        given.makes(&said::approve(proposal, person(5), "registrar"));
        assert!(views(&given, helper(), elder()));
    }
    let merge = said::merge(&said::merging(person(30), elder()));
    let proposal = given.makes(&merge).target;
    given.makes(&said::approve(proposal, person(5), "registrar"));
    given.makes(&grants(&people::proxy(elder(), helper(), SOON)));
    assert!(views(&given, helper(), elder()));
}
