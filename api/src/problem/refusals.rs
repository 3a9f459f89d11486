//! From typed refusals to problems: exhaustive, so that a new rule does not compile without a
//! status and a slug.

mod person;

use std::io::ErrorKind;

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::outcome::FieldError;
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::account::revoke_outcome::RevokeOutcomeError;
use credentials::credential::issue::IssueError;
use credentials::credential::set_status::SetStatusError;
use credentials::rulebook::Refusal;
use credentials::rulebook::open_log::OpenLogError;
use identity::approval::decide::ApprovalError;
use identity::ask::AskError;
use identity::erasable::DisclosureError;
use identity::institution::activate_key::ActivateKeyError;
use identity::institution::admit::AdmitError;
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::new_key::NewKeyError;
use identity::institution::reaffirm_history::ReaffirmHistoryError;
use identity::institution::recover_key::RecoverKeyError;
use identity::institution::retire_key::RetireKeyError;
use identity::institution::rotate_key::RotateKeyError;
use identity::institution::settle_entries::SettleEntriesError;
use identity::officer::appoint::AppointError;
use identity::officer::clerk::ChangeClerkError;
use identity::officer::dismiss::DismissError;
use identity::person::bind_identifier::BindIdentifierError;
use identity::person::erasure::certify::CertifyErasureError;
use identity::person::erasure::destroy::DestroyKeysError;
use identity::person::erasure::request::RequestErasureError;
use identity::person::register::RegisterError;
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
            Refusal::Ask(error) => reason_of_ask(error),
            Refusal::Policy(_) => Reason::PolicyNotInForce,
            Refusal::OpenLog(error) => reason_of_open_log(error),
            Refusal::Admit(error) => reason_of_admit(error),
            Refusal::ActivateKey(error) => reason_of_activate_key(error),
            Refusal::RetireKey(error) => reason_of_retire_key(error),
            Refusal::RotateKey(error) => reason_of_rotate_key(error),
            Refusal::RecoverKey(error) => reason_of_recover_key(error),
            Refusal::CompromiseKey(error) => reason_of_compromise_key(error),
            Refusal::ReaffirmHistory(error) => reason_of_reaffirm_history(error),
            Refusal::SettleEntries(error) => reason_of_settle_entries(error),
            Refusal::Appoint(error) => reason_of_appoint(error),
            Refusal::Dismiss(error) => match error {
                DismissError::RoleNotHeld { .. } => Reason::RoleNotHeld,
                DismissError::LastHolder(_) => Reason::LastHolder,
            },
            Refusal::ChangeClerk(error) => match error {
                ChangeClerkError::RoleNotOwn(_) => Reason::RoleScope,
                ChangeClerkError::RoleNotHeld { .. } => Reason::RoleNotHeld,
                ChangeClerkError::Merged(_) => Reason::PersonMerged,
            },
            Refusal::Approval(error) => reason_of_approval(error),
            Refusal::Register(error) => reason_of_register(error),
            Refusal::BindIdentifier(error) => reason_of_bind(error),
            Refusal::Forgotten(_) => Reason::Erased,
            Refusal::RequestErasure(error) => reason_of_request_erasure(error),
            Refusal::DestroyKeys(error) => reason_of_destroy(error),
            Refusal::CertifyErasure(error) => reason_of_certify(error),
            Refusal::SuspendPerson(error) => person::reason_of_suspension(error),
            Refusal::RecordDeath(error) => person::reason_of_death(error),
            Refusal::ConfirmLink(error) => person::reason_of_link(error),
            Refusal::RemoveLink(error) => person::reason_of_unlink(error),
            Refusal::ApplyMerge(error) => person::reason_of_apply(error),
            Refusal::RevertMerge(error) => person::reason_of_revert(error),
            Refusal::RecordOutcome(error) => reason_of_record(error),
            Refusal::CorrectOutcome(error) => reason_of_correct(error),
            Refusal::RevokeOutcome(error) => reason_of_revoke(error),
            Refusal::Batch(_) => Reason::BatchInvalid,
            Refusal::Issue(error) => reason_of_issue(error),
            Refusal::SetStatus(error) => reason_of_set_status(error),
        };
        let problem = Self::of(reason).detail(match &refusal {
            Refusal::DataMalformed { what, .. } => {
                let what = unquoted(what);
                Words {
                    zh: format!("data：{}", what.zh),
                    en: format!("data: {}", what.en),
                }
            }
            other => other.into(),
        });
        match &refusal {
            Refusal::RecordOutcome(
                RecordOutcomeError::RecordDiffers { position, .. }
                | RecordOutcomeError::RecordRevoked { position, .. },
            )
            | Refusal::Approval(
                ApprovalError::Rejected(position) | ApprovalError::Completed(position),
            ) => problem.at(*position),
            Refusal::DataMalformed { pointer, what } => {
                problem.field(pointer.as_str(), unquoted(what))
            }
            Refusal::RecordOutcome(RecordOutcomeError::Field(field))
            | Refusal::CorrectOutcome(CorrectOutcomeError::Field(field)) => {
                let pointer = pointer_of(field);
                problem.field(pointer, field)
            }
            Refusal::Admit(AdmitError::Key)
            | Refusal::ActivateKey(ActivateKeyError::KeyMixedOrder) => {
                problem.field("/key", &NewKeyError::MixedOrder)
            }
            _ => problem,
        }
    }
}

