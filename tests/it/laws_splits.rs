//! Random histories of merges and splits, against books that know only what there is, what it is worth and where
//! it lies (SECURITY §1.2, I1's second half and I4).
//!
//! The use cases are asked directly: what a log does around them is the model's business.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credentials::account::whole::{self, Whole};
use credentials::account::{
    self, Account, OutcomeState, correct_outcome, record_outcome, revoke_outcome,
};
use credentials::merge::apply::ResidentIds;
use credentials::merge::{apply as merge, revert};
use credentials::split::division::Division;
use credentials::split::{agree, apply, propose, transfer, withdraw};
use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::Institution;
use identity::person::split::Manifest;
use identity::person::{self, Person};
use ledger::assertion::{Assertion, Seen};
use ledger::decision::Decision;
use ledger::key::PublicKey;
use ledger::merkle;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde::Serialize;
use tests::support::asking::{NOON_MS, Signer};
use tests::support::given::Given;
use tests::support::said;
use tests::support::scene::{Came, Scene, States};
use uuid::Uuid;

use super::histories::Histories;

/// Numbers that a history may name.
const NUMBERS: u64 = 4;
/// Records that school 1 may give to each of them.
const RECORDS: u8 = 3;
/// Histories unless `XF_SPLIT_HISTORIES` says more.
const HISTORIES: u32 = 10_000;
const STEPS_MAX: usize = 28;
const SCHOOL: IssuerNumber = IssuerNumber(1);

#[derive(Debug, Clone, Copy)]
enum Step {
    Record(u64, u8),
    Correct(usize),
    Revoke(usize),
    Merge(u64, u64),
    Revert(u64, u64),
    /// Whose account, who else (or a number that it absorbed), and the bits of who gets what.
    Propose(u64, u64, bool, u16),
    /// Moves the so-manieth of what lies wrong in a split in hand.
    Move(u64, usize),
    /// Moves all of it, agrees and applies.
    Finish(u64),
    Agree(u64),
    Apply(u64),
    Withdraw(u64),
}

struct Stage {
    registrar: Assertion,
    school: Assertion,
    key: PublicKey,
    states: States,
}

impl Stage {
    fn new() -> Self {
        let mut given = Given::genesis().admitted(1);
        for n in 0..NUMBERS {
            given = given.registered(number(n));
        }
        let seen = Seen {
            root: merkle::empty_root(),
            size: 0,
        };
        let signer = Signer::registrar();
        let asking = said::register(1, number(NUMBERS));
        Self {
            school: asking.sign(1, NOON_MS, seen),
            registrar: asking.signed_by(signer.clone()).sign(0, NOON_MS, seen),
            key: signer.public(),
            states: given.states(),
        }
    }
}

/// Something learned, whichever outcome stands for it.
#[derive(Debug, Clone)]
struct Thing {
    outcome: Uuid,
    /// The number whose stream has it.
    lies: u64,
    /// What it is worth, in milli-credits.
    worth: u64,
}

struct Play<'a> {
    stage: &'a Stage,
    scene: Scene,
    things: Vec<Thing>,
    /// Absorbed, into.
    edges: Vec<(u64, u64)>,
    /// How many splits were applied, and how many of them took a merge apart.
    applied: (u64, u64),
}

