//! Random histories through the real log, against the auditor's own books.
//!
//! Every step must come to what the auditor says (a commit, nothing new, or no), at the position it
//! says, and in the end every account must hold what the auditor's books hold.

use credentials::account::{Account, LotState, wire};
use identity::role::Role;
use ledger::clock;
use ledger::decision::Verdict as Came;
use ledger::execute::ExecuteError;
use ledger::sequencer::Answer;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::cell::RefCell;
use tests::support::asking::{Asking, person};
use tests::support::auditor::{Auditor, Lot, Verdict};
use tests::support::history::{Act, Cast, Record, Step, history};
use tests::support::log_world::{LogWorld, Reply, target};
use tests::support::said;

const HOUR_MS: i64 = 3_600_000;
/// Histories that one log plays, each with a cast of its own.
const HISTORIES_PER_LOG: u64 = 100;
/// Most steps of a history.
const STEPS_MAX: usize = 32;

/// How often each verdict was given.
#[derive(Default, Debug)]
struct Tally {
    written: u64,
    already: u64,
    refused: u64,
}

/// A log that plays one history after another.
struct Stage {
    world: LogWorld,
    played: u64,
}

impl Stage {
    /// A log with two registrars, so that admitting takes two commits.
    fn new() -> Self {
        let world = LogWorld::genesis();
        world.agreed_by_all(&said::appoint(person(5), Role::Registrar, None));
        Self { world, played: 0 }
    }

    /// Two new schools, three persons nobody used before, and books about them.
    fn cast(&mut self) -> Auditor {
        let base = u32::try_from(self.played).unwrap() * 2;
        let cast = Cast {
            schools: [base + 1, base + 2],
            first_person: 10_000 + 10 * self.played,
        };
        self.played += 1;
        let admitted = cast.schools.map(|number| {
            let proposal = target(&self.world.makes(&said::admit(&said::admission(number))));
            self.world
                .makes(&said::approve(proposal, person(5), "registrar"))
                .commit
                .position
        });
        Auditor::new(cast, self.world.size(), self.world.now_ms(), admitted)
    }
}

/// Plays one step on both sides.
fn play(
    world: &LogWorld,
    auditor: &mut Auditor,
    step: &Step,
    tally: &mut Tally,
) -> Result<(), TestCaseError> {
    if let Act::Wait(hours) = step.act {
        let ms = i64::from(hours) * HOUR_MS;
        world.wait_ms(ms);
        auditor.wait_ms(ms);
        return Ok(());
    }
    let named = auditor.target(step);
    let Some(asking) = auditor.cast.asking(step, named) else {
        return Ok(());
    };
    let expected = auditor.judge(step);
    let reply = previewed(world, &asking)?;
    match (&reply, expected) {
        (Ok(Answer::Committed(committed)), Verdict::Written) => {
            prop_assert_eq!(committed.commit.position, auditor.next);
            auditor.written(step, target(committed));
            tally.written += 1;
        }
        (Ok(Answer::AlreadySo(earlier)), Verdict::AlreadySo(position)) => {
            prop_assert_eq!(earlier.position, position, "{:?}", step);
            let commit = world.log.commit(position).unwrap().unwrap();
            prop_assert_eq!(
                commit.assertion.id(),
                earlier.id,
                "id and position name one commit"
            );
            tally.already += 1;
        }
        (Err(ExecuteError::Rejected(_) | ExecuteError::Refused(_)), Verdict::Refused) => {
            tally.refused += 1;
        }
        _ => prop_assert!(
            false,
            "{step:?}: the auditor says {expected:?}, the log {reply:?}"
        ),
    }
    prop_assert_eq!(world.size(), auditor.next, "{:?}", step);
    Ok(())
}

