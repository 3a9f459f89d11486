//! Random histories of an institution's keys, against books that work everything out from scratch.
//!
//! Every step must come to what the books say, and after every step each assertion must stand where the
//! books have it. The use cases are asked directly: what a log does around them is the model's business.

mod judge;

use std::cell::RefCell;
use std::collections::HashMap;

use credentials::rulebook::kinds;
use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::institution::{
    self, Admitted, Custody, Institution, KeyActivated, KeyUse, Level, Ranges, Settlement,
    activate_key, compromise_key, reaffirm_history, recover_key, retire_key, rotate_key, seal,
    seal::Seal, settle_entries,
};
use identity::person::register;
use ledger::assertion::{Assertion, Seen};
use ledger::decision::{Aggregate as _, Decision, Known, Occurred, Verdict, World};
use ledger::fact::Fact;
use ledger::hash::Digest;
use ledger::key::PublicKey;
use ledger::merkle;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use tests::support::asking::{NOON_MS, Signer, origin, person};
use tests::support::key_books::{Books, Did, Slot};
use tests::support::said;

use super::histories::Histories;

const SCHOOL: IssuerNumber = IssuerNumber(1);
/// Keys that a history may name: 0 assertion, 1 acknowledgement and 2 recovery are there from the start.
const KEYS: Slot = 10;
/// Histories unless `XF_KEY_HISTORIES` says more.
const HISTORIES: u32 = 10_000;
/// Most steps of a history.
const STEPS_MAX: usize = 28;
/// Where a history begins.
const START: u64 = 10;

/// What a step asks for. Positions are said as distances, so that they mostly mean something.
#[derive(Debug, Clone)]
enum Act {
    Submit,
    Activate(Slot),
    Rotate(Slot),
    Recover(Slot, Slot),
    Retire(Slot),
    CutOff(Slot, u64),
    Floor(u64, Vec<u64>),
    Settle(Settlement, Slot, Vec<(u64, u64)>),
}

#[derive(Debug, Clone)]
struct Step {
    signer: Slot,
    act: Act,
    /// Positions that others take before it.
    gap: u64,
    /// Said by somebody who knows how things are: by a key that may, of what is so.
    aimed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Written,
    AlreadySo,
    Refused,
}

/// What costs time and is the same in every history.
struct Stage {
    keys: Vec<(Assertion, PublicKey, Seal)>,
    seals: RefCell<HashMap<(Slot, Digest), Seal>>,
}

fn fragment(slot: Slot) -> String {
    format!("key-{slot}")
}

fn signer(slot: Slot) -> Signer {
    Signer::new(SCHOOL.0, &fragment(slot))
}

fn pledge_of(slot: Slot) -> Slot {
    slot.saturating_add(1)
}

impl Stage {
    fn new() -> Self {
        let seen = Seen {
            root: merkle::empty_root(),
            size: 1 << 40,
        };
        // The pledge of the last key names one more.
        let of = |slot: Slot| {
            let key = signer(slot);
            let asking = said::register(SCHOOL.0, person(100)).signed_by(key.clone());
            let text = seal::possession(&origin(), SCHOOL, &key.fragment, &key.public());
            let proof = Seal::of(&key.key(), &text);
            (
                asking.sign(u64::from(slot), NOON_MS, seen),
                key.public(),
                proof,
            )
        };
        Self {
            keys: (0..=KEYS).map(of).collect(),
            seals: RefCell::default(),
        }
    }

    fn seal(&self, slot: Slot, text: &str) -> Seal {
        let mut seals = self.seals.borrow_mut();
        *seals
            .entry((slot, Digest::of(text.as_bytes())))
            .or_insert_with(|| Seal::of(&signer(slot).key(), text))
    }

    fn pledge(&self, slot: Slot) -> Digest {
        seal::pledge(&self.keys[usize::from(slot)].1)
    }
}

/// One history on both sides.
struct Play<'a> {
    stage: &'a Stage,
    state: Institution,
    books: Books,
    next: u64,
}

