//! B8, B11, B12: what lies on disk, read by stream and replayed whole.

use std::path::Path;

use ledger::clock::Stopwatch;
use ledger::commit::Commit;
use ledger::history;
use ledger::merkle::{self, Tree};
use ledger::store::embedded::EmbeddedStore;

use crate::append::Ours;
use crate::make::{Maker, mix, stream};
use crate::report::{ROUNDS, Report, Target};
use crate::rival::Rival;

/// Commits of one stream.
const PER_STREAM: u64 = 50;
/// Streams read in a round.
const READS: u64 = 2_000;

pub(crate) fn measure(report: &mut Report, commits: u64) {
    let small = tempfile::tempdir().unwrap();
    let (ours, rival, _) = grow(small.path(), commits, 600);
    streams(report, &ours, &rival, commits);
    replay(
        report,
        &ours,
        &rival,
        commits,
        ("replay 600", "scan 600", "scan and check 600"),
    );
    drop((ours, rival, small));
    let large = tempfile::tempdir().unwrap();
    let (ours, rival, submitted) = grow(large.path(), commits, 1_200);
    replay(
        report,
        &ours,
        &rival,
        commits,
        ("replay 1200", "scan 1200", "scan and check 1200"),
    );
    ours.index.flush().unwrap();
    drop(ours);
    bytes(report, large.path(), commits, submitted);
    for (size, us, them, checked) in [
        ("600 B", "replay 600", "scan 600", "scan and check 600"),
        ("1.2 KB", "replay 1200", "scan 1200", "scan and check 1200"),
    ] {
        report.row(
            "B12",
            us,
            format!("replay of {commits}, decoded, leaf hashes checked, {size}"),
            "commits/s",
            None,
        );
        let target = (size == "1.2 KB").then_some(Target::Least(1.0));
        report.ratio(
            "B12",
            (us, checked),
            format!("÷ SQLite scan of the same: decoded, hashed, same root, {size}"),
            target,
        );
        report.ratio(
            "B12",
            (us, them),
            format!("÷ SQLite scan that only copies the bytes, {size}"),
            None,
        );
    }
}

fn grow(dir: &Path, commits: u64, leaf_bytes: usize) -> (Ours, Rival, usize) {
    let streams = usize::try_from(commits / PER_STREAM).unwrap();
    let (ours, mut rival) = (Ours::open(dir), Rival::open(&dir.join("rival.db")));
    let (mut for_us, mut for_rival) = (
        Maker::new(leaf_bytes, streams),
        Maker::new(leaf_bytes, streams),
    );
    for _ in 0..commits / 1_000 {
        ours.append(for_us.group(1_000));
        rival.append(&for_rival.group(1_000));
    }
    (ours, rival, for_us.submitted_bytes)
}

fn streams(report: &mut Report, ours: &Ours, rival: &Rival, commits: u64) {
    let streams = commits / PER_STREAM;
    // Once through, so that neither reads its files for the first time.
    for round in 0..=ROUNDS as u64 {
        let places: Vec<usize> = (0..READS)
            .map(|n| usize::try_from(mix(round * READS + n) % streams).unwrap())
            .collect();
        let watch = Stopwatch::start();
        let ours_read: usize = places
            .iter()
            .map(|place| {
                let store = ours.store.as_ref();
                history::history(store, &ours.index, &stream(*place))
                    .unwrap()
                    .len()
            })
            .sum();
        let us = watch.elapsed().as_secs_f64();
        let watch = Stopwatch::start();
        let rival_read: usize = places.iter().map(|place| rival.read_stream(*place).1).sum();
        let them = watch.elapsed().as_secs_f64();
        assert_eq!(ours_read, rival_read);
        if round > 0 {
            report.sample("stream", us * 1e6 / READS as f64);
            report.sample("stream sqlite", them * 1e6 / READS as f64);
        }
    }
    report.row(
        "B8",
        "stream",
        format!("stream of {PER_STREAM} events at {commits} × 600 B, mean"),
        "µs",
        None,
    );
    report.row("B8", "stream sqlite", "SQLite, the same", "µs", None);
    report.ratio(
        "B8",
        ("stream", "stream sqlite"),
        "time ÷ SQLite",
        Some(Target::Most(1.0)),
    );
}

type Names = (&'static str, &'static str, &'static str);

/// Both read every leaf, hash it, decode it and come to the same root each time.
fn replay(report: &mut Report, ours: &Ours, rival: &Rival, commits: u64, names: Names) {
    let (mut our_root, mut their_root) = (None, None);
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        let mut tree = Tree::default();
        while tree.size() < commits {
            for record in ours.store.read(tree.size(), 1_024).unwrap() {
                let commit = Commit::decode(&record.leaf).unwrap();
                assert_eq!(commit.position, tree.size());
                // The store computes it from the bytes it has just read.
                tree.append(record.leaf_hash);
            }
        }
        let root = tree.root();
        assert_eq!(*our_root.get_or_insert(root), root);
        report.sample(names.0, commits as f64 / watch.elapsed().as_secs_f64());
        let watch = Stopwatch::start();
        let mut bytes = 0;
        rival.scan(|leaf| bytes += leaf.to_vec().len());
        assert!(bytes > 0);
        report.sample(names.1, commits as f64 / watch.elapsed().as_secs_f64());
        let watch = Stopwatch::start();
        let mut tree = Tree::default();
        rival.scan(|leaf| {
            let commit = Commit::decode(leaf).unwrap();
            assert_eq!(commit.position, tree.size());
            tree.append(merkle::leaf_hash(leaf));
        });
        let root = tree.root();
        assert_eq!(*their_root.get_or_insert(root), root);
        report.sample(names.2, commits as f64 / watch.elapsed().as_secs_f64());
    }
}

fn bytes(report: &mut Report, dir: &Path, commits: u64, submitted: usize) {
    let store = EmbeddedStore::open_read_only(&dir.join("log")).unwrap();
    let log = store.verify().unwrap().record_bytes as f64 / commits as f64;
    let index = size_of(&dir.join("index")) as f64 / commits as f64;
    report.sample("log bytes", log);
    report.sample("index bytes", index);
    report.sample("bytes ratio", (log + index) / submitted as f64);
    report.row(
        "B11",
        "log bytes",
        "log bytes a commit, 1.2 KB leaf",
        "B",
        None,
    );
    report.row("B11", "index bytes", "index bytes a commit", "B", None);
    let what = format!("(log + index) ÷ submitted ({submitted} B)");
    report.row("B11", "bytes ratio", what, "×", Some(Target::Most(1.5)));
}

/// Bytes of all files under `path`.
pub(crate) fn size_of(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                size_of(&path)
            } else {
                path.metadata().unwrap().len()
            }
        })
        .sum()
}
