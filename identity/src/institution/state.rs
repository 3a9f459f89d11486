//! What is known of an institution.

use std::sync::Arc;

use ledger::assertion::Kid;
use ledger::decision::{Aggregate, Earlier, Occurred, Unreadable};
use ledger::hash::Digest;
use ledger::key::PublicKey;
use uuid::Uuid;

use super::disputes::{Floor, Settled};
use super::event::{Custody, Event, KeyActivated, KeyUse, Level};
use super::life::Life;
use super::signed::Signed;
use super::wire;
use crate::did::IssuerNumber;

/// A key and its window, in positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The part of its name behind `#`.
    pub fragment: String,
    /// The key.
    pub key: PublicKey,
    /// What it may sign.
    pub r#use: KeyUse,
    /// Who holds it.
    pub custody: Custody,
    /// It signs from the next position on.
    pub activated: u64,
    /// It signs up to this position.
    pub retired: Option<u64>,
    /// Id of the assertion that activated it.
    pub id: Uuid,
    /// Id of the assertion that retired it.
    pub retired_by: Option<Uuid>,
    /// Hash of the key that may follow it, where one was pledged.
    pub next: Option<Digest>,
    /// After a compromise, in order: each earlier than the one before.
    pub cut_offs: Vec<CutOff>,
}

/// Behind which position a key does not count, and the commit that declared so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// The last position at which it counts.
    pub not_valid_after: u64,
    /// The commit.
    pub by: Earlier,
}

impl Key {
    /// Whether what it signed counts at position `p`: activated < p ≤ min(retired, not_valid_after).
    pub fn is_valid_at(&self, p: u64) -> bool {
        self.activated < p
            && self.retired.is_none_or(|retired| p <= retired)
            && self.not_valid_after().is_none_or(|last| p <= last)
    }

    /// The last position at which it counts, once a compromise was declared.
    pub fn not_valid_after(&self) -> Option<u64> {
        self.cut_offs.last().map(|cut_off| cut_off.not_valid_after)
    }
}

/// An institution; the registrar is number 0.
#[derive(Debug, Clone, Default)]
pub struct Institution {
    /// Set once admitted.
    pub admitted: Option<Profile>,
    /// Every key ever used, in order of activation.
    pub keys: Vec<Key>,
    /// Every time it stood for its history, in order.
    pub floors: Vec<Floor>,
    /// What became of disputed positions, in order.
    pub settled: Vec<Settled>,
    /// Its names, and whether it acts.
    pub life: Life,
    /// Who answers for it since a merger, the nearest first. Not folded: [`super::succession::whole`] fills it in.
    pub heirs: Vec<Arc<Institution>>,
}

/// What admission said.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its number.
    pub number: IssuerNumber,
    /// Its name today.
    pub name: String,
    /// 学校标识码.
    pub school_code: Option<String>,
    /// 统一社会信用代码.
    pub credit_code: Option<String>,
    /// Where it stands.
    pub level: Level,
    /// The institution above it.
    pub parent: Option<IssuerNumber>,
    /// Outcome kinds it may assert.
    pub scope: Vec<String>,
    /// Its first officers.
    pub officers: Vec<Uuid>,
    /// Position of its admission.
    pub position: u64,
}

impl Institution {
    /// The key with this fragment that is valid at `p` for `use`.
    pub fn key_at(&self, fragment: &str, r#use: KeyUse, p: u64) -> Option<&Key> {
        self.keys
            .iter()
            .find(|key| key.fragment == fragment && key.r#use == r#use && key.is_valid_at(p))
    }

    /// The key of this name, whatever its window.
    pub fn key_named(&self, kid: &Kid) -> Option<&Key> {
        self.key(fragment_of(kid))
    }

    /// The key with this fragment, whatever its window.
    pub fn key(&self, fragment: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.fragment == fragment)
    }

    /// `own` only if every active assertion key is own (STANDARDS §4).
    pub fn custody(&self) -> Custody {
        let active = self
            .keys
            .iter()
            .filter(|key| key.r#use == KeyUse::Assertion && key.retired.is_none());
        let mut custody = Custody::Platform;
        for key in active {
            custody = key.custody;
            if custody == Custody::Platform {
                break;
            }
        }
        custody
    }
}

/// The part of a key's name behind `#`.
pub fn fragment_of(kid: &Kid) -> &str {
    kid.as_str().split_once('#').map_or("", |(_, it)| it)
}

impl Institution {
    fn activate(&mut self, e: &KeyActivated, at: &Occurred<'_>) {
        self.keys.push(Key {
            fragment: e.fragment.clone(),
            key: e.key.clone(),
            r#use: e.r#use,
            custody: e.custody,
            activated: at.position,
            retired: None,
            id: at.assertion.id(),
            retired_by: None,
            next: e.next,
            cut_offs: Vec::new(),
        });
    }

    pub(super) fn retire(&mut self, fragment: &str, at: &Occurred<'_>) {
        for key in self.keys.iter_mut().filter(|key| key.fragment == fragment) {
            key.retired.get_or_insert(at.position);
            key.retired_by.get_or_insert(at.assertion.id());
        }
    }

    /// A cut-off only moves to an earlier position; its first declaration is the key's end.
    fn cut_off(&mut self, fragment: &str, not_valid_after: u64, at: &Occurred<'_>) {
        self.retire(fragment, at);
        let by = Earlier {
            id: at.assertion.id(),
            position: at.position,
        };
        for key in self.keys.iter_mut().filter(|key| key.fragment == fragment) {
            if key.not_valid_after().is_none_or(|it| not_valid_after < it) {
                key.cut_offs.push(CutOff {
                    not_valid_after,
                    by,
                });
            }
        }
    }
}

impl Aggregate for Institution {
    const NOUN: &'static str = "institution";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        match event {
            Event::Admitted(e) => {
                self.live(event, at);
                self.admitted = Some(Profile {
                    number: e.number,
                    name: e.name.clone(),
                    school_code: e.school_code.clone(),
                    credit_code: e.credit_code.clone(),
                    level: e.level,
                    parent: e.parent,
                    scope: e.scope.clone(),
                    officers: e.officers.clone(),
                    position: at.position,
                });
            }
            Event::KeyActivated(e) => self.activate(e, at),
            Event::KeyRetired(e) => self.retire(&e.fragment, at),
            Event::KeyRotated(e) => {
                self.retire(&e.old, at);
                self.activate(&e.new, at);
            }
            Event::KeyCompromised(e) => self.cut_off(&e.fragment, e.not_valid_after, at),
            Event::HistoryReaffirmed(e) => self.floors.push(Floor {
                signed: Signed::here(at),
                through: e.through,
                except: e.except.clone(),
            }),
            Event::EntriesSettled { how, ranges } => self.settled.push(Settled {
                signed: Signed::here(at),
                how: *how,
                ranges: ranges.clone(),
            }),
            life => self.live(life, at),
        }
        self
    }
}