fn reason_of_ask(error: &AskError) -> Reason {
    match error {
        AskError::SignerUnknown(_) => Reason::SignerUnknown,
        AskError::NotAdmitted(_) => Reason::InstitutionNotAdmitted,
        AskError::KeyNotActive { .. } => Reason::KeyNotActive,
        AskError::KeyUse(_) => Reason::KeyWrongUse,
        AskError::KindNotYours { .. } => Reason::KindNotYours,
        AskError::ActMissing => Reason::ActMissing,
        AskError::ActorNotAllowed { .. } => Reason::ActorNotAllowed,
        AskError::ActorBarred(_) => Reason::PersonBarred,
    }
}

fn reason_of_open_log(error: &OpenLogError) -> Reason {
    match error {
        OpenLogError::NotFirst => Reason::LogAlreadyOpen,
        OpenLogError::Keys | OpenLogError::Officers => Reason::GenesisInvalid,
        OpenLogError::PolicyUnknown(..) => Reason::PolicyNotInForce,
    }
}

fn reason_of_admit(error: &AdmitError) -> Reason {
    match error {
        AdmitError::NumberNotNext { .. } => Reason::NumberNotNext,
        AdmitError::CodeTaken { .. } => Reason::CodeTaken,
        AdmitError::CodeMissing => Reason::CodeMissing,
        AdmitError::CodeMalformed { .. } => Reason::CodeMalformed,
        AdmitError::CheckDigit { .. } => Reason::CheckDigit,
        AdmitError::Name => Reason::NameInvalid,
        AdmitError::Officers => Reason::OfficersInvalid,
        AdmitError::ParentUnknown(_) => Reason::ParentUnknown,
        AdmitError::LevelUnfit(_) => Reason::LevelUnfit,
        AdmitError::Key => Reason::KeyInvalid,
    }
}

fn reason_of_activate_key(error: &ActivateKeyError) -> Reason {
    match error {
        ActivateKeyError::NotYours(_) => Reason::KeyNotYours,
        ActivateKeyError::Fragment(_) => Reason::KeyNameInvalid,
        ActivateKeyError::FragmentTaken(_) => Reason::KeyNameTaken,
        ActivateKeyError::KeyTaken(_) => Reason::KeyTaken,
        ActivateKeyError::KeyMixedOrder => Reason::KeyInvalid,
        ActivateKeyError::CredentialKeyNotKept => Reason::CredentialKeyNotKept,
        ActivateKeyError::UseNotYours => Reason::KeyUseNotYours,
        ActivateKeyError::TooMany => Reason::TooManyKeys,
        ActivateKeyError::Pledged(_) | ActivateKeyError::UseTaken(_) => Reason::KeyPledged,
        ActivateKeyError::Key(error) => reason_of_new_key(error),
    }
}

