//! The index grows, is closed, killed and asked as in life, beside a `HashMap`.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ledger::fact::Stream;
use ledger::index::{Doubt, Index, IndexError, Opened, StreamHead};
use ledger::store::Store as _;
use proptest::prelude::*;
use tests::support::pen::{Pen, Written};
use tests::support::vec_store::VecStore;

pub(super) fn stream(n: u64) -> Stream {
    Stream::new("account", n)
}

pub(super) fn open(dir: &Path, log: &Arc<VecStore>) -> (Index, Opened) {
    Index::open(dir, Arc::clone(log) as _).unwrap()
}

/// Appends as the sequencer does: durable first, then the index.
fn append(log: &VecStore, index: &Index, written: &Written) {
    log.append_at(written.position, std::slice::from_ref(&written.record))
        .unwrap();
    index
        .add(written.position, written.id, &written.heads)
        .unwrap();
}

/// Every stream and id of the model, and some that do not exist.
pub(super) fn compare(index: &Index, pen: &Pen) -> Result<(), IndexError> {
    for n in 0..24 {
        let stream = stream(n);
        assert_eq!(
            index.stream(&stream)?,
            pen.heads.get(&stream).copied(),
            "{stream}"
        );
    }
    for position in 0..=pen.ids.len() as u64 {
        let id = pen.id_at(position);
        assert_eq!(index.id(id)?, pen.ids.get(&id).copied(), "id of {position}");
    }
    Ok(())
}

#[derive(Debug, Clone)]
enum Act {
    Commit(Vec<u64>),
    Foreign(Vec<u64>),
    Flush,
    Reopen,
    Rebuild,
}

