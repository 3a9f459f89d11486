//! What happens to an officer, in today's shapes.

use uuid::Uuid;

use crate::did::IssuerNumber;
use crate::role::Role;

/// Who holds which role where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grantee {
    /// Who.
    pub person: Uuid,
    /// Which role.
    pub role: Role,
    /// For which institution; `None` = the whole province.
    pub institution: Option<IssuerNumber>,
}

/// Everything that happens to an officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// role.granted
    RoleGranted(Grantee),
    /// role.removed
    RoleRemoved(Grantee),
}
