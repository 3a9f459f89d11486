//! The one table: which kinds whom may assert (DESIGN §5, SECURITY §5).

use identity::approval::decide::{Approvers, Side};
use identity::ask::{Entitlement, Signer};
use identity::institution::{
    KeyUse, activate_key, admit, compromise_key, reaffirm_history, recover_key, retire_key,
    rotate_key, settle_entries,
};
use identity::officer::{appoint, clerk, dismiss};
use identity::person::erasure::{certify, destroy, request};
use identity::person::{bind_identifier, death, link, register, suspend};
use identity::purpose::Purpose;
use identity::role::Role;
use ledger::batch;

use crate::account::{correct_outcome, outcome, record_outcome, revoke_outcome};
use crate::credential::{issue, set_status};
use crate::merge::{apply, revert};
use crate::policy::Act;

/// One row.
#[derive(Debug)]
pub struct Kind {
    /// Kind with version.
    pub name: &'static str,
    /// Whose key and which roles.
    pub entitlement: Entitlement,
    /// Members that may be disclosed; everything else in `data` is open.
    pub erasable: &'static [&'static str],
    /// For what those members are kept.
    pub purpose: Purpose,
    /// The policy switch that asks for a second person.
    pub two_person: Option<Act>,
    /// Roles of the second person.
    pub approvers: &'static [Role],
}

const STAFF: &[Role] = &[Role::Clerk, Role::Institution];
const DESK: &[Role] = &[
    Role::Clerk,
    Role::Institution,
    Role::Counter,
    Role::Registrar,
];

/// Who acts where an institution's keys are concerned.
const KEEPERS: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[Role::Institution, Role::Registrar],
};

/// Who serves people whose numbers turn out to be one person's.
const COUNTERS: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[Role::Counter, Role::Registrar],
};

/// Who links an account that signs somebody in: the person, or who has seen the person.
const LINKERS: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[Role::Learner, Role::Counter, Role::Registrar],
};

/// The kinds that other keys than an assertion key sign. What is not here, assertion keys sign.
const SIGNED_OTHERWISE: &[(&str, &[KeyUse])] = &[
    (
        rotate_key::KIND,
        &[KeyUse::Assertion, KeyUse::Acknowledgement, KeyUse::Recovery],
    ),
    (recover_key::KIND, &[KeyUse::Recovery]),
    (compromise_key::KIND, &[KeyUse::Recovery]),
    (reaffirm_history::KIND, &[KeyUse::Acknowledgement]),
    (settle_entries::REAFFIRM, &[KeyUse::Acknowledgement]),
    (settle_entries::REPUDIATE, &[KeyUse::Acknowledgement]),
    (destroy::KIND, &[KeyUse::Ledger]),
    (certify::KIND, &[KeyUse::Ledger]),
];

/// The uses of the keys that sign `kind`.
pub fn signed_by(kind: &str) -> &'static [KeyUse] {
    SIGNED_OTHERWISE
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or(&[KeyUse::Assertion], |(_, uses)| uses)
}

impl Kind {
    /// Who must agree beside the proposer, where two persons are needed at all.
    pub fn who_agrees(&self) -> Approvers {
        let (side, count) = match self.two_person {
            Some(Act::Compromise) => (Side::Registrar, compromise_key::APPROVERS),
            _ => (Side::Asker, 1),
        };
        Approvers {
            roles: self.approvers,
            side,
            count,
        }
    }
}

