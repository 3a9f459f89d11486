//! Random histories, about half of whose steps should be refused.
//!
//! A step names small indices; a [`Cast`] says which schools and persons they are, so that one log
//! can play many histories.

use credentials::account::outcome::Fields;
use identity::approval::decide::Answer;
use ledger::assertion::Target;
use proptest::prelude::*;
use uuid::Uuid;

use super::asking::{Asking, Signer, officer, person};
use super::said;

/// The amounts that a step may state; the last is more than one outcome may have.
pub const CREDITS: [(&str, u64); 5] = [
    ("0", 0),
    ("3.0", 3_000),
    ("3.5", 3_500),
    ("240", 240_000),
    ("240.001", 240_001),
];

/// Which person of a school acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// Nobody is named: the school answers.
    Nobody,
    /// Its first officer.
    First,
    /// Its second officer.
    Second,
    /// Somebody without any role.
    Stranger,
}

/// Who signs and acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Who {
    /// School 0 or 1 of the cast.
    pub school: u8,
    /// Its key 0, 1 or 2; 0 is there from the start.
    pub key: u8,
    /// The person.
    pub actor: Actor,
}

/// What an outcome says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Index into [`CREDITS`].
    pub credits: u8,
    /// Whether it was passed.
    pub passed: bool,
}

/// Which outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Record {
    /// Person 0, 1 or 2 of the cast.
    pub person: u8,
    /// The school that gives it.
    pub owner: u8,
    /// Its number there.
    pub number: u8,
}

/// Which commit of an outcome a step names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// The one that says what it says now.
    Current,
    /// The one that recorded it.
    First,
    /// None.
    Nothing,
}

/// What a step asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Register person `0`.
    Register(u8),
    /// Record an outcome.
    Record(Record, Content),
    /// Propose a correction.
    Correct(Record, Content, Aim),
    /// Propose a revocation.
    Revoke(Record, Aim),
    /// Decide about a proposal, counted from the newest.
    Decide(u8, Answer),
    /// Activate key `1` of school `0`.
    Activate(u8, u8),
    /// Retire key `1` of school `0`.
    Retire(u8, u8),
    /// Let so many hours pass.
    Wait(u8),
}

/// One step of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Who.
    pub who: Who,
    /// What.
    pub act: Act,
}

/// Which schools and persons a history is about.
#[derive(Debug, Clone, Copy)]
pub struct Cast {
    /// Numbers of the two schools.
    pub schools: [u32; 2],
    /// The first of its three persons.
    pub first_person: u64,
}

impl Cast {
    /// The number of school `index`.
    pub fn school(&self, index: u8) -> u32 {
        self.schools[usize::from(index)]
    }

    /// Person `index`.
    pub fn person(&self, index: u8) -> Uuid {
        person(self.first_person + u64::from(index))
    }

    /// The asking of a step; `target` is what it names. `None` for a step that asks nothing.
    pub fn asking(&self, step: &Step, target: Option<Target>) -> Option<Asking> {
        let number = self.school(step.who.school);
        let name = |record: &Record| format!("R{}", record.number);
        let asking = match &step.act {
            Act::Register(index) => said::register(number, self.person(*index)),
            Act::Record(record, content) => {
                let person = self.person(record.person);
                said::record(
                    self.school(record.owner),
                    person,
                    &name(record),
                    content.fields(),
                )
            }
            Act::Correct(record, content, _) => {
                let person = self.person(record.person);
                said::correct(
                    self.school(record.owner),
                    person,
                    &name(record),
                    content.fields(),
                )
            }
            Act::Revoke(record, _) => said::revoke(
                self.school(record.owner),
                self.person(record.person),
                &name(record),
            ),
            Act::Decide(_, answer) => said::decide(Signer::school(number), target?, *answer),
            Act::Activate(school, key) => {
                said::activate(&said::activation(self.school(*school), &fragment(*key)))
            }
            Act::Retire(school, key) => said::retire(self.school(*school), &fragment(*key)),
            Act::Wait(_) => return None,
        };
        let mut asking = asking.signed_by(Signer::new(number, &fragment(step.who.key)));
        asking.target = target;
        asking.act = None;
        Some(match step.who.actor {
            Actor::Nobody => asking,
            Actor::First => asking.by(officer(number, 1), "institution"),
            Actor::Second => asking.by(officer(number, 2), "institution"),
            Actor::Stranger => asking.by(person(9), "institution"),
        })
    }
}

