//! What is known of a person.

use ledger::decision::{Aggregate, Earlier, Occurred, Unreadable};
use uuid::Uuid;

use super::assurance::{self, Level};
use super::authenticator::Authenticators;
use super::consent::Consents;
use super::contact::Contacts;
use super::delegation::Delegations;
use super::erasure::{Erasure, Round};
use super::event::{Alias, Edge, Event, KeysDestroyed};
use super::link::{self, Link, Links};
use super::recovery::{self, Recoveries};
use super::split::Splits;
use super::wire;
use crate::approval;
use crate::did::{Did, IssuerNumber};
use crate::erasable::Commitments;
use crate::institution::Institution;
use crate::purpose::Purpose;

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
    /// Erasures in force, in order.
    pub erasures: Vec<Erasure>,
    /// The number that stays, if this one turned out to be the same person's, and the commit.
    pub merged_into: Option<(Uuid, Earlier)>,
    /// Numbers that turned out to be this person's too, and the commits that said so.
    pub absorbed: Vec<(Uuid, Earlier)>,
    /// The commit that suspended the person, while that lasts.
    pub suspended: Option<Earlier>,
    /// The commit that recorded the person's death.
    pub died: Option<Earlier>,
    /// How sure it is who the person is, as said last.
    pub assurance: Option<assurance::Said>,
    /// Who may act in the person's name.
    pub delegations: Delegations,
    /// Where the person is reached.
    pub contacts: Contacts,
    /// The uses of personal data that the person said yes to.
    pub consents: Consents,
    /// Ways back into the account, opened one after another.
    pub recoveries: Recoveries,
    /// Accounts at providers that sign the person in.
    pub links: Links,
    /// Passkeys that sign the person in.
    pub authenticators: Authenticators,
    /// Splits of the account, or of another's in the person's favour.
    pub splits: Splits,
}

/// Why nobody acts under a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Barred {
    /// The person was forgotten.
    Forgotten,
    /// Another number stays since a merge.
    Merged(Uuid),
    /// Stopped for now.
    Suspended,
    /// The person died.
    Died,
}

impl Person {
    /// Whether the person was registered.
    pub fn is_known(&self) -> bool {
        self.registered.is_some()
    }

    /// Whether an institution's officers serve the person: it registered the person, or answers for the one
    /// that did, or is the registrar.
    pub fn is_served_by(&self, issuer: IssuerNumber, institution: &Institution) -> bool {
        let by = self.registered_by;
        issuer == IssuerNumber::REGISTRAR
            || by == Some(issuer)
            || by.is_some_and(|by| institution.answers_for(by))
    }

    /// Why nobody may act as this person, in whatever role.
    pub fn barred(&self) -> Option<Barred> {
        let merged = || self.merged_into.map(|(into, _)| Barred::Merged(into));
        let died = || self.died.map(|_| Barred::Died);
        let suspended = || self.suspended.map(|_| Barred::Suspended);
        let forgotten = self.is_forgotten().then_some(Barred::Forgotten);
        forgotten.or_else(merged).or_else(died).or_else(suspended)
    }

    /// Everything that signs the person in under this number.
    pub fn ways_in(&self) -> impl Iterator<Item = &Link> {
        let links = self.links.standing().iter();
        links.chain(self.authenticators.standing())
    }

    /// How often what signs the person in under this number changed: what was shown before the last time shows
    /// nothing any more.
    pub const fn ways_changed(&self) -> u64 {
        self.links
            .changes()
            .saturating_add(self.authenticators.changes())
    }

    /// Where a number was last merged into this one, as far as that was not taken back.
    pub fn merged_at(&self) -> Option<u64> {
        self.absorbed.iter().map(|(_, by)| by.position).max()
    }

    /// The level that is known of this number alone: what was said, else the roster it stands on.
    pub fn level_alone(&self) -> Level {
        let roster = if self.is_known() {
            Level::ROSTER
        } else {
            Level::CLAIMED
        };
        self.assurance.map_or(roster, |said| said.level)
    }

    /// Whether who the person was is gone or going: no use is left but ending what stands.
    pub fn is_forgotten(&self) -> bool {
        self.erasures
            .iter()
            .any(|erasure| erasure.purposes.contains(&Purpose::Identity))
    }