impl<'a> Play<'a> {
    /// An institution with its first three keys; `pledged` says whether the first pledged the next.
    fn new(stage: &'a Stage, pledged: bool) -> Self {
        let mut play = Self {
            stage,
            state: Institution::default(),
            books: Books::default(),
            next: START,
        };
        let admitted = Admitted {
            number: SCHOOL,
            name: "第1学校".into(),
            school_code: Some("4133000001".into()),
            credit_code: None,
            level: Level::School,
            parent: None,
            scope: Vec::new(),
            officers: Vec::new(),
        };
        let mut facts = vec![institution::wire::to_fact(
            SCHOOL,
            institution::Event::Admitted(admitted),
        )];
        for (slot, r#use) in [
            (0, KeyUse::Assertion),
            (1, KeyUse::Acknowledgement),
            (2, KeyUse::Recovery),
        ] {
            // The slots of all three first keys are taken, so what the first pledges is the fourth.
            let pledge = (pledged && slot == 0).then_some(3);
            let activated = KeyActivated {
                fragment: fragment(slot),
                key: stage.keys[usize::from(slot)].1.clone(),
                r#use,
                custody: Custody::Own,
                next: pledge.map(|next| stage.pledge(next)),
            };
            facts.push(institution::wire::to_fact(
                SCHOOL,
                institution::Event::KeyActivated(activated),
            ));
            play.note(Did::Activated {
                slot,
                r#use,
                pledge,
            });
        }
        play.fold(facts, 0);
        play.next += 1;
        play
    }

    fn note(&mut self, did: Did) {
        self.books.did.push((self.next, did));
    }

    fn fold(&mut self, facts: Vec<Fact>, by: Slot) {
        let at = Occurred {
            position: self.next,
            recorded_at_ms: NOON_MS,
            leaf: merkle::empty_root(),
            assertion: &self.stage.keys[usize::from(by)].0,
        };
        for fact in facts {
            let data = fact.data.unwrap();
            let event = Institution::read(fact.kind, data.get()).unwrap();
            self.state = std::mem::take(&mut self.state).evolve(&event, &at);
        }
    }

    /// Asks the rules.
    fn ask<E>(&mut self, by: Slot, kind: &str, decision: Option<&dyn Decision<Error = E>>) -> Came {
        let (assertion, key, _) = &self.stage.keys[usize::from(by)];
        let mut world = World::new(self.next, NOON_MS, assertion, key);
        world.learn(Known {
            stream: SCHOOL.stream(),
            state: std::sync::Arc::new(self.state.clone()),
            revisions: 1,
        });
        let ask = Ask::of(assertion).unwrap();
        let row = kinds::find(kind).unwrap().entitlement;
        if ask
            .authorise(&world, kind, row, kinds::signed_by(kind))
            .is_err()
        {
            return Came::Refused;
        }
        let Some(decision) = decision else {
            return Came::Written;
        };
        match decision.decide(&world) {
            Err(_) => Came::Refused,
            Ok(Verdict::AlreadySo(_)) => Came::AlreadySo,
            Ok(Verdict::Facts(facts)) => {
                drop(world);
                self.fold(facts, by);
                Came::Written
            }
        }
    }

    /// The position that lies `back` before the next, as far as there is one.
    fn back(&self, back: u64) -> u64 {
        self.next.saturating_sub(back)
    }

    fn ranges(&self, ranges: &[(u64, u64)]) -> Ranges {
        Ranges::of(
            ranges
                .iter()
                .map(|(back, length)| (self.back(*back), self.back(*back) + length)),
        )
    }

    /// Plays a step on both sides.
    fn step(&mut self, step: &Step) -> Result<Came, TestCaseError> {
        self.next += step.gap;
        let step = &self.aimed(step);
        let expected = self.judge(step);
        let came = self.answer(step);
        prop_assert_eq!(came, expected, "at {}: {:?}", self.next, step);
        if came == Came::Written {
            self.written(step);
            self.next += 1;
            self.compare()?;
        }
        Ok(came)
    }