fn reason_of_new_key(error: &NewKeyError) -> Reason {
    match error {
        NewKeyError::Fragment(_) => Reason::KeyNameInvalid,
        NewKeyError::FragmentTaken(_) => Reason::KeyNameTaken,
        NewKeyError::KeyTaken(_) => Reason::KeyTaken,
        NewKeyError::MixedOrder => Reason::KeyInvalid,
        NewKeyError::Possession => Reason::KeyPossession,
        NewKeyError::NotOwn => Reason::KeyNotOwn,
        NewKeyError::NotPledged(_) => Reason::KeyNotPledged,
        NewKeyError::TooMany => Reason::TooManyKeys,
    }
}

fn reason_of_rotate_key(error: &RotateKeyError) -> Reason {
    match error {
        RotateKeyError::NotYours(_) => Reason::KeyNotYours,
        RotateKeyError::OldKeyEnded(_) => Reason::KeyNotActive,
        RotateKeyError::Key(error) => reason_of_new_key(error),
    }
}

fn reason_of_recover_key(error: &RecoverKeyError) -> Reason {
    match error {
        RecoverKeyError::NotYours(_) => Reason::KeyNotYours,
        RecoverKeyError::KeyUnknown(_) => Reason::KeyNotFound,
        RecoverKeyError::NothingPledged(_) => Reason::KeyNotPledged,
        RecoverKeyError::Key(error) => reason_of_new_key(error),
    }
}

fn reason_of_compromise_key(error: &CompromiseKeyError) -> Reason {
    match error {
        CompromiseKeyError::NotYours(_) => Reason::KeyNotYours,
        CompromiseKeyError::KeyUnknown(_) => Reason::KeyNotFound,
        CompromiseKeyError::OwnKey => Reason::RecoveryKeyItself,
        CompromiseKeyError::Ahead(_) => Reason::CutOffAhead,
        CompromiseKeyError::BelowFloor { .. } => Reason::CutOffBelowFloor,
        CompromiseKeyError::NotEarlier { .. } => Reason::CutOffNotEarlier,
    }
}

fn reason_of_reaffirm_history(error: &ReaffirmHistoryError) -> Reason {
    match error {
        ReaffirmHistoryError::NotYours(_) => Reason::KeyNotYours,
        ReaffirmHistoryError::NotSeen { .. } => Reason::PositionNotSeen,
        ReaffirmHistoryError::NotHigher(_) => Reason::FloorNotHigher,
        ReaffirmHistoryError::Except => Reason::ExceptInvalid,
    }
}

fn reason_of_settle_entries(error: &SettleEntriesError) -> Reason {
    match error {
        SettleEntriesError::NotYours(_) => Reason::KeyNotYours,
        SettleEntriesError::Ranges => Reason::RangesInvalid,
        SettleEntriesError::NotSeen { .. } => Reason::PositionNotSeen,
        SettleEntriesError::NotDisputed { .. } => Reason::NotDisputed,
        SettleEntriesError::KeyNotFit(_) => Reason::SettlingKeyNotFit,
        SettleEntriesError::Seal => Reason::SealInvalid,
    }
}

fn reason_of_retire_key(error: &RetireKeyError) -> Reason {
    match error {
        RetireKeyError::NotYours(_) => Reason::KeyNotYours,
        RetireKeyError::KeyUnknown(_) => Reason::KeyNotFound,
        RetireKeyError::LastKey(_) => Reason::LastKey,
        RetireKeyError::KeptApart(_) => Reason::KeyKeptApart,
    }
}

fn reason_of_appoint(error: &AppointError) -> Reason {
    match error {
        AppointError::RoleScope(_) => Reason::RoleScope,
        AppointError::RolesCombined { .. } => Reason::RolesCombined,
        AppointError::InstitutionUnknown(_) => Reason::InstitutionUnknown,
        AppointError::Merged(_) => Reason::PersonMerged,
    }
}

