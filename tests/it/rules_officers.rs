//! officer.appoint: who holds which role, and that no person holds two powers (三权分立); and who may
//! send an envelope.

use credentials::rulebook::Refusal;
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::officer::Officer;
use identity::officer::appoint::AppointError;
use identity::officer::clerk::{self, ChangeClerkError};
use identity::officer::dismiss::{self, DismissError};
use identity::role::Role;
use ledger::batch;
use ledger::batch::accept::AcceptError;
use ledger::hash::Digest;
use tests::support::asking::{Asking, Signer, audit, officer, person, security, system};
use tests::support::given::{Given, clerk as a_clerk};
use tests::support::said;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    roles_have_a_place,
    administrators_are_three_persons,
    powers_do_not_meet_through_pending_proposals,
    an_envelope_counts_one_to_a_thousand,
    a_role_that_is_not_held_is_not_taken_back,
    an_institution_gives_the_roles_of_its_desk_alone,
];

fn two_security_officers() -> Given {
    Given::genesis()
        .appointed(person(6), Role::Security, None)
        .admitted(1)
}

/// A school's clerk could not be appointed, or the appointment would say nothing.
#[test]
fn appointing_gives_a_role_where_it_belongs() {
    let mut given = two_security_officers();
    let proposal = given.makes(&said::appoint(a_clerk(1), Role::Clerk, Some(1)));
    let written = given.makes(&said::approve(proposal.target, person(6), "security"));
    assert_eq!(
        written.kinds(),
        ["role.granted.v1", "approval.completed.v1"]
    );
    let state: Officer = given.state(&Officer::stream(a_clerk(1)));
    assert!(state.holds(a_clerk(1), Role::Clerk, IssuerNumber(1)));

    let proposal = given.makes(&said::appoint(person(7), Role::Registrar, None));
    let written = given.makes(&said::approve(proposal.target, person(6), "security"));
    assert_eq!(
        written.kinds(),
        [
            "role.granted.v1",
            "role.granted.v1",
            "approval.completed.v1"
        ]
    );
    let roster: Officer = given.state(&Officer::province());
    assert!(
        roster.holds(person(7), Role::Registrar, IssuerNumber::REGISTRAR),
        "the roster knows the second person"
    );
    assert_eq!(
        given.already(&said::appoint(person(7), Role::Registrar, None)),
        written.earlier()
    );
}

/// A learner would become an officer, or a registrar be one at some school.
#[test]
fn roles_have_a_place() {
    let mut given = two_security_officers();
    for role in Role::ALL {
        let (right, wrong) = match role {
            Role::Learner | Role::Proxy | Role::Verifier => {
                refused(
                    &mut given,
                    &said::appoint(person(9), role, Some(1)),
                    AppointError::RoleScope(role),
                );
                refused(
                    &mut given,
                    &said::appoint(person(9), role, None),
                    AppointError::RoleScope(role),
                );
                continue;
            }
            role if role.is_for_institution() => (Some(1), None),
            _ => (None, Some(1)),
        };
        refused(
            &mut given,
            &said::appoint(person(9), role, wrong),
            AppointError::RoleScope(role),
        );
        given.makes(&said::appoint(person(9), role, right));
    }
    let unknown = AppointError::InstitutionUnknown(IssuerNumber(2));
    refused(
        &mut given,
        &said::appoint(person(9), Role::Clerk, Some(2)),
        unknown,
    );
}

/// One person could grant himself what he also watches over.
#[test]
fn administrators_are_three_persons() {
    let mut given = two_security_officers();
    for (who, held) in [
        (system(), Role::System),
        (security(), Role::Security),
        (audit(), Role::Audit),
    ] {
        for role in [Role::System, Role::Security, Role::Audit]
            .into_iter()
            .filter(|role| *role != held)
        {
            refused(
                &mut given,
                &said::appoint(who, role, None),
                AppointError::RolesCombined { held },
            );
        }
    }
    // Other roles may be held beside one of the three.
    given.makes(&said::appoint(officer(1, 1), Role::Auditor, None));
}

/// Two proposals, each harmless alone, would together make a person of two powers.
#[test]
fn powers_do_not_meet_through_pending_proposals() {
    let mut given = two_security_officers();
    let first = given
        .makes(&said::appoint(person(9), Role::System, None))
        .target;
    let second = given
        .makes(&said::appoint(person(9), Role::Audit, None))
        .target;
    given.makes(&said::approve(first, person(6), "security"));
    let refusal = AppointError::RolesCombined { held: Role::System };
    refused(
        &mut given,
        &said::approve(second, person(6), "security"),
        refusal,
    );
}

