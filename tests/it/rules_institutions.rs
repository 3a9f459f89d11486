//! institution.rename, .suspend, .reinstate, .close, .merge, .revive: what becomes of an institution.

use credentials::account::{self, Account};
use credentials::rulebook::Refusal;
use identity::approval::decide::ApprovalError;
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::institution::admit::AdmitError;
use identity::institution::close::CloseError;
use identity::institution::merge::MergeInstitutionError;
use identity::institution::new_key::NewKeyError;
use identity::institution::rename::RenameError;
use identity::institution::revive::ReviveError;
use identity::institution::suspend::SuspendInstitutionError;
use identity::institution::{Condition, Institution, Level, Standing};
use identity::officer::appoint::AppointError;
use identity::role::Role;
use tests::support::asking::{Asking, Signer, audit, officer, person, system};
use tests::support::given::Given;
use tests::support::governing::{
    close, merge, province, reinstate, rename, revival, revive, suspend,
};
use tests::support::keeping::{compromise, reaffirm};
use tests::support::said;

use super::rules_coverage::refused;

pub(crate) const REFUSALS: &[fn()] = &[
    a_name_counts_from_its_position,
    the_suspended_sign_nothing,
    an_end_ends_keys_and_roles,
    nobody_is_left_below_nothing,
    a_revival_starts_anew,
];

pub(crate) const ONE: IssuerNumber = IssuerNumber(1);

pub(crate) fn institution(given: &Given, number: u32) -> Institution {
    given.state(&IssuerNumber(number).stream())
}

pub(crate) fn record(number: u32, name: &str) -> Asking {
    said::record(number, person(100), name, said::course())
}

/// Old certificates would name somebody who did not exist then, or a list nobody finds any more.
#[test]
fn a_name_counts_from_its_position() {
    let mut given = province().admitted(1);
    refused(
        &mut given,
        &rename(9, "甲"),
        RenameError::Unknown(IssuerNumber(9)),
    );
    for name in ["", "  ", &"长".repeat(121)] {
        refused(&mut given, &rename(1, name), RenameError::Name);
    }
    let before = given.next;
    let renamed = given.governed(&rename(1, " 第一大学 "));
    assert_eq!(
        renamed.kinds(),
        ["institution.renamed.v1", "approval.completed.v1"]
    );
    assert_eq!(
        given.already(&rename(1, "第一大学")),
        renamed.earlier(),
        "the same name again is no change"
    );
    let state = institution(&given, 1);
    let at = renamed.commit.position;
    assert_eq!(state.name_at(before), Some("第1学校"));
    assert_eq!(state.name_at(at - 1), Some("第1学校"));
    assert_eq!(state.name_at(at), Some("第一大学"));
    assert_eq!(state.name_at(0), Some("第1学校"), "it never had another");
    assert_eq!(state.admitted.as_ref().unwrap().name, "第一大学");
    given.governed(&rename(1, "第1学校"));
    let state = institution(&given, 1);
    let former: Vec<_> = state.former_names().map(|it| it.name.as_str()).collect();
    assert_eq!(former, ["第一大学"], "a name that came back is today's");
    let closed = given.governed(&close(1)).commit.position;
    let ended = RenameError::Ended {
        number: ONE,
        position: closed,
    };
    refused(&mut given, &rename(1, "甲"), ended);
}

/// A school that was stopped would go on giving credit, or could not say that its key was stolen.
#[test]
fn the_suspended_sign_nothing() {
    let mut given = tests::support::keeping::school(10).registered(person(100));
    refused(&mut given, &suspend(0), SuspendInstitutionError::Registrar);
    refused(
        &mut given,
        &suspend(9),
        SuspendInstitutionError::Unknown(IssuerNumber(9)),
    );
    refused(
        &mut given,
        &reinstate(1),
        SuspendInstitutionError::NotSuspended(ONE),
    );
    given.makes(&record(1, "R-1"));
    let correction = said::correct(1, person(100), "R-1", said::course());
    let mut fields = said::course();
    fields.credits = Some("5".parse().unwrap());
    let target = given
        .state::<Account>(&account::wire::stream(person(100)))
        .outcomes[0]
        .current;
    let correction = Asking {
        data: said::correct(1, person(100), "R-1", fields).data,
        ..correction
    };
    let waiting = given.makes(&correction.about(target)).target;
    let suspended = given.governed(&suspend(1));
    assert_eq!(given.already(&suspend(1)), suspended.earlier());
    let position = suspended.commit.position;
    let stopped = AskError::Suspended {
        number: ONE,
        position,
    };
    refused(&mut given, &record(1, "R-2"), stopped.clone());
    // What waited for its second officer waits on: nobody of the school can agree.
    refused(&mut given, &said::second(1, waiting), stopped.clone());
    refused(&mut given, &reaffirm(1, 5, &[]), stopped);
    let declared = given.makes(&compromise(1, "key-1", position)).target;
    given.registrars_agree(declared);
    assert!(
        institution(&given, 1)
            .key("key-1")
            .unwrap()
            .retired
            .is_some()
    );
    given.governed(&reinstate(1));
    assert_eq!(institution(&given, 1).condition(), Condition::Open);
    assert!(
        matches!(
            given.refuses(&record(1, "R-2")),
            Refusal::Ask(AskError::KeyNotActive { .. })
        ),
        "letting the school in again does not bring a stolen key back"
    );
    let closed = given.governed(&close(1)).commit.position;
    let ended = SuspendInstitutionError::Ended {
        number: ONE,
        position: closed,
    };
    refused(&mut given, &suspend(1), ended);
}

