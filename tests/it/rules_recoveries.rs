//! recovery.…: the way back into an account, and what keeps a thief from taking it.

use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::person::assurance::{Level, Method};
use identity::person::recovery::complete::CompleteRecoveryError;
use identity::person::recovery::sheet::IssueSheetError;
use identity::person::recovery::start::StartRecoveryError;
use identity::person::recovery::veto::VetoRecoveryError;
use identity::person::recovery::{DELAY_MS, OPEN_MS, REDEEM_LOCK_MS, Recoveries};
use identity::person::served::NotServed;
use identity::person::{self as persons, Person, death, suspend};
use identity::role::Role;
use tests::support::asking::{Asking, Signer, officer, person, registrar};
use tests::support::given::{Given, Written};
use tests::support::people;
use tests::support::said;
use uuid::Uuid;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    two_officers_open_an_account_after_the_delay,
    an_elder_at_a_counter_does_not_wait,
    whoever_is_signed_in_says_no,
    the_sheet_opens_once,
    no_officer_opens_more_than_may_be,
    it_is_over_when_nobody_comes,
    a_sheet_is_ones_own,
];

fn lost() -> Uuid {
    person(21)
}

fn given() -> Given {
    let mut given = Given::province().registered(lost()).registered(person(22));
    given.makes(&people::documented(lost()));
    given
}

fn agreed(given: &mut Given, asking: &Asking) -> (Written, Uuid) {
    let (proposal, written) = given.agreed_by_registrars(asking);
    (written, proposal.id)
}

fn recoveries(given: &Given) -> Recoveries {
    let state: Person = given.state(&persons::wire::stream(lost()));
    state.recoveries
}

/// One officer could take an account, or the owner have no time to say no.
#[test]
fn two_officers_open_an_account_after_the_delay() {
    let mut given = given();
    let unknown = CompleteRecoveryError::Unknown(person(99));
    refused(&mut given, &people::opens(lost(), person(99)), unknown);
    let (started, recovery) = agreed(&mut given, &people::starts(lost(), false));
    assert_eq!(
        started.kinds(),
        ["recovery.started.v1", "approval.completed.v1"]
    );
    let under_way = StartRecoveryError::UnderWay(recovery);
    refused(&mut given, &people::starts(lost(), true), under_way);
    let completes = people::opens(lost(), recovery);
    let ready_ms = given.now_ms + DELAY_MS;
    given.now_ms = ready_ms - 1;
    let too_soon = CompleteRecoveryError::TooSoon { recovery, ready_ms };
    refused(&mut given, &completes, too_soon);
    given.now_ms = ready_ms;
    let opened = given.makes(&completes);
    assert_eq!(opened.kinds(), ["recovery.completed.v1"]);
    assert_eq!(given.already(&completes), opened.earlier());
    // What a thief would do first is locked for a day.
    let known = recoveries(&given);
    assert!(known.locks_redemption(ready_ms + REDEEM_LOCK_MS - 1));
    assert!(!known.locks_redemption(ready_ms + REDEEM_LOCK_MS));
    assert_eq!(known.completed_ms(), Some(ready_ms));
}

/// An elder would be sent home for three days, or everybody be let in at once.
#[test]
fn an_elder_at_a_counter_does_not_wait() {
    let mut given = given();
    let (_, recovery) = agreed(&mut given, &people::starts(lost(), true));
    given.makes(&people::opens(lost(), recovery));
}