/// Every kind but the first commit's.
pub const TABLE: &[Kind] = &[
    Kind {
        name: admit::KIND,
        entitlement: Entitlement {
            signer: Signer::Registrar,
            roles: &[Role::Registrar],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: Some(Act::Admit),
        approvers: &[Role::Registrar],
    },
    Kind {
        name: appoint::KIND,
        entitlement: Entitlement {
            signer: Signer::Registrar,
            roles: &[Role::Security],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: Some(Act::Appoint),
        approvers: &[Role::Security],
    },
    Kind {
        name: dismiss::KIND,
        entitlement: Entitlement {
            signer: Signer::Registrar,
            roles: &[Role::Security],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: Some(Act::Appoint),
        approvers: &[Role::Security],
    },
    Kind {
        name: clerk::APPOINT,
        entitlement: Entitlement {
            signer: Signer::Institution,
            roles: &[Role::Institution],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: clerk::DISMISS,
        entitlement: Entitlement {
            signer: Signer::Institution,
            roles: &[Role::Institution],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: activate_key::KIND,
        entitlement: Entitlement {
            signer: Signer::Either,
            roles: &[Role::Institution, Role::Registrar],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: retire_key::KIND,
        entitlement: Entitlement {
            signer: Signer::Either,
            roles: &[Role::Institution, Role::Registrar],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: admit::KIND_V2,
        entitlement: Entitlement {
            signer: Signer::Registrar,
            roles: &[Role::Registrar],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: Some(Act::Admit),
        approvers: &[Role::Registrar],
    },
    Kind {
        name: activate_key::KIND_V2,
        entitlement: KEEPERS,
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: Some(Act::Rotate),
        approvers: KEEPERS.roles,
    },
    Kind {
        name: rotate_key::KIND,
        entitlement: KEEPERS,
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: Some(Act::Rotate),
        approvers: KEEPERS.roles,
    },
    Kind {
        name: recover_key::KIND,
        entitlement: KEEPERS,
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: compromise_key::KIND,
        entitlement: KEEPERS,
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: Some(Act::Compromise),
        approvers: &[Role::Registrar],
    },
    Kind {
        name: reaffirm_history::KIND,
        entitlement: KEEPERS,
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: settle_entries::REAFFIRM,
        entitlement: KEEPERS,
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: settle_entries::REPUDIATE,
        entitlement: KEEPERS,
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: register::KIND,
        entitlement: Entitlement {
            signer: Signer::Either,
            roles: DESK,
        },
        erasable: register::ERASABLE,
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: bind_identifier::KIND,
        entitlement: Entitlement {
            signer: Signer::Either,
            roles: DESK,
        },
        erasable: bind_identifier::ERASABLE,
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: request::KIND,
        entitlement: Entitlement {
            signer: Signer::Registrar,
            roles: &[Role::Registrar, Role::Learner],
        },
        erasable: request::ERASABLE,
        purpose: Purpose::Identity,
        two_person: Some(Act::Erase),
        approvers: &[Role::Registrar],
    },
    Kind {
        name: destroy::KIND,
        entitlement: Entitlement {
            signer: Signer::Ledger,
            roles: &[],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: certify::KIND,
        entitlement: Entitlement {
            signer: Signer::Ledger,
            roles: &[],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    // To stop takes one, who must not have to look for a second person first.
    Kind {
        name: suspend::SUSPEND,
        entitlement: COUNTERS,
        erasable: suspend::ERASABLE,
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: suspend::REINSTATE,
        entitlement: COUNTERS,
        erasable: suspend::ERASABLE,
        purpose: Purpose::Identity,
        two_person: Some(Act::Standing),
        approvers: COUNTERS.roles,
    },
    Kind {
        name: death::RECORD,
        entitlement: COUNTERS,
        erasable: death::ERASABLE,
        purpose: Purpose::Identity,
        two_person: Some(Act::Standing),
        approvers: COUNTERS.roles,
    },
    Kind {
        name: death::WITHDRAW,
        entitlement: COUNTERS,
        erasable: death::ERASABLE,
        purpose: Purpose::Identity,
        two_person: Some(Act::Standing),
        approvers: COUNTERS.roles,
    },
    Kind {
        name: link::CONFIRM,
        entitlement: LINKERS,
        erasable: link::ERASABLE,
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: link::REMOVE,
        entitlement: LINKERS,
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: apply::KIND,
        entitlement: COUNTERS,
        erasable: apply::ERASABLE,
        purpose: Purpose::Identity,
        two_person: Some(Act::Merge),
        approvers: COUNTERS.roles,
    },
    Kind {
        name: revert::KIND,
        entitlement: COUNTERS,
        erasable: revert::ERASABLE,
        purpose: Purpose::Identity,
        two_person: Some(Act::Merge),
        approvers: COUNTERS.roles,
    },
    Kind {
        name: record_outcome::KIND,
        entitlement: Entitlement {
            signer: Signer::Institution,
            roles: STAFF,
        },
        erasable: outcome::ERASABLE,
        purpose: Purpose::StudyRecord,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: correct_outcome::KIND,
        entitlement: Entitlement {
            signer: Signer::Institution,
            roles: STAFF,
        },
        erasable: correct_outcome::ERASABLE,
        purpose: Purpose::StudyRecord,
        two_person: Some(Act::Correct),
        approvers: STAFF,
    },
    Kind {
        name: revoke_outcome::KIND,
        entitlement: Entitlement {
            signer: Signer::Institution,
            roles: STAFF,
        },
        erasable: revoke_outcome::ERASABLE,
        purpose: Purpose::StudyRecord,
        two_person: Some(Act::Revoke),
        approvers: STAFF,
    },
    Kind {
        name: issue::KIND,
        entitlement: Entitlement {
            signer: Signer::Institution,
            roles: STAFF,
        },
        erasable: issue::ERASABLE,
        purpose: Purpose::StudyRecord,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: set_status::KIND,
        entitlement: Entitlement {
            signer: Signer::Institution,
            roles: &[Role::Institution],
        },
        erasable: set_status::ERASABLE,
        purpose: Purpose::StudyRecord,
        two_person: None,
        approvers: &[],
    },
    Kind {
        name: identity::approval::decide::KIND,
        entitlement: Entitlement {
            signer: Signer::Either,
            roles: &[
                Role::Registrar,
                Role::System,
                Role::Security,
                Role::Audit,
                Role::Institution,
                Role::Clerk,
                Role::Counter,
            ],
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
    // Each member is entitled by its own row; who may send none of them may not send an envelope.
    Kind {
        name: batch::KIND,
        entitlement: Entitlement {
            signer: Signer::Either,
            roles: DESK,
        },
        erasable: &[],
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    },
];

/// The row of a kind.
pub fn find(name: &str) -> Option<&'static Kind> {
    TABLE.iter().find(|kind| kind.name == name)
}
