//! Two numbers of one person.

use credentials::merge::apply::ApplyMergeError;
use credentials::merge::revert::RevertMergeError;

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
        ApplyMergeError::TooManyLots { .. } => Reason::MergeTooLarge,
    }
}

pub(super) fn reason_of_revert(error: &RevertMergeError) -> Reason {
    match error {
        RevertMergeError::NotMerged { .. } => Reason::NotMerged,
        RevertMergeError::MergedSince { .. } => Reason::PersonMerged,
        RevertMergeError::Used(_) => Reason::MergeUsed,
    }
}