/// A log would wait for members that no batch may have.
#[test]
fn an_envelope_counts_one_to_a_thousand() {
    let mut given = Given::genesis().admitted(1);
    let asking = |count: u32| {
        let data = batch::Data {
            count,
            root: Digest::of(b"members"),
        };
        Asking::new(Signer::school(1), batch::KIND, &data)
    };
    for count in [0, 1_001, u32::MAX] {
        refused(&mut given, &asking(count), AcceptError::Count(count));
    }
    let accepted = given.makes(&asking(1_000));
    assert_eq!(accepted.kinds(), ["batch.accepted.v1"]);
    // Who may send no member may send no envelope.
    let auditor = asking(1).by(officer(1, 1), "verifier");
    assert!(matches!(
        given.refuses(&auditor),
        Refusal::Ask(AskError::ActorNotAllowed { .. })
    ));
}

fn dismiss(person: uuid::Uuid, role: Role, institution: Option<u32>) -> Asking {
    let data = dismiss::Data {
        institution: institution.map(IssuerNumber),
        person,
        role,
    };
    Asking::new(Signer::registrar(), dismiss::KIND, &data).by(security(), "security")
}

fn desk(kind: &str, person: uuid::Uuid, role: Role) -> Asking {
    let data = clerk::Data { person, role };
    Asking::new(Signer::school(1), kind, &data).by(officer(1, 1), "institution")
}

/// Who left would act for ever, or could be removed by one person.
#[test]
fn a_dismissed_officer_holds_nothing() {
    let mut given = two_security_officers().appointed(person(7), Role::Registrar, None);
    let proposal = given.makes(&dismiss(person(7), Role::Registrar, None));
    assert_eq!(proposal.kinds(), ["approval.proposed.v1"]);
    let written = given.makes(&said::approve(proposal.target, person(6), "security"));
    assert_eq!(
        written.kinds(),
        [
            "role.removed.v1",
            "role.removed.v1",
            "approval.completed.v1"
        ]
    );
    let state: Officer = given.state(&Officer::stream(person(7)));
    assert!(!state.holds(person(7), Role::Registrar, IssuerNumber::REGISTRAR));
    let roster: Officer = given.state(&Officer::province());
    assert!(
        roster
            .grants
            .iter()
            .all(|grant| grant.granted.person != person(7))
    );
    let admit = said::admit(&said::admission(2)).by(person(7), "registrar");
    let why = AskError::ActorNotAllowed {
        person: person(7),
        role: "registrar".into(),
    };
    refused(&mut given, &admit, Refusal::Ask(why));
    // The power is free: it may be given to somebody who holds another now.
    given.makes(&said::appoint(person(7), Role::Audit, None));
}

/// The last security administrator would be gone, and nobody could ever appoint another.
#[test]
fn a_role_that_is_not_held_is_not_taken_back() {
    let mut given = two_security_officers();
    let not_held = DismissError::RoleNotHeld {
        person: person(7),
        role: Role::Registrar,
    };
    refused(
        &mut given,
        &dismiss(person(7), Role::Registrar, None),
        not_held,
    );
    let elsewhere = DismissError::RoleNotHeld {
        person: officer(1, 1),
        role: Role::Institution,
    };
    refused(
        &mut given,
        &dismiss(officer(1, 1), Role::Institution, None),
        elsewhere,
    );
    let last = DismissError::LastHolder(Role::Audit);
    refused(&mut given, &dismiss(audit(), Role::Audit, None), last);
    given.makes(&dismiss(person(6), Role::Security, None));
}

/// A school would need the province for each clerk, or could give itself more than its desk.
#[test]
fn an_institution_gives_the_roles_of_its_desk_alone() {
    let mut given = two_security_officers();
    let written = given.makes(&desk(clerk::APPOINT, a_clerk(1), Role::Clerk));
    assert_eq!(written.kinds(), ["role.granted.v1"]);
    assert_eq!(
        given.already(&desk(clerk::APPOINT, a_clerk(1), Role::Clerk)),
        written.earlier()
    );
    let own = ChangeClerkError::RoleNotOwn(Role::Institution);
    refused(
        &mut given,
        &desk(clerk::APPOINT, a_clerk(1), Role::Institution),
        own,
    );
    let written = given.makes(&desk(clerk::DISMISS, a_clerk(1), Role::Clerk));
    assert_eq!(written.kinds(), ["role.removed.v1"]);
    let not_held = ChangeClerkError::RoleNotHeld {
        person: a_clerk(1),
        role: Role::Clerk,
    };
    refused(
        &mut given,
        &desk(clerk::DISMISS, a_clerk(1), Role::Clerk),
        not_held,
    );
    let by_clerk = desk(clerk::APPOINT, person(8), Role::Clerk).by(a_clerk(1), "clerk");
    let why = AskError::ActorNotAllowed {
        person: a_clerk(1),
        role: "clerk".into(),
    };
    refused(&mut given, &by_clerk, Refusal::Ask(why));
}
