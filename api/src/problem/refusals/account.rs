//! What was learned, and what certifies it.

use credentials::account::correct_outcome::CorrectOutcomeError;
use credentials::account::outcome::FieldError;
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::account::revoke_outcome::RevokeOutcomeError;
use credentials::credential::issue::IssueError;
use credentials::credential::set_status::SetStatusError;

use crate::problem::Reason;

pub(super) fn reason_of_record(error: &RecordOutcomeError) -> Reason {
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

pub(super) fn reason_of_correct(error: &CorrectOutcomeError) -> Reason {
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

pub(super) fn reason_of_revoke(error: &RevokeOutcomeError) -> Reason {
    match error {
        RevokeOutcomeError::OutcomeUnknown(_) => Reason::OutcomeUnknown,
        RevokeOutcomeError::NotYours { .. } => Reason::OutcomeNotYours,
        RevokeOutcomeError::TargetNotCurrent { .. } => Reason::TargetNotCurrent,
    }
}

pub(super) fn reason_of_issue(error: &IssueError) -> Reason {
    match error {
        IssueError::OutcomeUnknown(_) => Reason::OutcomeUnknown,
        IssueError::NotYours { .. } => Reason::OutcomeNotYours,
        IssueError::OutcomeRevoked(_) => Reason::OutcomeRevoked,
        IssueError::OutcomeDisputed => Reason::OutcomeDisputed,
        IssueError::OutcomeQuarantined => Reason::OutcomeQuarantined,
        IssueError::OutcomeInSplit => Reason::SplitInHand,
        IssueError::NotPassed => Reason::OutcomeNotPassed,
        IssueError::FieldsDiffer { .. } => Reason::RecordDiffers,
        IssueError::IdTaken(_) => Reason::CredentialIdTaken,
        IssueError::KeyNotFit(_) => Reason::CredentialKeyNotFit,
        IssueError::IndexNotFree { .. } => Reason::StatusIndexNotFree,
        IssueError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        IssueError::Subject => Reason::SubjectInvalid,
    }
}

pub(super) fn reason_of_set_status(error: &SetStatusError) -> Reason {
    match error {
        SetStatusError::CredentialUnknown(_) => Reason::CredentialUnknown,
        SetStatusError::NotYours { .. } => Reason::CredentialNotYours,
        SetStatusError::Ended(_) => Reason::CredentialEnded,
        SetStatusError::NotSuspended => Reason::CredentialNotSuspended,
        SetStatusError::Disputed => Reason::CredentialDisputed,
    }
}

pub(super) fn reason_of_field(error: &FieldError) -> Reason {
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
pub(super) fn pointer_of(error: &FieldError) -> &'static str {
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
