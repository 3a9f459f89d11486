//! What people are told about, by what stands in a commit.

use credentials::account::{self};
use credentials::credential::{self, Credential};
use credentials::merge::request;
use identity::approval::{self, Approval};
use identity::person::authenticator::Event as Authenticator;
use identity::person::delegation::Event as Delegation;
use identity::person::link::Event as Link;
use identity::person::recovery::Event as Recovery;
use identity::person::{self, Event as Person};
use ledger::assertion::Assertion;
use ledger::commit::Commit;
use ledger::decision::Aggregate as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;

/// About what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Matter {
    /// Somebody asks for the way back into the account: who did not, says no.
    RecoveryStarted {
        /// Which.
        recovery: Uuid,
        /// From when on it may be completed, Unix milliseconds.
        ready_ms: i64,
    },
    /// Somebody said no to it.
    RecoveryVetoed,
    /// The account was opened again.
    RecoveryCompleted,
    /// Somebody may act in the own name from now on.
    DelegationGiven,
    /// An account at a provider signs the person in from now on.
    LinkAdded,
    /// One does so no more.
    LinkRemoved,
    /// Somebody who signs in as another number too asks that both become one.
    MergeRequested {
        /// Which request: by it one says no.
        merge: Uuid,
    },
    /// Two numbers of the person are one now.
    NumbersMerged,
    /// They are two again: the merge was taken back.
    NumbersParted,
    /// A token of an app was used twice: the app was closed.
    AppClosed,
    /// An officer's account needs a look: told to the security administrators.
    OfficerFinding,
    /// A passkey signs the person in from now on.
    PasskeyAdded,
    /// One does so no more.
    PasskeyRemoved,
    /// Somebody else has the same key: it was stopped.
    PasskeyCopied,
    /// A number or address was set, replaced or removed: the one before is told too.
    ContactChanged,
    /// One may act in somebody's name from now on.
    DelegationReceived,
    /// A delegation ends soon.
    DelegationEnding {
        /// Which.
        delegation: Uuid,
    },
    /// A record was corrected.
    OutcomeCorrected,
    /// A record was revoked.
    OutcomeRevoked,
    /// A credential does not hold for now.
    CredentialSuspended,
    /// A suspended credential holds again.
    CredentialReinstated,
    /// A credential does not hold any more.
    CredentialRevoked,
}

impl Matter {
    /// Its name in texts.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RecoveryStarted { .. } => "recovery-started",
            Self::RecoveryVetoed => "recovery-vetoed",
            Self::RecoveryCompleted => "recovery-completed",
            Self::DelegationGiven => "delegation-given",
            Self::LinkAdded => "link-added",
            Self::LinkRemoved => "link-removed",
            Self::MergeRequested { .. } => "merge-requested",
            Self::NumbersMerged => "numbers-merged",
            Self::NumbersParted => "numbers-parted",
            Self::OfficerFinding => "officer-finding",
            Self::AppClosed => "app-closed",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyRemoved => "passkey-removed",
            Self::PasskeyCopied => "passkey-copied",
            Self::ContactChanged => "contact-changed",
            Self::DelegationReceived => "delegation-received",
            Self::DelegationEnding { .. } => "delegation-ending",
            Self::OutcomeCorrected => "outcome-corrected",
            Self::OutcomeRevoked => "outcome-revoked",
            Self::CredentialSuspended => "credential-suspended",
            Self::CredentialReinstated => "credential-reinstated",
            Self::CredentialRevoked => "credential-revoked",
        }
    }

    /// What it is about, for whoever wants to say no to that: a recovery, a merge, a delegation.
    pub const fn concerns(&self) -> Option<Uuid> {
        match self {
            Self::RecoveryStarted { recovery: id, .. }
            | Self::MergeRequested { merge: id }
            | Self::DelegationEnding { delegation: id } => Some(*id),
            _ => None,
        }
    }

    const fn is_of_a_merge(&self) -> bool {
        matches!(
            self,
            Self::MergeRequested { .. } | Self::NumbersMerged | Self::NumbersParted
        )
    }

    /// Whether it guards the account: told on every channel, at any hour, and not a matter of consent.
    pub const fn guards_account(&self) -> bool {
        matches!(
            self,
            Self::RecoveryStarted { .. }
                | Self::RecoveryVetoed
                | Self::RecoveryCompleted
                | Self::DelegationGiven
                | Self::ContactChanged
                | Self::MergeRequested { .. }
                | Self::NumbersMerged
                | Self::NumbersParted
                | Self::LinkAdded
                | Self::LinkRemoved
                | Self::AppClosed
                | Self::PasskeyAdded
                | Self::PasskeyRemoved
                | Self::PasskeyCopied
        )
    }
}

