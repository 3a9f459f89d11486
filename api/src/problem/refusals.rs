//! From typed refusals to problems: exhaustive, so that a new rule does not compile without a
//! status and a slug.

mod access;
mod account;
mod acting;
mod institution;
mod key;
mod person;
mod split;

use std::io::ErrorKind;

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::rulebook::Refusal;
use identity::approval::decide::ApprovalError;
use identity::erasable::DisclosureError;
use identity::institution::activate_key::ActivateKeyError;
use identity::institution::admit::AdmitError;
use identity::institution::new_key::NewKeyError;
use identity::officer::clerk::ChangeClerkError;
use identity::officer::dismiss::DismissError;
use identity::person::authenticator::suspend::SuspendAuthenticatorError;
use ledger::assertion::Malformed;
use ledger::execute::{ExecuteError, Refused, Unavailable};
use ledger::side::SideError;
use projections::view::ViewError;

use super::{Problem, Reason, Words};
use crate::code::ScanError;
use crate::extract::unquoted;
use crate::idempotency::IdempotencyError;
use crate::keystore::KeyStoreError;
use crate::token::TokenError;
use crate::vault::VaultError;

impl From<ExecuteError<Refusal>> for Problem {
    fn from(error: ExecuteError<Refusal>) -> Self {
        match error {
            ExecuteError::Refused(refused) => refused.into(),
            ExecuteError::Rejected(refusal) => refusal.into(),
            ExecuteError::Precondition {
                ref stream,
                expected,
                actual,
            } => Self::of(Reason::Precondition).detail((
                format!("流 {stream} 的修订号是 {actual}，不是 {expected}"),
                error.to_string(),
            )),
            ExecuteError::Corrupt(corrupt) => corrupt.into(),
            ExecuteError::Unavailable(unavailable) => unavailable.into(),
        }
    }
}

impl From<ledger::execute::Corrupt> for Problem {
    fn from(corrupt: ledger::execute::Corrupt) -> Self {
        Self::internal(corrupt)
    }
}

impl From<Unavailable> for Problem {
    fn from(unavailable: Unavailable) -> Self {
        Self::of(match unavailable {
            Unavailable::QueueFull => Reason::TooBusy,
            Unavailable::DiskFull => Reason::DiskFull,
            Unavailable::Stopping => Reason::Stopping,
            Unavailable::Unknown => Reason::WriteUnknown,
        })
    }
}

/// A full disk below the doors is answered as one in the log: it passes, and nothing was written.
impl From<ViewError> for Problem {
    fn from(error: ViewError) -> Self {
        match error {
            ViewError::Behind { next, .. } => Self::of(Reason::ViewBehind).at(next),
            ViewError::File { .. } => Self::internal(error),
        }
    }
}

