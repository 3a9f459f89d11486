//! Every refusal of every use case, closed: a new rule does not compile until a door has a status
//! and a slug for it.

use identity::approval::decide::ApprovalError;
use identity::ask::AskError;
use identity::institution::activate_key::ActivateKeyError;
use identity::institution::admit::AdmitError;
use identity::institution::compromise_key::CompromiseKeyError;
use identity::institution::reaffirm_history::ReaffirmHistoryError;
use identity::institution::recover_key::RecoverKeyError;
use identity::institution::retire_key::RetireKeyError;
use identity::institution::rotate_key::RotateKeyError;
use identity::institution::settle_entries::SettleEntriesError;
use identity::officer::appoint::AppointError;
use identity::officer::clerk::ChangeClerkError;
use identity::officer::dismiss::DismissError;
use identity::person::bind_identifier::BindIdentifierError;
use identity::person::death::RecordDeathError;
use identity::person::erasure::certify::CertifyErasureError;
use identity::person::erasure::destroy::DestroyKeysError;
use identity::person::erasure::request::RequestErasureError;
use identity::person::link::{ConfirmLinkError, RemoveLinkError};
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
use crate::merge::revert::RevertMergeError;
use crate::policy::PolicyError;

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
    /// merge.apply
    #[error(transparent)]
    ApplyMerge(#[from] ApplyMergeError),
    /// merge.revert
    #[error(transparent)]
    RevertMerge(#[from] RevertMergeError),
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
