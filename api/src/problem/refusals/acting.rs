//! Who may ask, who holds which role, and the second person.

use credentials::rulebook::open_log::OpenLogError;
use identity::approval::decide::ApprovalError;
use identity::ask::AskError;
use identity::officer::appoint::AppointError;

use crate::problem::Reason;

pub(super) fn reason_of_ask(error: &AskError) -> Reason {
    match error {
        AskError::SignerUnknown(_) => Reason::SignerUnknown,
        AskError::NotAdmitted(_) => Reason::InstitutionNotAdmitted,
        AskError::Suspended { .. } => Reason::InstitutionSuspended,
        AskError::Ended { .. } => Reason::InstitutionEnded,
        AskError::KeyNotActive { .. } => Reason::KeyNotActive,
        AskError::KeyUse(_) => Reason::KeyWrongUse,
        AskError::KindNotYours { .. } => Reason::KindNotYours,
        AskError::ActMissing => Reason::ActMissing,
        AskError::ActorNotAllowed { .. } => Reason::ActorNotAllowed,
        AskError::ActorBarred(_) => Reason::PersonBarred,
        AskError::NotDelegated { .. } => Reason::NotDelegated,
    }
}

pub(super) fn reason_of_open_log(error: &OpenLogError) -> Reason {
    match error {
        OpenLogError::NotFirst => Reason::LogAlreadyOpen,
        OpenLogError::Keys | OpenLogError::Officers => Reason::GenesisInvalid,
        OpenLogError::PolicyUnknown(..) => Reason::PolicyNotInForce,
    }
}

pub(super) fn reason_of_appoint(error: &AppointError) -> Reason {
    match error {
        AppointError::RoleScope(_) => Reason::RoleScope,
        AppointError::RolesCombined { .. } => Reason::RolesCombined,
        AppointError::InstitutionUnknown(_) => Reason::InstitutionUnknown,
        AppointError::InstitutionEnded(_) => Reason::InstitutionEnded,
        AppointError::Merged(_) => Reason::PersonMerged,
    }
}

pub(super) fn reason_of_approval(error: &ApprovalError) -> Reason {
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