fn reason_of_approval(error: &ApprovalError) -> Reason {
    match error {
        ApprovalError::TargetMissing => Reason::TargetMissing,
        ApprovalError::ProposalUnknown(_) => Reason::ProposalUnknown,
        ApprovalError::SamePerson => Reason::SamePerson,
        ApprovalError::ApproverElsewhere | ApprovalError::ApproverNotAllowed(_) => {
            Reason::ApproverNotAllowed
        }
        ApprovalError::Rejected(_) => Reason::ProposalRejected,
        ApprovalError::Completed(_) => Reason::ProposalCompleted,
        ApprovalError::Expired => Reason::ProposalExpired,
    }
}

fn reason_of_register(error: &RegisterError) -> Reason {
    match error {
        RegisterError::PersonNotRandom => Reason::PersonNotRandom,
        RegisterError::PersonTaken(_) => Reason::PersonTaken,
        RegisterError::IdentifierTwice => Reason::IdentifierTwice,
        RegisterError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        RegisterError::OverrideNotYours(_) => Reason::OverrideNotYours,
    }
}

fn reason_of_bind(error: &BindIdentifierError) -> Reason {
    match error {
        BindIdentifierError::PersonUnknown(_) => Reason::PersonUnknown,
        BindIdentifierError::NotOnRoster(_) => Reason::NotAllowed,
        BindIdentifierError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        BindIdentifierError::TooMany => Reason::TooManyIdentifiers,
        BindIdentifierError::OverrideNotYours(_) => Reason::OverrideNotYours,
    }
}

fn reason_of_request_erasure(error: &RequestErasureError) -> Reason {
    match error {
        RequestErasureError::PersonUnknown(_) => Reason::PersonUnknown,
        RequestErasureError::NotYours | RequestErasureError::LocksNotYours => Reason::NotAllowed,
        RequestErasureError::NotInOrder
        | RequestErasureError::LockOutside(_)
        | RequestErasureError::LockPast(_) => Reason::ErasureInvalid,
        RequestErasureError::InHand { .. } => Reason::ErasureInHand,
        RequestErasureError::AbsorbedFirst(_) => Reason::AbsorbedFirst,
    }
}

fn reason_of_destroy(error: &DestroyKeysError) -> Reason {
    match error {
        DestroyKeysError::ErasureUnknown(_) => Reason::ErasureUnknown,
        DestroyKeysError::NotDue(_) | DestroyKeysError::PartNotNext { .. } => Reason::ErasureNotDue,
        DestroyKeysError::Form => Reason::ErasureInvalid,
    }
}

fn reason_of_certify(error: &CertifyErasureError) -> Reason {
    match error {
        CertifyErasureError::ErasureUnknown(_) => Reason::ErasureUnknown,
        CertifyErasureError::NothingDestroyed | CertifyErasureError::TooEarly(_) => {
            Reason::ErasureNotDue
        }
        CertifyErasureError::CountDiffers(_) => Reason::ErasureInvalid,
    }
}

fn reason_of_record(error: &RecordOutcomeError) -> Reason {
    match error {
        RecordOutcomeError::AwarderNotAuthorised { .. } => Reason::AwarderNotAuthorised,
        RecordOutcomeError::KindNotInScope { .. } => Reason::KindNotInScope,
        RecordOutcomeError::PersonUnknown(_) => Reason::PersonUnknown,
        RecordOutcomeError::IdNotDerived { .. } => Reason::IdNotDerived,
        RecordOutcomeError::Field(error) => reason_of_field(error),
        RecordOutcomeError::RecordDiffers { .. } => Reason::RecordDiffers,
        RecordOutcomeError::RecordRevoked { .. } => Reason::RecordRevoked,
        RecordOutcomeError::Policy(_) => Reason::PolicyNotInForce,
    }
}

