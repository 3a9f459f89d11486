//! Every refusal of every use case, closed: a new rule does not compile until a door has a status
//! and a slug for it.

use identity::approval::decide::ApprovalError;
use identity::ask::AskError;
use identity::institution::activate_key::ActivateKeyError;
use identity::institution::admit::AdmitError;
use identity::institution::close::CloseError;
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::merge::MergeInstitutionError;
use identity::institution::reaffirm_history::ReaffirmHistoryError;
use identity::institution::recover_key::RecoverKeyError;
use identity::institution::rename::RenameError;
use identity::institution::retire_key::RetireKeyError;
use identity::institution::revive::ReviveError;
use identity::institution::rotate_key::RotateKeyError;
use identity::institution::settle_entries::SettleEntriesError;
use identity::institution::suspend::SuspendInstitutionError;
use identity::officer::appoint::AppointError;
use identity::officer::clerk::ChangeClerkError;
use identity::officer::dismiss::DismissError;
use identity::person::assurance::AssuranceError;
use identity::person::authenticator::enrol::EnrolAuthenticatorError;
use identity::person::authenticator::remove::RemoveAuthenticatorError;
use identity::person::authenticator::suspend::SuspendAuthenticatorError;
use identity::person::bind_identifier::BindIdentifierError;
use identity::person::consent::ConsentError;
use identity::person::contact::ContactError;
use identity::person::death::RecordDeathError;
use identity::person::delegation::end::EndDelegationError;
use identity::person::delegation::grant::GrantDelegationError;
use identity::person::delegation::narrow::NarrowDelegationError;
use identity::person::erasure::certify::CertifyErasureError;
use identity::person::erasure::destroy::DestroyKeysError;
use identity::person::erasure::request::RequestErasureError;
use identity::person::link::confirm::ConfirmLinkError;
use identity::person::link::remove::RemoveLinkError;
use identity::person::recovery::complete::CompleteRecoveryError;
use identity::person::recovery::sheet::IssueSheetError;
use identity::person::recovery::start::StartRecoveryError;
use identity::person::recovery::veto::VetoRecoveryError;
use identity::person::register::RegisterError;
use identity::person::suspend::SuspendPersonError;
use ledger::batch::accept::AcceptError;

use super::forgotten::Forgotten;
use super::open_log::OpenLogError;
use crate::account::correct_outcome::CorrectOutcomeError;
use crate::account::record_outcome::RecordOutcomeError;
use crate::account::revoke_outcome::RevokeOutcomeError;
use crate::credential::issue::IssueError;
use crate::credential::set_status::SetStatusError;
use crate::merge::apply::ApplyMergeError;
use crate::merge::request::RequestMergeError;
use crate::merge::revert::RevertMergeError;
use crate::policy::PolicyError;
use crate::split::agree::AgreeSplitError;
use crate::split::apply::ApplySplitError;
use crate::split::propose::ProposeSplitError;
use crate::split::transfer::TransferError;
use crate::split::withdraw::WithdrawSplitError;

