//! The rows about who somebody is, who acts in whose name, and the way back into an account.

use identity::ask::{Entitlement, Signer};
use identity::person::delegation::{self, Scope};
use identity::person::erasure::request;
use identity::person::{assurance, consent, contact, recovery};
use identity::purpose::Purpose;
use identity::role::Role;

use super::{COUNTERS, Kind};
use crate::policy::Act;

/// Learners for themselves alone.
const SELF: Entitlement = Entitlement {
    signer: Signer::Registrar,
    roles: &[Role::Learner],
};

/// Learners for themselves, and who serves them at a counter.
const SELF_OR_COUNTER: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[Role::Learner, Role::Counter, Role::Registrar],
};

/// The same, or whoever may in a learner's name.
const ANY_SIDE: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[Role::Learner, Role::Proxy, Role::Counter, Role::Registrar],
};

/// What the ledger alone can say.
const LEDGER: Entitlement = Entitlement {
    signer: Signer::Ledger,
    roles: &[],
};

/// What may be done in another's name, and by which scope.
const DELEGABLE: &[(&str, Scope)] = &[
    (request::KIND, Scope::Erase),
    (contact::RECORD, Scope::Consent),
    (contact::REMOVE, Scope::Consent),
    (consent::GIVE, Scope::Consent),
    (consent::WITHDRAW, Scope::Consent),
];

/// The scope by which `kind` may be asserted in another's name.
pub fn scope_of(kind: &str) -> Option<Scope> {
    let row = DELEGABLE.iter().find(|(name, _)| *name == kind);
    row.map(|(_, scope)| *scope)
}

const fn plain(
    name: &'static str,
    entitlement: Entitlement,
    erasable: &'static [&'static str],
) -> Kind {
    Kind {
        name,
        entitlement,
        erasable,
        purpose: Purpose::Identity,
        two_person: None,
        approvers: &[],
    }
}

/// The rows.
pub const TABLE: &[Kind] = &[
    plain(assurance::RAISE, COUNTERS, assurance::ERASABLE),
    plain(assurance::LOWER, COUNTERS, assurance::ERASABLE),
    plain(
        delegation::grant::KIND,
        SELF_OR_COUNTER,
        delegation::grant::ERASABLE,
    ),
    plain(delegation::narrow::KIND, SELF_OR_COUNTER, &[]),
    plain(delegation::end::REVOKE, SELF_OR_COUNTER, &[]),
    plain(delegation::end::EXPIRE, LEDGER, &[]),
    Kind {
        purpose: Purpose::Contact,
        ..plain(contact::RECORD, ANY_SIDE, contact::ERASABLE)
    },
    plain(contact::REMOVE, ANY_SIDE, &[]),
    plain(consent::GIVE, ANY_SIDE, &[]),
    plain(consent::WITHDRAW, ANY_SIDE, &[]),
    plain(recovery::sheet::KIND, SELF, &[]),
    Kind {
        two_person: Some(Act::Merge),
        approvers: COUNTERS.roles,
        ..plain(recovery::start::START, COUNTERS, recovery::start::ERASABLE)
    },
    plain(recovery::start::CLAIM, LEDGER, &[]),
    plain(recovery::veto::KIND, SELF_OR_COUNTER, &[]),
    plain(recovery::veto::HALT, LEDGER, &[]),
    plain(recovery::complete::KIND, LEDGER, &[]),
];
