//! The life of an institution as a whole: its names, whether it is stopped or ended, whom it answers for.
//!
//! Invariant: what has ended stays readable; nothing here takes back what was signed before. An end is
//! one fact: which roles and keys it ended is asked of it, so that nobody has to be found and dismissed.
//! A crash loses nothing: pure.

use ledger::decision::{Earlier, Occurred};

use super::event::{Event, KeyUse};
use super::state::Institution;
use crate::did::IssuerNumber;

/// A name, and the commit that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The commit.
    pub by: Earlier,
}

/// An institution that acts no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The commit.
    pub by: Earlier,
    /// Who answers for it, if it was merged.
    pub into: Option<IssuerNumber>,
}

/// What became of an institution since its admission.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Life {
    /// Every name it had, in order; the last is today's.
    pub names: Vec<Named>,
    /// The commit that suspended it, while that lasts.
    pub suspended: Option<Earlier>,
    /// How it ended, while it is ended.
    pub ended: Option<Ended>,
    /// Roles given up to here are over: it ended here.
    pub roles_over: Option<u64>,
    /// Whom it answers for: merged into it, or into one of those.
    pub absorbed: Vec<IssuerNumber>,
    /// How long the longest chain of mergers up to it is.
    pub generations: u32,
}

/// Whether an institution acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It does.
    Open,
    /// Not for now.
    Suspended(Earlier),
    /// No more: closed, or merged.
    Ended(Ended),
}

impl Institution {
    /// Whether it acts.
    pub fn condition(&self) -> Condition {
        match (self.life.ended, self.life.suspended) {
            (Some(ended), _) => Condition::Ended(ended),
            (None, Some(by)) => Condition::Suspended(by),
            (None, None) => Condition::Open,
        }
    }

    /// The name it had at `position`; before its admission, its first.
    pub fn name_at(&self, position: u64) -> Option<&str> {
        let then = self
            .life
            .names
            .iter()
            .rfind(|named| named.by.position <= position);
        then.or(self.life.names.first())
            .map(|named| named.name.as_str())
    }

    /// Names it had before today's, in order; one that came back is today's.
    pub fn former_names(&self) -> impl Iterator<Item = &Named> {
        let (today, former) = match self.life.names.split_last() {
            Some((today, former)) => (Some(today), former),
            None => (None, self.life.names.as_slice()),
        };
        former
            .iter()
            .filter(move |named| today.is_none_or(|today| today.name != named.name))
    }

    /// Whether a role that was given at `position` is still one: an end of the institution ends them all.
    pub fn keeps_role_of(&self, position: u64) -> bool {
        self.life.roles_over.is_none_or(|end| position > end)
    }

    /// Whether its word counts as `number`'s: its own, or that of one that was merged into it.
    pub fn answers_for(&self, number: IssuerNumber) -> bool {
        let itself = self.admitted.as_ref().is_some_and(|it| it.number == number);
        itself || self.life.absorbed.contains(&number)
    }

    /// The state after an event of its life; others change nothing here.
    pub(super) fn live(&mut self, event: &Event, at: &Occurred<'_>) {
        let by = Earlier {
            id: at.assertion.id(),
            position: at.position,
        };
        self.life.apply(event, by);
        match event {
            Event::Renamed { name } => {
                if let Some(profile) = &mut self.admitted {
                    profile.name.clone_from(name);
                }
            }
            Event::Closed(_) | Event::Merged { .. } => {
                self.end_keys(&[KeyUse::Assertion, KeyUse::Client], at);
            }
            // Whoever held the keys that judge before the end judges nothing that comes after it.
            Event::Revived { .. } => {
                self.end_keys(&[KeyUse::Acknowledgement, KeyUse::Recovery], at);
            }
            _ => {}
        }
    }

    /// Its keys of these uses sign no more: at an end those that assert and sign in. Credential keys go on signing its status lists and nothing else:
    /// whoever asks for a new credential is refused; the keys kept apart judge what was signed.
    fn end_keys(&mut self, uses: &[KeyUse], at: &Occurred<'_>) {
        let ending: Vec<String> = self
            .keys
            .iter()
            .filter(|key| uses.contains(&key.r#use))
            .map(|key| key.fragment.clone())
            .collect();
        for fragment in ending {
            self.retire(&fragment, at);
        }
    }
}

impl Life {
    /// The life after `event`, which the commit `by` caused.
    pub fn apply(&mut self, event: &Event, by: Earlier) {
        match event {
            Event::Admitted(admitted) => self.name(&admitted.name, by),
            Event::Renamed { name } => self.name(name, by),
            Event::Suspended(_) => self.suspended = Some(by),
            Event::Reinstated => self.suspended = None,
            Event::Closed(_) => self.end(Ended { by, into: None }),
            Event::Merged { into } => {
                let into = Some(*into);
                self.end(Ended { by, into });
            }
            Event::Absorbs {
                numbers,
                generations,
            } => {
                self.absorbed.extend(numbers);
                self.generations = self.generations.max(*generations);
            }
            Event::Revived { .. } => {
                self.ended = None;
                self.suspended = None;
            }
            Event::KeyActivated(_)
            | Event::KeyRetired(_)
            | Event::KeyRotated(_)
            | Event::KeyCompromised(_)
            | Event::HistoryReaffirmed(_)
            | Event::EntriesSettled { .. } => {}
        }
    }

    fn name(&mut self, name: &str, by: Earlier) {
        self.names.push(Named {
            name: name.into(),
            by,
        });
    }

    fn end(&mut self, ended: Ended) {
        self.ended = Some(ended);
        self.roles_over = Some(ended.by.position);
    }
}
