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
use credentials::merge::apply::ApplyMergeError;
use credentials::merge::request::RequestMergeError;
use credentials::merge::revert::RevertMergeError;
use credentials::policy::PolicyError;
use credentials::rulebook::Refusal;
use credentials::rulebook::open_log::OpenLogError;
use credentials::split::agree::AgreeSplitError;
use credentials::split::apply::ApplySplitError;
use credentials::split::propose::ProposeSplitError;
use credentials::split::transfer::TransferError;
use credentials::split::withdraw::WithdrawSplitError;
use identity::approval::decide::ApprovalError;
use identity::ask::AskError;
use identity::institution::activate_key::ActivateKeyError;
use identity::institution::admit::AdmitError;
use identity::institution::close::CloseError;
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::merge::MergeInstitutionError;
use identity::institution::new_key::NewKeyError;
use identity::institution::reaffirm_history::ReaffirmHistoryError;
use identity::institution::recover_key::RecoverKeyError;
use identity::institution::rename::RenameError;
use identity::institution::retire_key::RetireKeyError;
use identity::institution::revive::ReviveError;
use identity::institution::rotate_key::RotateKeyError;
use identity::institution::settle_entries::SettleEntriesError;
use identity::institution::suspend::SuspendInstitutionError;
use identity::officer::appoint::AppointError;
use identity::officer::clerk::ChangeClerkError;
use identity::officer::dismiss::DismissError;
use identity::person::assurance::AssuranceError;
use identity::person::authenticator::enrol::EnrolAuthenticatorError;
use identity::person::authenticator::remove::RemoveAuthenticatorError;
use identity::person::authenticator::suspend::SuspendAuthenticatorError;
use identity::person::bind_identifier::BindIdentifierError;
use identity::person::consent::ConsentError;
use identity::person::contact::ContactError;
use identity::person::death::RecordDeathError;
use identity::person::delegation::end::EndDelegationError;
use identity::person::delegation::grant::GrantDelegationError;
use identity::person::delegation::narrow::NarrowDelegationError;
use identity::person::erasure::certify::CertifyErasureError;
use identity::person::erasure::destroy::DestroyKeysError;
use identity::person::erasure::request::RequestErasureError;
use identity::person::link::confirm::ConfirmLinkError;
use identity::person::link::remove::RemoveLinkError;
use identity::person::recovery::complete::CompleteRecoveryError;
use identity::person::recovery::sheet::IssueSheetError;
use identity::person::recovery::start::StartRecoveryError;
use identity::person::recovery::veto::VetoRecoveryError;
use identity::person::register::RegisterError;
use identity::person::served::NotServed;
use identity::person::suspend::SuspendPersonError;
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
        UnknownKind, EngineUnknown, DataMalformed, Ask, Policy, OpenLog, Admit, ActivateKey, RetireKey, RotateKey,
        RecoverKey, CompromiseKey, ReaffirmHistory, SettleEntries, Appoint,
        Approval, Register, BindIdentifier, RecordOutcome, CorrectOutcome, RevokeOutcome, Issue, SetStatus,
        Batch, Dismiss, ChangeClerk, Forgotten, RequestErasure, DestroyKeys, CertifyErasure, ApplyMerge, RevertMerge,
        ProposeSplit, AgreeSplit, Transfer, ApplySplit, WithdrawSplit,
        SuspendPerson, RecordDeath, Assurance, GrantDelegation, NarrowDelegation, EndDelegation, Consent, Contact,
        IssueSheet, StartRecovery, VetoRecovery, CompleteRecovery, Rename, SuspendInstitution, Close, MergeInstitution,
        Revive, ConfirmLink, RemoveLink, RequestMerge, EnrolAuthenticator, RemoveAuthenticator,
        SuspendAuthenticator,
    }
    ASKS, ask: AskError {
        SignerUnknown, NotAdmitted, Suspended, Ended, KeyNotActive, KeyUse, KindNotYours, ActMissing, ActorBarred,
        NotDelegated, ActorNotAllowed,
    }
    SERVINGS, serving: NotServed { PersonUnknown, NotOnRoster, Merged, HoldsRoles }
    LEVELS, level: AssuranceError { NotServed, OwnLevel, LevelTooLow, NotLower }
    GRANTS, granting: GrantDelegationError {
        NotServed, NotYours, GuardianByOfficer, Oneself, Barred, LevelTooLow, Pressed, ScopesNotInOrder, ScopeOutside,
        UntilPast, UntilTooFar, NoUse, TooManyAgents, TooManyPrincipals,
    }
    NARROWINGS, narrowing: NarrowDelegationError { End, NotLess }
    ENDS, end: EndDelegationError { NotServed, NotYours, Unknown, Over, NotDue }
    CONSENTS, consent: ConsentError { NotServed, NotYours, PersonUnknown, GuardianNeeded, NotGiven }
    CONTACTS, contact: ContactError { NotServed, NotYours, Barred, ValuesDoNotFit, NotRecorded }
    SHEETS, sheet: IssueSheetError { NotYours, Barred, UnderWay, LevelTooHigh }
    STARTS, start: StartRecoveryError { NotServed, OwnAccount, Barred, UnderWay, SheetSpent, LevelTooHigh }
    VETOES, veto: VetoRecoveryError { NotServed, NotYours, Unknown, Over }
    COMPLETIONS, completion: CompleteRecoveryError { NotServed, OwnAccount, Unknown, Vetoed, TooSoon, TooLate, Barred, LevelTooHigh }
    POLICIES, policy: PolicyError { NotInForce, Unknown }
    OPENINGS, opening: OpenLogError { NotFirst, Keys, Officers, PolicyUnknown }
    ADMISSIONS, admission: AdmitError {
        NumberNotNext, CodeTaken, CodeMissing, CodeMalformed, CheckDigit, Name, Officers, ParentUnknown, ParentEnded, LevelUnfit, Key,
    }
    ACTIVATIONS, activation: ActivateKeyError {
        NotYours, Fragment, FragmentTaken, KeyTaken, KeyMixedOrder, UseNotYours, TooMany, CredentialKeyNotKept,
        Pledged, UseTaken, Key,
    }
    RETIREMENTS, retirement: RetireKeyError { NotYours, KeyUnknown, LastKey, KeptApart }
    NEW_KEYS, new_key: NewKeyError {
        Fragment, FragmentTaken, KeyTaken, MixedOrder, Possession, NotOwn, NotPledged, TooMany,
    }
    ROTATIONS, rotation: RotateKeyError { NotYours, OldKeyEnded, Key }
    RECOVERIES, recovery: RecoverKeyError { NotYours, KeyUnknown, NothingPledged, Key }
    COMPROMISES, compromise: CompromiseKeyError {
        NotYours, KeyUnknown, OwnKey, Ahead, BelowFloor, NotEarlier,
    }
    FLOORS, floor: ReaffirmHistoryError { NotYours, NotSeen, NotHigher, Except }
    SETTLEMENTS, settlement: SettleEntriesError {
        NotYours, Ranges, NotSeen, NotDisputed, KeyNotFit, Seal,
    }
    APPOINTMENTS, appointment: AppointError { RoleScope, RolesCombined, InstitutionUnknown, InstitutionEnded, Merged }
    NAMES, name: RenameError { Unknown, Ended, Name }
    STOPS, stop: SuspendInstitutionError { Registrar, Unknown, Ended, NotSuspended }
    CLOSINGS, closing: CloseError { Registrar, Unknown, Merged, ChildOpen }
    MERGERS, merger: MergeInstitutionError {
        Registrar, Itself, Unknown, Merged, SuccessorNotOpen, LevelUnfit, TooMany,
    }
    REVIVALS, revival: ReviveError { Unknown, Merged, NotClosed, ParentEnded, Officers, Key }
    DISMISSALS, dismissal: DismissError { RoleNotHeld, LastHolder }
    DESKS, desk: ChangeClerkError { RoleNotOwn, RoleNotHeld, Merged }
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
        PersonUnknown, NotYours, LocksNotYours, NotInOrder, LockOutside, LockPast, InHand, AbsorbedFirst, SplitInHand,
    }
    DESTRUCTIONS, destruction: DestroyKeysError { ErasureUnknown, NotDue, PartNotNext, Form }
    CERTIFICATES, certificate: CertifyErasureError { ErasureUnknown, NothingDestroyed, TooEarly, CountDiffers }
    SUSPENSIONS, suspension: SuspendPersonError { NotServed, NotSuspended }
    DEATHS, death: RecordDeathError { NotServed, NotRecorded }
    LINKS, linking: ConfirmLinkError {
        NotServed, NotYours, LinkedBefore, Barred, ValuesDoNotFit, LevelUnfit, CeremonyUsed, TooMany,
    }
    UNLINKS, unlinking: RemoveLinkError { NotServed, NotYours, LinkUnknown, LastOne }
    ENROLMENTS, enrolling: EnrolAuthenticatorError { NotYours, PersonUnknown, LevelUnfit, Known, TooMany }
    SUSPENSIONS_OF_KEYS, stopping: SuspendAuthenticatorError { Unknown }
    REMOVALS, removing: RemoveAuthenticatorError { NotServed, NotYours, Unknown, LastOne }
    MERGES, merging: ApplyMergeError {
        Same, PersonUnknown, MergedBefore, ResidentIdsDiffer, Erased, HoldsRoles, OwnAccount, NotOnRoster, TooManyLots,
        TooManyNumbers, Barred, SplitInHand,
    }
    OWN_MERGES, own_merge: RequestMergeError { NotOwn, LinkUnknown, LinkTooLow, Changed, OfficerVouched, Merge }
    REVERSALS, reversal: RevertMergeError { NotMerged, OwnAccount, NotOnRoster, MergedSince, SplitInHand, Used }
    SPLITS, splitting: ProposeSplitError {
        Same, PersonUnknown, Merged, NotOnRoster, Erased, OwnAccount, InHand, EvidenceMissing, TooLarge, NotInOrder,
        OutcomeUnknown, NotAssigned, IssuerSilent,
    }
    AGREEMENTS, agreement: AgreeSplitError { NotInHand, NothingIssued }
    TRANSFERS, transferring: TransferError {
        NotInHand, OutcomeUnknown, OtherPerson, NotYours, Settled, Disputed, RecordThere, IdNotDerived,
        TargetNotCurrent, Differs, Policy,
    }
    APPLICATIONS, application: ApplySplitError {
        NotInHand, NotOnRoster, OwnAccount, NotMoved, NotAgreed, Outdated, TooManyEnded,
    }
    WITHDRAWALS, withdrawal: WithdrawSplitError { NotInHand, NotOnRoster, OwnAccount }
    RECORDINGS, recording: RecordOutcomeError {
        AwarderNotAuthorised, KindNotInScope, PersonUnknown, IdNotDerived, Field, RecordDiffers, RecordRevoked, Policy,
    }
    CORRECTIONS, correction: CorrectOutcomeError {
        OutcomeUnknown, NotYours, Revoked, Disputed, Quarantined, TargetNotCurrent, Field, Policy,
    }
    REVOCATIONS, revocation: RevokeOutcomeError { OutcomeUnknown, NotYours, TargetNotCurrent }
    ISSUINGS, issuing: IssueError {
        OutcomeUnknown, NotYours, OutcomeRevoked, OutcomeDisputed, OutcomeQuarantined, OutcomeInSplit, NotPassed, FieldsDiffer, IdTaken, KeyNotFit, IndexNotFree,
        ValuesDoNotFit, Subject,
    }
    BATCHES, batch: AcceptError { Count }
    STATUSES, status: SetStatusError { CredentialUnknown, NotYours, Ended, Disputed, NotSuspended }
    FIELDS, field: FieldError {
        Record, RecordIsIdentifier, Code, InFuture, TooOld, AmountMissing, AmountNotCounted, AmountAbsurd, Level, NoRate,
    }
}

