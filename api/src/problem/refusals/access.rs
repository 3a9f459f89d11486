//! Who acts in whose name, how sure it is who somebody is, consent, and the way back into an account.

use identity::person::assurance::AssuranceError;
use identity::person::consent::ConsentError;
use identity::person::contact::ContactError;
use identity::person::delegation::end::EndDelegationError;
use identity::person::delegation::grant::GrantDelegationError;
use identity::person::delegation::narrow::NarrowDelegationError;
use identity::person::recovery::complete::CompleteRecoveryError;
use identity::person::recovery::sheet::IssueSheetError;
use identity::person::recovery::start::StartRecoveryError;
use identity::person::recovery::veto::VetoRecoveryError;

use super::person::not_served;
use crate::problem::Reason;

pub(super) fn reason_of_assurance(error: &AssuranceError) -> Reason {
    match error {
        AssuranceError::NotServed(error) => not_served(error),
        AssuranceError::OwnLevel => Reason::OwnAccount,
        AssuranceError::LevelTooLow { .. } => Reason::LevelTooLow,
        AssuranceError::NotLower(_) => Reason::LevelNotLower,
    }
}

pub(super) fn reason_of_grant(error: &GrantDelegationError) -> Reason {
    match error {
        GrantDelegationError::NotServed(error) => not_served(error),
        GrantDelegationError::NotYours | GrantDelegationError::GuardianByOfficer => {
            Reason::NotAllowed
        }
        GrantDelegationError::Oneself => Reason::OwnAccount,
        GrantDelegationError::Barred(_) => Reason::PersonBarred,
        GrantDelegationError::LevelTooLow { .. } => Reason::LevelTooLow,
        GrantDelegationError::Pressed => Reason::Pressed,
        GrantDelegationError::ScopesNotInOrder
        | GrantDelegationError::ScopeOutside(_)
        | GrantDelegationError::UntilPast
        | GrantDelegationError::UntilTooFar(_)
        | GrantDelegationError::NoUse => Reason::DelegationInvalid,
        GrantDelegationError::TooManyAgents(_) | GrantDelegationError::TooManyPrincipals { .. } => {
            Reason::DelegationLimit
        }
    }
}

pub(super) fn reason_of_narrowing(error: &NarrowDelegationError) -> Reason {
    match error {
        NarrowDelegationError::End(error) => reason_of_end(error),
        NarrowDelegationError::NotLess => Reason::DelegationInvalid,
    }
}

pub(super) fn reason_of_end(error: &EndDelegationError) -> Reason {
    match error {
        EndDelegationError::NotServed(error) => not_served(error),
        EndDelegationError::NotYours => Reason::NotAllowed,
        EndDelegationError::Unknown(_) => Reason::DelegationUnknown,
        EndDelegationError::Over(_) => Reason::DelegationOver,
        EndDelegationError::NotDue(_) => Reason::DelegationNotDue,
    }
}

pub(super) fn reason_of_consent(error: &ConsentError) -> Reason {
    match error {
        ConsentError::NotServed(error) => not_served(error),
        ConsentError::NotYours => Reason::NotAllowed,
        ConsentError::PersonUnknown(_) => Reason::PersonUnknown,
        ConsentError::GuardianNeeded => Reason::GuardianNeeded,
        ConsentError::NotGiven => Reason::ConsentNotGiven,
    }
}

pub(super) fn reason_of_contact(error: &ContactError) -> Reason {
    match error {
        ContactError::NotServed(error) => not_served(error),
        ContactError::NotYours => Reason::NotAllowed,
        ContactError::Barred(_) => Reason::PersonBarred,
        ContactError::ValuesDoNotFit => Reason::ValuesDoNotFit,
        ContactError::NotRecorded => Reason::ContactNotSet,
    }
}

pub(super) fn reason_of_sheet(error: &IssueSheetError) -> Reason {
    match error {
        IssueSheetError::NotYours => Reason::NotAllowed,
        IssueSheetError::UnderWay(_) => Reason::RecoveryUnderWay,
        IssueSheetError::Barred(_) => Reason::PersonBarred,
        IssueSheetError::LevelTooHigh(_) => Reason::LevelTooHigh,
    }
}

pub(super) fn reason_of_start(error: &StartRecoveryError) -> Reason {
    match error {
        StartRecoveryError::NotServed(error) => not_served(error),
        StartRecoveryError::OwnAccount => Reason::OwnAccount,
        StartRecoveryError::Barred(_) => Reason::PersonBarred,
        StartRecoveryError::UnderWay(_) => Reason::RecoveryUnderWay,
        StartRecoveryError::SheetSpent => Reason::SheetSpent,
        StartRecoveryError::LevelTooHigh(_) => Reason::LevelTooHigh,
    }
}

pub(super) fn reason_of_veto(error: &VetoRecoveryError) -> Reason {
    match error {
        VetoRecoveryError::NotServed(error) => not_served(error),
        VetoRecoveryError::NotYours => Reason::NotAllowed,
        VetoRecoveryError::Unknown(_) => Reason::RecoveryUnknown,
        VetoRecoveryError::Over(_) => Reason::RecoveryOver,
    }
}

pub(super) fn reason_of_completion(error: &CompleteRecoveryError) -> Reason {
    match error {
        CompleteRecoveryError::NotServed(error) => not_served(error),
        CompleteRecoveryError::OwnAccount => Reason::OwnAccount,
        CompleteRecoveryError::Unknown(_) => Reason::RecoveryUnknown,
        CompleteRecoveryError::Vetoed(_) => Reason::RecoveryVetoed,
        CompleteRecoveryError::TooSoon { .. } => Reason::RecoveryTooSoon,
        CompleteRecoveryError::TooLate(_) => Reason::RecoveryOver,
        CompleteRecoveryError::Barred(_) => Reason::PersonBarred,
        CompleteRecoveryError::LevelTooHigh(_) => Reason::LevelTooHigh,
    }
}
