//! A person's life: suspended, dead, or known by two numbers.

use credentials::merge::apply::ApplyMergeError;
use credentials::merge::request::RequestMergeError;
use credentials::merge::revert::RevertMergeError;
use identity::person::authenticator::enrol::EnrolAuthenticatorError;
use identity::person::authenticator::remove::RemoveAuthenticatorError;
use identity::person::bind_identifier::BindIdentifierError;
use identity::person::death::RecordDeathError;
use identity::person::erasure::certify::CertifyErasureError;
use identity::person::erasure::destroy::DestroyKeysError;
use identity::person::erasure::request::RequestErasureError;
use identity::person::link::confirm::ConfirmLinkError;
use identity::person::link::remove::RemoveLinkError;
use identity::person::register::RegisterError;
use identity::person::served::NotServed;
use identity::person::suspend::SuspendPersonError;

use crate::problem::Reason;

pub(super) fn reason_of_apply(error: &ApplyMergeError) -> Reason {
    match error {
        ApplyMergeError::Same => Reason::MergeSame,
        ApplyMergeError::PersonUnknown(_) => Reason::PersonUnknown,
        ApplyMergeError::MergedBefore { .. } => Reason::PersonMerged,
        ApplyMergeError::ResidentIdsDiffer => Reason::ResidentIdsDiffer,
        ApplyMergeError::Erased(_) => Reason::Erased,
        ApplyMergeError::HoldsRoles(_) => Reason::HoldsRoles,
        ApplyMergeError::OwnAccount => Reason::OwnAccount,
        ApplyMergeError::NotOnRoster(_) => Reason::NotAllowed,
        ApplyMergeError::TooManyLots { .. } | ApplyMergeError::TooManyNumbers => {
            Reason::MergeTooLarge
        }
        ApplyMergeError::SplitInHand(_) => Reason::SplitInHand,
        ApplyMergeError::Barred(_) => Reason::PersonBarred,
    }
}

pub(super) fn reason_of_request(error: &RequestMergeError) -> Reason {
    match error {
        RequestMergeError::NotOwn(_) => Reason::NotAllowed,
        RequestMergeError::LinkUnknown { .. } => Reason::LinkUnknown,
        RequestMergeError::Changed => Reason::MergeStale,
        RequestMergeError::OfficerVouched(_) => Reason::OfficerVouched,
        RequestMergeError::LinkTooLow { .. } => Reason::LoaTooLow,
        RequestMergeError::Merge(error) => reason_of_apply(error),
    }
}

pub(super) fn reason_of_revert(error: &RevertMergeError) -> Reason {
    match error {
        RevertMergeError::NotMerged { .. } => Reason::NotMerged,
        RevertMergeError::OwnAccount => Reason::OwnAccount,
        RevertMergeError::NotOnRoster(_) => Reason::NotAllowed,
        RevertMergeError::MergedSince { .. } => Reason::PersonMerged,
        RevertMergeError::SplitInHand(_) => Reason::SplitInHand,
        RevertMergeError::Used(_) => Reason::MergeUsed,
    }
}

pub(super) fn reason_of_suspension(error: &SuspendPersonError) -> Reason {
    match error {
        SuspendPersonError::NotServed(error) => not_served(error),
        SuspendPersonError::NotSuspended(_) => Reason::NotSuspended,
    }
}

pub(super) fn reason_of_death(error: &RecordDeathError) -> Reason {
    match error {
        RecordDeathError::NotServed(error) => not_served(error),
        RecordDeathError::NotRecorded(_) => Reason::DeathNotRecorded,
    }
}

/// What an officer is told who asks about somebody else's person.
pub(super) fn not_served(error: &NotServed) -> Reason {
    match error {
        NotServed::PersonUnknown(_) => Reason::PersonUnknown,
        NotServed::NotOnRoster(_) => Reason::NotAllowed,
        NotServed::Merged(_) => Reason::PersonMerged,
        NotServed::HoldsRoles(_) => Reason::HoldsRoles,
    }
}

pub(super) fn reason_of_register(error: &RegisterError) -> Reason {
    match error {
        RegisterError::PersonNotRandom => Reason::PersonNotRandom,
        RegisterError::PersonTaken(_) => Reason::PersonTaken,
        RegisterError::IdentifierTwice => Reason::IdentifierTwice,
        RegisterError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        RegisterError::OverrideNotYours(_) => Reason::OverrideNotYours,
    }
}

