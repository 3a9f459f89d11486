//! Which rules were seen to refuse: every variant of every refusal has a test.
//!
//! The lists are written by a macro that also matches without a wildcard: a new variant does not
//! compile until it is listed, and a listed one fails the test below until a rule test refuses by it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::outcome::FieldError;
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::account::revoke_outcome::RevokeOutcomeError;
use credentials::credential::issue::IssueError;
use credentials::credential::set_status::SetStatusError;
use credentials::policy::PolicyError;
use credentials::rulebook::Refusal;
use credentials::rulebook::open_log::OpenLogError;
use identity::approval::decide::ApprovalError;
use identity::ask::AskError;
use identity::institution::activate_key::ActivateKeyError;
use identity::institution::admit::AdmitError;
use identity::institution::retire_key::RetireKeyError;
use identity::officer::appoint::AppointError;
use identity::officer::clerk::ChangeClerkError;
use identity::officer::dismiss::DismissError;
use identity::person::bind_identifier::BindIdentifierError;
use identity::person::erasure::certify::CertifyErasureError;
use identity::person::erasure::destroy::DestroyKeysError;
use identity::person::erasure::request::RequestErasureError;
use identity::person::register::RegisterError;
use ledger::batch::accept::AcceptError;
use tests::support::asking::Asking;
use tests::support::given::Given;

/// Names of refusals that a rule test saw.
static SEEN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

macro_rules! rules {
    ($($list:ident, $name:ident: $error:ident { $($variant:ident),* $(,)? })*) => {
        $(
            const $list: &[&str] = &[$(concat!(stringify!($error), "::", stringify!($variant))),*];

            fn $name(error: &$error) -> &'static str {
                match error {
                    $($error::$variant { .. } => concat!(stringify!($error), "::", stringify!($variant)),)*
                }
            }
        )*

        /// Every variant there is.
        const ALL: &[&[&str]] = &[$($list),*];
    };
}

rules! {
    REFUSALS, refusal: Refusal {
        UnknownKind, EngineUnknown, DataMalformed, Ask, Policy, OpenLog, Admit, ActivateKey, RetireKey, Appoint,
        Approval, Register, BindIdentifier, RecordOutcome, CorrectOutcome, RevokeOutcome, Issue, SetStatus,
        Batch, Dismiss, ChangeClerk, Forgotten, RequestErasure, DestroyKeys, CertifyErasure,
    }
    ASKS, ask: AskError {
        SignerUnknown, NotAdmitted, KeyNotActive, KeyUse, KindNotYours, ActMissing, ActorNotAllowed,
    }
    POLICIES, policy: PolicyError { NotInForce, Unknown }
    OPENINGS, opening: OpenLogError { NotFirst, Keys, Officers, PolicyUnknown }
    ADMISSIONS, admission: AdmitError {
        NumberNotNext, CodeTaken, CodeMissing, CodeMalformed, CheckDigit, Name, Officers, ParentUnknown, Key,
    }
    ACTIVATIONS, activation: ActivateKeyError {
        NotYours, Fragment, FragmentTaken, KeyTaken, KeyMixedOrder, UseNotYours, TooMany, CredentialKeyNotKept,
    }
    RETIREMENTS, retirement: RetireKeyError { NotYours, KeyUnknown, LastKey }
    APPOINTMENTS, appointment: AppointError { RoleScope, RolesCombined, InstitutionUnknown }
    DISMISSALS, dismissal: DismissError { RoleNotHeld, LastHolder }
    DESKS, desk: ChangeClerkError { RoleNotOwn, RoleNotHeld }
    APPROVALS, approval: ApprovalError {
        TargetMissing, ProposalUnknown, SamePerson, ApproverElsewhere, ApproverNotAllowed, Rejected, Completed, Expired,
    }
    REGISTRATIONS, registration: RegisterError {
        PersonNotRandom, PersonTaken, IdentifierTwice, ValuesDoNotFit, OverrideNotYours,
    }
    BINDINGS, binding: BindIdentifierError {
        PersonUnknown, NotOnRoster, ValuesDoNotFit, TooMany, OverrideNotYours,
    }
    ERASURES, erasure: RequestErasureError {
        PersonUnknown, NotYours, NotInOrder, LockOutside, LockPast, InHand,
    }
    DESTRUCTIONS, destruction: DestroyKeysError { ErasureUnknown, NotDue, PartNotNext, Form }
    CERTIFICATES, certificate: CertifyErasureError { ErasureUnknown, NothingDestroyed, TooEarly, CountDiffers }
    RECORDINGS, recording: RecordOutcomeError {
        AwarderNotAuthorised, KindNotInScope, PersonUnknown, IdNotDerived, Field, RecordDiffers, RecordRevoked, Policy,
    }
    CORRECTIONS, correction: CorrectOutcomeError {
        OutcomeUnknown, NotYours, Revoked, TargetNotCurrent, Field, Policy,
    }
    REVOCATIONS, revocation: RevokeOutcomeError { OutcomeUnknown, NotYours, TargetNotCurrent }
    ISSUINGS, issuing: IssueError {
        OutcomeUnknown, NotYours, OutcomeRevoked, NotPassed, FieldsDiffer, IdTaken, KeyNotFit, IndexNotFree,
        ValuesDoNotFit, Subject,
    }
    BATCHES, batch: AcceptError { Count }
    STATUSES, status: SetStatusError { CredentialUnknown, NotYours, Ended, NotSuspended }
    FIELDS, field: FieldError {
        Record, RecordIsIdentifier, Code, InFuture, TooOld, AmountMissing, AmountNotCounted, AmountAbsurd, Level, NoRate,
    }
}

