//! institution.rename: another name from this position on; number and codes stay (DOMAIN §3.18).

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};

use super::admit::NAME_CHARS_MAX;
use super::event::Event;
use super::state::Institution;
use super::wire;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "institution.rename.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which institution.
    pub institution: IssuerNumber,
    /// Its new name: an institution's name is not personal.
    pub name: String,
}

/// Rename an institution.
#[derive(Debug)]
pub struct Rename {
    /// What is asked.
    pub data: Data,
}

/// Why it keeps its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// No such institution.
    #[error("institution {0} is not admitted")]
    Unknown(IssuerNumber),
    /// What is over is remembered by the name it had.
    #[error("institution {number} ended at position {position}")]
    Ended {
        /// Which.
        number: IssuerNumber,
        /// Where.
        position: u64,
    },
    /// The name is empty or too long.
    #[error("the name must have 1 to 120 characters")]
    Name,
}

impl Decision for Rename {
    type Error = RenameError;

    fn streams(&self, _world: &World<'_>) -> Vec<Stream> {
        vec![self.data.institution.stream()]
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, RenameError> {
        let number = self.data.institution;
        let name = self.data.name.trim();
        let institution = world.get::<Institution>(&number.stream());
        if institution.admitted.is_none() {
            return Err(RenameError::Unknown(number));
        }
        if let Some(ended) = institution.life.ended {
            let position = ended.by.position;
            return Err(RenameError::Ended { number, position });
        }
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(RenameError::Name);
        }
        let today = institution.life.names.last();
        if let Some(today) = today.filter(|today| today.name == name) {
            return Ok(Verdict::AlreadySo(today.by));
        }
        let renamed = Event::Renamed { name: name.into() };
        Ok(Verdict::Facts(vec![wire::to_fact(number, renamed)]))
    }
}