pub(super) fn reason_of_bind(error: &BindIdentifierError) -> Reason {
    match error {
        BindIdentifierError::PersonUnknown(_) => Reason::PersonUnknown,
        BindIdentifierError::NotOnRoster(_) => Reason::NotAllowed,
        BindIdentifierError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        BindIdentifierError::TooMany => Reason::TooManyIdentifiers,
        BindIdentifierError::OverrideNotYours(_) => Reason::OverrideNotYours,
    }
}

pub(super) fn reason_of_request_erasure(error: &RequestErasureError) -> Reason {
    match error {
        RequestErasureError::PersonUnknown(_) => Reason::PersonUnknown,
        RequestErasureError::NotYours | RequestErasureError::LocksNotYours => Reason::NotAllowed,
        RequestErasureError::NotInOrder
        | RequestErasureError::LockOutside(_)
        | RequestErasureError::LockPast(_) => Reason::ErasureInvalid,
        RequestErasureError::InHand { .. } => Reason::ErasureInHand,
        RequestErasureError::SplitInHand(_) => Reason::SplitInHand,
        RequestErasureError::AbsorbedFirst(_) => Reason::AbsorbedFirst,
    }
}

pub(super) fn reason_of_destroy(error: &DestroyKeysError) -> Reason {
    match error {
        DestroyKeysError::ErasureUnknown(_) => Reason::ErasureUnknown,
        DestroyKeysError::NotDue(_) | DestroyKeysError::PartNotNext { .. } => Reason::ErasureNotDue,
        DestroyKeysError::Form => Reason::ErasureInvalid,
    }
}

pub(super) fn reason_of_certify(error: &CertifyErasureError) -> Reason {
    match error {
        CertifyErasureError::ErasureUnknown(_) => Reason::ErasureUnknown,
        CertifyErasureError::NothingDestroyed | CertifyErasureError::TooEarly(_) => {
            Reason::ErasureNotDue
        }
        CertifyErasureError::CountDiffers(_) => Reason::ErasureInvalid,
    }
}

pub(super) fn reason_of_link(error: &ConfirmLinkError) -> Reason {
    match error {
        ConfirmLinkError::NotServed(error) => not_served(error),
        ConfirmLinkError::NotYours => Reason::NotAllowed,
        ConfirmLinkError::LinkedBefore(_) => Reason::LinkedBefore,
        ConfirmLinkError::Barred(_) => Reason::PersonBarred,
        ConfirmLinkError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        ConfirmLinkError::LevelUnfit { .. } => Reason::LoaTooLow,
        ConfirmLinkError::CeremonyUsed(_) => Reason::LinkProofInvalid,
        ConfirmLinkError::TooMany => Reason::TooManyLinks,
    }
}

pub(super) fn reason_of_unlink(error: &RemoveLinkError) -> Reason {
    match error {
        RemoveLinkError::NotServed(error) => not_served(error),
        RemoveLinkError::NotYours => Reason::NotAllowed,
        RemoveLinkError::LastOne => Reason::LastLink,
        RemoveLinkError::LinkUnknown { .. } => Reason::LinkUnknown,
    }
}

pub(super) fn reason_of_enrolment(error: &EnrolAuthenticatorError) -> Reason {
    match error {
        EnrolAuthenticatorError::NotYours => Reason::NotAllowed,
        EnrolAuthenticatorError::PersonUnknown(_) => Reason::PersonUnknown,
        EnrolAuthenticatorError::LevelUnfit { .. } => Reason::LoaTooLow,
        EnrolAuthenticatorError::Known(_) => Reason::PasskeyProofInvalid,
        EnrolAuthenticatorError::TooMany => Reason::TooManyPasskeys,
    }
}

pub(super) fn reason_of_removal(error: &RemoveAuthenticatorError) -> Reason {
    match error {
        RemoveAuthenticatorError::NotServed(error) => not_served(error),
        RemoveAuthenticatorError::NotYours => Reason::NotAllowed,
        RemoveAuthenticatorError::Unknown { .. } => Reason::PasskeyUnknown,
        RemoveAuthenticatorError::LastOne => Reason::LastLink,
    }
}
