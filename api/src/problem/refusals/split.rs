//! One account that held two people.

use credentials::split::agree::AgreeSplitError;
use credentials::split::apply::ApplySplitError;
use credentials::split::propose::ProposeSplitError;
use credentials::split::transfer::TransferError;
use credentials::split::withdraw::WithdrawSplitError;

use crate::problem::Reason;

pub(super) fn reason_of_propose(error: &ProposeSplitError) -> Reason {
    match error {
        ProposeSplitError::Same => Reason::MergeSame,
        ProposeSplitError::PersonUnknown(_) => Reason::PersonUnknown,
        ProposeSplitError::Merged { .. } => Reason::PersonMerged,
        ProposeSplitError::NotOnRoster(_) => Reason::NotAllowed,
        ProposeSplitError::Erased(_) => Reason::Erased,
        ProposeSplitError::OwnAccount => Reason::OwnAccount,
        ProposeSplitError::InHand(_) => Reason::SplitInHand,
        ProposeSplitError::EvidenceMissing => Reason::ValuesDoNotFit,
        ProposeSplitError::TooLarge { .. } => Reason::SplitTooLarge,
        ProposeSplitError::NotInOrder => Reason::ManifestNotInOrder,
        ProposeSplitError::OutcomeUnknown(_) => Reason::OutcomeUnknown,
        ProposeSplitError::NotAssigned(_) => Reason::ManifestIncomplete,
        ProposeSplitError::IssuerSilent { .. } => Reason::IssuerSilent,
    }
}

pub(super) fn reason_of_agree(error: &AgreeSplitError) -> Reason {
    match error {
        AgreeSplitError::NotInHand(_) => Reason::SplitNotInHand,
        AgreeSplitError::NothingIssued(_) => Reason::OutcomeNotYours,
    }
}

pub(super) fn reason_of_transfer(error: &TransferError) -> Reason {
    match error {
        TransferError::NotInHand(_) => Reason::SplitNotInHand,
        TransferError::OutcomeUnknown(_) => Reason::OutcomeUnknown,
        TransferError::OtherPerson(_) => Reason::ManifestDiffers,
        TransferError::NotYours { .. } => Reason::OutcomeNotYours,
        TransferError::Settled(_) => Reason::OutcomeSettled,
        TransferError::Disputed => Reason::OutcomeDisputed,
        TransferError::RecordThere(_) => Reason::RecordThere,
        TransferError::IdNotDerived { .. } => Reason::IdNotDerived,
        TransferError::TargetNotCurrent { .. } => Reason::TargetNotCurrent,
        TransferError::Differs => Reason::RecordDiffers,
        TransferError::Policy(_) => Reason::PolicyNotInForce,
    }
}

pub(super) fn reason_of_apply(error: &ApplySplitError) -> Reason {
    match error {
        ApplySplitError::NotInHand(_) => Reason::SplitNotInHand,
        ApplySplitError::NotOnRoster(_) => Reason::NotAllowed,
        ApplySplitError::OwnAccount => Reason::OwnAccount,
        ApplySplitError::NotMoved(_) => Reason::OutcomeNotMoved,
        ApplySplitError::NotAgreed(_) => Reason::IssuerNotAgreed,
        ApplySplitError::Outdated(_) => Reason::ManifestOutdated,
        ApplySplitError::TooManyEnded(_) => Reason::SplitTooLarge,
    }
}

pub(super) fn reason_of_withdraw(error: &WithdrawSplitError) -> Reason {
    match error {
        WithdrawSplitError::NotInHand(_) => Reason::SplitNotInHand,
        WithdrawSplitError::NotOnRoster(_) => Reason::NotAllowed,
        WithdrawSplitError::OwnAccount => Reason::OwnAccount,
    }
}
