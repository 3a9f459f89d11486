//! Admission, and an institution's keys.

use identity::institution::activate_key::ActivateKeyError;
use identity::institution::admit::AdmitError;
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::new_key::NewKeyError;
use identity::institution::reaffirm_history::ReaffirmHistoryError;
use identity::institution::recover_key::RecoverKeyError;
use identity::institution::retire_key::RetireKeyError;
use identity::institution::rotate_key::RotateKeyError;
use identity::institution::settle_entries::SettleEntriesError;

use crate::problem::Reason;

pub(super) fn reason_of_admit(error: &AdmitError) -> Reason {
    match error {
        AdmitError::NumberNotNext { .. } => Reason::NumberNotNext,
        AdmitError::CodeTaken { .. } => Reason::CodeTaken,
        AdmitError::CodeMissing => Reason::CodeMissing,
        AdmitError::CodeMalformed { .. } => Reason::CodeMalformed,
        AdmitError::CheckDigit { .. } => Reason::CheckDigit,
        AdmitError::Name => Reason::NameInvalid,
        AdmitError::Officers => Reason::OfficersInvalid,
        AdmitError::ParentUnknown(_) => Reason::ParentUnknown,
        AdmitError::ParentEnded(_) => Reason::ParentEnded,
        AdmitError::LevelUnfit(_) => Reason::LevelUnfit,
        AdmitError::Key => Reason::KeyInvalid,
    }
}

pub(super) fn reason_of_activate_key(error: &ActivateKeyError) -> Reason {
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

pub(super) fn reason_of_new_key(error: &NewKeyError) -> Reason {
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

pub(super) fn reason_of_rotate_key(error: &RotateKeyError) -> Reason {
    match error {
        RotateKeyError::NotYours(_) => Reason::KeyNotYours,
        RotateKeyError::OldKeyEnded(_) => Reason::KeyNotActive,
        RotateKeyError::Key(error) => reason_of_new_key(error),
    }
}

pub(super) fn reason_of_recover_key(error: &RecoverKeyError) -> Reason {
    match error {
        RecoverKeyError::NotYours(_) => Reason::KeyNotYours,
        RecoverKeyError::KeyUnknown(_) => Reason::KeyNotFound,
        RecoverKeyError::NothingPledged(_) => Reason::KeyNotPledged,
        RecoverKeyError::Key(error) => reason_of_new_key(error),
    }
}

pub(super) fn reason_of_compromise_key(error: &CompromiseKeyError) -> Reason {
    match error {
        CompromiseKeyError::NotYours(_) => Reason::KeyNotYours,
        CompromiseKeyError::KeyUnknown(_) => Reason::KeyNotFound,
        CompromiseKeyError::OwnKey => Reason::RecoveryKeyItself,
        CompromiseKeyError::Ahead(_) => Reason::CutOffAhead,
        CompromiseKeyError::BelowFloor { .. } => Reason::CutOffBelowFloor,
        CompromiseKeyError::NotEarlier { .. } => Reason::CutOffNotEarlier,
    }
}

pub(super) fn reason_of_reaffirm_history(error: &ReaffirmHistoryError) -> Reason {
    match error {
        ReaffirmHistoryError::NotYours(_) => Reason::KeyNotYours,
        ReaffirmHistoryError::NotSeen { .. } => Reason::PositionNotSeen,
        ReaffirmHistoryError::NotHigher(_) => Reason::FloorNotHigher,
        ReaffirmHistoryError::Except => Reason::ExceptInvalid,
    }
}

pub(super) fn reason_of_settle_entries(error: &SettleEntriesError) -> Reason {
    match error {
        SettleEntriesError::NotYours(_) => Reason::KeyNotYours,
        SettleEntriesError::Ranges => Reason::RangesInvalid,
        SettleEntriesError::NotSeen { .. } => Reason::PositionNotSeen,
        SettleEntriesError::NotDisputed { .. } => Reason::NotDisputed,
        SettleEntriesError::KeyNotFit(_) => Reason::SettlingKeyNotFit,
        SettleEntriesError::Seal => Reason::SealInvalid,
    }
}

pub(super) fn reason_of_retire_key(error: &RetireKeyError) -> Reason {
    match error {
        RetireKeyError::NotYours(_) => Reason::KeyNotYours,
        RetireKeyError::KeyUnknown(_) => Reason::KeyNotFound,
        RetireKeyError::LastKey(_) => Reason::LastKey,
        RetireKeyError::KeptApart(_) => Reason::KeyKeptApart,
    }
}
