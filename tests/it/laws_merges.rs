//! Random histories of merges, against books that know nothing but a list of edges (SECURITY §1.2, I1 to I4).
//!
//! The use cases are asked directly: what a log does around them is the model's business.

mod books;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credentials::account::whole::{self, Whole};
use credentials::account::{
    self, Account, OutcomeState, correct_outcome, record_outcome, revoke_outcome,
};
use credentials::merge::apply::{self, ApplyMergeError, ResidentIds};
use credentials::merge::request::{self, Changed, RequestMergeError};
use credentials::merge::revert::{self, RevertMergeError};
use identity::ask::Ask;
use identity::did::IssuerNumber;
use identity::erasable::Commitments;
use identity::institution::Institution;
use identity::person::{self, link};
use ledger::assertion::{Act, Assertion, By, Seen};
use ledger::decision::{AnyState, Decision};
use ledger::fact::Fact;
use ledger::key::PublicKey;
use ledger::merkle;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde::Serialize;
use tests::support::asking::{NOON_MS, Signer};
use tests::support::given::Given;
use tests::support::people::by_registrar;
use tests::support::said;
use tests::support::scene::{Came, Scene, States};
use uuid::Uuid;

use self::books::{Books, Entry};
use super::histories::Histories;

/// Numbers that a history may name.
const NUMBERS: u64 = 5;
/// Records that school 1 may give to each of them.
const RECORDS: u8 = 2;
/// Histories unless `XF_MERGE_HISTORIES` says more.
const HISTORIES: u32 = 10_000;
const STEPS_MAX: usize = 18;
const SCHOOL: IssuerNumber = IssuerNumber(1);

#[derive(Debug, Clone, Copy)]
enum Step {
    Record(u64, u8),
    Correct(u64, u8),
    Revoke(u64, u8),
    Merge(u64, u64),
    /// … as the learner asks who signs in as both.
    Request(u64, u64),
    Revert(u64, u64),
    /// The same three, of the so-manieth thing that there is.
    CorrectKnown(usize),
    RevokeKnown(usize),
    RevertKnown(usize),
}

/// What costs time and is the same in every history.
struct Stage {
    /// The registrar's, who merges.
    assertion: Assertion,
    /// The school's, who says what was learned.
    school: Assertion,
    key: PublicKey,
    /// By which link each number signs in.
    links: Vec<Uuid>,
    states: States,
}

impl Stage {
    fn new() -> Self {
        let mut given = Given::genesis().admitted(1);
        for n in 0..NUMBERS {
            given = given.registered(number(n));
        }
        let links = (0..NUMBERS).map(|n| linked(&mut given, n)).collect();
        let seen = Seen {
            root: merkle::empty_root(),
            size: 0,
        };
        let signer = Signer::registrar();
        let asking = said::register(1, number(NUMBERS));
        let school = asking.sign(1, NOON_MS, seen);
        let assertion = asking.signed_by(signer.clone()).sign(0, NOON_MS, seen);
        Self {
            assertion,
            school,
            key: signer.public(),
            links,
            states: given.states(),
        }
    }
}

struct Play<'a> {
    stage: &'a Stage,
    scene: Scene,
    books: Books,
    /// The last merge, what came behind it, and how everybody read before.
    before: Option<((u64, u64), u64, Vec<String>)>,
    /// How many merges were taken back with nothing in between.
    undone: u64,
}