/// A thief who got through a counter would keep the account although the owner saw it.
#[test]
fn whoever_is_signed_in_says_no() {
    let mut given = given().appointed(officer(2, 1), Role::Counter, Some(2));
    let (_, recovery) = agreed(&mut given, &people::starts(lost(), false));
    let none = people::vetoes(lost(), lost(), person(99));
    refused(&mut given, &none, VetoRecoveryError::Unknown(person(99)));
    let mut others = people::vetoes(person(22), lost(), recovery);
    refused(&mut given, &others, VetoRecoveryError::NotYours);
    others = others
        .signed_by(Signer::school(2))
        .by(officer(2, 1), "counter");
    let elsewhere = VetoRecoveryError::NotServed(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &others, elsewhere);
    let vetoed = given.makes(&people::vetoes(lost(), lost(), recovery));
    assert_eq!(vetoed.kinds(), ["recovery.vetoed.v1"]);
    let again = people::vetoes(lost(), lost(), recovery);
    assert_eq!(given.already(&again), vetoed.earlier());
    given.now_ms += DELAY_MS;
    let completes = people::opens(lost(), recovery);
    refused(
        &mut given,
        &completes,
        CompleteRecoveryError::Vetoed(recovery),
    );
    // The way is free for the right one.
    let (_, recovery) = agreed(&mut given, &people::starts(lost(), true));
    given.makes(&people::opens(lost(), recovery));
    let too_late = people::vetoes(lost(), lost(), recovery);
    refused(&mut given, &too_late, VetoRecoveryError::Over(recovery));
}

/// A photographed sheet would open the account for ever, or at once.
#[test]
fn the_sheet_opens_once() {
    let mut given = given();
    let (first, second) = (person(901), person(902));
    let claims = people::claims(lost(), first);
    refused(&mut given, &claims, StartRecoveryError::SheetSpent);
    let issued = given.makes(&people::sheet(lost(), first));
    assert_eq!(
        given.already(&people::sheet(lost(), first)),
        issued.earlier()
    );
    given.makes(&people::sheet(lost(), second));
    refused(&mut given, &claims, StartRecoveryError::SheetSpent);
    let started = given.makes(&people::claims(lost(), second));
    assert_eq!(started.kinds(), ["recovery.started.v1"]);
    let recovery = started.target.id;
    let spent = people::claims(lost(), second);
    refused(&mut given, &spent, StartRecoveryError::SheetSpent);
    // Nor does another sheet complete what this one began.
    let third = people::sheet(lost(), person(903));
    refused(&mut given, &third, IssueSheetError::UnderWay(recovery));
    let ready_ms = given.now_ms + DELAY_MS;
    let completes = people::completes(lost(), recovery);
    let too_soon = CompleteRecoveryError::TooSoon { recovery, ready_ms };
    refused(&mut given, &completes, too_soon);
    given.now_ms = ready_ms;
    given.makes(&completes);
    // What was begun before an account got a key in hardware opens it no more.
    given.makes(&people::sheet(lost(), first));
    let again = given.makes(&people::claims(lost(), first)).target.id;
    given.makes(&people::raised(lost(), Method::HardwareKey));
    given.now_ms += DELAY_MS;
    let high = CompleteRecoveryError::LevelTooHigh(Level::HARDWARE);
    refused(&mut given, &people::completes(lost(), again), high);
    let nobody = people::claims(person(99), second);
    refused(&mut given, &nobody, StartRecoveryError::Barred(person(99)));
}

