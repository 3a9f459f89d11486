//! person.suspend, .reinstate, .record-death, .withdraw-death: who may act at all.

use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::person::death::{self, RecordDeathError};
use identity::person::served::NotServed;
use identity::person::state::Barred;
use identity::person::suspend::{self, Reason, SuspendPersonError};
use identity::person::{self, Person};
use identity::role::Role;
use serde_json::json;
use tests::support::asking::{Asking, Signer, officer, person, registrar};
use tests::support::given::{Given, Written};
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    one_officer_stops_and_two_let_in_again,
    a_death_is_recorded_and_withdrawn_by_two,
    nobody_acts_under_a_barred_number,
    a_school_stops_nobody_who_serves_elsewhere,
];

fn given() -> Given {
    Given::province().registered(person(21))
}

fn changes(kind: &str, who: Uuid) -> Asking {
    let data = suspend::Data {
        values: Commitments::default(),
        person: who,
        reason: Reason::DeviceLost,
    };
    Asking::new(Signer::registrar(), kind, &data).by(registrar(), "registrar")
}

fn dies(kind: &str, who: Uuid) -> Asking {
    let data = death::Data {
        values: said::values(2),
        person: who,
    };
    Asking::new(Signer::registrar(), kind, &data).by(registrar(), "registrar")
}

/// The same as a counter of school `number` asks it.
fn at_school(mut asking: Asking, number: u32) -> Asking {
    asking = asking.signed_by(Signer::school(number));
    asking.by(officer(number, 1), "counter")
}

fn agreed(given: &mut Given, asking: &Asking) -> Written {
    given.agreed_by_registrars(asking).1
}

fn barred(given: &Given) -> Option<Barred> {
    let state: Person = given.state(&person::wire::stream(person(21)));
    state.barred()
}

/// A thief would go on while a second officer is looked for, or one officer let somebody in again.
#[test]
fn one_officer_stops_and_two_let_in_again() {
    let mut given = given()
        .appointed(officer(1, 1), Role::Counter, Some(1))
        .appointed(officer(2, 1), Role::Counter, Some(2));
    let nobody = person(99);
    let unknown = SuspendPersonError::NotServed(NotServed::PersonUnknown(nobody));
    refused(&mut given, &changes(suspend::SUSPEND, nobody), unknown);
    let elsewhere = at_school(changes(suspend::SUSPEND, person(21)), 2);
    let not_theirs = SuspendPersonError::NotServed(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &elsewhere, not_theirs);
    let never = SuspendPersonError::NotSuspended(person(21));
    refused(
        &mut given,
        &changes(suspend::REINSTATE, person(21)),
        never.clone(),
    );

    let suspended = given.makes(&at_school(changes(suspend::SUSPEND, person(21)), 1));
    assert_eq!(suspended.kinds(), ["person.suspended.v1"]);
    assert_eq!(barred(&given), Some(Barred::Suspended));
    let again = changes(suspend::SUSPEND, person(21));
    assert_eq!(given.already(&again), suspended.earlier());
    let written = agreed(&mut given, &changes(suspend::REINSTATE, person(21)));
    assert_eq!(
        written.kinds(),
        ["person.reinstated.v1", "approval.completed.v1"]
    );
    assert_eq!(barred(&given), None);
    refused(&mut given, &changes(suspend::REINSTATE, person(21)), never);
}

/// The living would be locked out by one person's word, or somebody act for the dead.
#[test]
fn a_death_is_recorded_and_withdrawn_by_two() {
    let mut given = given().appointed(officer(2, 1), Role::Counter, Some(2));
    let nobody = person(99);
    let unknown = RecordDeathError::NotServed(NotServed::PersonUnknown(nobody));
    refused(&mut given, &dies(death::RECORD, nobody), unknown);
    let elsewhere = at_school(dies(death::RECORD, person(21)), 2);
    let not_theirs = RecordDeathError::NotServed(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &elsewhere, not_theirs);
    let never = RecordDeathError::NotRecorded(person(21));
    refused(&mut given, &dies(death::WITHDRAW, person(21)), never);

    let recorded = agreed(&mut given, &dies(death::RECORD, person(21)));
    assert_eq!(barred(&given), Some(Barred::Died));
    let again = dies(death::RECORD, person(21));
    assert_eq!(given.already(&again), recorded.earlier());
    // What she learned goes on being recorded: the last term's marks come in later.
    given.makes(&said::record(1, person(21), "R-1", said::course()));
    agreed(&mut given, &dies(death::WITHDRAW, person(21)));
    assert_eq!(barred(&given), None);
}

/// One school would stop another's officer, or the province's.
#[test]
fn a_school_stops_nobody_who_serves_elsewhere() {
    let mut given = given()
        .appointed(officer(1, 1), Role::Counter, Some(1))
        .appointed(person(21), Role::Counter, Some(2));
    let suspension = at_school(changes(suspend::SUSPEND, person(21)), 1);
    let holds = SuspendPersonError::NotServed(NotServed::HoldsRoles(person(21)));
    refused(&mut given, &suspension, holds);
    let died = at_school(dies(death::RECORD, person(21)), 1);
    refused(
        &mut given,
        &died,
        RecordDeathError::NotServed(NotServed::HoldsRoles(person(21))),
    );
    given.makes(&changes(suspend::SUSPEND, person(21)));
}

/// Whoever has the clerk's token or key would go on as the clerk.
#[test]
fn nobody_acts_under_a_barred_number() {
    let clerk = tests::support::given::clerk(1);
    let mut given = given()
        .registered(clerk)
        .appointed(clerk, Role::Clerk, Some(1));
    let record = |name: &str| said::record(1, person(21), name, said::course()).by(clerk, "clerk");
    given.makes(&record("R-1"));
    given.makes(&changes(suspend::SUSPEND, clerk));
    refused(&mut given, &record("R-2"), AskError::ActorBarred(clerk));
    agreed(&mut given, &changes(suspend::REINSTATE, clerk));
    given.makes(&record("R-2"));
    agreed(&mut given, &dies(death::RECORD, clerk));
    refused(&mut given, &record("R-3"), AskError::ActorBarred(clerk));
    // Nor does a learner who was merged into another number go on under the old one.
    let mut given = self::given().registered(person(22));
    agreed(
        &mut given,
        &said::merge(&said::merging(person(22), person(21))),
    );
    let mut erasure = said::erase(&said::erasure(
        person(22),
        &[identity::purpose::Purpose::Identity],
    ));
    erasure = erasure.by(person(22), "learner");
    erasure.data["person"] = json!(person(22));
    refused(&mut given, &erasure, AskError::ActorBarred(person(22)));
}