impl Play<'_> {
    fn account(&self, number: Uuid) -> Arc<Account> {
        self.scene.state(&account::wire::stream(number))
    }

    fn whole(&self, of: u64) -> Whole {
        whole::whole(number(of), |it| Ok::<_, ()>(self.account(it))).unwrap()
    }

    fn ask<D: Decision>(
        &mut self,
        assertion: &Assertion,
        decision: &D,
        own: &impl Serialize,
    ) -> Result<Came, D::Error> {
        self.scene.ask((assertion, &self.stage.key), decision, own)
    }

    fn record(&mut self, of: u64, record: u8) -> Came {
        let data = said::recording(1, number(of), &name(record), said::course());
        let decision = record_outcome::RecordOutcome {
            issuer: SCHOOL,
            data: data.clone(),
        };
        self.ask(&self.stage.school, &decision, &data)
            .unwrap_or(Came::Refused)
    }

    /// The commit that says what the outcome says now; whatever, where there is none.
    fn target(&self, of: u64, record: u8) -> Option<ledger::assertion::Target> {
        let whole = self.whole(of);
        let outcome = whole
            .account
            .outcome(said::outcome_of(1, number(of), &name(record)));
        outcome.map(|outcome| outcome.current)
    }

    fn correct(&mut self, of: u64, record: u8) -> Came {
        let mut fields = said::course();
        let worth = 1 + self.scene.next % 50;
        fields.credits = Some(format!("{worth}").parse().unwrap());
        let data = correct_outcome::Data {
            values: Commitments::default(),
            fields,
            outcome: said::outcome_of(1, number(of), &name(record)),
            person: number(of),
            reason: correct_outcome::Reason::AmountWrong,
        };
        let decision = correct_outcome::CorrectOutcome {
            issuer: SCHOOL,
            target: self.target(of, record),
            data: data.clone(),
        };
        self.ask(&self.stage.school, &decision, &data)
            .unwrap_or(Came::Refused)
    }

    fn revoke(&mut self, of: u64, record: u8) -> Came {
        let data = revoke_outcome::Data {
            values: Commitments::default(),
            outcome: said::outcome_of(1, number(of), &name(record)),
            person: number(of),
            reason: correct_outcome::Reason::Misconduct,
        };
        let decision = revoke_outcome::RevokeOutcome {
            issuer: SCHOOL,
            target: self.target(of, record),
            data: data.clone(),
        };
        self.ask(&self.stage.school, &decision, &data)
            .unwrap_or(Came::Refused)
    }

    fn merge(&mut self, absorbed: u64, into: u64) -> Result<Came, ApplyMergeError> {
        let data = apply::Data {
            values: Commitments::default(),
            absorbed: number(absorbed),
            person: number(into),
            resident_ids: ResidentIds::Absent,
        };
        let decision = apply::Apply {
            ask: Ask::of(&self.stage.assertion).unwrap(),
            data: data.clone(),
        };
        self.ask(&self.stage.assertion, &decision, &data)
    }

    /// The registrar agrees to what the learner asked.
    fn request(&mut self, absorbed: u64, into: u64) -> Result<Came, RequestMergeError> {
        let state = |of| {
            let stream = person::wire::stream(number(of));
            self.scene.state::<person::Person>(&stream)
        };
        let link = |of| self.stage.links[usize::try_from(of).unwrap()];
        let data = request::Data {
            absorbed: number(absorbed),
            changed: Changed::of(&state(absorbed), &state(into)),
            link: link(absorbed),
            own: link(into),
            person: number(into),
            resident_ids: ResidentIds::Absent,
        };
        let mut ask = Ask::of(&self.stage.assertion).unwrap();
        ask.act = Some(Act {
            by: By::Session,
            on_behalf_of: None,
            person: number(into),
            role: "learner".into(),
        });
        let decision = request::RequestMerge {
            ask,
            data: data.clone(),
        };
        self.ask(&self.stage.assertion, &decision, &data)
    }

    fn revert(&mut self, absorbed: u64, into: u64) -> Result<Came, RevertMergeError> {
        let ask = Ask::of(&self.stage.assertion).unwrap();
        let data = revert::Data {
            values: Commitments::default(),
            absorbed: number(absorbed),
            person: number(into),
        };
        let decision = revert::Revert {
            ask,
            data: data.clone(),
        };
        self.ask(&self.stage.assertion, &decision, &data)
    }

    /// The step that somebody means who knows how things are.
    fn aimed(&self, step: Step) -> Step {
        let outcome = |at: usize| {
            let mut all = self.books.outcomes.keys().cycle();
            all.nth(at).copied().unwrap_or_default()
        };
        match step {
            Step::CorrectKnown(at) => {
                let (of, record) = outcome(at);
                Step::Correct(of, record)
            }
            Step::RevokeKnown(at) => {
                let (of, record) = outcome(at);
                Step::Revoke(of, record)
            }
            Step::RevertKnown(at) => {
                let mut edges = self.books.edges.iter().rev().cycle();
                let (absorbed, into) = edges.nth(at).copied().unwrap_or_default();
                Step::Revert(absorbed, into)
            }
            other => other,
        }
    }

    /// Plays a step on both sides.
    fn step(&mut self, step: Step) -> Result<Came, TestCaseError> {
        let step = self.aimed(step);
        let (came, expected) = match step {
            Step::Record(of, record) => {
                let expected = self.recorded(of, record);
                (self.record(of, record), expected)
            }
            Step::Correct(of, record) => {
                let worth = 1 + self.scene.next % 50;
                (self.correct(of, record), self.corrected(of, record, worth))
            }
            Step::Revoke(of, record) => (self.revoke(of, record), self.revoked(of, record)),
            Step::Merge(absorbed, into) | Step::Request(absorbed, into) => {
                let before = self.snapshot();
                let came = match step {
                    Step::Request(..) => self.request(absorbed, into).ok(),
                    _ => self.merge(absorbed, into).ok(),
                };
                let came = came.unwrap_or(Came::Refused);
                if came == Came::Written {
                    self.before = Some(((absorbed, into), self.scene.next, before));
                }
                (came, self.merged(absorbed, into))
            }
            Step::Revert(absorbed, into) => {
                let before = self.snapshot();
                let came = self.revert(absorbed, into);
                if matches!(came, Err(RevertMergeError::Used(_))) {
                    prop_assert_eq!(self.books.used.get(&(absorbed, into)), Some(&true));
                }
                if came.is_err() {
                    prop_assert_eq!(&before, &self.snapshot());
                }
                // Nothing at all came between: all is as it was (I1).
                if came == Ok(Came::Written)
                    && let Some((edge, next, then)) = &self.before
                    && (*edge, *next + 1) == ((absorbed, into), self.scene.next)
                {
                    prop_assert_eq!(then, &self.snapshot());
                    self.undone += 1;
                }
                (came.unwrap_or(Came::Refused), self.reverted(absorbed, into))
            }
            Step::CorrectKnown(_) | Step::RevokeKnown(_) | Step::RevertKnown(_) => {
                unreachable!("aimed above")
            }
        };
        prop_assert_eq!(came, expected, "{:?} in {:?}", step, self.books);
        self.compare()?;
        Ok(came)
    }

    fn recorded(&mut self, of: u64, record: u8) -> Came {
        if let Some(known) = self.books.known(of, record) {
            // As it was first recorded, or as it stands: nothing new. What was revoked stays so.
            let stands = self.books.outcomes[&(known, record)].worth.is_some();
            return if stands {
                Came::AlreadySo
            } else {
                Came::Refused
            };
        }
        let entry = Entry {
            recorded: self.scene.next,
            worth: Some(4_000),
        };
        self.books.outcomes.insert((of, record), entry);
        self.books.use_up(of);
        Came::Written
    }

    fn corrected(&mut self, of: u64, record: u8, worth: u64) -> Came {
        let outcome = (of, record);
        let stands = self.books.outcomes.get(&outcome).and_then(|it| it.worth);
        match stands {
            None => Came::Refused,
            Some(now) if now == worth * 1_000 => Came::AlreadySo,
            Some(_) if self.books.is_doubled(outcome) => Came::Refused,
            Some(_) => {
                self.books
                    .outcomes
                    .entry(outcome)
                    .and_modify(|it| it.worth = Some(worth * 1_000));
                self.books.use_up(of);
                Came::Written
            }
        }
    }

    fn revoked(&mut self, of: u64, record: u8) -> Came {
        match self.books.outcomes.get_mut(&(of, record)) {
            None => Came::Refused,
            Some(Entry { worth: None, .. }) => Came::AlreadySo,
            Some(entry) => {
                entry.worth = None;
                self.books.use_up(of);
                Came::Written
            }
        }
    }

    fn merged(&mut self, absorbed: u64, into: u64) -> Came {
        let books = &mut self.books;
        if absorbed != into && books.edges.contains(&(absorbed, into)) {
            return Came::AlreadySo;
        }
        let both_stand = books.holder(absorbed) == absorbed && books.holder(into) == into;
        if absorbed == into || !both_stand || books.is_too_deep(absorbed, into) {
            return Came::Refused;
        }
        books.edges.push((absorbed, into));
        books.used.insert((absorbed, into), false);
        Came::Written
    }

    fn reverted(&mut self, absorbed: u64, into: u64) -> Came {
        let books = &mut self.books;
        let edge = (absorbed, into);
        let may = books.edges.contains(&edge) && books.holder(into) == into && !books.used[&edge];
        if !may {
            return Came::Refused;
        }
        books.edges.retain(|it| *it != edge);
        Came::Written
    }

    /// Each account as it reads, without the history of merges.
    fn snapshot(&self) -> Vec<String> {
        let read = |of| {
            let whole = self.whole(of);
            let outcomes = whole.account.outcomes.iter();
            let outcomes: Vec<_> = outcomes
                .map(|it| (it.id, it.fields.clone(), it.current, it.revoked.clone()))
                .collect();
            let mut numbers = whole.numbers.clone();
            numbers.sort_unstable();
            format!(
                "{:?} {numbers:?} {outcomes:?} {:?}",
                whole.holder, whole.account.lots
            )
        };
        (0..NUMBERS).map(read).collect()
    }

    /// Both sides say the same of everybody.
    fn compare(&self) -> Result<(), TestCaseError> {
        let school = Institution::default();
        let mut lots_seen = BTreeSet::new();
        for of in 0..NUMBERS {
            let holder = self.books.holder(of);
            let whole = self.whole(of);
            prop_assert_eq!(whole.holder, number(holder));
            let numbers: BTreeSet<Uuid> = whole.numbers.iter().copied().collect();
            let expected: BTreeSet<Uuid> =
                self.books.numbers(holder).into_iter().map(number).collect();
            prop_assert_eq!(numbers.len(), whole.numbers.len(), "each number once");
            prop_assert_eq!(numbers, expected);
            let stream = person::wire::stream(number(of));
            let state = self.scene.state::<person::Person>(&stream);
            prop_assert_eq!(state.merged_into.is_some(), holder != of);
            if holder != of {
                continue;
            }
            // What a person has is each thing once, and of it each lot once in the whole province.
            let mut has = BTreeMap::new();
            for outcome in &whole.account.outcomes {
                let stands = outcome.state(&school) == OutcomeState::Recorded;
                let lot = whole
                    .account
                    .current_lot(outcome, &school)
                    .filter(|_| stands);
                has.insert(outcome.id, lot.map(|lot| lot.credit.get()));
            }
            prop_assert_eq!(has.len(), whole.account.outcomes.len());
            let mut books = BTreeMap::new();
            for ((under, record), entry) in &self.books.outcomes {
                if self.books.holder(*under) == holder {
                    let id = said::outcome_of(1, number(*under), &name(*record));
                    books.insert(id, entry.worth);
                }
            }
            prop_assert_eq!(&has, &books);
            for lot in &whole.account.lots {
                prop_assert!(lots_seen.insert(lot.id), "I4: lot {} counts twice", lot.id);
            }
            // Of each record of which anything stands exactly one counts.
            let mut counts = BTreeMap::new();
            let standing = whole
                .account
                .outcomes
                .iter()
                .filter(|it| has[&it.id].is_some());
            for outcome in standing {
                let counted = counts.entry(outcome.origin.clone()).or_insert(0);
                *counted += u32::from(!whole.account.is_doubled(outcome, &school));
            }
            prop_assert!(
                counts.values().all(|it| *it == 1),
                "{counts:?}: {:?}",
                self.books
            );
        }
        Ok(())
    }
}

