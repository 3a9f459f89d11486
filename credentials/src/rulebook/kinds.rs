//! The one table: which kinds whom may assert (DESIGN §5, SECURITY §5).

pub mod people;

use identity::approval::decide::{Approvers, Side};
use identity::ask::{Entitlement, Signer};
use identity::institution::{
    KeyUse, activate_key, admit, close, compromise_key, merge, reaffirm_history, recover_key,
    rename, retire_key, revive, rotate_key, settle_entries, suspend as stop,
};
use identity::officer::{appoint, clerk, dismiss};
use identity::person::erasure::{certify, destroy, request};
use identity::person::{
    authenticator, bind_identifier, death, delegation, recovery, register, suspend,
};
use identity::purpose::Purpose;
use identity::role::Role;
use ledger::batch;

use crate::account::{correct_outcome, outcome, record_outcome, revoke_outcome};
use crate::credential::{issue, set_status};
use crate::merge::{apply, revert};
use crate::policy::Act;
use crate::split;

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

/// Who records and certifies what was learned.
const STAFF: Entitlement = Entitlement {
    signer: Signer::Institution,
    roles: &[Role::Clerk, Role::Institution],
};

/// Who acts for an institution as a whole.
const OFFICERS: Entitlement = Entitlement {
    signer: Signer::Institution,
    roles: &[Role::Institution],
};

/// Who registers people.
const DESK: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[
        Role::Clerk,
        Role::Institution,
        Role::Counter,
        Role::Registrar,
    ],
};

/// Who acts where an institution's keys are concerned.
const KEEPERS: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[Role::Institution, Role::Registrar],
};

/// Who serves people at a counter.
const COUNTERS: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[Role::Counter, Role::Registrar],
};

/// Who says what becomes of an institution.
const REGISTRARS: Entitlement = Entitlement {
    signer: Signer::Registrar,
    roles: &[Role::Registrar],
};

/// Who gives the roles of the province.
const SECURITY: Entitlement = Entitlement {
    signer: Signer::Registrar,
    roles: &[Role::Security],
};

/// Who asks that somebody be forgotten.
const FORGETTING: Entitlement = Entitlement {
    signer: Signer::Registrar,
    roles: &[Role::Registrar, Role::Learner, Role::Proxy],
};

/// Who may be a second person; which of them, the row of the proposal says.
const APPROVERS: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[
        Role::Registrar,
        Role::System,
        Role::Security,
        Role::Audit,
        Role::Institution,
        Role::Clerk,
        Role::Counter,
        // To take the own proposal back, or to refuse what touches the own account.
        Role::Learner,
    ],
};

/// What the ledger alone can say.
const LEDGER: Entitlement = Entitlement {
    signer: Signer::Ledger,
    roles: &[],
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
    (delegation::end::EXPIRE, &[KeyUse::Ledger]),
    (recovery::start::CLAIM, &[KeyUse::Ledger]),
    (recovery::veto::HALT, &[KeyUse::Ledger]),
    (authenticator::suspend::KIND, &[KeyUse::Ledger]),
    (recovery::complete::KIND, &[KeyUse::Ledger]),
];

/// The uses of the keys that sign `kind`.
pub fn signed_by(kind: &str) -> &'static [KeyUse] {
    SIGNED_OTHERWISE
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or(&[KeyUse::Assertion], |(_, uses)| uses)
}

impl Kind {
    /// A kind that one person asserts; its values are kept with who somebody is.
    const fn alone(
        name: &'static str,
        entitlement: Entitlement,
        erasable: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            entitlement,
            erasable,
            purpose: Purpose::Identity,
            two_person: None,
            approvers: &[],
        }
    }

    /// … whose values are kept for another purpose.
    const fn keeping(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }

    /// … that a second person in one of `approvers` agrees to, where the policy's switch `act` asks for it.
    const fn with_second(self, act: Act, approvers: &'static [Role]) -> Self {
        Self {
            two_person: Some(act),
            approvers,
            ..self
        }
    }

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

