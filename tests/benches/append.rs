//! B7 and B10: the durable append, beside SQLite and with the Merkle side on.

use std::path::Path;
use std::sync::Arc;

use ledger::checkpoint::Checkpoint;
use ledger::clock::Stopwatch;
use ledger::index::Index;
use ledger::key::SigningKey;
use ledger::merkle::Tree;
use ledger::store::embedded::{EmbeddedStore, Options};
use ledger::store::{Record, Store};

use crate::make::{Made, Maker};
use crate::report::{ROUNDS, Report, Target};
use crate::rival::Rival;

/// Commits that lie in both stores before the first round.
const GROWN: usize = 200_000;
const STREAMS: usize = 20_000;

/// Our store with its index.
pub(crate) struct Ours {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) index: Index,
}

impl Ours {
    pub(crate) fn open(dir: &Path) -> Self {
        let store = EmbeddedStore::open(&dir.join("log"), Options::default()).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let (index, _) = Index::open(&dir.join("index"), Arc::clone(&store)).unwrap();
        Self { store, index }
    }

    pub(crate) fn append(&self, group: Vec<Made>) {
        let (records, rest): (Vec<Record>, Vec<_>) = group
            .into_iter()
            .map(|made| (made.record, (made.id, made.stream, made.head)))
            .unzip();
        self.store.append_at(self.store.head(), &records).unwrap();
        for (id, stream, head) in rest {
            self.index
                .add(head.position, id, &[(stream, head)])
                .unwrap();
        }
    }
}

pub(crate) fn measure(report: &mut Report) {
    beside_sqlite(report);
    merkle(report);
}

fn beside_sqlite(report: &mut Report) {
    let scratch = tempfile::tempdir().unwrap();
    let ours = Ours::open(scratch.path());
    let mut rival = Rival::open(&scratch.path().join("rival.db"));
    let (mut for_us, mut for_rival) = (Maker::new(600, STREAMS), Maker::new(600, STREAMS));
    for _ in 0..GROWN / 1_000 {
        ours.append(for_us.group(1_000));
        rival.append(&for_rival.group(1_000));
    }
    for _ in 0..ROUNDS {
        for (size, groups, us, them) in [
            (10, 1_000, "ours 10", "sqlite 10"),
            (100, 200, "ours 100", "sqlite 100"),
        ] {
            let made: Vec<Vec<Made>> = (0..groups).map(|_| for_us.group(size)).collect();
            let commits = (size * groups) as f64;
            let watch = Stopwatch::start();
            for group in made {
                ours.append(group);
            }
            report.sample(us, commits / watch.elapsed().as_secs_f64());
            let made: Vec<Vec<Made>> = (0..groups).map(|_| for_rival.group(size)).collect();
            let watch = Stopwatch::start();
            for group in &made {
                rival.append(group);
            }
            report.sample(them, commits / watch.elapsed().as_secs_f64());
        }
    }
    let at = format!("600 B leaves on {GROWN} commits");
    report.row(
        "B7",
        "ours 10",
        format!("append with index, groups of 10, {at}"),
        "commits/s",
        None,
    );
    report.row(
        "B7",
        "sqlite 10",
        "SQLite WAL FULL, groups of 10",
        "commits/s",
        None,
    );
    report.ratio(
        "B7",
        ("ours 10", "sqlite 10"),
        "groups of 10 ÷ SQLite FULL",
        Some(Target::Least(3.0)),
    );
    report.row(
        "B7",
        "ours 100",
        format!("append with index, groups of 100, {at}"),
        "commits/s",
        None,
    );
    report.row(
        "B7",
        "sqlite 100",
        "SQLite WAL FULL, groups of 100",
        "commits/s",
        None,
    );
    report.ratio(
        "B7",
        ("ours 100", "sqlite 100"),
        "groups of 100 ÷ SQLite FULL",
        Some(Target::Least(4.0)),
    );
}

fn merkle(report: &mut Report) {
    let scratch = tempfile::tempdir().unwrap();
    let key = SigningKey::from_seed(&[9; 32]);
    let on = EmbeddedStore::open(&scratch.path().join("on"), Options::default()).unwrap();
    let off = EmbeddedStore::open(&scratch.path().join("off"), Options::default()).unwrap();
    let mut tree = Tree::default();
    let mut maker = Maker::new(1_200, STREAMS);
    for _ in 0..ROUNDS {
        let groups: Vec<Vec<Record>> = (0..300)
            .map(|_| {
                maker
                    .group(100)
                    .into_iter()
                    .map(|made| made.record)
                    .collect()
            })
            .collect();
        // In turns, group by group, each as often first: both see the same disk.
        let (mut with, mut without) = (0.0, 0.0);
        for (n, group) in groups.iter().enumerate() {
            for turn in [n % 2 == 0, n % 2 == 1] {
                let watch = Stopwatch::start();
                if turn {
                    on.append_at(on.head(), group).unwrap();
                    for record in group {
                        tree.append(record.leaf_hash);
                    }
                    let origin = "xf.example.org/log/1";
                    let note = Checkpoint::sign(origin, on.head(), &tree.root(), &key);
                    assert!(note.is_ok());
                    with += watch.elapsed().as_secs_f64();
                } else {
                    off.append_at(off.head(), group).unwrap();
                    without += watch.elapsed().as_secs_f64();
                }
            }
        }
        report.sample("merkle on", 30_000.0 / with);
        report.sample("merkle off", 30_000.0 / without);
    }
    report.row(
        "B10",
        "merkle on",
        "append, tree and signed head per group of 100, 1.2 KB",
        "commits/s",
        None,
    );
    report.ratio(
        "B10",
        ("merkle on", "merkle off"),
        "Merkle + signed head on ÷ off",
        Some(Target::Least(0.95)),
    );
}