    /// What the rules say.
    fn answer(&mut self, step: &Step) -> Came {
        let by = step.signer;
        let ask = Ask::of(&self.stage.keys[usize::from(by)].0).unwrap();
        match &step.act {
            Act::Submit => self.ask::<()>(by, register::KIND, None),
            Act::Activate(new) => {
                let data = activate_key::Data {
                    custody: Custody::Own,
                    fragment: fragment(*new),
                    institution: SCHOOL,
                    key: self.stage.keys[usize::from(*new)].1.clone(),
                    r#use: KeyUse::Assertion,
                };
                let decision = activate_key::ActivateKey {
                    issuer: SCHOOL,
                    data,
                    more: None,
                };
                self.ask(by, activate_key::KIND, Some(&decision))
            }
            Act::Rotate(new) => {
                let data = self.rotation(*new);
                let decision = rotate_key::RotateKey { ask, data };
                self.ask(by, rotate_key::KIND, Some(&decision))
            }
            Act::Recover(old, new) => {
                let like = self.rotation(*new);
                let data = recover_key::Data {
                    custody: like.custody,
                    fragment: like.fragment,
                    institution: SCHOOL,
                    key: like.key,
                    next: like.next,
                    old: fragment(*old),
                    proof: like.proof,
                };
                let decision = recover_key::RecoverKey {
                    issuer: SCHOOL,
                    data,
                };
                self.ask(by, recover_key::KIND, Some(&decision))
            }
            Act::Retire(key) => {
                let data = retire_key::Data {
                    fragment: fragment(*key),
                    institution: SCHOOL,
                };
                let decision = retire_key::RetireKey {
                    issuer: SCHOOL,
                    data,
                };
                self.ask(by, retire_key::KIND, Some(&decision))
            }
            Act::CutOff(key, back) => {
                let data = compromise_key::Data {
                    fragment: fragment(*key),
                    institution: SCHOOL,
                    not_valid_after: self.back(*back),
                };
                let decision = compromise_key::CompromiseKey { ask, data };
                self.ask(by, compromise_key::KIND, Some(&decision))
            }
            Act::Floor(back, except) => {
                let data = reaffirm_history::Data {
                    except: self.excepted(*back, except),
                    institution: SCHOOL,
                    through: self.back(*back),
                };
                let decision = reaffirm_history::ReaffirmHistory {
                    issuer: SCHOOL,
                    data,
                };
                self.ask(by, reaffirm_history::KIND, Some(&decision))
            }
            Act::Settle(how, second, ranges) => {
                let ranges = self.ranges(ranges);
                let root = merkle::empty_root();
                let text = seal::settlement(*how, &origin(), SCHOOL, &ranges, &root);
                let data = settle_entries::Data {
                    institution: SCHOOL,
                    key: fragment(*second),
                    ranges,
                    root,
                    seal: self.stage.seal(*second, &text),
                };
                let kind = match how {
                    Settlement::Reaffirmed => settle_entries::REAFFIRM,
                    Settlement::Repudiated => settle_entries::REPUDIATE,
                };
                let decision = settle_entries::SettleEntries {
                    issuer: SCHOOL,
                    how: *how,
                    data,
                };
                self.ask(by, kind, Some(&decision))
            }
        }
    }

    fn rotation(&self, new: Slot) -> rotate_key::Data {
        let (_, key, proof) = &self.stage.keys[usize::from(new)];
        rotate_key::Data {
            custody: Custody::Own,
            fragment: fragment(new),
            institution: SCHOOL,
            key: key.clone(),
            next: self.stage.pledge(pledge_of(new)),
            proof: *proof,
        }
    }

