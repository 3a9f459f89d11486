//! The rows about who somebody is, who acts in whose name, and the way back into an account.

use identity::ask::{Entitlement, Signer};
use identity::person::delegation::{self, Scope};
use identity::person::erasure::request;
use identity::person::{assurance, authenticator, consent, contact, link, recovery};
use identity::purpose::Purpose;
use identity::role::Role;

use super::{COUNTERS, Kind, LEDGER, SECURITY};
use crate::merge::request as request_merge;
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

/// Whoever signs in, for the own account; which other accounts whom concern, the use case says.
const LINKERS: Entitlement = Entitlement {
    signer: Signer::Either,
    roles: &[
        Role::Learner,
        Role::Clerk,
        Role::Institution,
        Role::Counter,
        Role::Registrar,
        Role::System,
        Role::Security,
        Role::Audit,
        Role::Auditor,
    ],
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

/// The rows.
pub const TABLE: &[Kind] = &[
    Kind::alone(assurance::RAISE, COUNTERS, assurance::ERASABLE),
    Kind::alone(assurance::LOWER, COUNTERS, assurance::ERASABLE),
    Kind::alone(
        delegation::grant::KIND,
        SELF_OR_COUNTER,
        delegation::grant::ERASABLE,
    ),
    Kind::alone(delegation::narrow::KIND, SELF_OR_COUNTER, &[]),
    Kind::alone(delegation::end::REVOKE, SELF_OR_COUNTER, &[]),
    Kind::alone(delegation::end::EXPIRE, LEDGER, &[]),
    Kind::alone(link::confirm::KIND, LINKERS, link::confirm::ERASABLE),
    Kind::alone(link::confirm::OF_OFFICER, SECURITY, link::confirm::ERASABLE)
        .with_second(Act::Appoint, SECURITY.roles),
    Kind::alone(link::remove::KIND, LINKERS, &[]),
    Kind::alone(link::remove::OF_OFFICER, SECURITY, &[]).with_second(Act::Appoint, SECURITY.roles),
    Kind::alone(authenticator::enrol::KIND, LINKERS, &[]),
    Kind::alone(authenticator::remove::KIND, LINKERS, &[]),
    Kind::alone(authenticator::suspend::KIND, LEDGER, &[]),
    Kind::alone(authenticator::remove::OF_OFFICER, SECURITY, &[])
        .with_second(Act::Appoint, SECURITY.roles),
    Kind::alone(contact::RECORD, ANY_SIDE, contact::ERASABLE).keeping(Purpose::Contact),
    Kind::alone(contact::REMOVE, ANY_SIDE, &[]),
    Kind::alone(consent::GIVE, ANY_SIDE, &[]),
    Kind::alone(consent::WITHDRAW, ANY_SIDE, &[]),
    // One officer agrees; those of an own school merge by two (`merge.apply`).
    Kind::alone(request_merge::KIND, SELF, &[]).with_second(Act::Merge, COUNTERS.roles),
    Kind::alone(recovery::sheet::KIND, SELF, &[]),
    Kind::alone(recovery::start::START, COUNTERS, recovery::start::ERASABLE)
        .with_second(Act::Merge, COUNTERS.roles),
    Kind::alone(recovery::start::CLAIM, LEDGER, &[]),
    Kind::alone(recovery::veto::KIND, SELF_OR_COUNTER, &[]),
    Kind::alone(recovery::veto::HALT, LEDGER, &[]),
    Kind::alone(recovery::complete::KIND, LEDGER, &[]),
    Kind::alone(recovery::complete::AT_COUNTER, COUNTERS, &[]),
];
