//! The whole-log audit: a clean log passes with exact counts, a false one is convicted by name.

mod batches;
mod convictions;
mod flips;
mod published;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use credentials::rulebook::Rulebook;
use identity::did::{IssuerNumber, origin};
use ledger::audit::{self, FactFault, Finding, IndexAudit, Inputs, Report, Wrong};
use ledger::clock::FixedClock;
use ledger::log::{self, Log};
use ledger::store::embedded::{EmbeddedStore, Options};
use ledger::store::{Record, Store};
use tempfile::TempDir;
use tests::support::world::{HOST, START_MS, World, course, key};

/// Small segments, so that a small log has several, and no thread that writes behind the test.
const OPTIONS: Options = Options {
    segment_bytes: 16 << 10,
    prepare_ahead: false,
};

/// The directory of a closed ledger, and what its log holds.
struct Kept {
    dir: TempDir,
    records: Vec<Record>,
}

fn segments(directory: &Path) -> PathBuf {
    directory.join("log")
}

/// A province in a data directory as the server keeps it, closed.
fn kept(tell: impl FnOnce(&mut World)) -> Kept {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedStore::open(&segments(dir.path()), OPTIONS).unwrap());
    let mut world = World::over(dir.path(), Arc::clone(&store) as _, 0);
    tell(&mut world);
    drop(world);
    let records = all(store.as_ref());
    Kept { dir, records }
}

/// One school, two persons, three outcomes, a correction by two officers, a rotated key.
fn story(world: &mut World) {
    let school = world.admit("浙江大学", "4133010335");
    let people = ["王晓明", "李秀英"].map(|name| world.register(school, name));
    for (person, record) in [(people[0], "R-0"), (people[1], "R-1")] {
        world.record(school, person, record, &course()).unwrap();
    }
    world.rotate_key(school, "k2");
    world.record(school, people[0], "R-2", &course()).unwrap();
    world.revoke(school, people[1], "R-1").unwrap();
}

/// Starts the ledger in `directory` again.
fn reopened(directory: &Path, store: EmbeddedStore) -> Log<Rulebook> {
    let clock = Arc::new(FixedClock::at(START_MS));
    let options = log::Options::default();
    let origin = origin(HOST, 1);
    Log::open(
        directory,
        Arc::new(store),
        &origin,
        Rulebook,
        key("checkpoint"),
        clock,
        options,
    )
    .unwrap()
}

fn all(store: &dyn Store) -> Vec<Record> {
    let mut records = Vec::new();
    while (records.len() as u64) < store.head() {
        records.extend(store.read(records.len() as u64, 1_000).unwrap());
    }
    records
}

fn audit_of(directory: &Path, index: bool) -> Result<Report, Finding> {
    let origin = origin(HOST, 1);
    let checkpoint_key = key("checkpoint").public();
    let segments = segments(directory);
    let inputs = Inputs {
        segments: &segments,
        directory,
        origin: &origin,
        rules: &Rulebook,
        checkpoint_key: &checkpoint_key,
        index,
    };
    audit::run(&inputs, &mut |done, of| assert!(done <= of))
}

/// Writes `records` as a log of their own and audits it.
fn audit_records(records: &[Record]) -> Result<Report, Finding> {
    let dir = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(&segments(dir.path()), OPTIONS).unwrap();
    for record in records {
        store
            .append_at(store.head(), std::slice::from_ref(record))
            .unwrap();
    }
    drop(store);
    audit_of(dir.path(), false)
}

#[test]
fn a_clean_log_passes_with_exact_counts() {
    // An operator could not tell a sound ledger from one that was never looked at.
    let kept = kept(story);
    let commits = kept.records.len() as u64;
    let decoded: Vec<_> = kept
        .records
        .iter()
        .map(|record| ledger::commit::Commit::decode(&record.leaf).unwrap())
        .collect();
    let facts: Vec<_> = decoded.iter().flat_map(|commit| &commit.facts).collect();
    let streams: std::collections::BTreeSet<_> =
        facts.iter().map(|fact| fact.stream.clone()).collect();
    let mut tree = ledger::merkle::Tree::new();
    kept.records
        .iter()
        .for_each(|record| tree.append(record.leaf_hash));
    let files = std::fs::read_dir(segments(kept.dir.path())).unwrap();
    let files = files.filter(|file| {
        file.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with("segment-")
    });

    let mut told = Vec::new();
    let report = {
        let origin = origin(HOST, 1);
        let inputs = Inputs {
            segments: &segments(kept.dir.path()),
            directory: kept.dir.path(),
            origin: &origin,
            rules: &Rulebook,
            checkpoint_key: &key("checkpoint").public(),
            index: true,
        };
        audit::run(&inputs, &mut |done, of| told.push((done, of))).unwrap()
    };

    assert_eq!(
        (report.commits, report.signatures, report.ids),
        (commits, commits, commits)
    );
    assert_eq!(
        (report.facts, report.streams),
        (facts.len() as u64, streams.len() as u64)
    );
    assert_eq!(report.root, tree.root());
    assert_eq!(
        (report.store.segments, report.store.commits),
        (files.count(), commits)
    );
    assert!(
        report.store.segments > 1,
        "the story must fill more than one segment"
    );
    assert_eq!(
        (report.tiles.size, report.tiles.root),
        (commits, tree.root())
    );
    assert_eq!(
        (report.tiles.tiles_full, report.tiles.tiles_partial > 0),
        (0, true)
    );
    let published = report.published.unwrap();
    assert_eq!((published.size, published.root), (commits, tree.root()));
    let IndexAudit::Checked {
        checked,
        rebuilt: None,
        replayed: 0,
    } = report.index
    else {
        panic!("{:?}", report.index)
    };
    assert_eq!(
        (checked.commits, checked.ids, checked.streams),
        (commits, commits, streams.len() as u64)
    );
    assert_eq!(told.last(), Some(&(commits, commits)));
}

#[test]
fn more_than_one_chunk_passes_and_full_tiles_are_counted() {
    // A large ledger would be audited in part, or the audit would never end.
    let kept = kept(|world| {
        let school = world.admit("浙江大学", "4133010335");
        let person = world.register(school, "王晓明");
        for n in 0..300 {
            world
                .record(school, person, &format!("R-{n}"), &course())
                .unwrap();
        }
    });
    let report = audit_of(kept.dir.path(), false).unwrap();
    assert_eq!(report.commits, kept.records.len() as u64);
    assert_eq!(
        (report.tiles.tiles_full, report.index),
        (1, IndexAudit::NotAsked)
    );
}

#[test]
fn an_empty_log_passes_and_says_that_nothing_was_published() {
    // A fresh ledger would look damaged.
    let report = audit_records(&[]).unwrap();
    assert_eq!((report.commits, report.published), (0, None));
    assert_eq!(report.root, ledger::merkle::empty_root());
}

#[test]
fn a_ledger_at_work_is_audited_and_its_index_told_as_in_use() {
    // An index that nobody looked at would be reported as sound, or a running ledger as damaged.
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedStore::open(&segments(dir.path()), OPTIONS).unwrap());
    let mut world = World::over(dir.path(), store, 0);
    story(&mut world);
    let report = audit_of(dir.path(), true).unwrap();
    assert_eq!(report.index, IndexAudit::InUse);
    world.log.publish().unwrap();
    let report = audit_of(dir.path(), true).unwrap();
    assert_eq!(
        report.published.map(|published| published.size),
        Some(report.commits)
    );
}