/// Why an assertion is refused by the domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No row of the table has this kind.
    #[error("kind {0:?} is unknown")]
    UnknownKind(String),
    /// The commit was decided by rules this program does not have.
    #[error("engine {0} is unknown to this program: use a newer one")]
    EngineUnknown(u32),
    /// `data` is not of the kind's shape.
    #[error("{pointer}: {what}")]
    DataMalformed {
        /// JSON Pointer (RFC 6901) into the assertion's payload: `/data`, or a member of it.
        pointer: String,
        /// What is wrong there; it may quote a value, which no answer may.
        what: String,
    },
    /// Who asked may not.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// No policy is in force.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// log.open
    #[error(transparent)]
    OpenLog(#[from] OpenLogError),
    /// institution.admit
    #[error(transparent)]
    Admit(#[from] AdmitError),
    /// key.activate
    #[error(transparent)]
    ActivateKey(#[from] ActivateKeyError),
    /// key.retire
    #[error(transparent)]
    RetireKey(#[from] RetireKeyError),
    /// key.rotate
    #[error(transparent)]
    RotateKey(#[from] RotateKeyError),
    /// key.recover
    #[error(transparent)]
    RecoverKey(#[from] RecoverKeyError),
    /// key.compromise
    #[error(transparent)]
    CompromiseKey(#[from] CompromiseKeyError),
    /// history.reaffirm
    #[error(transparent)]
    ReaffirmHistory(#[from] ReaffirmHistoryError),
    /// entries.reaffirm, entries.repudiate
    #[error(transparent)]
    SettleEntries(#[from] SettleEntriesError),
    /// institution.rename
    #[error(transparent)]
    Rename(#[from] RenameError),
    /// institution.suspend, institution.reinstate
    #[error(transparent)]
    SuspendInstitution(#[from] SuspendInstitutionError),
    /// institution.close
    #[error(transparent)]
    Close(#[from] CloseError),
    /// institution.merge
    #[error(transparent)]
    MergeInstitution(#[from] MergeInstitutionError),
    /// institution.revive
    #[error(transparent)]
    Revive(#[from] ReviveError),
    /// officer.appoint
    #[error(transparent)]
    Appoint(#[from] AppointError),
    /// officer.dismiss
    #[error(transparent)]
    Dismiss(#[from] DismissError),
    /// clerk.appoint, clerk.dismiss
    #[error(transparent)]
    ChangeClerk(#[from] ChangeClerkError),
    /// approval.decide
    #[error(transparent)]
    Approval(#[from] ApprovalError),
    /// person.register
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// identifier.bind
    #[error(transparent)]
    BindIdentifier(#[from] BindIdentifierError),
    /// The person was forgotten, whatever is asked.
    #[error(transparent)]
    Forgotten(#[from] Forgotten),
    /// erasure.request
    #[error(transparent)]
    RequestErasure(#[from] RequestErasureError),
    /// erasure.destroy
    #[error(transparent)]
    DestroyKeys(#[from] DestroyKeysError),
    /// erasure.certify
    #[error(transparent)]
    CertifyErasure(#[from] CertifyErasureError),
    /// assurance.raise, assurance.lower
    #[error(transparent)]
    Assurance(#[from] AssuranceError),
    /// delegation.grant
    #[error(transparent)]
    GrantDelegation(#[from] GrantDelegationError),
    /// delegation.narrow
    #[error(transparent)]
    NarrowDelegation(#[from] NarrowDelegationError),
    /// delegation.revoke, delegation.expire
    #[error(transparent)]
    EndDelegation(#[from] EndDelegationError),
    /// contact.record, contact.remove
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// consent.give, consent.withdraw
    #[error(transparent)]
    Consent(#[from] ConsentError),
    /// recovery.issue-sheet
    #[error(transparent)]
    IssueSheet(#[from] IssueSheetError),
    /// recovery.start, recovery.claim
    #[error(transparent)]
    StartRecovery(#[from] StartRecoveryError),
    /// recovery.veto
    #[error(transparent)]
    VetoRecovery(#[from] VetoRecoveryError),
    /// recovery.complete
    #[error(transparent)]
    CompleteRecovery(#[from] CompleteRecoveryError),
    /// person.suspend, person.reinstate
    #[error(transparent)]
    SuspendPerson(#[from] SuspendPersonError),
    /// person.record-death, person.withdraw-death
    #[error(transparent)]
    RecordDeath(#[from] RecordDeathError),
    /// link.confirm
    #[error(transparent)]
    ConfirmLink(#[from] ConfirmLinkError),
    /// link.remove
    #[error(transparent)]
    RemoveLink(#[from] RemoveLinkError),
    /// authenticator.enrol
    #[error(transparent)]
    EnrolAuthenticator(#[from] EnrolAuthenticatorError),
    /// authenticator.remove
    #[error(transparent)]
    RemoveAuthenticator(#[from] RemoveAuthenticatorError),
    /// authenticator.suspend
    #[error(transparent)]
    SuspendAuthenticator(#[from] SuspendAuthenticatorError),
    /// merge.apply
    #[error(transparent)]
    ApplyMerge(#[from] ApplyMergeError),
    /// merge.request
    #[error(transparent)]
    RequestMerge(#[from] RequestMergeError),
    /// merge.revert
    #[error(transparent)]
    RevertMerge(#[from] RevertMergeError),
    /// split.propose
    #[error(transparent)]
    ProposeSplit(#[from] ProposeSplitError),
    /// split.agree
    #[error(transparent)]
    AgreeSplit(#[from] AgreeSplitError),
    /// split.move
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// split.apply
    #[error(transparent)]
    ApplySplit(#[from] ApplySplitError),
    /// split.withdraw
    #[error(transparent)]
    WithdrawSplit(#[from] WithdrawSplitError),
    /// outcome.record
    #[error(transparent)]
    RecordOutcome(#[from] RecordOutcomeError),
    /// outcome.correct
    #[error(transparent)]
    CorrectOutcome(#[from] CorrectOutcomeError),
    /// outcome.revoke
    #[error(transparent)]
    RevokeOutcome(#[from] RevokeOutcomeError),
    /// batch.submit
    #[error(transparent)]
    Batch(#[from] AcceptError),
    /// credential.issue
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// credential.set-status
    #[error(transparent)]
    SetStatus(#[from] SetStatusError),
}
