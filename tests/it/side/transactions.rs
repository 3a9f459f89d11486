//! What one `write` promises, alone and among others.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ledger::clock::FixedClock;
use ledger::side::sqlite::SqliteSide;
use ledger::side::{Side, SideError, Transaction};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(super) fn open(path: &Path) -> (SqliteSide, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::at(1_000));
    let side = SqliteSide::open(path, Arc::clone(&clock) as _).unwrap();
    (side, clock)
}

/// One write of `work`, with its answer.
pub(super) fn write<T>(
    side: &dyn Side,
    mut work: impl FnMut(&mut dyn Transaction) -> Result<T, SideError>,
) -> Result<T, SideError> {
    let mut answer = None;
    side.write(&mut |tx| {
        answer = Some(work(tx)?);
        Ok(())
    })?;
    Ok(answer.unwrap())
}

fn refusal() -> SideError {
    SideError::Database("refused by the work".into())
}

#[test]
fn a_refused_write_leaves_nothing() {
    // If this failed, half of a submission's personal values would stay in the vault.
    let dir = tempfile::tempdir().unwrap();
    let (side, _) = open(&dir.path().join("side"));
    write(&side, |tx| tx.put("a", b"k", b"old", None)).unwrap();
    let refused = write(&side, |tx| {
        tx.put("a", b"k", b"new", None)?;
        tx.put("a", b"other", b"x", None)?;
        tx.delete("a", b"k")?;
        Err::<(), _>(refusal())
    });
    assert!(refused.is_err());
    assert_eq!(side.get("a", b"k").unwrap().unwrap(), b"old");
    assert_eq!(side.get("a", b"other").unwrap(), None);
}

#[test]
fn a_panic_inside_a_write_leaves_nothing_and_blocks_nobody() {
    // If this failed, one bad request would end every later write.
    let dir = tempfile::tempdir().unwrap();
    let (side, _) = open(&dir.path().join("side"));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        write(&side, |tx| {
            tx.put("a", b"k", b"v", None)?;
            assert_eq!(tx.get("a", b"k")?, None, "a panic on purpose");
            Ok(())
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(side.get("a", b"k").unwrap(), None);
    write(&side, |tx| tx.put("a", b"k", b"after", None)).unwrap();
    assert_eq!(side.get("a", b"k").unwrap().unwrap(), b"after");
}

#[test]
fn writers_that_share_a_commit_do_not_share_a_fate() {
    // If this failed, somebody else's refusal would undo a submission that was answered with yes.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("side");
    let (side, _) = open(&path);
    std::thread::scope(|scope| {
        for writer in 0..8_u8 {
            let side = &side;
            scope.spawn(move || {
                for n in 0..50_u8 {
                    let fate = write(side, |tx| {
                        tx.put("a", &[writer, n], &[n], None)?;
                        if n % 3 == 0 { Err(refusal()) } else { Ok(()) }
                    });
                    assert_eq!(fate.is_err(), n % 3 == 0);
                    // Answered means visible to everybody.
                    let seen = side.get("a", &[writer, n]).unwrap();
                    assert_eq!(seen.is_some(), n % 3 != 0);
                }
            });
        }
    });
    drop(side);
    let (side, _) = open(&path);
    let kept = side.scan("a", b"", None, 10_000).unwrap();
    let expected: Vec<_> = (0..8_u8)
        .flat_map(|writer| (0..50).map(move |n| (vec![writer, n], vec![n])))
        .filter(|(_, value)| value[0] % 3 != 0)
        .collect();
    assert_eq!(kept, expected);
    side.check().unwrap();
}

#[test]
fn put_new_has_one_winner() {
    // If this failed, two requests with one idempotency key or one salt would both be taken.
    let dir = tempfile::tempdir().unwrap();
    let (side, _) = open(&dir.path().join("side"));
    for round in 0..40_u8 {
        let winners = AtomicUsize::new(0);
        let refused = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for writer in 0..6_u8 {
                let (side, winners, refused) = (&side, &winners, &refused);
                scope.spawn(move || {
                    let won = write(side, |tx| tx.put_new("salt", &[round], &[writer], None));
                    let count = if won.unwrap() { winners } else { refused };
                    count.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(winners.into_inner(), 1);
        assert_eq!(refused.into_inner(), 5);
    }
}

#[test]
fn a_counter_under_threads_loses_nothing() {
    // If this failed, transactions would read around each other: quotas and attempts miscounted.
    let dir = tempfile::tempdir().unwrap();
    let (side, _) = open(&dir.path().join("side"));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..50 {
                    write(&side, |tx| {
                        let old = tx.get("n", b"n")?.unwrap_or_else(|| vec![0, 0]);
                        let old = u16::from_be_bytes(old.try_into().unwrap());
                        tx.put("n", b"n", &(old + 1).to_be_bytes(), None)
                    })
                    .unwrap();
                }
            });
        }
    });
    assert_eq!(side.get("n", b"n").unwrap().unwrap(), 300_u16.to_be_bytes());
}