fn number(n: u64) -> Uuid {
    tests::support::asking::person(200 + n)
}

/// What a registrar links to a number; the link's name.
fn linked(given: &mut Given, n: u64) -> Uuid {
    let data = link::confirm::Data {
        values: said::values(2),
        ceremony: Uuid::from_u128(u128::from(n)),
        loa: request::LEVEL,
        person: number(n),
    };
    given
        .makes(&by_registrar(link::confirm::KIND, &data))
        .target
        .id
}

fn name(record: u8) -> String {
    format!("R{record}")
}

fn step() -> impl Strategy<Value = Step> {
    let one = || 0..NUMBERS;
    let two = || (0..NUMBERS, 0..NUMBERS);
    let known = || 0..8_usize;
    prop_oneof![
        6 => (one(), 0..RECORDS).prop_map(|(of, record)| Step::Record(of, record)),
        1 => (one(), 0..RECORDS).prop_map(|(of, record)| Step::Correct(of, record)),
        2 => known().prop_map(Step::CorrectKnown),
        1 => (one(), 0..RECORDS).prop_map(|(of, record)| Step::Revoke(of, record)),
        1 => known().prop_map(Step::RevokeKnown),
        3 => two().prop_map(|(absorbed, into)| Step::Merge(absorbed, into)),
        2 => two().prop_map(|(absorbed, into)| Step::Request(absorbed, into)),
        1 => two().prop_map(|(absorbed, into)| Step::Revert(absorbed, into)),
        3 => (0..3_usize).prop_map(Step::RevertKnown),
    ]
}

