//! What is known of an institution.

use ledger::assertion::Kid;
use ledger::decision::{Aggregate, Occurred, Unreadable};
use ledger::key::PublicKey;
use uuid::Uuid;

use super::event::{Custody, Event, KeyUse, Level};
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
}

impl Key {
    /// Whether what it signed counts at position `p`.
    pub fn is_valid_at(&self, p: u64) -> bool {
        self.activated < p && self.retired.is_none_or(|retired| p <= retired)
    }
}

/// An institution; the registrar is number 0.
#[derive(Debug, Clone, Default)]
pub struct Institution {
    /// Set once admitted.
    pub admitted: Option<Profile>,
    /// Every key ever used, in order of activation.
    pub keys: Vec<Key>,
}

/// What admission said.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its number.
    pub number: IssuerNumber,
    /// Its name.
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
        let (_, fragment) = kid.as_str().split_once('#')?;
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

impl Aggregate for Institution {
    const NOUN: &'static str = "institution";
    type Event = Event;

    fn read(kind: &str, data: &str) -> Result<Event, Unreadable> {
        wire::event(kind, data)
    }

    fn evolve(mut self, event: &Event, at: &Occurred<'_>) -> Self {
        match event {
            Event::Admitted(e) => {
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
            Event::KeyActivated(e) => self.keys.push(Key {
                fragment: e.fragment.clone(),
                key: e.key.clone(),
                r#use: e.r#use,
                custody: e.custody,
                activated: at.position,
                retired: None,
                id: at.assertion.id(),
                retired_by: None,
            }),
            Event::KeyRetired(e) => {
                for key in self
                    .keys
                    .iter_mut()
                    .filter(|key| key.fragment == e.fragment)
                {
                    key.retired.get_or_insert(at.position);
                    key.retired_by.get_or_insert(at.assertion.id());
                }
            }
        }
        self
    }
}