/// A school that is no more would award, appoint and agree through whoever still has its keys.
#[test]
fn an_end_ends_keys_and_roles() {
    let mut given = province().admitted(1).admitted(2).registered(person(100));
    refused(&mut given, &close(0), CloseError::Registrar);
    refused(&mut given, &close(9), CloseError::Unknown(IssuerNumber(9)));
    given.makes(&record(1, "R-1"));
    let closed = given.governed(&close(1));
    assert_eq!(
        closed.kinds(),
        ["institution.closed.v1", "approval.completed.v1"]
    );
    assert_eq!(given.already(&close(1)), closed.earlier());
    let position = closed.commit.position;
    let state = institution(&given, 1);
    assert_eq!(state.key("key-1").unwrap().retired, Some(position));
    assert_eq!(
        state.standing("key-1", position - 2),
        Standing::Good,
        "what it signed before stays"
    );
    let ended = AskError::Ended {
        number: ONE,
        position,
    };
    refused(&mut given, &record(1, "R-2"), ended);
    let officer_again = said::appoint(officer(1, 1), Role::Institution, Some(1));
    refused(
        &mut given,
        &officer_again,
        AppointError::InstitutionEnded(ONE),
    );
    refused(
        &mut given,
        &merge(2, 1),
        MergeInstitutionError::SuccessorNotOpen(ONE),
    );
}

/// A school would hang below an office that nobody answers for.
#[test]
fn nobody_is_left_below_nothing() {
    let mut given = province()
        .placed(1, Level::City, None)
        .placed(2, Level::County, Some(1))
        .placed(3, Level::City, None)
        .placed(4, Level::School, Some(2));
    let child = |n| CloseError::ChildOpen(IssuerNumber(n));
    refused(&mut given, &close(1), child(2));
    given.governed(&close(4));
    given.governed(&close(2));
    let mut admission = said::admission(5);
    admission.parent = Some(IssuerNumber(2));
    let ended = AdmitError::ParentEnded(IssuerNumber(2));
    refused(&mut given, &said::admit(&admission), ended);
    given.governed(&close(1));
    let parent = ReviveError::ParentEnded(IssuerNumber(2));
    refused(&mut given, &revive(&revival(4, "key-2")), parent);
    let parent = ReviveError::ParentEnded(ONE);
    refused(&mut given, &revive(&revival(2, "key-2")), parent);
    given.governed(&revive(&revival(1, "key-2")));
    given.governed(&revive(&revival(2, "key-2")));
    // Whoever stood below the one stands below the other.
    given.governed(&merge(1, 3));
    refused(&mut given, &close(3), child(2));
    let merged = CloseError::Merged {
        number: ONE,
        into: IssuerNumber(3),
    };
    refused(&mut given, &close(1), merged);
    given.governed(&revive(&revival(4, "key-2")));
}

/// Whoever was an officer before the end would be one again, without anybody's word.
#[test]
fn a_revival_starts_anew() {
    let mut given = province()
        .admitted(1)
        .appointed(officer(1, 5), Role::Clerk, Some(1))
        .registered(person(100));
    refused(
        &mut given,
        &revive(&revival(9, "key-2")),
        ReviveError::Unknown(IssuerNumber(9)),
    );
    refused(
        &mut given,
        &revive(&revival(1, "key-2")),
        ReviveError::NotClosed(ONE),
    );
    given.governed(&suspend(1));
    refused(
        &mut given,
        &revive(&revival(1, "key-2")),
        ReviveError::NotClosed(ONE),
    );
    given.governed(&close(1));
    for officers in [vec![], vec![officer(1, 3)], vec![officer(1, 3); 2]] {
        let mut data = revival(1, "key-2");
        data.officers = officers;
        refused(&mut given, &revive(&data), ReviveError::Officers);
    }
    refused(
        &mut given,
        &revive(&revival(1, "key-1")),
        ReviveError::Key(NewKeyError::FragmentTaken("key-1".into())),
    );
    let mut data = revival(1, "key-2");
    data.proof = tests::support::keeping::proof(&Signer::new(1, "key-3"));
    refused(
        &mut given,
        &revive(&data),
        ReviveError::Key(NewKeyError::Possession),
    );
    let revived = given.governed(&revive(&revival(1, "key-2")));
    let kinds = revived.kinds();
    assert_eq!(
        kinds[..2],
        ["institution.revived.v1", "key.activated.v2"],
        "{kinds:?}"
    );
    assert_eq!(institution(&given, 1).condition(), Condition::Open);
    let new = Signer::new(1, "key-2");
    let by = |who, role| record(1, "R-1").signed_by(new.clone()).by(who, role);
    for (who, role) in [(officer(1, 1), "institution"), (officer(1, 5), "clerk")] {
        let over = AskError::ActorNotAllowed {
            person: who,
            role: role.into(),
        };
        refused(&mut given, &by(who, role), over);
    }
    given.makes(&by(officer(1, 3), "institution"));
    // Who comes back is given the role anew.
    let again = given.makes(&said::appoint(officer(1, 1), Role::Institution, Some(1)));
    for (n, (who, role)) in [(system(), "system"), (audit(), "audit")]
        .into_iter()
        .enumerate()
    {
        let agreed = given.when(&said::approve(again.target, who, role));
        assert!(agreed.is_ok(), "{n}: {agreed:?}");
    }
    let target = given
        .state::<Account>(&account::wire::stream(person(100)))
        .outcomes[0]
        .current;
    let revoke = said::revoke(1, person(100), "R-1")
        .signed_by(new.clone())
        .about(target);
    let proposal = given.makes(&revoke).target;
    let same = said::decide(new, proposal, identity::approval::decide::Answer::Approve)
        .by(officer(1, 1), "institution");
    refused(&mut given, &same, ApprovalError::SamePerson);
}