/// A counter would open an administrator's account, an officer the own, or somebody's who is not theirs.
#[test]
fn no_officer_opens_more_than_may_be() {
    let mut given = given()
        .appointed(officer(1, 1), Role::Counter, Some(1))
        .appointed(officer(2, 1), Role::Counter, Some(2));
    let at = |number: u32, asking: Asking| {
        let asking = asking.signed_by(Signer::school(number));
        asking.by(officer(number, 1), "counter")
    };
    let elsewhere = StartRecoveryError::NotServed(NotServed::NotOnRoster(IssuerNumber(2)));
    refused(&mut given, &at(2, people::starts(lost(), true)), elsewhere);
    let own = people::starts(lost(), true).by(registrar(), "registrar");
    given = given.registered(registrar());
    let mut own_account = own.clone();
    own_account.data["person"] = serde_json::json!(registrar());
    refused(&mut given, &own_account, StartRecoveryError::OwnAccount);
    // Paper and a school's counter open no account behind a key in hardware; two registrars do.
    given.makes(&people::sheet(lost(), person(901)));
    given.makes(&people::raised(lost(), Method::HardwareKey));
    let high = StartRecoveryError::LevelTooHigh(Level::HARDWARE);
    refused(
        &mut given,
        &people::claims(lost(), person(901)),
        high.clone(),
    );
    refused(&mut given, &at(1, people::starts(lost(), true)), high);
    let sheet = people::sheet(lost(), person(902));
    let no_paper = IssueSheetError::LevelTooHigh(Level::HARDWARE);
    refused(&mut given, &sheet, no_paper);
    let (_, recovery) = agreed(&mut given, &own);
    // Nor does a counter complete what the registrars began, for somebody else's person or for its own officer.
    let opens = people::opens(lost(), recovery);
    let high = CompleteRecoveryError::LevelTooHigh(Level::HARDWARE);
    refused(&mut given, &at(1, opens.clone()), high);
    let not_theirs = NotServed::NotOnRoster(IssuerNumber(2));
    let elsewhere = CompleteRecoveryError::NotServed(not_theirs);
    refused(&mut given, &at(2, opens.clone()), elsewhere);
    let mut own = opens.clone();
    own.data["person"] = serde_json::json!(registrar());
    refused(&mut given, &own, CompleteRecoveryError::OwnAccount);
    // What began at a counter no code completes.
    let by_code = people::completes(lost(), recovery);
    refused(
        &mut given,
        &by_code,
        CompleteRecoveryError::Unknown(recovery),
    );
    given.makes(&opens);
}

/// A way once opened would stand open for years, or for the dead.
#[test]
fn it_is_over_when_nobody_comes() {
    let mut given = given();
    let (_, recovery) = agreed(&mut given, &people::starts(lost(), true));
    given.now_ms += OPEN_MS;
    let completes = people::opens(lost(), recovery);
    let too_late = CompleteRecoveryError::TooLate(recovery);
    refused(&mut given, &completes, too_late);
    let veto = people::vetoes(lost(), lost(), recovery);
    refused(&mut given, &veto, VetoRecoveryError::Over(recovery));
    let (_, second) = agreed(&mut given, &people::starts(lost(), true));
    let data = death::Data {
        values: said::values(2),
        person: lost(),
    };
    agreed(&mut given, &people::by_registrar(death::RECORD, &data));
    let barred = CompleteRecoveryError::Barred(lost());
    refused(&mut given, &people::opens(lost(), second), barred);
    refused(
        &mut given,
        &people::starts(lost(), true),
        StartRecoveryError::Barred(lost()),
    );
}

/// Anybody would print the key to another's account.
#[test]
fn a_sheet_is_ones_own() {
    let mut given = given();
    let mut sheet = people::sheet(lost(), person(901));
    sheet = sheet.by(person(22), "learner");
    refused(&mut given, &sheet, IssueSheetError::NotYours);
    // An officer who prints one would need no second officer to come in.
    let by_officer = people::sheet(lost(), person(901)).by(registrar(), "registrar");
    refused(
        &mut given,
        &by_officer,
        AskError::ActorNotAllowed {
            person: registrar(),
            role: "registrar".into(),
        },
    );
    let nobody = people::sheet(person(99), person(901));
    refused(&mut given, &nobody, IssueSheetError::Barred(person(99)));
    let data = suspend::Data {
        values: identity::erasable::Commitments::default(),
        person: lost(),
        reason: suspend::Reason::DeviceLost,
    };
    given.makes(&people::by_registrar(suspend::SUSPEND, &data));
    // Who lost the device that the suspension is for comes back at the counter.
    let (_, recovery) = agreed(&mut given, &people::starts(lost(), true));
    given.makes(&people::opens(lost(), recovery));
}