/// Submits; what the log said it would come to is what it comes to.
fn previewed(world: &LogWorld, asking: &Asking) -> Result<Reply, TestCaseError> {
    let submission = match world.log.check(world.sign(asking).text()) {
        Ok(submission) => submission,
        Err(error) => return Ok(Err(error)),
    };
    let preview = world.log.preview(&submission);
    let reply = world.log.submit_blocking(submission);
    let same = match (&preview, &reply) {
        (Ok(Came::Facts(facts)), Ok(Answer::Committed(new))) => {
            let kinds = new.commit.facts.iter().map(|fact| &*fact.kind);
            kinds.eq(facts.iter().map(|fact| fact.kind))
        }
        (Ok(Came::AlreadySo(before)), Ok(Answer::AlreadySo(earlier))) => before == earlier,
        (Err(before), Err(after)) => before.to_string() == after.to_string(),
        _ => false,
    };
    prop_assert!(
        same,
        "{asking:?}: previewed as {preview:?}, came to {reply:?}"
    );
    Ok(reply)
}

/// Every account of the cast holds what the books hold.
fn compare(world: &LogWorld, auditor: &Auditor) -> Result<(), TestCaseError> {
    for index in 0..3 {
        let id = auditor.cast.person(index);
        let account = world.log.state::<Account>(&wire::stream(id)).unwrap();
        let of_person = |record: &&Record| record.person == index;
        let mut lots = 0;
        prop_assert_eq!(
            account.outcomes.len(),
            auditor.outcomes.keys().filter(of_person).count()
        );
        for (record, books) in auditor
            .outcomes
            .iter()
            .filter(|(record, _)| record.person == index)
        {
            let name = format!("R{}", record.number);
            let outcome = account.outcome(said::outcome_of(
                auditor.cast.school(record.owner),
                id,
                &name,
            ));
            let Some(outcome) = outcome else {
                return Err(TestCaseError::fail(format!(
                    "{record:?} is not in the account"
                )));
            };
            prop_assert_eq!(&outcome.fields, &books.now.fields());
            prop_assert_eq!(outcome.recorded.position, books.recorded.0);
            prop_assert_eq!(outcome.current, books.current.1);
            let revoked = outcome.revoked.first().map(|(by, _)| by.position);
            prop_assert_eq!(revoked, books.revoked);
            let held: Vec<(u64, Lot)> = account
                .lots
                .iter()
                .filter(|lot| lot.outcome == outcome.id)
                .map(|lot| {
                    let state = match lot.state {
                        LotState::Available => Lot::Available,
                        LotState::Superseded => Lot::Superseded,
                        LotState::Revoked => Lot::Revoked,
                        LotState::Disputed | LotState::Quarantined => {
                            unreachable!("no account says so where nothing was merged")
                        }
                    };
                    (lot.credit.get(), state)
                })
                .collect();
            lots += held.len();
            prop_assert_eq!(&held, &books.lots);
        }
        prop_assert_eq!(account.lots.len(), lots, "no lot without an outcome");
    }
    Ok(())
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The ledger would accept, refuse or count something that a careful reader of the rules would not.
///
/// `XF_MODEL_HISTORIES` sets how many histories are played, `XF_MODEL_SEED` repeats a failure.
#[test]
fn the_log_does_what_the_auditor_says() {
    let histories = setting("XF_MODEL_HISTORIES").map_or(1_000, |text| text.parse().unwrap());
    let seed =
        setting("XF_MODEL_SEED").map_or_else(clock::random::<32>, |text| super::keys::hex(&text));
    let seed_text = seed
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let config = Config {
        cases: histories,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let stage = RefCell::new(Stage::new());
    let tally = RefCell::new(Tally::default());
    let result = TestRunner::new_with_rng(config, rng).run(&history(STEPS_MAX), |steps| {
        let mut stage = stage.borrow_mut();
        if stage.played >= HISTORIES_PER_LOG {
            *stage = Stage::new();
        }
        let mut auditor = stage.cast();
        for step in &steps {
            play(&stage.world, &mut auditor, step, &mut tally.borrow_mut())?;
        }
        compare(&stage.world, &auditor)
    });
    assert!(
        result.is_ok(),
        "XF_MODEL_SEED={seed_text}: {}",
        result.unwrap_err()
    );
    let tally = tally.into_inner();
    let steps = tally.written + tally.already + tally.refused;
    assert!(
        tally.written * 4 > steps,
        "too few steps are valid to say anything: {tally:?}"
    );
    assert!(
        tally.refused * 4 > steps,
        "too few steps are refused to say anything: {tally:?}"
    );
    assert!(
        tally.already * 25 > steps,
        "too few steps are repeated to say anything: {tally:?}"
    );
}
