//! `Idempotency-Key`: carried out once, answered the same, kept sealed.

use std::sync::{Arc, Barrier};

use api::idempotency::{
    Answer, Begin, Idempotency, IdempotencyError, KEPT_MS, RUNNING_MS_MAX, Turn,
};
use api::master::MasterKey;
use ledger::clock::FixedClock;
use ledger::side::Side;
use ledger::side::sqlite::SqliteSide;
use tests::support::memory_side::{Fault, MemorySide};

const START_MS: i64 = 1_000_000;

struct House {
    side: MemorySide,
    clock: Arc<FixedClock>,
    master: MasterKey,
}

impl House {
    fn new() -> Self {
        let clock = Arc::new(FixedClock::at(START_MS));
        let side = MemorySide::new(Arc::clone(&clock) as _);
        let dir = tempfile::tempdir().unwrap();
        let master = MasterKey::load_or_create(&dir.path().join("master.key")).unwrap();
        Self {
            side,
            clock,
            master,
        }
    }

    /// The answers; again = after a restart.
    fn open(&self) -> Idempotency {
        let clock = Arc::clone(&self.clock);
        Idempotency::new(Arc::new(self.side.clone()), self.master.clone(), clock)
    }
}

fn turn(begin: Result<Begin, IdempotencyError>) -> Turn {
    let Ok(Begin::New(turn)) = begin else {
        unreachable!("expected a turn: {begin:?}");
    };
    turn
}

fn answer() -> Answer {
    Answer {
        status: 201,
        headers: vec![("content-type".into(), "application/json".into())],
        body: b"{\"id\":\"\xff\x00\"}".to_vec(),
    }
}

#[test]
fn the_same_request_gets_the_same_answer() {
    // If this failed, a repeated request would record a course or spend points twice.
    let house = House::new();
    let kept = house.open();
    let first = turn(kept.begin("alice", "k", b"body"));
    assert!(matches!(
        kept.begin("alice", "k", b"body"),
        Ok(Begin::Running)
    ));
    assert!(matches!(
        kept.begin("alice", "k", b"other"),
        Ok(Begin::Conflict)
    ));
    assert!(kept.finish(&first, &answer()).unwrap());
    for kept in [&kept, &house.open()] {
        let again = kept.begin("alice", "k", b"body");
        assert!(matches!(again, Ok(Begin::Replay(found)) if found == answer()));
        assert!(matches!(
            kept.begin("alice", "k", b"other"),
            Ok(Begin::Conflict)
        ));
    }
    assert!(!kept.finish(&first, &answer()).unwrap(), "once only");
    // Another caller's key, and another key, are other requests.
    for (caller, key) in [
        ("bob", "k"),
        ("alice", "k2"),
        ("alicek", ""),
        ("alic", "ek"),
    ] {
        let _turn = turn(kept.begin(caller, key, b"body"));
    }
}

#[test]
fn an_answer_is_kept_for_seven_days() {
    // If this failed, answers would vanish while clients still retry, or pile up for ever.
    let house = House::new();
    let kept = house.open();
    let first = turn(kept.begin("alice", "k", b"body"));
    house.clock.set(START_MS + 60_000);
    assert!(kept.finish(&first, &answer()).unwrap());
    house.clock.set(START_MS + 60_000 + KEPT_MS - 1);
    assert!(matches!(
        kept.begin("alice", "k", b"body"),
        Ok(Begin::Replay(_))
    ));
    house.clock.set(START_MS + 60_000 + KEPT_MS);
    let _turn = turn(kept.begin("alice", "k", b"another body"));
}

#[test]
fn an_abandoned_request_may_come_again() {
    // If this failed, a request that met a full queue could not be repeated.
    let house = House::new();
    let kept = house.open();
    let first = turn(kept.begin("alice", "k", b"body"));
    kept.abandon(&first).unwrap();
    let second = turn(kept.begin("alice", "k", b"body"));
    assert_ne!(first.seed(), second.seed());
    // What is no longer this turn's does nothing.
    kept.abandon(&first).unwrap();
    assert!(!kept.finish(&first, &answer()).unwrap());
    assert!(matches!(
        kept.begin("alice", "k", b"body"),
        Ok(Begin::Running)
    ));
    assert!(kept.finish(&second, &answer()).unwrap());
    kept.abandon(&second).unwrap();
    assert!(matches!(
        kept.begin("alice", "k", b"body"),
        Ok(Begin::Replay(_))
    ));
}

