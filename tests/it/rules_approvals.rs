//! approval.decide: two persons, exactly what was proposed, once, within a day.

use credentials::account::{Account, wire};
use credentials::rulebook::Refusal;
use identity::approval::decide::{Answer, ApprovalError, TERM_MS};
use identity::ask::AskError;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::role::Role;
use ledger::assertion::Target;
use ledger::hash::Digest;
use tests::support::asking::{Signer, audit, officer, person, registrar, security, system};
use tests::support::given::{Given, Written, clerk};
use tests::support::said;

use super::rules_coverage::{refused, saw};

pub(crate) const REFUSALS: &[fn()] = &[
    two_persons_do_it_once,
    an_approval_names_what_it_approves,
    the_second_person_is_another,
    the_second_person_acts_for_the_same_side,
    the_second_person_holds_a_fitting_role,
    a_rejected_proposal_is_over,
    a_proposal_lasts_a_day,
    what_changed_meanwhile_counts,
];

/// School 1 recorded R1 for person 100; school 2 is there too.
fn recorded() -> (Given, Written) {
    let mut given = Given::genesis()
        .admitted(1)
        .admitted(2)
        .registered(person(100));
    let written = given.makes(&said::record(1, person(100), "R1", said::course()));
    (given, written)
}

/// … and its revocation is proposed.
fn proposed() -> (Given, Target) {
    let (mut given, written) = recorded();
    let proposal = given.makes(&said::revoke(1, person(100), "R1").about(written.target));
    assert_eq!(proposal.kinds(), ["approval.proposed.v1"]);
    (given, proposal.target)
}

fn lots_available(given: &Given) -> usize {
    let account: Account = given.state(&wire::stream(person(100)));
    account
        .lots
        .iter()
        .filter(|lot| lot.state == credentials::account::LotState::Available)
        .count()
}

/// One officer's word would end a learner's credit, or two officers' would not.
#[test]
fn two_persons_do_it_once() {
    let (mut given, proposal) = proposed();
    assert_eq!(lots_available(&given), 1, "a proposal changes nothing");
    let done = given.makes(&said::second(1, proposal));
    assert_eq!(
        done.kinds(),
        [
            "outcome.revoked.v1",
            "lot.revoked.v1",
            "approval.completed.v1"
        ]
    );
    assert_eq!(
        done.member("outcome.revoked.v1", "reason"),
        "misconduct",
        "the fact says what was proposed"
    );
    assert_eq!(lots_available(&given), 0);
    assert_eq!(
        given.already(&said::second(1, proposal)),
        done.earlier(),
        "approving twice is one act"
    );
    let late =
        said::decide(Signer::school(1), proposal, Answer::Reject).by(officer(1, 2), "institution");
    // A no that is answered with "so already" would be taken for a no that counted.
    let over = ApprovalError::Completed(done.commit.position);
    refused(&mut given, &late, over);
}

/// Somebody would approve what he has not seen.
#[test]
fn an_approval_names_what_it_approves() {
    let (mut given, proposal) = proposed();
    let mut blind = said::second(1, proposal);
    blind.target = None;
    refused(&mut given, &blind, ApprovalError::TargetMissing);
    let other_leaf = Target {
        leaf: Digest::of(b"another leaf"),
        ..proposal
    };
    refused(
        &mut given,
        &said::second(1, other_leaf),
        ApprovalError::ProposalUnknown(proposal.id),
    );
    let other_id = Target {
        id: person(1),
        ..proposal
    };
    refused(
        &mut given,
        &said::second(1, other_id),
        ApprovalError::ProposalUnknown(person(1)),
    );
    // A commit that is no proposal.
    let (mut given, record) = recorded();
    refused(
        &mut given,
        &said::second(1, record.target),
        ApprovalError::ProposalUnknown(record.target.id),
    );
}

/// One person would be two.
#[test]
fn the_second_person_is_another() {
    let (mut given, proposal) = proposed();
    let same =
        said::decide(Signer::school(1), proposal, Answer::Approve).by(officer(1, 1), "institution");
    refused(&mut given, &same, ApprovalError::SamePerson);
    let nobody = said::decide(Signer::school(1), proposal, Answer::Approve);
    refused(&mut given, &nobody, ApprovalError::SamePerson);
    // A proposal by nobody could never find its second person.
    let (mut given, record) = recorded();
    let mut unnamed = said::revoke(1, person(100), "R1").about(record.target);
    unnamed.act = None;
    assert_eq!(
        given.refuses(&unnamed),
        Refusal::Ask(AskError::ActMissing),
        "the first person is named"
    );
    assert_eq!(lots_available(&given), 1);
}

/// A neighbour school, or the registrar, would decide about a school's records.
#[test]
fn the_second_person_acts_for_the_same_side() {
    let (mut given, proposal) = proposed();
    let other = ApprovalError::ApproverElsewhere;
    refused(&mut given, &said::second(2, proposal), other.clone());
    refused(
        &mut given,
        &said::approve(proposal, registrar(), "registrar"),
        other,
    );
}

