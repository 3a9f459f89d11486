//! What becomes of an institution as a whole.

use identity::institution::close::CloseError;
use identity::institution::merge::MergeInstitutionError;
use identity::institution::rename::RenameError;
use identity::institution::revive::ReviveError;
use identity::institution::suspend::SuspendInstitutionError;

use super::key::reason_of_new_key;
use crate::problem::Reason;

pub(super) fn reason_of_rename(error: &RenameError) -> Reason {
    match error {
        RenameError::Unknown(_) => Reason::InstitutionUnknown,
        RenameError::Ended { .. } => Reason::InstitutionEnded,
        RenameError::Name => Reason::NameInvalid,
    }
}

pub(super) fn reason_of_suspension(error: &SuspendInstitutionError) -> Reason {
    match error {
        SuspendInstitutionError::Registrar => Reason::RegistrarStays,
        SuspendInstitutionError::Unknown(_) => Reason::InstitutionUnknown,
        SuspendInstitutionError::Ended { .. } => Reason::InstitutionEnded,
        SuspendInstitutionError::NotSuspended(_) => Reason::InstitutionNotSuspended,
    }
}

pub(super) fn reason_of_close(error: &CloseError) -> Reason {
    match error {
        CloseError::Registrar => Reason::RegistrarStays,
        CloseError::Unknown(_) => Reason::InstitutionUnknown,
        CloseError::Merged { .. } => Reason::InstitutionMerged,
        CloseError::ChildOpen(_) => Reason::ChildOpen,
    }
}

pub(super) fn reason_of_merge(error: &MergeInstitutionError) -> Reason {
    match error {
        MergeInstitutionError::Registrar => Reason::RegistrarStays,
        MergeInstitutionError::Itself => Reason::MergedIntoItself,
        MergeInstitutionError::Unknown(_) => Reason::InstitutionUnknown,
        MergeInstitutionError::Merged { .. } => Reason::InstitutionMerged,
        MergeInstitutionError::SuccessorNotOpen(_) => Reason::SuccessorNotOpen,
        MergeInstitutionError::LevelUnfit(_) => Reason::LevelUnfit,
        MergeInstitutionError::TooMany => Reason::TooManyMerged,
    }
}

pub(super) fn reason_of_revive(error: &ReviveError) -> Reason {
    match error {
        ReviveError::Unknown(_) => Reason::InstitutionUnknown,
        ReviveError::Merged { .. } => Reason::InstitutionMerged,
        ReviveError::NotClosed(_) => Reason::InstitutionNotClosed,
        ReviveError::ParentEnded(_) => Reason::ParentEnded,
        ReviveError::Officers => Reason::OfficersInvalid,
        ReviveError::Key(error) => reason_of_new_key(error),
    }
}
