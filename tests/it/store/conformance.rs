//! The same cases for every store: what a store is.

use ledger::store::embedded::{Checks, EmbeddedStore, Options, Strict};
use ledger::store::memory::MemoryStore;
use ledger::store::{AppendError, LEAVES_BYTES_MAX, Record, Store};
use proptest::prelude::*;
use tests::support::power_disk::PowerDisk;
use tests::support::records::{all, group, record};
use tests::support::seeded::Seeded;

use super::open;

/// Runs a case on every store there is; the embedded ones with tiny and with common segments.
fn on_every_store(case: impl Fn(&dyn Store)) {
    case(&MemoryStore::new());
    let disk = PowerDisk::new(1, None);
    let common = Options {
        segment_bytes: 1 << 20,
        prepare_ahead: false,
    };
    case(&EmbeddedStore::<_, Strict>::open_on(disk, common).unwrap());
    let dir = tempfile::tempdir().unwrap();
    let ahead = Options {
        segment_bytes: 256 << 10,
        prepare_ahead: true,
    };
    case(&EmbeddedStore::open(&dir.path().join("a/log"), ahead).unwrap());
}

#[test]
fn an_empty_log_answers_emptily() {
    // Broken: a new ledger shows commits that nobody made, or fails before its first one.
    on_every_store(|store| {
        assert_eq!(store.head(), 0);
        assert_eq!(store.read(0, 10).unwrap(), []);
        assert_eq!(store.read(u64::MAX, usize::MAX).unwrap(), []);
        store.append_at(0, &[]).unwrap();
        assert_eq!(store.head(), 0);
    });
}

/// A writer that was paused while another went on must be told so and change nothing.
fn fences_a_stale_writer(store: &dyn Store) -> Result<(), String> {
    let mut seeded = Seeded::new(3);
    let records = group(&mut seeded, 3, 50);
    store.append_at(0, &records).map_err(|e| e.to_string())?;
    let head = store.head();
    for asked in [0, head - 1, head + 1, u64::MAX] {
        match store.append_at(asked, &records) {
            Err(AppendError::NotNext { asked: a, next }) if (a, next) == (asked, head) => {}
            other => return Err(format!("append at {asked} with head {head}: {other:?}")),
        }
    }
    if store.head() == head {
        Ok(())
    } else {
        Err("the head moved".into())
    }
}

#[test]
fn an_append_that_is_not_at_the_end_is_refused() {
    // Broken: two sequencers write the same positions and the log has two histories.
    on_every_store(|store| fences_a_stale_writer(store).unwrap());
}

struct NoCompare;
impl Checks for NoCompare {
    const COMPARE: bool = false;
}

#[test]
fn the_suite_notices_a_store_that_does_not_compare() {
    // Broken: the test above passes for a store without the fence.
    let store = open::<NoCompare>(&PowerDisk::new(1, None)).unwrap();
    assert!(fences_a_stale_writer(&store).is_err());
}

#[test]
fn what_was_appended_is_read_back_in_every_way() {
    // Broken: a reader gets another commit than the one it asked for, or other bytes.
    on_every_store(|store| {
        let mut seeded = Seeded::new(4);
        let mut model: Vec<Record> = Vec::new();
        for _ in 0..300 {
            let records = group(&mut seeded, 12, 900);
            store.append_at(model.len() as u64, &records).unwrap();
            model.extend(records);
        }
        assert_eq!(store.head(), model.len() as u64);
        assert_eq!(all(store).unwrap(), model);
        for _ in 0..2_000 {
            let from = seeded.below(model.len() + 3);
            let limit = if seeded.once_in(2) {
                1
            } else {
                seeded.below(300)
            };
            let end = (from + limit).min(model.len());
            let expected = model.get(from..end).unwrap_or_default();
            assert_eq!(store.read(from as u64, limit).unwrap(), expected);
        }
    });
}