impl Play<'_> {
    fn ask<D: Decision>(
        &mut self,
        by: By,
        decision: &D,
        own: &impl Serialize,
    ) -> Result<Came, D::Error> {
        let assertion: &Assertion = match by {
            By::School => &self.stage.school,
            By::Registrar => &self.stage.registrar,
        };
        self.scene.ask((assertion, &self.stage.key), decision, own)
    }

    fn account(&self, number: Uuid) -> Arc<Account> {
        self.scene.state(&account::wire::stream(number))
    }

    fn whole(&self, of: u64) -> Whole {
        whole::whole(number(of), |it| Ok::<_, ()>(self.account(it))).unwrap()
    }

    fn person(&self, of: u64) -> Arc<Person> {
        self.scene.state(&person::wire::stream(number(of)))
    }

    fn holder(&self, of: u64) -> u64 {
        let edge = self.edges.iter().find(|(absorbed, _)| *absorbed == of);
        edge.map_or(of, |(_, into)| self.holder(*into))
    }

    fn total(&self) -> u64 {
        self.things.iter().map(|it| it.worth).sum()
    }

    /// A registrar's asking of a name of its own.
    fn asks(&self) -> Ask {
        let mut ask = Ask::of(&self.stage.registrar).unwrap();
        ask.id = tests::support::asking::person(1_000 + self.scene.next);
        ask
    }

    fn record(&mut self, of: u64, record: u8) -> Came {
        let data = said::recording(1, number(of), &name(record), said::course());
        let decision = record_outcome::RecordOutcome {
            issuer: SCHOOL,
            data: data.clone(),
        };
        let came = self
            .ask(By::School, &decision, &data)
            .unwrap_or(Came::Refused);
        if came == Came::Written {
            let thing = Thing {
                outcome: data.outcome,
                lies: self.holder(of),
                worth: 4_000,
            };
            self.things.push(thing);
        }
        came
    }

    fn correct(&mut self, at: usize) -> Came {
        let Some(at) = self.nth(at) else {
            return Came::Refused;
        };
        let thing = self.things[at].clone();
        let account = self.whole(thing.lies).account;
        let outcome = account.outcome(thing.outcome).unwrap();
        let worth = 1 + self.scene.next % 50;
        let mut fields = said::course();
        fields.credits = Some(format!("{worth}").parse().unwrap());
        let data = correct_outcome::Data {
            values: Commitments::default(),
            fields,
            outcome: thing.outcome,
            person: outcome.person,
            reason: correct_outcome::Reason::AmountWrong,
        };
        let decision = correct_outcome::CorrectOutcome {
            issuer: SCHOOL,
            target: Some(outcome.current),
            data: data.clone(),
        };
        let came = self
            .ask(By::School, &decision, &data)
            .unwrap_or(Came::Refused);
        if came == Came::Written {
            self.things[at].worth = worth * 1_000;
        }
        came
    }

    fn revoke(&mut self, at: usize) -> Came {
        let Some(at) = self.nth(at) else {
            return Came::Refused;
        };
        let thing = self.things[at].clone();
        let account = self.whole(thing.lies).account;
        let outcome = account.outcome(thing.outcome).unwrap();
        let data = revoke_outcome::Data {
            values: Commitments::default(),
            outcome: thing.outcome,
            person: outcome.person,
            reason: correct_outcome::Reason::Misconduct,
        };
        let decision = revoke_outcome::RevokeOutcome {
            issuer: SCHOOL,
            target: Some(outcome.current),
            data: data.clone(),
        };
        let came = self.ask(By::School, &decision, &data).unwrap();
        self.things.remove(at);
        came
    }

    fn nth(&self, at: usize) -> Option<usize> {
        (!self.things.is_empty()).then(|| at % self.things.len())
    }

    fn merge(&mut self, absorbed: u64, into: u64) -> Came {
        let data = merge::Data {
            values: Commitments::default(),
            absorbed: number(absorbed),
            person: number(into),
            resident_ids: ResidentIds::Absent,
        };
        let decision = merge::Apply {
            ask: self.asks(),
            data: data.clone(),
        };
        let came = self
            .ask(By::Registrar, &decision, &data)
            .unwrap_or(Came::Refused);
        if came == Came::Written {
            self.edges.push((absorbed, into));
        }
        came
    }

    fn revert(&mut self, absorbed: u64, into: u64) -> Came {
        let data = revert::Data {
            values: Commitments::default(),
            absorbed: number(absorbed),
            person: number(into),
        };
        let decision = revert::Revert {
            ask: self.asks(),
            data: data.clone(),
        };
        let came = self
            .ask(By::Registrar, &decision, &data)
            .unwrap_or(Came::Refused);
        if came == Came::Written {
            self.edges.retain(|it| *it != (absorbed, into));
        }
        came
    }

    fn propose(&mut self, of: u64, other: u64, parts: bool, bits: u16) -> Came {
        let of = self.holder(of);
        let part = self.edges.iter().find(|(_, into)| *into == of);
        let other = part
            .filter(|_| parts)
            .map_or(other, |(absorbed, _)| *absorbed);
        let held = self.things.iter().filter(|it| self.holder(it.lies) == of);
        let mut held: Vec<Uuid> = held.map(|it| it.outcome).collect();
        held.sort_unstable();
        let side = |moves: bool| -> Vec<Uuid> {
            let one = held.iter().enumerate();
            let one = one.filter(|(n, _)| (bits >> (n % 16) & 1 == 1) == moves);
            one.map(|(_, it)| *it).collect()
        };
        let data = said::splitting(number(of), number(other), &side(true), &side(false));
        let decision = propose::Propose {
            ask: self.asks(),
            data: data.clone(),
        };
        self.ask(By::Registrar, &decision, &data)
            .unwrap_or(Came::Refused)
    }

    fn in_hand(&self, of: u64) -> Option<(Uuid, Manifest)> {
        let state = self.person(of);
        let split = state.splits.in_hand.as_ref()?.split;
        let (_, manifest) = state.splits.dividing(split)?;
        Some((split, manifest.clone()))
    }

    /// What lies wrong, by the product's own word.
    fn unmoved(&self, of: u64, manifest: &Manifest) -> Vec<Uuid> {
        let get = |it| Ok::<_, ()>(self.account(it));
        let division = Division::read(number(of), manifest.other, get).unwrap();
        let account = &division.whole.account;
        let moves = manifest.moves.iter().map(|it| (it, true));
        let named = moves.chain(manifest.stays.iter().map(|it| (it, false)));
        let stand = named.filter(|(it, _)| self.things.iter().any(|thing| thing.outcome == **it));
        let wrong = stand.filter(|(it, moves)| {
            let outcome = account.outcome(**it).expect("it stands");
            !division.is_settled(outcome, *moves)
        });
        wrong.map(|(it, _)| *it).collect()
    }

    fn transfer(&mut self, of: u64, at: usize) -> Came {
        let Some((split, manifest)) = self.in_hand(of) else {
            return Came::Refused;
        };
        let unmoved = self.unmoved(of, &manifest);
        let Some(moved) = unmoved.get(at % unmoved.len().max(1)).copied() else {
            return Came::Refused;
        };
        let account = self.whole(of).account;
        let outcome = account.outcome(moved).unwrap();
        let to = if manifest.moves.contains(&moved) {
            manifest.other
        } else {
            number(of)
        };
        let mut data = said::moving(number(of), split, (moved, &outcome.origin.record), to);
        data.fields = outcome.fields.clone();
        let decision = transfer::Transfer {
            issuer: SCHOOL,
            target: Some(outcome.current),
            data: data.clone(),
        };
        let came = self
            .ask(By::School, &decision, &data)
            .unwrap_or(Came::Refused);
        if came == Came::Written {
            let thing = self.things.iter_mut().find(|it| it.outcome == moved);
            let thing = thing.expect("it stands");
            thing.outcome = data.outcome;
            thing.lies = (0..NUMBERS).find(|it| number(*it) == to).unwrap();
        }
        came
    }

    fn agree(&mut self, of: u64) -> Came {
        let Some((split, _)) = self.in_hand(of) else {
            return Came::Refused;
        };
        let data = agree::Data {
            person: number(of),
            split,
        };
        let decision = agree::Agree {
            issuer: SCHOOL,
            data: data.clone(),
        };
        self.ask(By::School, &decision, &data)
            .unwrap_or(Came::Refused)
    }

    fn apply(&mut self, of: u64) -> Result<Came, TestCaseError> {
        let Some((split, manifest)) = self.in_hand(of) else {
            return Ok(Came::Refused);
        };
        let unmoved = self.unmoved(of, &manifest);
        let data = agree::Data {
            person: number(of),
            split,
        };
        let decision = apply::Apply {
            ask: self.asks(),
            data: data.clone(),
        };
        let came = self
            .ask(By::Registrar, &decision, &data)
            .unwrap_or(Came::Refused);
        if came != Came::Written {
            return Ok(came);
        }
        prop_assert_eq!(unmoved, Vec::<Uuid>::new());
        let other = (0..NUMBERS)
            .find(|it| number(*it) == manifest.other)
            .unwrap();
        let parted = self.edges.contains(&(other, of));
        self.edges.retain(|it| *it != (other, of));
        self.applied = (self.applied.0 + 1, self.applied.1 + u64::from(parted));
        // Each has what the manifest says, by whatever id, and the other has not.
        for (ids, whose) in [(&manifest.moves, other), (&manifest.stays, of)] {
            for id in ids {
                let ids = [*id, transfer::moved_id(split, *id)];
                let thing = self.things.iter().find(|it| ids.contains(&it.outcome));
                let holder = thing.map(|it| self.holder(it.lies));
                prop_assert!(
                    holder.is_none_or(|it| it == whose),
                    "{:?} of {}",
                    thing,
                    whose
                );
            }
        }
        Ok(came)
    }

    fn withdraw(&mut self, of: u64) -> Came {
        let Some((split, _)) = self.in_hand(of) else {
            return Came::Refused;
        };
        let data = agree::Data {
            person: number(of),
            split,
        };
        let decision = withdraw::Withdraw {
            ask: self.asks(),
            data: data.clone(),
        };
        self.ask(By::Registrar, &decision, &data).unwrap()
    }

    fn finish(&mut self, of: u64) -> Result<Came, TestCaseError> {
        while self.transfer(of, 0) == Came::Written {
            self.compare()?;
        }
        self.agree(of);
        self.apply(of)
    }

    fn step(&mut self, step: Step) -> Result<Came, TestCaseError> {
        let before = self.total();
        let learns = matches!(step, Step::Record(..) | Step::Correct(_) | Step::Revoke(_));
        let came = match step {
            Step::Record(of, record) => self.record(of, record),
            Step::Correct(at) => self.correct(at),
            Step::Revoke(at) => self.revoke(at),
            Step::Merge(absorbed, into) => self.merge(absorbed, into),
            Step::Revert(absorbed, into) => self.revert(absorbed, into),
            Step::Propose(of, other, parts, bits) => self.propose(of, other, parts, bits),
            Step::Move(of, at) => self.transfer(of, at),
            Step::Finish(of) => self.finish(of)?,
            Step::Agree(of) => self.agree(of),
            Step::Apply(of) => self.apply(of)?,
            Step::Withdraw(of) => self.withdraw(of),
        };
        prop_assert!(learns || before == self.total());
        self.compare()?;
        Ok(came)
    }

    /// Everybody has what the books say, each thing once in the whole province.
    fn compare(&self) -> Result<(), TestCaseError> {
        let school = Institution::default();
        let mut lots = BTreeSet::new();
        for of in 0..NUMBERS {
            let holder = self.holder(of);
            let whole = self.whole(of);
            prop_assert_eq!(whole.holder, number(holder));
            if holder != of {
                continue;
            }
            let mut has = BTreeMap::new();
            let mut counts = BTreeMap::new();
            let outcomes = whole.account.outcomes.iter();
            for outcome in outcomes.filter(|it| it.state(&school) == OutcomeState::Recorded) {
                let lot = whole.account.current_lot(outcome, &school).unwrap();
                prop_assert!(lots.insert(lot.id), "I4: lot {} counts twice", lot.id);
                let twice = has.insert(outcome.id, lot.credit.get());
                prop_assert_eq!(twice, None);
                let counted = counts.entry(outcome.origin.clone()).or_insert(0);
                *counted += u32::from(!whole.account.is_doubled(outcome, &school));
            }
            prop_assert!(counts.values().all(|it| *it == 1), "{:?}", counts);
            let books = self.things.iter().filter(|it| self.holder(it.lies) == of);
            let books: BTreeMap<_, _> = books.map(|it| (it.outcome, it.worth)).collect();
            prop_assert_eq!(has, books, "number {} in {:?}", of, self.edges);
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum By {
    School,
    Registrar,
}

fn number(n: u64) -> Uuid {
    tests::support::asking::person(200 + n)
}

fn name(record: u8) -> String {
    format!("R{record}")
}

fn step() -> impl Strategy<Value = Step> {
    let one = || 0..NUMBERS;
    let two = || (0..NUMBERS, 0..NUMBERS);
    prop_oneof![
        7 => (one(), 0..RECORDS).prop_map(|(of, record)| Step::Record(of, record)),
        2 => (0..8_usize).prop_map(Step::Correct),
        1 => (0..8_usize).prop_map(Step::Revoke),
        4 => two().prop_map(|(absorbed, into)| Step::Merge(absorbed, into)),
        2 => two().prop_map(|(absorbed, into)| Step::Revert(absorbed, into)),
        5 => (one(), one(), any::<bool>(), any::<u16>())
            .prop_map(|(of, other, parts, bits)| Step::Propose(of, other, parts, bits)),
        3 => (one(), 0..4_usize).prop_map(|(of, at)| Step::Move(of, at)),
        4 => one().prop_map(Step::Finish),
        1 => one().prop_map(Step::Agree),
        1 => one().prop_map(Step::Apply),
        1 => one().prop_map(Step::Withdraw),
    ]
}

/// Credit would be lost, or count for two people, when two who shared an account are told apart.
///
/// `XF_SPLIT_HISTORIES` sets how many histories are played, `XF_SPLIT_SEED` repeats a failure.
#[test]
fn splits_keep_every_sum() {
    let histories = Histories::of("SPLIT", HISTORIES);
    let stage = Stage::new();
    let tally = RefCell::new((0, 0));
    let steps = prop::collection::vec(step(), 1..STEPS_MAX);
    let play = |steps| {
        let mut play = Play {
            stage: &stage,
            scene: Scene::new(stage.states.clone(), 1_000),
            things: Vec::new(),
            edges: Vec::new(),
            applied: (0, 0),
        };
        for step in steps {
            play.step(step)?;
        }
        let mut tally = tally.borrow_mut();
        *tally = (tally.0 + play.applied.0, tally.1 + play.applied.1);
        Ok(())
    };
    histories.play(&steps, play, || format!("{:?}", tally.borrow()));
    let (applied, parted) = *tally.borrow();
    let enough = u64::from(histories.count) / 50;
    assert!(applied > enough && parted > enough, "{applied} {parted}");
}