/// I4: an absorbed account accepts nothing more.
fn open_accounts_alone(state: &AnyState, fact: &Fact) {
    let account = state.downcast_ref::<Account>();
    let closed = account.is_some_and(|it| it.absorbed_by.is_some());
    assert!(
        !closed || fact.kind == account::wire::RESTORED_V1,
        "I4: an absorbed account accepts nothing more"
    );
}

/// A merge would count a record twice, lose one, or not be undone.
///
/// `XF_MERGE_HISTORIES` sets how many histories are played, `XF_MERGE_SEED` repeats a failure.
#[test]
fn merges_stand_as_the_books_have_them() {
    let histories = Histories::of("MERGE", HISTORIES);
    let stage = Stage::new();
    let tally = RefCell::new(BTreeMap::<(&str, String), u64>::new());
    let steps = prop::collection::vec(step(), 1..STEPS_MAX);
    let play = |steps| {
        let mut play = Play {
            stage: &stage,
            scene: Scene::new(stage.states.clone(), 1_000).watched(open_accounts_alone),
            books: Books::default(),
            before: None,
            undone: 0,
        };
        for step in steps {
            let kind = match step {
                Step::Record(..) => "record",
                Step::Correct(..) | Step::CorrectKnown(_) => "correct",
                Step::Revoke(..) | Step::RevokeKnown(_) => "revoke",
                Step::Merge(..) => "merge",
                Step::Request(..) => "request",
                Step::Revert(..) | Step::RevertKnown(_) => "revert",
            };
            let came = play.step(step)?;
            *tally
                .borrow_mut()
                .entry((kind, format!("{came:?}")))
                .or_default() += 1;
        }
        *tally
            .borrow_mut()
            .entry(("revert", "at once".into()))
            .or_default() += play.undone;
        Ok(())
    };
    histories.play(&steps, play, || format!("{:?}", tally.borrow()));
    let tally = tally.borrow();
    for kind in ["record", "correct", "revoke", "merge", "request", "revert"] {
        let written = tally.get(&(kind, "Written".into())).copied();
        assert!(
            written > Some(u64::from(histories.count) / 20),
            "{kind}: {tally:?}"
        );
    }
    let undone = tally[&("revert", "at once".to_owned())];
    assert!(undone > u64::from(histories.count) / 50, "{tally:?}");
}