#[test]
fn a_request_that_died_is_taken_over_with_the_same_seed() {
    // If this failed, a crash would block a request for a week, or its repetition make a second
    // record beside the one that the log already has.
    let house = House::new();
    let first = turn(house.open().begin("alice", "k", b"body"));
    house.clock.set(START_MS + RUNNING_MS_MAX - 1);
    let kept = house.open();
    assert!(matches!(
        kept.begin("alice", "k", b"body"),
        Ok(Begin::Running)
    ));
    house.clock.set(START_MS + RUNNING_MS_MAX);
    assert!(matches!(
        kept.begin("alice", "k", b"other"),
        Ok(Begin::Conflict)
    ));
    let second = turn(kept.begin("alice", "k", b"body"));
    assert_eq!(first.seed(), second.seed());
    assert!(
        !kept.finish(&first, &answer()).unwrap(),
        "it was not dead, but late"
    );
    assert!(kept.finish(&second, &answer()).unwrap());
}

#[test]
fn of_many_at_once_one_runs() {
    // If this failed, a double click would carry a redemption out twice.
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(START_MS));
    let side = SqliteSide::open(&dir.path().join("side.db"), Arc::clone(&clock) as _).unwrap();
    let side: Arc<dyn Side> = Arc::new(side);
    let master = MasterKey::load_or_create(&dir.path().join("master.key")).unwrap();
    let kept = Idempotency::new(side, master, clock);
    for round in 0..20 {
        let key = format!("k{round}");
        let barrier = Barrier::new(8);
        let new: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        match kept.begin("alice", &key, b"body").unwrap() {
                            Begin::New(turn) => {
                                assert!(kept.finish(&turn, &answer()).unwrap());
                                1
                            }
                            Begin::Running => 0,
                            Begin::Replay(found) => {
                                assert_eq!(found, answer());
                                0
                            }
                            Begin::Conflict => panic!("the same body"),
                        }
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .sum()
        });
        assert_eq!(new, 1, "round {round}");
    }
}

#[test]
fn nothing_of_request_answer_key_or_caller_is_stored_in_the_open() {
    // If this failed, names and identity numbers in requests would stand in a file that no erasure
    // knows of.
    let house = House::new();
    let kept = house.open();
    let canary = "canary-91c7";
    let body = format!("{{\"name\":\"{canary}\"}}");
    let first = turn(kept.begin(canary, canary, body.as_bytes()));
    let with_canary = Answer {
        body: body.clone().into_bytes(),
        headers: vec![("location".into(), canary.into())],
        ..answer()
    };
    assert!(kept.finish(&first, &with_canary).unwrap());
    let unkeyed = ledger::hash::Digest::of(body.as_bytes());
    let needles: [&[u8]; 3] = [canary.as_bytes(), &unkeyed.0, b"201"];
    for ((_, key), row) in house.side.rows() {
        for needle in needles {
            for bytes in [&key, &row] {
                assert!(!bytes.windows(needle.len()).any(|window| window == needle));
            }
        }
    }
    assert_eq!(house.side.rows().len(), 1);
    let again = kept.begin(canary, canary, body.as_bytes());
    assert!(
        matches!(again, Ok(Begin::Replay(found)) if found == with_canary),
        "the control"
    );
}

#[test]
fn an_altered_or_moved_answer_is_an_error() {
    // If this failed, who can write to the database could answer for the ledger.
    let house = House::new();
    let kept = house.open();
    for key in ["k1", "k2"] {
        let turn = turn(kept.begin("alice", key, b"body"));
        assert!(kept.finish(&turn, &answer()).unwrap());
    }
    let rows = house.side.rows();
    let damaged = |house: &House| {
        let answers = ["k1", "k2"].map(|key| house.open().begin("alice", key, b"body"));
        answers
            .iter()
            .filter(|answer| matches!(answer, Err(IdempotencyError::Damaged)))
            .count()
    };
    let (place, row) = &rows[0];
    for at in 0..row.len() {
        let mut altered = row.clone();
        altered[at] ^= 0x80;
        house.side.alter(place, altered);
        assert_eq!(damaged(&house), 1);
    }
    house.side.alter(place, rows[1].1.clone());
    assert_eq!(damaged(&house), 1, "moved");
    house.side.restore(&rows);
    assert_eq!(damaged(&house), 0);
    let other = House {
        side: house.side.clone(),
        clock: Arc::clone(&house.clock),
        ..House::new()
    };
    // Under another master key the row is not even found: it is another request.
    let _turn = turn(other.open().begin("alice", "k1", b"body"));
}

#[test]
fn a_failed_write_never_gives_two_turns() {
    // If this failed, a database that answers late would let a request run twice.
    for fault in [Fault::Lost, Fault::Unanswered] {
        let house = House::new();
        let kept = house.open();
        house.side.fail(0, fault);
        let failed = kept.begin("alice", "k", b"body");
        assert!(matches!(failed, Err(IdempotencyError::Side(_))));
        let again = kept.begin("alice", "k", b"body");
        match fault {
            Fault::Lost => assert!(matches!(again, Ok(Begin::New(_)))),
            Fault::Unanswered => assert!(matches!(again, Ok(Begin::Running))),
        }
    }
}