fn act() -> impl Strategy<Value = Act> {
    let streams = prop::collection::vec(0..20_u64, 1..5);
    prop_oneof![
        12 => streams.clone().prop_map(Act::Commit),
        2 => streams.prop_map(Act::Foreign),
        2 => Just(Act::Flush),
        1 => Just(Act::Reopen),
        1 => Just(Act::Rebuild),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_as_a_map_does(acts in prop::collection::vec(act(), 1..60)) {
        // If this failed, an id could be recorded twice or a decision rest on a stale stream.
        let dir = tempfile::tempdir().unwrap();
        let log = Arc::new(VecStore::default());
        let mut pen = Pen::new("a.example/log/1");
        let (mut index, _) = open(dir.path(), &log);
        for act in acts {
            match act {
                Act::Commit(streams) => {
                    let streams: Vec<_> = streams.into_iter().map(stream).collect();
                    append(&log, &index, &pen.write(&streams));
                }
                // Another node appended: this one only sees the log grow.
                Act::Foreign(streams) => {
                    let streams: Vec<_> = streams.into_iter().map(stream).collect();
                    let written = pen.write(&streams);
                    log.append_at(written.position, &[written.record]).unwrap();
                    prop_assert_eq!(index.catch_up().unwrap(), 1);
                }
                Act::Flush => index.flush().unwrap(),
                // Nothing is flushed on drop, so this is a kill as well.
                Act::Reopen => {
                    drop(index);
                    let (again, opened) = open(dir.path(), &log);
                    prop_assert_eq!(opened.rebuilt, None);
                    index = again;
                }
                Act::Rebuild => prop_assert_eq!(index.rebuild().unwrap(), log.head()),
            }
            prop_assert_eq!(index.complete_to(), log.head());
            compare(&index, &pen).unwrap();
        }
        let checked = index.check().unwrap();
        prop_assert_eq!(checked.commits, log.head());
        prop_assert_eq!(checked.ids, pen.ids.len() as u64);
        prop_assert_eq!(checked.streams, pen.heads.len() as u64);
    }
}

#[test]
fn what_was_not_flushed_is_replayed() {
    // If this failed, a killed server would start with commits missing from its index.
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(VecStore::default());
    let mut pen = Pen::new("a.example/log/1");
    let (index, opened) = open(dir.path(), &log);
    assert_eq!(opened.rebuilt, None);
    for n in 0..30 {
        append(&log, &index, &pen.write(&[stream(n % 7)]));
    }
    index.flush().unwrap();
    drop(index);
    for n in 0..12 {
        let written = pen.write(&[stream(n % 9)]);
        log.append_at(written.position, &[written.record]).unwrap();
    }
    let (index, opened) = open(dir.path(), &log);
    assert_eq!((opened.replayed, opened.rebuilt), (12, None));
    compare(&index, &pen).unwrap();
    drop(index);
    let (_, opened) = open(dir.path(), &log);
    assert_eq!((opened.replayed, opened.rebuilt), (0, None));
}

#[test]
fn the_thread_flushes_by_itself() {
    // If this failed, a crash after a long run would replay the whole run.
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(VecStore::default());
    let mut pen = Pen::new("a.example/log/1");
    let (index, _) = open(dir.path(), &log);
    append(&log, &index, &pen.write(&[stream(1)]));
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(index.flush_failure(), None);
    drop(index);
    assert_eq!(open(dir.path(), &log).1.replayed, 0);
}

#[test]
fn a_gap_is_refused_and_a_known_commit_is_ignored() {
    // If this failed, a commit could be hidden from the index without anybody noticing.
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(VecStore::default());
    let mut pen = Pen::new("a.example/log/1");
    let (index, _) = open(dir.path(), &log);
    let first = pen.write(&[stream(1)]);
    let second = pen.write(&[stream(1)]);
    log.append_at(0, &[first.record.clone(), second.record.clone()])
        .unwrap();
    let gap = index.add(1, second.id, &second.heads);
    assert!(matches!(
        gap,
        Err(IndexError::Gap {
            complete_to: 0,
            position: 1
        })
    ));
    index.add(0, first.id, &first.heads).unwrap();
    index.add(1, second.id, &second.heads).unwrap();
    index.add(0, first.id, &first.heads).unwrap();
    let head = StreamHead {
        position: 1,
        revisions: 2,
    };
    assert_eq!(index.stream(&stream(1)).unwrap(), Some(head));
}

#[test]
fn one_directory_has_one_owner() {
    // If this failed, a second process could throw away the files under a running one.
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(VecStore::default());
    let (index, _) = open(dir.path(), &log);
    let second = Index::open(dir.path(), Arc::clone(&log) as _);
    assert!(matches!(second, Err(IndexError::Locked)));
    assert_eq!(index.stream(&stream(1)).unwrap(), None);
}

#[test]
fn readers_never_miss_what_was_added() {
    // If this failed, an entry on its way from memory to disk could look absent: an id used twice.
    let dir = tempfile::tempdir().unwrap();
    let log = Arc::new(VecStore::default());
    let mut pen = Pen::new("a.example/log/1");
    let (index, _) = open(dir.path(), &log);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let ids = Pen::new("a.example/log/1");
                let mut asked = 0;
                while !done.load(Ordering::SeqCst) {
                    let to = index.complete_to();
                    for position in (0..to).rev().take(40) {
                        let id = ids.id_at(position);
                        assert_eq!(index.id(id).unwrap(), Some(position));
                    }
                    if to > 0 {
                        let head = index.stream(&stream(0)).unwrap().unwrap();
                        assert!(head.revisions >= to, "{head:?} after {to}");
                    }
                    asked += 1;
                }
                assert!(asked > 0);
            });
        }
        for n in 0..400 {
            append(&log, &index, &pen.write(&[stream(0), stream(n % 20)]));
            if n % 10 == 0 {
                index.flush().unwrap();
            }
            if n % 100 == 50 {
                index.rebuild().unwrap();
            }
        }
        done.store(true, Ordering::SeqCst);
    });
    index.check().unwrap();
}

#[test]
fn an_index_of_another_log_is_not_believed() {
    // If this failed, a restored or exchanged log would be served with another one's index.
    let dir = tempfile::tempdir().unwrap();
    let mut pens = [Pen::new("a.example/log/1"), Pen::new("b.example/log/1")];
    let logs = pens.each_mut().map(|pen| {
        let records = (0..20).map(|n| pen.write(&[stream(n % 5)]).record);
        Arc::new(VecStore::of(records.collect()))
    });
    let (_, opened) = open(dir.path(), &logs[0]);
    assert_eq!(opened.rebuilt, Some(Doubt::Missing));
    let (index, opened) = open(dir.path(), &logs[1]);
    assert_eq!(opened.rebuilt, Some(Doubt::OtherLog { position: 19 }));
    compare(&index, &pens[1]).unwrap();
}