impl From<SideError> for Problem {
    fn from(error: SideError) -> Self {
        let full = match &error {
            SideError::Full(_) => true,
            SideError::Io(error) => matches!(
                error.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded
            ),
            SideError::Database(_) | SideError::Damaged(_) => false,
        };
        let mut problem = Self::internal(error);
        if full {
            problem.reason = Reason::DiskFull;
        }
        problem
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Side(error) => error.into(),
            VaultError::SaltSeen { index } => Self::of(Reason::SaltSeen).detail((
                format!("第 {index} 项披露（从 0 数起）的盐以前用过"),
                format!("the salt of disclosure {index} was used before"),
            )),
            VaultError::Erased | VaultError::NotHere => Self::of(Reason::Erased),
            error => Self::internal(error),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Side(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<KeyStoreError> for Problem {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::Side(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<IdempotencyError> for Problem {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::Side(error) => error.into(),
            error @ IdempotencyError::Damaged => Self::internal(error),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let reason = match &refused {
            Refused::Malformed(malformed) => reason_of_malformed(malformed),
            Refused::ForeignLog { .. } => Reason::ForeignLog,
            Refused::KeyUnknown(_) => Reason::KeyUnknown,
            Refused::BadSignature(_) => Reason::BadSignature,
            Refused::SeenUnknown(_) => Reason::SeenUnknown,
            Refused::SeenTooOld(_) => Reason::SeenTooOld,
            Refused::AtInFuture { .. } => Reason::AtInFuture,
            Refused::IdReused { .. } => Reason::IdReused,
            Refused::NotABatch(_) | Refused::EnvelopeAlone | Refused::NoMember(_) => {
                Reason::BatchInvalid
            }
            Refused::TooLarge(_) => Reason::CommitTooLarge,
        };
        let problem = Self::of(reason).detail(&refused);
        match refused {
            Refused::IdReused { position, .. } => problem.at(position),
            _ => problem,
        }
    }
}

fn reason_of_malformed(malformed: &Malformed) -> Reason {
    match malformed {
        Malformed::TooLarge(_) => Reason::AssertionTooLarge,
        Malformed::Compact(_) | Malformed::Header(_) | Malformed::Member(_) => {
            Reason::AssertionMalformed
        }
        Malformed::Algorithm(_) => Reason::AlgorithmNotEnabled,
        Malformed::NotCanonical(_) => Reason::PayloadNotCanonical,
        Malformed::Payload(_) | Malformed::Id | Malformed::At | Malformed::Kind => {
            Reason::PayloadInvalid
        }
    }
}

impl From<DisclosureError> for Problem {
    fn from(error: DisclosureError) -> Self {
        let reason = match error {
            DisclosureError::Malformed { .. } => Reason::DisclosureMalformed,
            DisclosureError::Salt { .. } => Reason::DisclosureSalt,
            DisclosureError::NotErasable { .. } => Reason::DisclosureNotErasable,
            DisclosureError::Unreferenced { .. } => Reason::DisclosureUnreferenced,
            DisclosureError::Twice { .. } => Reason::DisclosureTwice,
            DisclosureError::Missing(_) => Reason::DisclosureMissing,
        };
        Self::of(reason).detail(&error)
    }
}

impl From<ScanError> for Problem {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Invalid => Self::of(Reason::CodeInvalid),
            ScanError::Expired => Self::of(Reason::CodeExpired),
            ScanError::Used => Self::of(Reason::CodeUsed),
            ScanError::Resting => Self::of(Reason::ScannerResting),
            ScanError::Side(error) => error.into(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let reason = match &refusal {
            Refusal::UnknownKind(_) => Reason::KindUnknown,
            Refusal::EngineUnknown(_) => return Self::internal(refusal),
            Refusal::DataMalformed { .. } => Reason::DataInvalid,
            Refusal::Ask(error) => acting::reason_of_ask(error),
            Refusal::Policy(_) => Reason::PolicyNotInForce,
            Refusal::OpenLog(error) => acting::reason_of_open_log(error),
            Refusal::Admit(error) => key::reason_of_admit(error),
            Refusal::ActivateKey(error) => key::reason_of_activate_key(error),
            Refusal::RetireKey(error) => key::reason_of_retire_key(error),
            Refusal::RotateKey(error) => key::reason_of_rotate_key(error),
            Refusal::RecoverKey(error) => key::reason_of_recover_key(error),
            Refusal::CompromiseKey(error) => key::reason_of_compromise_key(error),
            Refusal::ReaffirmHistory(error) => key::reason_of_reaffirm_history(error),
            Refusal::SettleEntries(error) => key::reason_of_settle_entries(error),
            Refusal::Rename(error) => institution::reason_of_rename(error),
            Refusal::SuspendInstitution(error) => institution::reason_of_suspension(error),
            Refusal::Close(error) => institution::reason_of_close(error),
            Refusal::MergeInstitution(error) => institution::reason_of_merge(error),
            Refusal::Revive(error) => institution::reason_of_revive(error),
            Refusal::Appoint(error) => acting::reason_of_appoint(error),
            Refusal::Dismiss(error) => match error {
                DismissError::RoleNotHeld { .. } => Reason::RoleNotHeld,
                DismissError::LastHolder(_) => Reason::LastHolder,
            },
            Refusal::ChangeClerk(error) => match error {
                ChangeClerkError::RoleNotOwn(_) => Reason::RoleScope,
                ChangeClerkError::RoleNotHeld { .. } => Reason::RoleNotHeld,
                ChangeClerkError::Merged(_) => Reason::PersonMerged,
            },
            Refusal::Approval(error) => acting::reason_of_approval(error),
            Refusal::Register(error) => person::reason_of_register(error),
            Refusal::BindIdentifier(error) => person::reason_of_bind(error),
            Refusal::Forgotten(_) => Reason::Erased,
            Refusal::RequestErasure(error) => person::reason_of_request_erasure(error),
            Refusal::DestroyKeys(error) => person::reason_of_destroy(error),
            Refusal::CertifyErasure(error) => person::reason_of_certify(error),
            Refusal::Assurance(error) => access::reason_of_assurance(error),
            Refusal::GrantDelegation(error) => access::reason_of_grant(error),
            Refusal::NarrowDelegation(error) => access::reason_of_narrowing(error),
            Refusal::EndDelegation(error) => access::reason_of_end(error),
            Refusal::Contact(error) => access::reason_of_contact(error),
            Refusal::Consent(error) => access::reason_of_consent(error),
            Refusal::IssueSheet(error) => access::reason_of_sheet(error),
            Refusal::StartRecovery(error) => access::reason_of_start(error),
            Refusal::VetoRecovery(error) => access::reason_of_veto(error),
            Refusal::CompleteRecovery(error) => access::reason_of_completion(error),
            Refusal::SuspendPerson(error) => person::reason_of_suspension(error),
            Refusal::RecordDeath(error) => person::reason_of_death(error),
            Refusal::ConfirmLink(error) => person::reason_of_link(error),
            Refusal::RemoveLink(error) => person::reason_of_unlink(error),
            Refusal::EnrolAuthenticator(error) => person::reason_of_enrolment(error),
            Refusal::RemoveAuthenticator(error) => person::reason_of_removal(error),
            Refusal::SuspendAuthenticator(SuspendAuthenticatorError::Unknown { .. }) => {
                Reason::PasskeyUnknown
            }
            Refusal::ApplyMerge(error) => person::reason_of_apply(error),
            Refusal::RequestMerge(error) => person::reason_of_request(error),
            Refusal::RevertMerge(error) => person::reason_of_revert(error),
            Refusal::ProposeSplit(error) => split::reason_of_propose(error),
            Refusal::AgreeSplit(error) => split::reason_of_agree(error),
            Refusal::Transfer(error) => split::reason_of_transfer(error),
            Refusal::ApplySplit(error) => split::reason_of_apply(error),
            Refusal::WithdrawSplit(error) => split::reason_of_withdraw(error),
            Refusal::RecordOutcome(error) => account::reason_of_record(error),
            Refusal::CorrectOutcome(error) => account::reason_of_correct(error),
            Refusal::RevokeOutcome(error) => account::reason_of_revoke(error),
            Refusal::Batch(_) => Reason::BatchInvalid,
            Refusal::Issue(error) => account::reason_of_issue(error),
            Refusal::SetStatus(error) => account::reason_of_set_status(error),
        };
        told(reason, &refusal)
    }
}

/// The problem of a refusal, with what it is about.
fn told(reason: Reason, refusal: &Refusal) -> Problem {
    let problem = Problem::of(reason).detail(match refusal {
        Refusal::DataMalformed { what, .. } => {
            let what = unquoted(what);
            Words {
                zh: format!("data：{}", what.zh),
                en: format!("data: {}", what.en),
            }
        }
        other => other.into(),
    });
    match refusal {
        Refusal::RecordOutcome(
            RecordOutcomeError::RecordDiffers { position, .. }
            | RecordOutcomeError::RecordRevoked { position, .. },
        )
        | Refusal::Approval(
            ApprovalError::Rejected(position) | ApprovalError::Completed(position),
        ) => problem.at(*position),
        Refusal::DataMalformed { pointer, what } => problem.field(pointer.as_str(), unquoted(what)),
        Refusal::RecordOutcome(RecordOutcomeError::Field(field))
        | Refusal::CorrectOutcome(CorrectOutcomeError::Field(field)) => {
            let pointer = account::pointer_of(field);
            problem.field(pointer, field)
        }
        Refusal::Admit(AdmitError::Key) | Refusal::ActivateKey(ActivateKeyError::KeyMixedOrder) => {
            problem.field("/key", &NewKeyError::MixedOrder)
        }
        _ => problem,
    }
}
