//! A person's life: suspended, dead, or known by two numbers.

use credentials::merge::apply::ApplyMergeError;
use credentials::merge::revert::RevertMergeError;
use identity::person::death::RecordDeathError;
use identity::person::link::{ConfirmLinkError, RemoveLinkError};
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
        ApplyMergeError::Barred(_) => Reason::PersonBarred,
    }
}

pub(super) fn reason_of_revert(error: &RevertMergeError) -> Reason {
    match error {
        RevertMergeError::NotMerged { .. } => Reason::NotMerged,
        RevertMergeError::OwnAccount => Reason::OwnAccount,
        RevertMergeError::NotOnRoster(_) => Reason::NotAllowed,
        RevertMergeError::MergedSince { .. } => Reason::PersonMerged,
        RevertMergeError::Used(_) => Reason::MergeUsed,
    }
}

pub(super) fn reason_of_suspension(error: &SuspendPersonError) -> Reason {
    match error {
        SuspendPersonError::PersonUnknown(_) => Reason::PersonUnknown,
        SuspendPersonError::NotOnRoster(_) => Reason::NotAllowed,
        SuspendPersonError::Merged(_) => Reason::PersonMerged,
        SuspendPersonError::HoldsRoles(_) => Reason::HoldsRoles,
        SuspendPersonError::NotSuspended(_) => Reason::NotSuspended,
    }
}

pub(super) fn reason_of_death(error: &RecordDeathError) -> Reason {
    match error {
        RecordDeathError::PersonUnknown(_) => Reason::PersonUnknown,
        RecordDeathError::NotOnRoster(_) => Reason::NotAllowed,
        RecordDeathError::Merged(_) => Reason::PersonMerged,
        RecordDeathError::HoldsRoles(_) => Reason::HoldsRoles,
        RecordDeathError::NotRecorded(_) => Reason::DeathNotRecorded,
    }
}

pub(super) fn reason_of_link(error: &ConfirmLinkError) -> Reason {
    match error {
        ConfirmLinkError::PersonUnknown(_) => Reason::PersonUnknown,
        ConfirmLinkError::Barred(_) => Reason::PersonBarred,
        ConfirmLinkError::NotYours | ConfirmLinkError::NotOnRoster(_) => Reason::NotAllowed,
        ConfirmLinkError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        ConfirmLinkError::LoaTooHigh { .. } => Reason::LoaTooLow,
        ConfirmLinkError::CeremonyUsed(_) => Reason::LinkProofInvalid,
        ConfirmLinkError::TooMany => Reason::TooManyLinks,
    }
}

pub(super) fn reason_of_unlink(error: &RemoveLinkError) -> Reason {
    match error {
        RemoveLinkError::LinkUnknown { .. } => Reason::LinkUnknown,
        RemoveLinkError::NotYours | RemoveLinkError::NotOnRoster(_) => Reason::NotAllowed,
    }
}
