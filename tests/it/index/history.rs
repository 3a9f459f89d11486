//! Histories along back-pointers.

use std::sync::Arc;

use ledger::history::{HistoryError, history};
use ledger::store::{NO_LINK, Record, Store as _};
use proptest::prelude::*;
use tests::support::pen::Pen;
use tests::support::vec_store::VecStore;

use super::model::{open, stream};

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn is_every_commit_of_the_stream(commits in prop::collection::vec(prop::collection::vec(0..6_u64, 1..5), 0..40)) {
        // If this failed, an account would be folded from a part of its commits.
        let dir = tempfile::tempdir().unwrap();
        let mut pen = Pen::new("a.example/log/1");
        let records = commits.iter().map(|streams| {
            let streams: Vec<_> = streams.iter().copied().map(stream).collect();
            pen.write(&streams).record
        });
        let log = Arc::new(VecStore::of(records.collect()));
        let (index, _) = open(dir.path(), &log);
        for n in 0..7 {
            let expected: Vec<u64> = (0..)
                .zip(&commits)
                .filter(|(_, streams)| streams.contains(&n))
                .map(|(position, _)| position)
                .collect();
            let steps = history(log.as_ref(), &index, &stream(n)).unwrap();
            let found: Vec<u64> = steps.iter().map(|step| step.position).collect();
            prop_assert_eq!(found, expected);
            for step in steps {
                prop_assert_eq!(&step.record, &log.read(step.position, 1).unwrap()[0]);
            }
        }
    }
}

#[test]
fn a_bent_back_pointer_is_named() {
    // If this failed, a damaged record could silently shorten somebody's transcript.
    let write = || {
        let mut pen = Pen::new("a.example/log/1");
        let records: Vec<Record> = (0..12)
            .map(|n| pen.write(&[stream(n % 3), stream(n % 2)]).record)
            .collect();
        records
    };
    // Position 8 holds a fact of stream 2, then one of stream 0, both with commits before them.
    let bend = |links: Vec<u64>| {
        let dir = tempfile::tempdir().unwrap();
        let log = Arc::new(VecStore::of(write()));
        log.records_mut()[8].links = links;
        let (index, _) = open(dir.path(), &log);
        history(log.as_ref(), &index, &stream(2))
    };
    assert!(bend(write()[8].links.clone()).is_ok());
    for links in [
        vec![NO_LINK, 6],
        vec![2, 6],
        vec![7, 6],
        vec![8, 6],
        vec![9, 6],
        vec![99, 6],
        vec![5],
        vec![],
        vec![5, 6, 6],
    ] {
        let error = bend(links.clone());
        assert!(
            matches!(
                error,
                Err(HistoryError::Broken {
                    position: 2 | 7 | 8 | 9 | 99,
                    ..
                })
            ),
            "{links:?}: {error:?}"
        );
    }
}