#[test]
fn the_largest_leaf_is_kept_and_a_larger_one_refused() {
    // Broken: a commit that the format allows cannot be stored, or one that no tile can carry is.
    on_every_store(|store| {
        let mut seeded = Seeded::new(5);
        let largest = Record::new(seeded.bytes(65_535), vec![1, 2, 3]);
        let empty = Record::new(Vec::new(), Vec::new());
        let kept = [largest, empty];
        store.append_at(0, &kept).unwrap();
        let larger = Record::new(vec![1; 65_536], Vec::new());
        let refused = store.append_at(2, &[kept[1].clone(), larger]);
        assert!(matches!(
            refused,
            Err(AppendError::TooLarge { size: 65_536, .. })
        ));
        assert_eq!(all(store).unwrap(), kept);
    });
}

#[test]
fn an_answer_is_bounded_in_bytes() {
    // Broken: one request for many large commits takes the server's memory.
    on_every_store(|store| {
        let large = vec![Record::new(vec![7; 60_000], Vec::new()); 3];
        for position in (0..180).step_by(3) {
            store.append_at(position, &large).unwrap();
        }
        let answer = store.read(0, usize::MAX).unwrap();
        assert_eq!(answer.len(), LEAVES_BYTES_MAX / 60_000);
    });
}

#[test]
fn a_group_that_no_segment_holds_is_refused_and_leaves_nothing() {
    // Broken: a large import makes the log unwritable instead of being told to come in parts.
    let store = open::<Strict>(&PowerDisk::new(1, None)).unwrap();
    let mut seeded = Seeded::new(6);
    let records: Vec<_> = (0..100).map(|_| record(&mut seeded, 60)).collect();
    let refused = store.append_at(0, &records);
    assert!(
        matches!(refused, Err(AppendError::TooLarge { .. })),
        "{refused:?}"
    );
    assert_eq!((store.head(), all(&store).unwrap()), (0, vec![]));
    store.append_at(0, &records[..10]).unwrap();
    assert_eq!(all(&store).unwrap(), records[..10]);
}

#[derive(Debug, Clone)]
enum Operation {
    Append {
        seed: u64,
        records: usize,
        stale: bool,
    },
    Read {
        from: usize,
        limit: usize,
    },
    Reopen,
    Verify,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        4 => (any::<u64>(), 1..9_usize, prop::bool::weighted(0.1))
            .prop_map(|(seed, records, stale)| Operation::Append { seed, records, stale }),
        3 => (0..120_usize, 0..50_usize).prop_map(|(from, limit)| Operation::Read { from, limit }),
        1 => Just(Operation::Reopen),
        1 => Just(Operation::Verify),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn the_embedded_store_does_what_the_model_does(operations in prop::collection::vec(operation(), 1..60)) {
        // Broken: some order of appends, reads and restarts shows a log that nobody wrote.
        let disk = PowerDisk::new(1, None);
        let model = MemoryStore::new();
        let mut store = open::<Strict>(&disk).unwrap();
        for operation in operations {
            match operation {
                Operation::Append { seed, records, stale } => {
                    let records = group(&mut Seeded::new(seed), records, 150);
                    let at = model.head() + u64::from(stale);
                    let (a, b) = (model.append_at(at, &records), store.append_at(at, &records));
                    prop_assert_eq!(format!("{a:?}"), format!("{b:?}"));
                }
                Operation::Read { from, limit } => prop_assert_eq!(
                    model.read(from as u64, limit).unwrap(),
                    store.read(from as u64, limit).unwrap()
                ),
                Operation::Reopen => {
                    drop(store);
                    store = open::<Strict>(&disk).unwrap();
                    prop_assert!(!disk.files().keys().any(|name| name.starts_with("aside-")));
                }
                Operation::Verify => {
                    prop_assert_eq!(store.verify().unwrap().commits, model.head());
                }
            }
            prop_assert_eq!(model.head(), store.head());
        }
        prop_assert_eq!(all(&model).unwrap(), all(&store).unwrap());
    }
}
