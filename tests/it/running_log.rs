//! A running log whose disk fills up, whose writes are in doubt, whose queue is full.
//!
//! The store under it is a double, since a real disk cannot be filled on command; what a store does
//! on a full disk is tested on the store itself.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ledger::decision::Verdict;
use ledger::execute::{ExecuteError, Unavailable};
use ledger::log::Health;
use ledger::sequencer::Answer;
use ledger::store::memory::MemoryStore;
use ledger::store::{AppendError, ReadError, Record, Store};
use tests::support::world::{World, course};

/// What the disk is like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Good = 0,
    Full = 1,
    Doubtful = 2,
}

/// A store in memory whose appends fail by mood, or wait at a gate.
struct MoodyStore {
    inner: MemoryStore,
    mood: AtomicU8,
    gate: Mutex<()>,
}

impl MoodyStore {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryStore::new(),
            mood: AtomicU8::new(Mood::Good as u8),
            gate: Mutex::new(()),
        })
    }

    fn be(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }
}

impl Store for MoodyStore {
    fn append_at(&self, position: u64, records: &[Record]) -> Result<(), AppendError> {
        let _passed = self.gate.lock().unwrap();
        match self.mood.load(Ordering::SeqCst) {
            1 => Err(AppendError::Full),
            2 => Err(AppendError::Unknown {
                position,
                source: std::io::Error::other("the disk said nothing"),
            }),
            _ => self.inner.append_at(position, records),
        }
    }

    fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, ReadError> {
        self.inner.read(from, limit)
    }

    fn head(&self) -> u64 {
        self.inner.head()
    }
}

/// A full disk would lose a record, or leave one behind that nobody was told of.
#[test]
fn a_full_disk_stops_writing_only_and_writing_resumes() {
    let dir = tempfile::tempdir().unwrap();
    let store = MoodyStore::new();
    let mut world = World::over(dir.path(), Arc::clone(&store) as _, 1);
    let school = world.admit("甲校", "4133010335");
    let person = world.register(school, "王晓明");
    let before = world.log.head();

    store.be(Mood::Full);
    for _ in 0..3 {
        let refused = world.record(school, person, "R1", &course()).unwrap_err();
        assert!(matches!(
            refused,
            ExecuteError::Unavailable(Unavailable::DiskFull)
        ));
    }
    assert_eq!(world.log.head(), before, "nothing was stored or signed");
    assert!(
        world.log.commit(before.size - 1).unwrap().is_some(),
        "reading goes on"
    );
    assert!(matches!(*world.log.health().borrow(), Health::Writable));

    store.be(Mood::Good);
    // Not "already so": what the full disk refused was forgotten, also by the sequencer's states.
    let answer = world.record(school, person, "R1", &course()).unwrap();
    let Answer::Committed(committed) = answer else {
        unreachable!("{answer:?}");
    };
    assert_eq!(committed.commit.position, before.size);
    let again = world.record(school, person, "R1", &course()).unwrap();
    assert_eq!(again.earlier().position, before.size);
}

/// After a failed sync the process would go on as if it knew what is on disk.
#[test]
fn a_write_in_doubt_stops_the_writer() {
    let dir = tempfile::tempdir().unwrap();
    let store = MoodyStore::new();
    let mut world = World::over(dir.path(), Arc::clone(&store) as _, 2);
    let school = world.admit("甲校", "4133010335");
    let person = world.register(school, "王晓明");

    store.be(Mood::Doubtful);
    let refused = world.record(school, person, "R1", &course()).unwrap_err();
    assert!(matches!(
        refused,
        ExecuteError::Unavailable(Unavailable::Unknown)
    ));
    assert!(matches!(*world.log.health().borrow(), Health::Stopped(_)));
    // A disk that is well again changes nothing: only a start finds out what is on it.
    store.be(Mood::Good);
    let refused = world.record(school, person, "R2", &course()).unwrap_err();
    assert!(matches!(
        refused,
        ExecuteError::Unavailable(Unavailable::Stopping | Unavailable::Unknown)
    ));
}

/// A flood would grow the queue until memory ends instead of being told to wait.
#[test]
fn a_full_queue_says_so_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = MoodyStore::new();
    let mut world = World::over(dir.path(), Arc::clone(&store) as _, 3);
    let school = world.admit("甲校", "4133010335");
    let person = world.register(school, "王晓明");
    let shut = store.gate.lock().unwrap();
    let mut waiting = Vec::new();
    let mut refused = 0;
    for i in 0..6_000 {
        let submission = world.recording(school, person, &format!("R{i}"), &course());
        match world.log.enqueue(submission) {
            Ok(answer) => waiting.push(answer),
            Err(error) => {
                assert_eq!(error, Unavailable::QueueFull);
                refused += 1;
                break;
            }
        }
    }
    assert_eq!(refused, 1, "the queue has an end");
    drop(shut);
    for answer in waiting {
        let answer = answer.blocking_recv().unwrap().unwrap();
        assert!(matches!(answer, Answer::Committed(_)));
    }
    std::thread::sleep(Duration::from_millis(1));
    let next = world.recording(school, person, "next", &course());
    assert!(matches!(
        world.log.preview(&next).unwrap(),
        Verdict::Facts(_)
    ));
    world.log.submit_blocking(next).unwrap();
}