/// Every name that applies to a refusal, outer to inner.
fn names(error: &Refusal) -> Vec<&'static str> {
    let mut names = vec![refusal(error)];
    match error {
        Refusal::UnknownKind(_)
        | Refusal::EngineUnknown(_)
        | Refusal::DataMalformed { .. }
        | Refusal::Forgotten(_) => {}
        Refusal::Ask(error) => names.push(ask(error)),
        Refusal::Policy(error) => names.push(policy(error)),
        Refusal::OpenLog(error) => names.push(opening(error)),
        Refusal::Admit(error) => names.push(admission(error)),
        Refusal::ActivateKey(error) => names.push(activation(error)),
        Refusal::RetireKey(error) => names.push(retirement(error)),
        Refusal::Appoint(error) => names.push(appointment(error)),
        Refusal::Dismiss(error) => names.push(dismissal(error)),
        Refusal::ChangeClerk(error) => names.push(desk(error)),
        Refusal::Approval(error) => names.push(approval(error)),
        Refusal::Register(error) => names.push(registration(error)),
        Refusal::BindIdentifier(error) => names.push(binding(error)),
        Refusal::RequestErasure(error) => names.push(erasure(error)),
        Refusal::DestroyKeys(error) => names.push(destruction(error)),
        Refusal::CertifyErasure(error) => names.push(certificate(error)),
        Refusal::RecordOutcome(error) => {
            names.push(recording(error));
            match error {
                RecordOutcomeError::Field(inner) => names.push(field(inner)),
                RecordOutcomeError::Policy(inner) => names.push(policy(inner)),
                _ => {}
            }
        }
        Refusal::CorrectOutcome(error) => {
            names.push(correction(error));
            match error {
                CorrectOutcomeError::Field(inner) => names.push(field(inner)),
                CorrectOutcomeError::Policy(inner) => names.push(policy(inner)),
                _ => {}
            }
        }
        Refusal::RevokeOutcome(error) => names.push(revocation(error)),
        Refusal::Issue(error) => names.push(issuing(error)),
        Refusal::SetStatus(error) => names.push(status(error)),
        Refusal::Batch(error) => names.push(batch(error)),
    }
    names
}

/// Notes that a rule refused.
pub(crate) fn saw(error: &Refusal) {
    SEEN.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(names(error));
}

/// The asking must be refused for exactly this reason.
pub(crate) fn refused(given: &mut Given, asking: &Asking, expected: impl Into<Refusal>) {
    let refusal = given.refuses(asking);
    assert_eq!(refusal, expected.into());
    saw(&refusal);
}

/// A rule that no test refuses by could be deleted and nobody would notice.
#[test]
fn every_refusal_has_a_test() {
    for test in [
        super::rules_accounts::REFUSALS,
        super::rules_amounts::REFUSALS,
        super::rules_approvals::REFUSALS,
        super::rules_credentials::REFUSALS,
        super::rules_erasure::REFUSALS,
        super::rules_genesis::REFUSALS,
        super::rules_identity::REFUSALS,
        super::rules_keys::REFUSALS,
        super::rules_officers::REFUSALS,
    ]
    .into_iter()
    .flatten()
    {
        test();
    }
    let seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: Vec<&&str> = ALL
        .iter()
        .copied()
        .flatten()
        .filter(|name| !seen.contains(*name))
        .collect();
    assert!(missing.is_empty(), "no test refuses by {missing:?}");
}
