//! A person's life: suspended, dead, or known by two numbers.

use credentials::merge::apply::ApplyMergeError;
use credentials::merge::revert::RevertMergeError;
use identity::person::death::RecordDeathError;
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
