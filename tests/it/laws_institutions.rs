//! Random histories of institutions that are renamed, stopped, closed, merged and let in again while they record,
//! correct and revoke, against books that know nothing but what happened where.
//!
//! The use cases and `Ask::authorise` are asked directly: two-person acts and the log are the model's business.

mod books;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::Arc;

use credentials::account::{
    self, Account, OutcomeState, correct_outcome, record_outcome, revoke_outcome,
};
use credentials::rulebook::kinds;
use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::{
    Condition, Ground, Institution, Level, Standing, close, compromise_key, merge, rename, revive,
    succession, suspend,
};
use ledger::assertion::{Assertion, Seen};
use ledger::decision::{Decision, Verdict, World};
use ledger::fact::Stream;
use ledger::key::PublicKey;
use ledger::merkle;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde::Serialize;
use tests::support::asking::{NOON_MS, Signer, officer, person};
use tests::support::given::Given;
use tests::support::scene::{Came, Scene, States};
use tests::support::{governing, said};
use uuid::Uuid;

use self::books::{Books, Did, Outcome};
use super::histories::Histories;

/// Histories unless `XF_INSTITUTION_HISTORIES` says more.
const HISTORIES: u32 = 10_000;
const STEPS_MAX: usize = 28;
/// Their numbers are 1 to this.
const INSTITUTIONS: u32 = 6;
/// Keys that each may have: the first, and one for each time it is let in again.
const SLOTS: u8 = 3;
/// Level and parent of each, by its number.
const TREE: [(Level, Option<u32>); 6] = [
    (Level::City, None),
    (Level::County, Some(1)),
    (Level::County, Some(1)),
    (Level::School, Some(2)),
    (Level::School, Some(3)),
    (Level::School, None),
];

/// Who is named as acting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Nobody,
    /// An officer since the admission.
    First,
    /// An officer since it was let in again.
    Later,
}

type Hand = (u32, u8, Who);

#[derive(Debug, Clone, Copy)]
enum Step {
    Rename(u32, u8),
    Suspend(u32),
    Reinstate(u32),
    Close(u32),
    Merge(u32, u32),
    Revive(u32, u8),
    CutOff(u32, u8, u64),
    Record(Hand),
    Correct(usize, Hand),
    Revoke(usize, Hand),
    /// The same two by whoever answers for the outcome, if anybody does.
    CorrectAimed(usize),
    RevokeAimed(usize),
    /// The awarder of an outcome is merged into one that may take it in.
    MergeAimed(usize),
    /// One that is closed is let in again.
    ReviveAimed(usize, u8),
    /// One that acts records.
    RecordAimed(usize),
}

/// What costs time and is the same in every history.
struct Stage {
    registrar: Assertion,
    hands: HashMap<Hand, (Assertion, PublicKey)>,
    revivals: HashMap<(u32, u8), revive::Data>,
    states: States,
    next: u64,
    admitted: BTreeMap<u32, u64>,
}

fn fragment(slot: u8) -> String {
    format!("key-{}", slot + 1)
}

impl Stage {
    fn new() -> Self {
        let mut given = Given::genesis();
        let mut admitted = BTreeMap::new();
        for (number, (level, parent)) in (1..).zip(TREE) {
            admitted.insert(number, given.next);
            given = given.placed(number, level, parent);
        }
        given = given.registered(person(100));
        let seen = Seen {
            root: merkle::empty_root(),
            size: 0,
        };
        let mut hands = HashMap::new();
        let mut revivals = HashMap::new();
        for number in 1..=INSTITUTIONS {
            for slot in 0..SLOTS {
                let signer = Signer::new(number, &fragment(slot));
                for who in [Who::Nobody, Who::First, Who::Later] {
                    let asking = said::register(number, person(100)).signed_by(signer.clone());
                    let asking = match who {
                        Who::Nobody => asking,
                        Who::First => asking.by(officer(number, 1), "institution"),
                        Who::Later => asking.by(officer(number, 3), "institution"),
                    };
                    let assertion = asking.sign(0, NOON_MS, seen);
                    hands.insert((number, slot, who), (assertion, signer.public()));
                }
                let data = governing::revival(number, &fragment(slot));
                revivals.insert((number, slot), data);
            }
        }
        let registrar = governing::rename(1, "甲").sign(0, NOON_MS, seen);
        Self {
            registrar,
            hands,
            revivals,
            next: given.next,
            states: given.states(),
            admitted,
        }
    }
}