    /// Whether values of this purpose may no longer be brought, or be used.
    ///
    /// What somebody learned may be told anew once an erasure of it is done; who somebody is may not.
    pub fn is_closed(&self, purpose: Purpose) -> bool {
        self.is_forgotten() || self.erasure_of(purpose).is_some()
    }

    /// The erasure that has this purpose in hand; of who somebody is, also the one that had.
    pub fn erasure_of(&self, purpose: Purpose) -> Option<&Erasure> {
        self.erasures.iter().find(|erasure| {
            erasure.is_closing(purpose)
                || (purpose == Purpose::Identity && erasure.purposes.contains(&purpose))
        })
    }

    /// The erasure of this name.
    pub fn erasure(&self, id: Uuid) -> Option<&Erasure> {
        self.erasures.iter().find(|erasure| erasure.id == id)
    }

    fn erasure_mut(&mut self, id: Uuid) -> Option<&mut Erasure> {
        self.erasures.iter_mut().find(|erasure| erasure.id == id)
    }

    fn destroyed(&mut self, e: &KeysDestroyed, at: &Occurred<'_>) {
        let Some(erasure) = self.erasure_mut(e.erasure) else {
            return;
        };
        if erasure.under_way().is_none() {
            erasure.rounds.push(Round {
                purposes: e.purposes.clone(),
                keys: Vec::new(),
                commitments: 0,
                parts: e.parts,
                positions: Vec::new(),
                at_ms: at.recorded_at_ms,
            });
        }
        if let Some(round) = erasure.rounds.last_mut() {
            round.keys.extend(&e.keys);
            round.commitments = round.commitments.saturating_add(e.commitments);
            round.positions.push(at.position);
            round.at_ms = at.recorded_at_ms;
        }
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
            Event::ErasureRequested(e) => self.erasures.push(Erasure {
                id: approval::said_by(at.assertion),
                requested: here,
                purposes: e.purposes.clone(),
                ground: e.ground,
                locks: Vec::new(),
                rounds: Vec::new(),
                certified: None,
            }),
            Event::DataLocked { erasure, lock } => {
                if let Some(erasure) = self.erasure_mut(*erasure) {
                    erasure.locks.push(*lock);
                }
            }
            Event::KeysDestroyed(e) => self.destroyed(e, at),
            Event::ErasureCertified { erasure } => {
                if let Some(erasure) = self.erasure_mut(*erasure) {
                    erasure.certified = Some((erasure.rounds.len(), here));
                }
            }
            Event::Suspended => self.suspended = Some(here),
            Event::Reinstated => self.suspended = None,
            Event::DeathRecorded { values } => {
                self.died = Some(here);
                self.values
                    .push((approval::said_by(at.assertion), values.clone()));
            }
            Event::DeathWithdrawn => self.died = None,
            Event::MergeApplied(Edge::Into(person)) => self.merged_into = Some((*person, here)),
            Event::MergeApplied(Edge::Absorbed(person)) => self.absorbed.push((*person, here)),
            Event::MergeReverted(Edge::Into(_)) => self.merged_into = None,
            Event::MergeReverted(Edge::Absorbed(person)) => {
                let merged = self
                    .absorbed
                    .iter()
                    .find(|(absorbed, _)| absorbed == person);
                if let Some((_, merged)) = merged {
                    self.links.undo_since(merged.position);
                    self.authenticators.undo_since(merged.position);
                    self.recoveries.undo_since(merged.position);
                }
                self.absorbed.retain(|(absorbed, _)| absorbed != person);
            }
            Event::Assurance(e) => self.assurance = Some(assurance::Said::of(*e, here)),
            Event::Delegation(e) => self.delegations.evolve(e, here),
            Event::Contact(e) => self.contacts.evolve(e, here, at.recorded_at_ms),
            Event::Consent(e) => self.consents.evolve(*e, here),
            Event::Recovery(e) => {
                if matches!(e, recovery::Event::Completed { .. }) {
                    self.links.reopen();
                    self.authenticators.reopen();
                }
                self.recoveries.evolve(e, at, here);
            }
            Event::Link(e) => {
                let said = approval::said_by(at.assertion);
                if let link::Event::Confirmed { values, .. } = e {
                    self.values.push((said, values.clone()));
                }
                self.links.evolve(e, said, at);
            }
            Event::Authenticator(e) => self.authenticators.evolve(*e, at),
            Event::Split(e) => self.splits.evolve(e, here),
        }
        self
    }
}
