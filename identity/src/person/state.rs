//! What is known of a person.

use ledger::decision::{Aggregate, Earlier, Occurred, Unreadable};
use uuid::Uuid;

use super::event::{Alias, Event};
use super::wire;
use crate::did::{Did, IssuerNumber};
use crate::erasable::Commitments;

/// A person's state.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The commit that registered the person; `None` = unknown.
    pub registered: Option<Earlier>,
    /// Whose key signed that: this institution has the person on its roster.
    pub registered_by: Option<IssuerNumber>,
    /// Identifiers bound, in order.
    pub aliases: Vec<(Alias, Earlier)>,
    /// Commitments to who the person is, by the assertion whose values open them.
    pub values: Vec<(Uuid, Commitments)>,
}

impl Person {
    /// Whether the person was registered.
    pub fn is_known(&self) -> bool {
        self.registered.is_some()
    }
}

impl Aggregate for Person {
    const NOUN: &'static str = "person";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        let here = Earlier {
            id: at.assertion.id(),
            position: at.position,
        };
        match event {
            Event::Registered(e) => {
                self.registered.get_or_insert(here);
                self.registered_by = Did::parse(at.assertion.kid().did()).map(|did| did.issuer);
                self.aliases
                    .extend(e.aliases.iter().map(|alias| (*alias, here)));
                self.values.push((here.id, e.values.clone()));
            }
            Event::IdentifierBound { alias, values } => {
                self.aliases.push((*alias, here));
                self.values.push((here.id, values.clone()));
            }
        }
        self
    }
}