/// A use case behind the question whether its asker may ask.
struct Entitled<'a, D> {
    ask: Ask,
    kind: &'static str,
    inner: &'a D,
}

impl<D: Decision> Decision for Entitled<'_, D> {
    type Error = ();

    fn streams(&self, world: &World<'_>) -> Vec<Stream> {
        let mut streams = self.ask.streams();
        streams.extend(self.inner.streams(world));
        streams
    }

    fn decide(&self, world: &World<'_>) -> Result<Verdict, ()> {
        let row = kinds::find(self.kind).unwrap().entitlement;
        let uses = kinds::signed_by(self.kind);
        let may = self.ask.authorise(world, self.kind, row, uses);
        may.map_err(|_| ())?;
        self.inner.decide(world).map_err(|_| ())
    }
}

struct Play<'a> {
    stage: &'a Stage,
    scene: Scene,
    books: Books,
}

impl Play<'_> {
    fn institution(&self, number: IssuerNumber) -> Arc<Institution> {
        self.scene.state(&number.stream())
    }

    fn whole(&self, number: u32) -> Arc<Institution> {
        let get = |number| Ok::<_, Infallible>(self.institution(number));
        match succession::whole(IssuerNumber(number), get) {
            Ok(whole) => whole,
            Err(never) => match never {},
        }
    }

    fn account(&self) -> Arc<Account> {
        self.scene.state(&account::wire::stream(person(100)))
    }

    /// Asks by a hand, which must be entitled to `kind`, or else by the registrar.
    fn ask<D: Decision>(
        &mut self,
        hand: Option<(Hand, &'static str)>,
        decision: &D,
        own: &impl Serialize,
    ) -> Came {
        let Stage {
            hands, registrar, ..
        } = self.stage;
        let came = if let Some((hand, kind)) = hand {
            let (assertion, key) = &hands[&hand];
            let entitled = Entitled {
                ask: Ask::of(assertion).unwrap(),
                kind,
                inner: decision,
            };
            self.scene.ask((assertion, key), &entitled, own).ok()
        } else {
            let key = Signer::registrar().public();
            self.scene.ask((registrar, &key), decision, own).ok()
        };
        came.unwrap_or(Came::Refused)
    }

    fn govern(&mut self, step: Step) -> Came {
        match step {
            Step::Rename(number, name) => {
                let data = rename::Data {
                    institution: IssuerNumber(number),
                    name: books::name(name),
                };
                self.ask(None, &rename::Rename { data: data.clone() }, &data)
            }
            Step::Suspend(number) | Step::Reinstate(number) => {
                let change = match step {
                    Step::Suspend(_) => suspend::Change::Suspend(Ground::Other),
                    _ => suspend::Change::Reinstate,
                };
                let decision = suspend::SuspendInstitution {
                    institution: IssuerNumber(number),
                    change,
                };
                self.ask(None, &decision, &())
            }
            Step::Close(number) => {
                let data = close::Data {
                    institution: IssuerNumber(number),
                    reason: Ground::Dissolved,
                };
                self.ask(None, &close::Close { data: data.clone() }, &data)
            }
            Step::Merge(number, into) => {
                let data = merge::Data {
                    institution: IssuerNumber(number),
                    into: IssuerNumber(into),
                };
                let decision = merge::MergeInstitution { data: data.clone() };
                self.ask(None, &decision, &data)
            }
            Step::Revive(number, slot) => {
                let data = self.stage.revivals[&(number, slot)].clone();
                self.ask(None, &revive::Revive { data: data.clone() }, &data)
            }
            Step::CutOff(number, slot, back) => {
                let mut ask = Ask::of(&self.stage.registrar).unwrap();
                ask.issuer = IssuerNumber(number);
                let data = compromise_key::Data {
                    fragment: fragment(slot),
                    institution: ask.issuer,
                    not_valid_after: self.scene.next.saturating_sub(back),
                };
                let decision = compromise_key::CompromiseKey {
                    ask,
                    data: data.clone(),
                };
                self.ask(None, &decision, &data)
            }
            _ => unreachable!("no registrar's"),
        }
    }

    fn record(&mut self, hand: Hand) -> (Came, Uuid) {
        let record = format!("R-{}", self.scene.next);
        let data = said::recording(hand.0, person(100), &record, said::course());
        let decision = record_outcome::RecordOutcome {
            issuer: IssuerNumber(hand.0),
            data: data.clone(),
        };
        let hand = Some((hand, record_outcome::KIND));
        (self.ask(hand, &decision, &data), data.outcome)
    }

    fn correct(&mut self, outcome: Uuid, hand: Hand) -> Came {
        let target = self.account().outcome(outcome).map(|it| it.current);
        let mut fields = said::course();
        // Never what it says already.
        let worth = format!("0.{:03}", 1 + self.scene.next % 900);
        fields.credits = Some(worth.parse().unwrap());
        fields.hours = None;
        let data = correct_outcome::Data {
            values: Commitments::default(),
            fields,
            outcome,
            person: person(100),
            reason: correct_outcome::Reason::AmountWrong,
        };
        let decision = correct_outcome::CorrectOutcome {
            issuer: IssuerNumber(hand.0),
            target,
            data: data.clone(),
        };
        self.ask(Some((hand, correct_outcome::KIND)), &decision, &data)
    }

    fn revoke(&mut self, outcome: Uuid, hand: Hand) -> Came {
        let target = self.account().outcome(outcome).map(|it| it.current);
        let data = revoke_outcome::Data {
            values: Commitments::default(),
            outcome,
            person: person(100),
            reason: correct_outcome::Reason::Misconduct,
        };
        let decision = revoke_outcome::RevokeOutcome {
            issuer: IssuerNumber(hand.0),
            target,
            data: data.clone(),
        };
        self.ask(Some((hand, revoke_outcome::KIND)), &decision, &data)
    }

    /// The step that somebody means who knows how things are.
    fn aimed(&self, step: Step) -> Step {
        let by = |at: usize| {
            let outcome = self
                .books
                .outcomes
                .get(at % self.books.outcomes.len().max(1))?;
            let heir = self.books.heir(outcome.awarder);
            let slot = (0..SLOTS).find(|slot| self.books.signs((heir, *slot), self.scene.next))?;
            Some((heir, slot, Who::Nobody))
        };
        let all = |is: &dyn Fn(u32) -> bool| -> Vec<u32> {
            (1..=INSTITUTIONS).filter(|it| is(*it)).collect()
        };
        let one = |from: Vec<u32>, at: usize| from.get(at % from.len().max(1)).copied();
        let books = &self.books;
        match step {
            Step::MergeAimed(at) => {
                let outcome = books.outcomes.get(at % books.outcomes.len().max(1));
                let number = outcome.map_or(1, |it| books.heir(it.awarder));
                let into = all(&|into| into != number && books.may_take_in(into, number));
                Step::Merge(number, one(into, at).unwrap_or(1))
            }
            Step::ReviveAimed(at, slot) => {
                let closed = all(&|it| books.ended(it).is_some() && books.heir(it) == it);
                Step::Revive(one(closed, at).unwrap_or(1), slot)
            }
            Step::RecordAimed(at) => {
                let acting =
                    all(&|it| (0..SLOTS).any(|slot| books.signs((it, slot), self.scene.next)));
                let number = one(acting, at).unwrap_or(1);
                let slot = (0..SLOTS).find(|slot| books.signs((number, *slot), self.scene.next));
                Step::Record((number, slot.unwrap_or(0), Who::Nobody))
            }
            Step::CorrectAimed(at) => Step::Correct(at, by(at).unwrap_or((1, 0, Who::Nobody))),
            Step::RevokeAimed(at) => Step::Revoke(at, by(at).unwrap_or((1, 0, Who::Nobody))),
            other => other,
        }
    }

    fn step(&mut self, step: Step) -> Result<Came, TestCaseError> {
        let step = self.aimed(step);
        let (at, expected) = (self.scene.next, self.books.judge(step, self.scene.next));
        let came = match step {
            Step::Record(hand) => {
                let (came, id) = self.record(hand);
                if came == Came::Written {
                    self.books.outcomes.push(Outcome {
                        id,
                        awarder: hand.0,
                        said: (hand.0, hand.1, at),
                        revoked: Vec::new(),
                    });
                }
                came
            }
            Step::Correct(n, hand) | Step::Revoke(n, hand) => {
                let all = self.books.outcomes.len();
                let Some(id) = self.books.outcomes.get(n % all.max(1)).map(|it| it.id) else {
                    return Ok(Came::Refused);
                };
                let by = (hand.0, hand.1, at);
                let corrects = matches!(step, Step::Correct(..));
                let came = if corrects {
                    self.correct(id, hand)
                } else {
                    self.revoke(id, hand)
                };
                if came == Came::Written {
                    let outcome = &mut self.books.outcomes[n % all];
                    if corrects {
                        outcome.said = by;
                    } else {
                        outcome.revoked.push(by);
                    }
                }
                came
            }
            step => {
                let came = self.govern(step);
                if came == Came::Written {
                    self.books.done.push((at, Did::of(step, at)));
                }
                came
            }
        };
        prop_assert_eq!(came, expected, "{:?} at {} in {:?}", step, at, self.books);
        self.compare()?;
        Ok(came)
    }

    /// Both sides say the same of everybody.
    fn compare(&self) -> Result<(), TestCaseError> {
        let books = &self.books;
        for number in 1..=INSTITUTIONS {
            let state = self.institution(IssuerNumber(number));
            let (suspended, ended) = (books.suspended(number), books.ended(number));
            let condition = match state.condition() {
                Condition::Open => (false, None),
                Condition::Suspended(by) => (true, Some(by.position)),
                Condition::Ended(by) => (false, Some(by.by.position)),
            };
            let expected = match (ended, suspended) {
                (Some(at), _) => (false, Some(at)),
                (None, Some(at)) => (true, Some(at)),
                (None, None) => (false, None),
            };
            prop_assert_eq!(condition, expected, "{} in {:?}", number, books);
            prop_assert_eq!(state.life.suspended.map(|by| by.position), suspended);
            for back in 0..4 {
                let at = self.scene.next.saturating_sub(back);
                let name = books.name_at(number, at);
                prop_assert_eq!(state.name_at(at), Some(name.as_str()));
            }
            for other in 1..=INSTITUTIONS {
                let answers = state.answers_for(IssuerNumber(other));
                prop_assert_eq!(answers, books.line(other).contains(&number));
            }
            for slot in 0..SLOTS {
                let key = state.key(&fragment(slot));
                prop_assert_eq!(
                    key.is_some_and(|key| key.is_valid_at(self.scene.next)),
                    books.is_valid((number, slot), self.scene.next)
                );
            }
        }
        let account = self.account();
        for outcome in &books.outcomes {
            let awarder = self.whole(outcome.awarder);
            let state = account.outcome(outcome.id).unwrap();
            let stands = match state.state(&awarder) {
                OutcomeState::Recorded => Some(Standing::Good),
                OutcomeState::Disputed => Some(Standing::Disputed),
                OutcomeState::Revoked(_) => None,
            };
            prop_assert_eq!(
                stands,
                books.stands(outcome),
                "{:?} in {:?}",
                outcome,
                books
            );
            let good = state.standing(&awarder) == Standing::Good;
            prop_assert_eq!(good, !books.is_disputed(outcome.said));
        }
        Ok(())
    }
}