    /// Positions below the floor that is asked for.
    fn excepted(&self, back: u64, except: &[u64]) -> Vec<u64> {
        let through = self.back(back);
        let mut positions: Vec<u64> = except
            .iter()
            .map(|it| through.saturating_sub(*it))
            .collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}

/// The keys that ask for such a thing.
fn uses(act: &Act) -> &'static [KeyUse] {
    match act {
        Act::Submit | Act::Activate(_) | Act::Retire(_) => &[KeyUse::Assertion],
        Act::Rotate(_) => &[KeyUse::Assertion, KeyUse::Acknowledgement, KeyUse::Recovery],
        Act::Recover(..) | Act::CutOff(..) => &[KeyUse::Recovery],
        Act::Floor(..) | Act::Settle(..) => &[KeyUse::Acknowledgement],
    }
}

fn positions(ranges: &Ranges) -> Vec<u64> {
    let all = ranges.as_slice().iter().flat_map(|(from, to)| *from..=*to);
    all.collect()
}

/// Keys there from the start are named most, then those that may follow them.
fn slot() -> impl Strategy<Value = Slot> {
    prop_oneof![5 => Just(0_u8), 3 => Just(3), 2 => Just(4), 2 => Just(1), 1 => 0..KEYS]
}

fn act() -> impl Strategy<Value = Act> {
    let how = || prop_oneof![Just(Settlement::Reaffirmed), Just(Settlement::Repudiated)];
    let ranges = prop::collection::vec((1..20_u64, 0..4_u64), 1..3);
    prop_oneof![
        8 => Just(Act::Submit),
        2 => (3..KEYS).prop_map(Act::Activate),
        2 => prop_oneof![3 => Just(3_u8), 3 => Just(4), 1 => 0..KEYS].prop_map(Act::Rotate),
        3 => (slot(), prop_oneof![3 => Just(3_u8), 3 => Just(4), 2 => 5..KEYS]).prop_map(|(old, new)| Act::Recover(old, new)),
        1 => slot().prop_map(Act::Retire),
        4 => (slot(), prop_oneof![8 => 1..20_u64, 1 => Just(0)]).prop_map(|(key, back)| Act::CutOff(key, back)),
        3 => (1..12_u64, prop::collection::vec(0..6_u64, 0..3)).prop_map(|(back, except)| Act::Floor(back, except)),
        6 => (how(), slot(), ranges).prop_map(|(how, second, ranges)| Act::Settle(how, second, ranges)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    (act(), slot(), prop::bool::weighted(0.6), 0..3_u64).prop_map(|(act, signer, aimed, gap)| {
        Step {
            signer,
            act,
            gap,
            aimed,
        }
    })
}

/// An entry would count that a thief made, or a genuine one be lost, by some order of events.
///
/// `XF_KEY_HISTORIES` sets how many histories are played, `XF_KEY_SEED` repeats a failure.
#[test]
fn keys_stand_where_the_books_have_them() {
    let histories = Histories::of("KEY", HISTORIES);
    let stage = Stage::new();
    let tally = RefCell::new([0_u64; 3]);
    let standing = RefCell::new([0_u64; 3]);
    let histories_of = (any::<bool>(), prop::collection::vec(step(), 1..STEPS_MAX));
    let play = |(pledged, steps): (bool, Vec<Step>)| {
        let mut play = Play::new(&stage, pledged);
        for step in &steps {
            let came = play.step(step)?;
            tally.borrow_mut()[came as usize] += 1;
        }
        for (slot, position) in play.books.submitted() {
            standing.borrow_mut()[play.books.standing(Some(slot), position) as usize] += 1;
        }
        play.compare_disputed()
    };
    histories.play(&histories_of, play, || {
        let [written, already, refused] = *tally.borrow();
        let [good, disputed, repudiated] = *standing.borrow();
        format!(
            "{written} written, {already} already so, {refused} refused; {good} assertions good, {disputed} disputed, \
             {repudiated} repudiated"
        )
    });
    let [written, already, refused] = *tally.borrow();
    let [good, disputed, repudiated] = *standing.borrow();
    let steps = written + already + refused;
    assert!(
        written * 5 > steps && refused * 5 > steps,
        "{written} of {steps} written"
    );
    assert!(
        disputed * 50 > good && repudiated * 500 > good,
        "too little is disputed"
    );
}
