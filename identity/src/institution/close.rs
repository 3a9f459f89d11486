//! institution.close: it acts no more. Its assertion keys and the roles at it end with this position; its
//! records stay, and stay verifiable.

use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use serde::{Deserialize, Serialize};

use super::event::{Event, Ground};
use super::registry::Registry;
use super::state::Institution;
use super::wire;
use crate::did::IssuerNumber;

/// The assertion's kind.
pub const KIND: &str = "institution.close.v1";

/// The assertion's data; shipped: never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Data {
    /// Which institution.
    pub institution: IssuerNumber,
    /// Why.
    pub reason: Ground,
}

/// Close an institution.
#[derive(Debug)]
pub struct Close {
    /// What is asked.
    pub data: Data,
}

/// Why it is not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// Nobody could admit or revive anybody.
    #[error("the registrar is not closed")]
    Registrar,
    /// No such institution.
    #[error("institution {0} is not admitted")]
    Unknown(IssuerNumber),
    /// It was merged: another answers for it.
    #[error("institution {number} was merged into institution {into}")]
    Merged {
        /// Which.
        number: IssuerNumber,
        /// Who answers for it.
        into: IssuerNumber,
    },
    /// Somebody would stand below nothing.
    #[error("institution {0} stands below it and is open: close or merge that one first")]
    ChildOpen(IssuerNumber),
}

impl Decision for Close {
    type Error = CloseError;

    /// An institution's own facts name its parent and no child, so each that came later is asked: a parent
    /// was admitted before its children. Closing is rare, and what an institution is, is in memory.
    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let number = self.data.institution;
        let mut streams = vec![number.stream(), Registry::stream()];
        if world.knows(&Registry::stream()) && world.knows(&number.stream()) {
            let institution = world.get::<Institution>(&number.stream());
            let later = later(world, first_parent(&institution, number));
            streams.extend(later.filter(|it| *it != number).map(IssuerNumber::stream));
        }
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, CloseError> {
        let number = self.data.institution;
        if number == IssuerNumber::REGISTRAR {
            return Err(CloseError::Registrar);
        }
        let institution = world.get::<Institution>(&number.stream());
        if institution.admitted.is_none() {
            return Err(CloseError::Unknown(number));
        }
        if let Some(ended) = institution.life.ended {
            return match ended.into {
                Some(into) => Err(CloseError::Merged { number, into }),
                None => Ok(Verdict::AlreadySo(ended.by)),
            };
        }
        let below = |child: &IssuerNumber| {
            let child = world.get::<Institution>(&child.stream());
            let parent = child.admitted.as_ref().and_then(|it| it.parent);
            // Whoever stood below one that it took in stands below it.
            child.life.ended.is_none() && parent.is_some_and(|it| institution.answers_for(it))
        };
        let mut later = later(world, first_parent(&institution, number));
        if let Some(child) = later.find(below) {
            return Err(CloseError::ChildOpen(child));
        }
        let closed = Event::Closed(self.data.reason);
        Ok(Verdict::Facts(vec![wire::to_fact(number, closed)]))
    }
}

/// The lowest number that a child of it may name as its parent.
fn first_parent(institution: &Institution, number: IssuerNumber) -> IssuerNumber {
    let absorbed = institution.life.absorbed.iter().copied().min();
    absorbed.map_or(number, |it| it.min(number))
}

/// The institutions that were admitted behind `number`.
fn later(world: &World<'_>, number: IssuerNumber) -> impl Iterator<Item = IssuerNumber> + use<> {
    let registry = world.get::<Registry>(&Registry::stream());
    let from = number.0.saturating_add(1);
    (from..registry.next().0).map(IssuerNumber)
}