fn number() -> impl Strategy<Value = u32> {
    1..=INSTITUTIONS
}

fn hand() -> impl Strategy<Value = Hand> {
    let who = prop_oneof![3 => Just(Who::Nobody), 1 => Just(Who::First), 1 => Just(Who::Later)];
    let slot = prop_oneof![4 => Just(0_u8), 1 => 1..SLOTS];
    (number(), slot, who)
}

fn step() -> impl Strategy<Value = Step> {
    let known = || 0..8_usize;
    prop_oneof![
        2 => (number(), 0..3_u8).prop_map(|(number, name)| Step::Rename(number, name)),
        2 => number().prop_map(Step::Suspend),
        3 => number().prop_map(Step::Reinstate),
        3 => number().prop_map(Step::Close),
        4 => (number(), number()).prop_map(|(number, into)| Step::Merge(number, into)),
        4 => (number(), 1..SLOTS).prop_map(|(number, slot)| Step::Revive(number, slot)),
        2 => (number(), 0..SLOTS, 0..12_u64).prop_map(|(number, slot, back)| Step::CutOff(number, slot, back)),
        6 => hand().prop_map(Step::Record),
        1 => (known(), hand()).prop_map(|(at, hand)| Step::Correct(at, hand)),
        1 => (known(), hand()).prop_map(|(at, hand)| Step::Revoke(at, hand)),
        3 => known().prop_map(Step::CorrectAimed),
        2 => known().prop_map(Step::RevokeAimed),
        2 => known().prop_map(Step::MergeAimed),
        2 => (known(), 1..SLOTS).prop_map(|(at, slot)| Step::ReviveAimed(at, slot)),
        3 => known().prop_map(Step::RecordAimed),
    ]
}