#[test]
fn expired_entries_are_never_seen() {
    // If this failed, an ended session or a used-up token would open the door again.
    let dir = tempfile::tempdir().unwrap();
    let (side, clock) = open(&dir.path().join("side"));
    write(&side, |tx| {
        tx.put("s", b"1", b"v", Some(2_000))?;
        tx.put("s", b"2", b"v", None)
    })
    .unwrap();
    clock.set(1_999);
    assert!(side.get("s", b"1").unwrap().is_some());
    clock.set(2_000);
    assert_eq!(side.get("s", b"1").unwrap(), None);
    assert_eq!(side.scan("s", b"", None, 9).unwrap().len(), 1);
    write(&side, |tx| {
        assert_eq!(tx.get("s", b"1")?, None);
        assert_eq!(tx.scan("s", b"", None, 9)?.len(), 1);
        assert!(!tx.delete("s", b"1")?);
        assert!(tx.put_new("s", b"1", b"again", Some(3_000))?);
        assert!(!tx.put_new("s", b"1", b"third", None)?);
        assert!(!tx.put_new("s", b"2", b"third", None)?);
        Ok(())
    })
    .unwrap();
    assert_eq!(side.get("s", b"1").unwrap().unwrap(), b"again");
    clock.set(3_000);
    write(&side, |tx| {
        tx.put_new("s", b"1", b"taken", None)
            .map(|new| assert!(new))
    })
    .unwrap();
    assert_eq!(side.get("s", b"1").unwrap().unwrap(), b"taken");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn scans_in_key_order_by_prefix(
        entries in prop::collection::btree_map(
            (prop::sample::select(vec!["a", "b"]), prop::collection::vec(prop::sample::select(vec![0_u8, 1, 254, 255]), 0..4)),
            any::<u8>(),
            0..40,
        ),
        prefix in prop::collection::vec(prop::sample::select(vec![0_u8, 1, 254, 255]), 0..3),
        after in prop::option::of(prop::collection::vec(prop::sample::select(vec![0_u8, 1, 254, 255]), 0..4)),
        limit in 0..20_usize,
    ) {
        // If this failed, a page of a list would skip or repeat entries.
        let dir = tempfile::tempdir().unwrap();
        let (side, _) = open(&dir.path().join("side"));
        let model: BTreeMap<_, _> = entries;
        write(&side, |tx| {
            for ((space, key), value) in &model {
                tx.put(space, key, &[*value], None)?;
            }
            Ok(())
        }).unwrap();
        let expected: Vec<_> = model
            .iter()
            .filter(|((space, key), _)| *space == "a" && key.starts_with(&prefix))
            .filter(|((_, key), _)| after.as_ref().is_none_or(|after| key > after))
            .take(limit)
            .map(|((_, key), value)| (key.clone(), vec![*value]))
            .collect();
        prop_assert_eq!(side.scan("a", &prefix, after.as_deref(), limit).unwrap(), expected.clone());
        let inside = write(&side, |tx| tx.scan("a", &prefix, after.as_deref(), limit)).unwrap();
        prop_assert_eq!(inside, expected);
    }
}

#[test]
fn a_damaged_or_foreign_file_is_refused() {
    // If this failed, a broken vault would be taken for an empty one and values silently lost.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("side");
    let (side, clock) = open(&path);
    write(&side, |tx| tx.put("a", b"k", b"v", None)).unwrap();
    side.scrub().unwrap();
    drop(side);
    let good = std::fs::read(&path).unwrap();
    let again = || SqliteSide::open(&path, Arc::clone(&clock) as _).map(|_| ());
    for at in [0, 8, 60, 68] {
        let mut bad = good.clone();
        bad[at] ^= 0xff;
        std::fs::write(&path, &bad).unwrap();
        assert!(
            matches!(again(), Err(SideError::Damaged(_))),
            "byte {at}: {:?}",
            again()
        );
    }
    std::fs::write(&path, b"no database at all, but long enough to look at").unwrap();
    assert!(matches!(again(), Err(SideError::Damaged(_))));
    std::fs::remove_file(&path).unwrap();
    let foreign = rusqlite::Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(foreign);
    assert!(matches!(again(), Err(SideError::Damaged(_))));
    std::fs::write(&path, &good).unwrap();
    again().unwrap();
}
