//! Waiting, stopping, and the things that may not be passed over.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ledger::commit::Commit;
use ledger::fact::{CommittedFact, Stream};
use ledger::store::memory::MemoryStore;
use ledger::store::{NO_LINK, Record, Store};
use ledger::tail::Tail;
use projections::Views;
use projections::follow::{Health, WaitError};
use projections::projection::Share;
use tests::support::world::{World, course};
use uuid::Uuid;

use super::{PATIENCE, caught_up, open, story};

#[test]
fn waiting_ends_when_the_commit_is_folded_and_not_before() {
    // If this failed, `?after=` would answer without the caller's own write, or hang.
    let directory = tempfile::tempdir().unwrap();
    let mut story = story();
    let views = caught_up(&story.world, directory.path());
    let next = views.follower.next();
    views.follower.wait_for(0, Duration::ZERO).unwrap();
    assert_eq!(
        views.follower.wait_for(next, Duration::from_millis(20)),
        Err(WaitError::TimedOut { next })
    );
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            views.follower.wait_for(next, PATIENCE).unwrap();
            views
                .transcripts
                .of_person(&[story.people[2]])
                .unwrap()
                .len()
        });
        story
            .world
            .record(story.schools[0], story.people[2], "R-new", &course())
            .unwrap();
        assert_eq!(waiting.join().unwrap(), 3);
    });
}

#[test]
fn tasks_can_wait_too() {
    // If this failed, every `?after=` would hold a thread of the server.
    let directory = tempfile::tempdir().unwrap();
    let mut story = story();
    let views = caught_up(&story.world, directory.path());
    let next = views.follower.next();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let late = views.follower.reached(next, Duration::from_millis(5)).await;
        assert_eq!(late, Err(WaitError::TimedOut { next }));
    });
    story
        .world
        .record(story.schools[0], story.people[2], "R-new", &course())
        .unwrap();
    runtime
        .block_on(views.follower.reached(next, PATIENCE))
        .unwrap();
    assert!(views.follower.watch().borrow().next > next);
}

#[test]
fn closing_the_log_lets_waiters_go_and_folds_what_is_left() {
    // If this failed, a server could not be stopped, or would stop before its views are whole.
    let directory = tempfile::tempdir().unwrap();
    let story = story();
    let views = open(&story.world, directory.path());
    story.world.log.close();
    let head = story.world.log.head().size;
    views.follower.wait_for(head - 1, PATIENCE).unwrap();
    let never = views.follower.wait_for(head, PATIENCE);
    assert!(
        matches!(never, Err(WaitError::Stopped { next, .. }) if next == head),
        "{never:?}"
    );
    assert_eq!(views.follower.progress().health, Health::Closed);
    assert_eq!(views.people.count().unwrap(), 3, "reading goes on");
}

/// A log of a few commits whose last one states `fact`.
fn log_that_ends_with(kind: &str, stream: &str) -> Arc<MemoryStore> {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(MemoryStore::new());
    let mut world = World::over(directory.path(), Arc::clone(&store) as _, 0);
    let school = world.admit("浙江大学", "4133010335");
    world.register(school, "王晓明");
    let draft = world.draft("person.levitate.v1", serde_json::json!({}));
    let commit = Commit {
        log: world.log.origin().into(),
        position: store.head(),
        recorded_at_ms: draft.at_ms,
        engine: 1,
        assertion: world.sign(school, &draft),
        facts: vec![CommittedFact {
            data: None,
            kind: kind.into(),
            revision: 0,
            stream: Stream::parse(stream).unwrap(),
        }],
    };
    world.log.close();
    let record = Record::new(commit.encode().unwrap(), vec![NO_LINK]);
    store.append_at(commit.position, &[record]).unwrap();
    store
}

#[test]
fn a_fact_that_cannot_be_read_stops_the_follower_and_says_so() {
    // If this failed, a program older than the log would quietly show half of somebody's record.
    let person = Uuid::from_u128(7);
    for (kind, stream) in [
        ("person.levitated.v1", format!("person/{person}")),
        ("person.registered.v1", format!("person/{person}")),
        ("lot.deposited.v1", "account/nobody".to_owned()),
        ("cat.fed.v1", "cat/7".to_owned()),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let store = log_that_ends_with(kind, &stream);
        let last = store.head() - 1;
        let views = Views::open(
            directory.path(),
            store,
            Arc::new(Tail::starting_at(last + 1)),
        )
        .unwrap();
        let told = views.follower.wait_for(last, PATIENCE);
        let Err(WaitError::Stopped { next, why }) = told else {
            unreachable!("{kind}: {told:?}");
        };
        // The batch it stands in is not folded at all: nothing before it is lost, it is just not yet seen.
        assert!(next <= last, "{kind}");
        assert!(
            why.contains(kind) && why.contains(&last.to_string()),
            "{why}"
        );
        assert!(matches!(
            views.follower.progress().health,
            Health::Stopped(_)
        ));
    }
}

#[test]
fn parts_of_a_view_add_up_to_the_whole() {
    // If this failed, a province that outgrows one file would lose people between two of them.
    let province = story();
    let count = NonZeroU32::new(3).unwrap();
    let whole_directory = tempfile::tempdir().unwrap();
    let whole = caught_up(&province.world, whole_directory.path());
    let directories = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let parts: Vec<Views> = (0..3)
        .zip(&directories)
        .map(|(index, directory)| {
            let (store, tail) = (province.world.log.store(), province.world.log.tail());
            let share = Share { index, count };
            let views =
                Views::open_share(directory.path(), Arc::clone(store), Arc::clone(tail), share)
                    .unwrap();
            views
                .follower
                .wait_for(province.world.log.head().size - 1, PATIENCE)
                .unwrap();
            views
        })
        .collect();
    for person in province.people {
        let lines: Vec<_> = parts
            .iter()
            .flat_map(|part| part.transcripts.of_person(&[person]).unwrap())
            .collect();
        assert_eq!(lines, whole.transcripts.of_person(&[person]).unwrap());
    }
    let commits: u64 = parts
        .iter()
        .map(|part| part.statistics.counts().unwrap().commits)
        .sum();
    assert_eq!(commits, whole.statistics.counts().unwrap().commits);
}