/// Every kind but the first commit's, and those of [`people`].
const TABLE: &[Kind] = &[
    Kind::alone(admit::KIND, REGISTRARS, &[]).with_second(Act::Admit, &[Role::Registrar]),
    Kind::alone(appoint::KIND, SECURITY, &[]).with_second(Act::Appoint, &[Role::Security]),
    Kind::alone(dismiss::KIND, SECURITY, &[]).with_second(Act::Appoint, &[Role::Security]),
    Kind::alone(clerk::APPOINT, OFFICERS, &[]),
    Kind::alone(clerk::DISMISS, OFFICERS, &[]),
    Kind::alone(activate_key::KIND, KEEPERS, &[]),
    Kind::alone(retire_key::KIND, KEEPERS, &[]),
    Kind::alone(admit::KIND_V2, REGISTRARS, &[]).with_second(Act::Admit, &[Role::Registrar]),
    Kind::alone(activate_key::KIND_V2, KEEPERS, &[]).with_second(Act::Rotate, KEEPERS.roles),
    Kind::alone(rotate_key::KIND, KEEPERS, &[]).with_second(Act::Rotate, KEEPERS.roles),
    Kind::alone(recover_key::KIND, KEEPERS, &[]),
    Kind::alone(compromise_key::KIND, KEEPERS, &[])
        .with_second(Act::Compromise, &[Role::Registrar]),
    Kind::alone(reaffirm_history::KIND, KEEPERS, &[]),
    Kind::alone(settle_entries::REAFFIRM, KEEPERS, &[]),
    Kind::alone(settle_entries::REPUDIATE, KEEPERS, &[]),
    Kind::alone(rename::KIND, REGISTRARS, &[]).with_second(Act::Admit, REGISTRARS.roles),
    Kind::alone(stop::SUSPEND, REGISTRARS, &[]).with_second(Act::Admit, REGISTRARS.roles),
    Kind::alone(stop::REINSTATE, REGISTRARS, &[]).with_second(Act::Admit, REGISTRARS.roles),
    Kind::alone(close::KIND, REGISTRARS, &[]).with_second(Act::Admit, REGISTRARS.roles),
    Kind::alone(merge::KIND, REGISTRARS, &[]).with_second(Act::Admit, REGISTRARS.roles),
    Kind::alone(revive::KIND, REGISTRARS, &[]).with_second(Act::Admit, REGISTRARS.roles),
    Kind::alone(register::KIND, DESK, register::ERASABLE),
    Kind::alone(bind_identifier::KIND, DESK, bind_identifier::ERASABLE),
    Kind::alone(request::KIND, FORGETTING, request::ERASABLE)
        .with_second(Act::Erase, &[Role::Registrar]),
    Kind::alone(destroy::KIND, LEDGER, &[]),
    Kind::alone(certify::KIND, LEDGER, &[]),
    // To stop takes one, who must not have to look for a second person first.
    Kind::alone(suspend::SUSPEND, COUNTERS, suspend::ERASABLE),
    Kind::alone(suspend::REINSTATE, COUNTERS, suspend::ERASABLE)
        .with_second(Act::Standing, COUNTERS.roles),
    Kind::alone(death::RECORD, COUNTERS, death::ERASABLE)
        .with_second(Act::Standing, COUNTERS.roles),
    Kind::alone(death::WITHDRAW, COUNTERS, death::ERASABLE)
        .with_second(Act::Standing, COUNTERS.roles),
    Kind::alone(apply::KIND, COUNTERS, apply::ERASABLE).with_second(Act::Merge, COUNTERS.roles),
    Kind::alone(revert::KIND, COUNTERS, revert::ERASABLE).with_second(Act::Merge, COUNTERS.roles),
    Kind::alone(split::propose::KIND, COUNTERS, split::propose::ERASABLE)
        .with_second(Act::Merge, COUNTERS.roles),
    Kind::alone(split::agree::KIND, OFFICERS, &[]),
    Kind::alone(split::transfer::KIND, OFFICERS, split::transfer::ERASABLE)
        .keeping(Purpose::StudyRecord),
    Kind::alone(split::apply::KIND, COUNTERS, &[]),
    Kind::alone(split::withdraw::KIND, COUNTERS, &[]),
    Kind::alone(record_outcome::KIND, STAFF, outcome::ERASABLE).keeping(Purpose::StudyRecord),
    Kind::alone(correct_outcome::KIND, STAFF, correct_outcome::ERASABLE)
        .keeping(Purpose::StudyRecord)
        .with_second(Act::Correct, STAFF.roles),
    Kind::alone(revoke_outcome::KIND, STAFF, revoke_outcome::ERASABLE)
        .keeping(Purpose::StudyRecord)
        .with_second(Act::Revoke, STAFF.roles),
    Kind::alone(issue::KIND, STAFF, issue::ERASABLE).keeping(Purpose::StudyRecord),
    Kind::alone(set_status::KIND, OFFICERS, set_status::ERASABLE).keeping(Purpose::StudyRecord),
    Kind::alone(identity::approval::decide::KIND, APPROVERS, &[]),
    // Each member is entitled by its own row; who may send none of them may not send an envelope.
    Kind::alone(batch::KIND, DESK, &[]),
];

/// Every row.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    TABLE.iter().chain(people::TABLE)
}

/// The row of a kind.
pub fn find(name: &str) -> Option<&'static Kind> {
    all().find(|kind| kind.name == name)
}