/// A system administrator would stand in for the second registrar.
#[test]
fn the_second_person_holds_a_fitting_role() {
    let mut given = Given::genesis()
        .appointed(person(5), Role::Registrar, None)
        .appointed(clerk(1), Role::Clerk, Some(1));
    let proposal = given.makes(&said::admit(&said::admission(1))).target;
    for (who, role) in [
        (system(), "system"),
        (security(), "security"),
        (audit(), "audit"),
    ] {
        refused(
            &mut given,
            &said::approve(proposal, who, role),
            ApprovalError::ApproverNotAllowed(role.into()),
        );
    }
    given.makes(&said::approve(proposal, person(5), "registrar"));
    // Clerks may correct and revoke (SECURITY §5), so a clerk may also be the second.
    let mut given = Given::genesis()
        .admitted(1)
        .registered(person(100))
        .appointed(clerk(1), Role::Clerk, Some(1));
    let record = given.makes(&said::record(1, person(100), "R1", said::course()));
    let proposal = given
        .makes(&said::revoke(1, person(100), "R1").about(record.target))
        .target;
    let second = said::decide(Signer::school(1), proposal, Answer::Approve);
    let not_held = AskError::ActorNotAllowed {
        person: person(9),
        role: "clerk".into(),
    };
    refused(&mut given, &second.clone().by(person(9), "clerk"), not_held);
    given.makes(&second.by(clerk(1), "clerk"));
}

/// A no would be overruled by asking a third person.
#[test]
fn a_rejected_proposal_is_over() {
    let (mut given, proposal) = proposed();
    let no =
        said::decide(Signer::school(1), proposal, Answer::Reject).by(officer(1, 2), "institution");
    let rejected = given.makes(&no);
    assert_eq!(rejected.kinds(), ["approval.rejected.v1"]);
    let over = ApprovalError::Rejected(rejected.commit.position);
    refused(&mut given, &said::second(1, proposal), over.clone());
    refused(&mut given, &no, over);
    assert_eq!(lots_available(&given), 1);
}

/// Who sees a mistake in what he proposed would have to hope that nobody approves it.
#[test]
fn the_proposer_may_take_it_back() {
    let (mut given, proposal) = proposed();
    let back =
        said::decide(Signer::school(1), proposal, Answer::Reject).by(officer(1, 1), "institution");
    let taken_back = given.makes(&back);
    assert_eq!(taken_back.kinds(), ["approval.rejected.v1"]);
    let over = ApprovalError::Rejected(taken_back.commit.position);
    refused(&mut given, &said::second(1, proposal), over);
    assert_eq!(lots_available(&given), 1);
}

/// A forgotten proposal would be carried out months later.
#[test]
fn a_proposal_lasts_a_day() {
    let (given, proposal) = proposed();
    let at = given.now_ms;
    let mut given = given.at(at + TERM_MS + 1);
    for answer in [Answer::Approve, Answer::Reject] {
        let late =
            said::decide(Signer::school(1), proposal, answer).by(officer(1, 2), "institution");
        refused(&mut given, &late, ApprovalError::Expired);
    }
    let mut given = given.at(at + TERM_MS);
    given.makes(&said::second(1, proposal));
}

/// While only one registrar exists, nobody could admit a school; or one administrator alone could.
#[test]
fn three_administrators_stand_in() {
    let mut given = Given::genesis();
    let proposal = given.makes(&said::admit(&said::admission(1))).target;
    let admitted = |given: &Given| {
        let institution: Institution = given.state(&IssuerNumber(1).stream());
        institution.admitted.is_some()
    };
    for (who, role) in [(audit(), "audit"), (system(), "system")] {
        let given_by = given.makes(&said::approve(proposal, who, role));
        assert_eq!(given_by.kinds(), ["approval.given.v1"]);
        refused(
            &mut given,
            &said::approve(proposal, who, role),
            ApprovalError::SamePerson,
        );
        assert!(!admitted(&given));
    }
    let last = given.makes(&said::approve(proposal, security(), "security"));
    assert_eq!(last.kinds().last(), Some(&"approval.completed.v1"));
    assert!(admitted(&given));

    // The proposer, if one of the three, counts.
    let mut given = Given::genesis();
    let proposal = given
        .makes(&said::appoint(person(6), Role::Security, None))
        .target;
    given.makes(&said::approve(proposal, system(), "system"));
    let last = given.makes(&said::approve(proposal, audit(), "audit"));
    assert_eq!(last.kinds().last(), Some(&"approval.completed.v1"));
    // From now on two security officers do it, and the stand-in is over.
    let proposal = given
        .makes(&said::appoint(person(7), Role::Registrar, None))
        .target;
    refused(
        &mut given,
        &said::approve(proposal, system(), "system"),
        ApprovalError::ApproverNotAllowed("system".into()),
    );
    given.makes(&said::approve(proposal, person(6), "security"));
}

/// Two officers would carry out what had become wrong while they waited.
#[test]
fn what_changed_meanwhile_counts() {
    let (mut given, written) = recorded();
    let revoke = given
        .makes(&said::revoke(1, person(100), "R1").about(written.target))
        .target;
    let mut better = said::course();
    better.credits = Some("4.5".parse().unwrap());
    let corrected =
        given.agreed(&said::correct(1, person(100), "R1", better).about(written.target));
    let refusal = given.refuses(&said::second(1, revoke));
    let expected = credentials::account::revoke_outcome::RevokeOutcomeError::TargetNotCurrent {
        id: corrected.target.id,
    };
    assert_eq!(refusal, Refusal::RevokeOutcome(expected));
    saw(&refusal);
    assert_eq!(lots_available(&given), 1);
    // Two proposals of one revocation: the second is so already.
    let about = corrected.target;
    let first = given
        .makes(&said::revoke(1, person(100), "R1").about(about))
        .target;
    let second = given
        .makes(&said::revoke(1, person(100), "R1").about(about))
        .target;
    let done = given.makes(&said::second(1, first));
    assert_eq!(given.already(&said::second(1, second)), done.earlier());
}