impl App {
    /// Whom a commit concerns, and how.
    pub(super) fn matters_of(&self, commit: &Commit) -> Result<Vec<(Uuid, Matter)>, Problem> {
        let mut matters = Vec::new();
        for fact in &commit.facts {
            let data = fact
                .data
                .as_deref()
                .unwrap_or(commit.assertion.data())
                .get();
            let Ok(id) = fact.stream.key().parse::<Uuid>() else {
                continue;
            };
            match fact.stream.noun() {
                person::Person::NOUN => {
                    let event =
                        person::Person::read(&fact.kind, data).map_err(Problem::internal)?;
                    // The first number or address replaced none: there is nobody to be warned.
                    if let Person::Contact(said) = &event {
                        let state = self.ledger.state::<person::Person>(&fact.stream)?;
                        let mut replaced = state.contacts.before(said.channel(), self.now_ms());
                        let replaced = replaced.next();
                        matters.extend(replaced.map(|_| (id, Matter::ContactChanged)));
                    }
                    matters.extend(of_person(id, &event));
                }
                Approval::NOUN => matters.extend(of_proposal(&fact.kind, &commit.assertion)),
                account::Account::NOUN => matters.extend(of_account(id, &fact.kind)),
                Credential::NOUN => {
                    let state = self.ledger.state::<Credential>(&fact.stream)?;
                    let whose = state.issued.as_ref().map(|issued| issued.says.person);
                    let matter = of_credential(&fact.kind);
                    matters.extend(whose.zip(matter));
                }
                _ => {}
            }
        }
        // What is said of a number that is used no more is told under the one that stays.
        // But for the merge itself: whose number it was may be somebody else.
        for (person, matter) in &mut matters {
            if !matter.is_of_a_merge() {
                *person = self.holder(*person)?;
            }
        }
        Ok(matters)
    }
}

fn of_person(person: Uuid, event: &Person) -> Vec<(Uuid, Matter)> {
    match event {
        Person::Recovery(Recovery::Started {
            recovery, ready_ms, ..
        }) => {
            let (recovery, ready_ms) = (*recovery, *ready_ms);
            vec![(person, Matter::RecoveryStarted { recovery, ready_ms })]
        }
        Person::Recovery(Recovery::Vetoed { .. }) => vec![(person, Matter::RecoveryVetoed)],
        Person::Recovery(Recovery::Completed { .. }) => vec![(person, Matter::RecoveryCompleted)],
        Person::Delegation(Delegation::Granted(granted)) => vec![
            (person, Matter::DelegationGiven),
            (granted.agent, Matter::DelegationReceived),
        ],
        // It stands in both streams, and both are told, wherever each is reached.
        Person::MergeApplied(_) => vec![(person, Matter::NumbersMerged)],
        Person::MergeReverted(_) => vec![(person, Matter::NumbersParted)],
        Person::Link(Link::Confirmed { .. }) => vec![(person, Matter::LinkAdded)],
        Person::Link(Link::Removed { .. }) => vec![(person, Matter::LinkRemoved)],
        Person::Authenticator(Authenticator::Enrolled { .. }) => {
            vec![(person, Matter::PasskeyAdded)]
        }
        Person::Authenticator(Authenticator::Removed { .. }) => {
            vec![(person, Matter::PasskeyRemoved)]
        }
        Person::Authenticator(Authenticator::Suspended { .. }) => {
            vec![(person, Matter::PasskeyCopied)]
        }
        // Taking back is silent (SECURITY §1.5).
        _ => Vec::new(),
    }
}

/// Both numbers are told what is asked of them, before anybody agrees to it.
fn of_proposal(kind: &str, assertion: &Assertion) -> Vec<(Uuid, Matter)> {
    let asked = kind == approval::wire::PROPOSED_V1 && assertion.kind() == request::KIND;
    let asked = asked.then(|| serde_json::from_str::<request::Data>(assertion.data().get()));
    let numbers = asked
        .and_then(Result::ok)
        .map(|it| [it.person, it.absorbed]);
    let merge = assertion.id();
    let numbers = numbers.into_iter().flatten();
    numbers
        .map(|number| (number, Matter::MergeRequested { merge }))
        .collect()
}

fn of_account(person: Uuid, kind: &str) -> Option<(Uuid, Matter)> {
    let matter = match kind {
        account::wire::OUTCOME_CORRECTED_V1 => Matter::OutcomeCorrected,
        account::wire::OUTCOME_REVOKED_V1 => Matter::OutcomeRevoked,
        _ => return None,
    };
    Some((person, matter))
}

fn of_credential(kind: &str) -> Option<Matter> {
    Some(match kind {
        credential::wire::SUSPENDED_V1 => Matter::CredentialSuspended,
        credential::wire::REINSTATED_V1 => Matter::CredentialReinstated,
        credential::wire::REVOKED_V1 => Matter::CredentialRevoked,
        _ => return None,
    })
}
