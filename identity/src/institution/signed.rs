//! With which key something was said, and where: what it stands or falls with.

use ledger::assertion::{Assertion, Kid};
use ledger::decision::Occurred;

use super::disputes::Standing;
use super::state::{Institution, fragment_of};
use crate::did::IssuerNumber;

/// The key that signed, and the position at which it must have counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Whose key.
    pub issuer: IssuerNumber,
    /// The part behind `#` of the key's name.
    pub fragment: Box<str>,
    /// Of a batch's member, its envelope's position.
    pub position: u64,
}

impl Signed {
    /// By whom `at` was signed.
    pub fn of(at: &Occurred<'_>) -> Self {
        Self::by(at.assertion, at.position)
    }

    /// By whom the assertion of the commit at `position` was signed.
    pub fn by(assertion: &Assertion, position: u64) -> Self {
        let place = assertion.place();
        let position = place.map_or(position, |it| it.envelope);
        Self::with(assertion.kid(), position)
    }

    /// The same, where the commit's own position counts.
    pub(super) fn here(at: &Occurred<'_>) -> Self {
        Self::with(at.assertion.kid(), at.position)
    }

    fn with(kid: &Kid, position: u64) -> Self {
        Self {
            issuer: issuer_of(kid),
            fragment: fragment_of(kid).into(),
            position,
        }
    }

    /// How far the institution it was said of, or whoever answers for that one since, stands for it.
    pub fn standing(&self, institution: &Institution) -> Standing {
        institution.standing_of(self)
    }
}

/// Whose key this is, of a name that the log accepted: `Did::parse` without what it allocates, since every
/// event of an account is asked.
pub fn issuer_of(kid: &Kid) -> IssuerNumber {
    let number = kid.did().rsplit_once(":i:").map(|(_, number)| number);
    let number = number.and_then(|number| number.parse().ok());
    number.map_or(IssuerNumber::REGISTRAR, IssuerNumber)
}