/// A school that ended would go on, or nobody, or two, would answer for what it gave.
///
/// `XF_INSTITUTION_HISTORIES` sets how many histories are played, `XF_INSTITUTION_SEED` repeats a failure.
#[test]
fn institutions_stand_where_the_books_have_them() {
    let histories = Histories::of("INSTITUTION", HISTORIES);
    let stage = Stage::new();
    let tally = RefCell::new(BTreeMap::<(String, String), u64>::new());
    let by_heirs = RefCell::new(0_u64);
    let steps = prop::collection::vec(step(), 1..STEPS_MAX);
    let play = |steps| {
        let mut play = Play {
            stage: &stage,
            scene: Scene::new(stage.states.clone(), stage.next),
            books: Books::new(&stage.admitted),
        };
        for step in steps {
            let came = play.step(step)?;
            let name = format!("{step:?}");
            let name = name.split('(').next().unwrap_or_default().to_owned();
            let key = (name, format!("{came:?}"));
            *tally.borrow_mut().entry(key).or_default() += 1;
        }
        let said_by_heir = |it: &&Outcome| {
            let by = it.revoked.iter().chain([&it.said]);
            by.into_iter().any(|(number, ..)| *number != it.awarder)
        };
        let heirs = play.books.outcomes.iter().filter(said_by_heir).count();
        *by_heirs.borrow_mut() += u64::try_from(heirs).unwrap();
        Ok(())
    };
    histories.play(&steps, play, || {
        let (tally, by_heirs) = (tally.borrow(), by_heirs.borrow());
        format!("{tally:?}; {by_heirs} outcomes changed by a successor")
    });
    let tally = tally.borrow();
    let by_heirs = *by_heirs.borrow();
    let written = |name: &str| {
        let key = (name.to_owned(), "Written".to_owned());
        tally.get(&key).copied().unwrap_or_default()
    };
    for name in [
        "Rename",
        "Suspend",
        "Reinstate",
        "Close",
        "MergeAimed",
        "ReviveAimed",
        "CutOff",
        "RecordAimed",
    ] {
        assert!(
            written(name) * 50 > u64::from(histories.count),
            "{name} is hardly ever written"
        );
    }
    assert!(
        by_heirs * 50 > u64::from(histories.count),
        "successors say too little"
    );
}