fn reason_of_correct(error: &CorrectOutcomeError) -> Reason {
    match error {
        CorrectOutcomeError::OutcomeUnknown(_) => Reason::OutcomeUnknown,
        CorrectOutcomeError::NotYours { .. } => Reason::OutcomeNotYours,
        CorrectOutcomeError::Revoked(_) => Reason::OutcomeRevoked,
        CorrectOutcomeError::Disputed => Reason::OutcomeDisputed,
        CorrectOutcomeError::Quarantined => Reason::OutcomeQuarantined,
        CorrectOutcomeError::TargetNotCurrent { .. } => Reason::TargetNotCurrent,
        CorrectOutcomeError::Field(error) => reason_of_field(error),
        CorrectOutcomeError::Policy(_) => Reason::PolicyNotInForce,
    }
}

fn reason_of_revoke(error: &RevokeOutcomeError) -> Reason {
    match error {
        RevokeOutcomeError::OutcomeUnknown(_) => Reason::OutcomeUnknown,
        RevokeOutcomeError::NotYours { .. } => Reason::OutcomeNotYours,
        RevokeOutcomeError::TargetNotCurrent { .. } => Reason::TargetNotCurrent,
    }
}

fn reason_of_issue(error: &IssueError) -> Reason {
    match error {
        IssueError::OutcomeUnknown(_) => Reason::OutcomeUnknown,
        IssueError::NotYours { .. } => Reason::OutcomeNotYours,
        IssueError::OutcomeRevoked(_) => Reason::OutcomeRevoked,
        IssueError::OutcomeDisputed => Reason::OutcomeDisputed,
        IssueError::OutcomeQuarantined => Reason::OutcomeQuarantined,
        IssueError::NotPassed => Reason::OutcomeNotPassed,
        IssueError::FieldsDiffer { .. } => Reason::RecordDiffers,
        IssueError::IdTaken(_) => Reason::CredentialIdTaken,
        IssueError::KeyNotFit(_) => Reason::CredentialKeyNotFit,
        IssueError::IndexNotFree { .. } => Reason::StatusIndexNotFree,
        IssueError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        IssueError::Subject => Reason::SubjectInvalid,
    }
}

fn reason_of_set_status(error: &SetStatusError) -> Reason {
    match error {
        SetStatusError::CredentialUnknown(_) => Reason::CredentialUnknown,
        SetStatusError::NotYours { .. } => Reason::CredentialNotYours,
        SetStatusError::Ended(_) => Reason::CredentialEnded,
        SetStatusError::NotSuspended => Reason::CredentialNotSuspended,
        SetStatusError::Disputed => Reason::CredentialDisputed,
    }
}

fn reason_of_field(error: &FieldError) -> Reason {
    match error {
        FieldError::Record => Reason::RecordInvalid,
        FieldError::RecordIsIdentifier => Reason::RecordIsIdentifier,
        FieldError::Code => Reason::CourseCodeInvalid,
        FieldError::InFuture { .. } => Reason::DateInFuture,
        FieldError::TooOld(_) => Reason::DateTooOld,
        FieldError::AmountMissing(_) => Reason::AmountMissing,
        FieldError::AmountNotCounted => Reason::AmountNotCounted,
        FieldError::AmountAbsurd { .. } => Reason::AmountAbsurd,
        FieldError::Level(_) => Reason::LevelUnknown,
        FieldError::NoRate => Reason::NoRate,
    }
}

/// Where in the body of a JSON door the field stands.
fn pointer_of(error: &FieldError) -> &'static str {
    match error {
        FieldError::Record | FieldError::RecordIsIdentifier => "/record",
        FieldError::Code => "/code",
        FieldError::InFuture { .. } | FieldError::TooOld(_) => "/completed_on",
        FieldError::AmountMissing(_)
        | FieldError::AmountNotCounted
        | FieldError::AmountAbsurd { .. } => "/credits",
        FieldError::NoRate => "/hours",
        FieldError::Level(_) => "/level",
    }
}