impl Content {
    /// The fields that say so.
    pub fn fields(self) -> Fields {
        let (text, _) = CREDITS[usize::from(self.credits)];
        let mut fields = said::course();
        fields.credits = Some(text.parse().expect("credits"));
        fields.passed = Some(self.passed);
        fields
    }
}

/// The name of a school's key `index`.
pub fn fragment(index: u8) -> String {
    format!("key-{}", index + 1)
}

fn who() -> impl Strategy<Value = Who> {
    let key = prop_oneof![12 => Just(0), 2 => Just(1), 1 => Just(2)];
    let actor = prop_oneof![
        4 => Just(Actor::First),
        5 => Just(Actor::Second),
        1 => Just(Actor::Nobody),
        1 => Just(Actor::Stranger),
    ];
    (prop_oneof![12 => Just(0), 1 => Just(1)], key, actor).prop_map(|(school, key, actor)| Who {
        school,
        key,
        actor,
    })
}

fn record() -> impl Strategy<Value = Record> {
    let owner = prop_oneof![12 => Just(0), 1 => Just(1)];
    let number = prop_oneof![4 => Just(0_u8), 1 => Just(1)];
    (
        prop_oneof![8 => Just(0), 2 => Just(1), 1 => Just(2)],
        owner,
        number,
    )
        .prop_map(|(person, owner, number)| Record {
            person,
            owner,
            number,
        })
}

fn content() -> impl Strategy<Value = Content> {
    let credits =
        prop_oneof![1 => Just(0_u8), 5 => Just(1), 3 => Just(2), 1 => Just(3), 1 => Just(4)];
    (credits, prop::bool::weighted(0.85)).prop_map(|(credits, passed)| Content { credits, passed })
}

fn aim() -> impl Strategy<Value = Aim> {
    prop_oneof![8 => Just(Aim::Current), 1 => Just(Aim::First), 1 => Just(Aim::Nothing)]
}

fn act() -> impl Strategy<Value = Act> {
    let answer = prop_oneof![6 => Just(Answer::Approve), 1 => Just(Answer::Reject)];
    let school = prop_oneof![5 => Just(0_u8), 1 => Just(1)];
    prop_oneof![
        3 => prop_oneof![6 => Just(0_u8), 3 => Just(1), 1 => Just(2)].prop_map(Act::Register),
        6 => (record(), content()).prop_map(|(record, content)| Act::Record(record, content)),
        6 => (record(), content(), aim()).prop_map(|(record, content, aim)| Act::Correct(record, content, aim)),
        2 => (record(), aim()).prop_map(|(record, aim)| Act::Revoke(record, aim)),
        8 => (prop_oneof![5 => Just(0_u8), 2 => 1..4_u8], answer).prop_map(|(back, answer)| Act::Decide(back, answer)),
        2 => (school.clone(), 0_u8..3).prop_map(|(school, key)| Act::Activate(school, key)),
        1 => (school, 0_u8..3).prop_map(|(school, key)| Act::Retire(school, key)),
        1 => prop_oneof![Just(1_u8), Just(12), Just(24), Just(25)].prop_map(Act::Wait),
    ]
}

/// Proposing is the first officer's and deciding the second's, mostly; else two would seldom meet.
fn step() -> impl Strategy<Value = Step> {
    (who(), act(), prop::bool::weighted(0.75)).prop_map(|(mut who, act, usual)| {
        if usual {
            who.actor = if matches!(act, Act::Decide(..)) {
                Actor::Second
            } else {
                Actor::First
            };
        }
        Step { who, act }
    })
}

/// A history: two persons are registered, one of them has a record, the rest is left to chance.
pub fn history(steps_max: usize) -> impl Strategy<Value = Vec<Step>> {
    let who = Who {
        school: 0,
        key: 0,
        actor: Actor::First,
    };
    let record = Record {
        person: 0,
        owner: 0,
        number: 0,
    };
    let content = Content {
        credits: 1,
        passed: true,
    };
    let first = [
        Act::Register(0),
        Act::Register(1),
        Act::Record(record, content),
    ];
    prop::collection::vec(step(), 1..steps_max).prop_map(move |steps| {
        let first = first.into_iter().map(|act| Step { who, act });
        first.chain(steps).collect()
    })
}
