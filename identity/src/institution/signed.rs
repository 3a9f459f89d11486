//! With which key something was said, and where: what it stands or falls with.

use ledger::decision::Occurred;

use super::disputes::Standing;
use super::state::{Institution, fragment_of};

/// The key that signed, and the position at which it must have counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The part behind `#` of the key's name.
    pub fragment: Box<str>,
    /// Of a batch's member, its envelope's position.
    pub position: u64,
}

impl Signed {
    /// By whom `at` was signed.
    pub fn of(at: &Occurred<'_>) -> Self {
        let place = at.assertion.place();
        Self {
            fragment: fragment_of(at.assertion.kid()).into(),
            position: place.map_or(at.position, |it| it.envelope),
        }
    }

    /// How far the institution whose key it is stands for it.
    pub fn standing(&self, institution: &Institution) -> Standing {
        institution.standing(&self.fragment, self.position)
    }
}