/// Every name that applies to a refusal, outer to inner.
#[expect(clippy::too_many_lines, reason = "one list")]
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
        Refusal::ActivateKey(error) => {
            names.push(activation(error));
            if let ActivateKeyError::Key(inner) = error {
                names.push(new_key(inner));
            }
        }
        Refusal::RotateKey(error) => {
            names.push(rotation(error));
            if let RotateKeyError::Key(inner) = error {
                names.push(new_key(inner));
            }
        }
        Refusal::RecoverKey(error) => {
            names.push(recovery(error));
            if let RecoverKeyError::Key(inner) = error {
                names.push(new_key(inner));
            }
        }
        Refusal::CompromiseKey(error) => names.push(compromise(error)),
        Refusal::ReaffirmHistory(error) => names.push(floor(error)),
        Refusal::SettleEntries(error) => names.push(settlement(error)),
        Refusal::RetireKey(error) => names.push(retirement(error)),
        Refusal::Rename(error) => names.push(name(error)),
        Refusal::SuspendInstitution(error) => names.push(stop(error)),
        Refusal::Close(error) => names.push(closing(error)),
        Refusal::MergeInstitution(error) => names.push(merger(error)),
        Refusal::Revive(error) => {
            names.push(revival(error));
            if let ReviveError::Key(inner) = error {
                names.push(new_key(inner));
            }
        }
        Refusal::Appoint(error) => names.push(appointment(error)),
        Refusal::Dismiss(error) => names.push(dismissal(error)),
        Refusal::ChangeClerk(error) => names.push(desk(error)),
        Refusal::Approval(error) => names.push(approval(error)),
        Refusal::Register(error) => names.push(registration(error)),
        Refusal::BindIdentifier(error) => names.push(binding(error)),
        Refusal::RequestErasure(error) => names.push(erasure(error)),
        Refusal::DestroyKeys(error) => names.push(destruction(error)),
        Refusal::CertifyErasure(error) => names.push(certificate(error)),
        Refusal::SuspendPerson(error) => {
            names.push(suspension(error));
            if let SuspendPersonError::NotServed(inner) = error {
                names.push(serving(inner));
            }
        }
        Refusal::RecordDeath(error) => {
            names.push(death(error));
            if let RecordDeathError::NotServed(inner) = error {
                names.push(serving(inner));
            }
        }
        Refusal::Assurance(error) => {
            names.push(level(error));
            if let AssuranceError::NotServed(inner) = error {
                names.push(serving(inner));
            }
        }
        Refusal::GrantDelegation(error) => names.push(granting(error)),
        Refusal::NarrowDelegation(error) => {
            names.push(narrowing(error));
            if let NarrowDelegationError::End(inner) = error {
                names.push(end(inner));
            }
        }
        Refusal::EndDelegation(error) => names.push(end(error)),
        Refusal::Consent(error) => names.push(consent(error)),
        Refusal::Contact(error) => names.push(contact(error)),
        Refusal::IssueSheet(error) => names.push(sheet(error)),
        Refusal::StartRecovery(error) => names.push(start(error)),
        Refusal::VetoRecovery(error) => names.push(veto(error)),
        Refusal::CompleteRecovery(error) => names.push(completion(error)),
        Refusal::ConfirmLink(error) => names.push(linking(error)),
        Refusal::RemoveLink(error) => names.push(unlinking(error)),
        Refusal::EnrolAuthenticator(error) => names.push(enrolling(error)),
        Refusal::RemoveAuthenticator(error) => names.push(removing(error)),
        Refusal::SuspendAuthenticator(error) => names.push(stopping(error)),
        Refusal::ApplyMerge(error) => names.push(merging(error)),
        Refusal::RequestMerge(error) => names.push(own_merge(error)),
        Refusal::RevertMerge(error) => names.push(reversal(error)),
        Refusal::ProposeSplit(error) => names.push(splitting(error)),
        Refusal::AgreeSplit(error) => names.push(agreement(error)),
        Refusal::Transfer(error) => names.push(transferring(error)),
        Refusal::ApplySplit(error) => names.push(application(error)),
        Refusal::WithdrawSplit(error) => names.push(withdrawal(error)),
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
        super::rules_assurance::REFUSALS,
        super::rules_delegations::REFUSALS,
        super::rules_recoveries::REFUSALS,
        super::rules_amounts::REFUSALS,
        super::rules_approvals::REFUSALS,
        super::rules_credentials::REFUSALS,
        super::rules_endings::REFUSALS,
        super::rules_erasure::REFUSALS,
        super::rules_genesis::REFUSALS,
        super::rules_identity::REFUSALS,
        super::rules_institutions::REFUSALS,
        super::rules_key_floors::REFUSALS,
        super::rules_key_life::REFUSALS,
        super::rules_key_timeline::REFUSALS,
        super::rules_keys::REFUSALS,
        super::rules_links::REFUSALS,
        super::rules_authenticators::REFUSALS,
        super::rules_merges::REFUSALS,
        super::rules_own_merges::REFUSALS,
        super::rules_officers::REFUSALS,
        super::rules_splits::REFUSALS,
        super::rules_standing::REFUSALS,
        super::rules_successors::REFUSALS,
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
