//! Whole files: rolled back, removed, emptied, mixed, cut, flipped.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ledger::index::Doubt;
use ledger::store::Store as _;
use tests::support::vec_store::VecStore;

use super::damage::{Verdict, World, judge, with_keyspaces, world};
use super::model::{open, stream};

/// Copies a directory; holes at the end of a preallocated file stay holes.
pub(super) fn copy(from: &Path, to: &Path) {
    for path in all_files(from) {
        let target = to.join(path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        let length = path.metadata().unwrap().len();
        let used = used(&path);
        std::fs::write(&target, &used).unwrap();
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(&target)
            .unwrap();
        file.set_len(length).unwrap();
    }
}

/// A file's bytes up to the last that is not zero, within its first MiB.
fn used(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).unwrap();
    file.take(1 << 20).read_to_end(&mut bytes).unwrap();
    let end = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    bytes.truncate(end);
    bytes
}

fn all_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(all_files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The same world with its entries in tables instead of the journal.
fn world_in_tables() -> World {
    let world = world();
    with_keyspaces(world.dir.path(), |_, keyspaces| {
        for keyspace in keyspaces {
            keyspace.rotate_memtable_and_wait().unwrap();
        }
    });
    world
}

#[test]
fn rolled_back_files_catch_up() {
    // If this failed, restoring an old index beside a newer log would hide commits.
    let world = world();
    for kept in [0, 1, 17, 39] {
        let dir = tempfile::tempdir().unwrap();
        let log = Arc::new(VecStore::of(world.records[..kept].to_vec()));
        drop(open(dir.path(), &log));
        let (index, opened) = open(dir.path(), &world.log);
        let replayed = (world.records.len() - kept) as u64;
        assert_eq!((opened.replayed, opened.rebuilt), (replayed, None));
        drop(index);
        assert_eq!(judge(dir.path(), &world), Verdict::Harmless);
    }
}

#[test]
fn an_index_ahead_of_its_log_is_rebuilt() {
    // If this failed, an id would count as recorded although its commit is gone.
    let world = world();
    let log = Arc::new(VecStore::of(world.records[..25].to_vec()));
    let (index, opened) = open(world.dir.path(), &log);
    let ahead = Doubt::Ahead {
        complete_to: 40,
        head: 25,
    };
    assert_eq!(opened.rebuilt, Some(ahead));
    assert_eq!(index.id(world.pen.id_at(30)).unwrap(), None);
    assert_eq!(index.complete_to(), log.head());
    assert_eq!(index.stream(&stream(0)).unwrap().unwrap().position, 24);
}

#[test]
fn removed_files_are_built_again() {
    // If this failed, a lost file would become a lost commit, or keep the server from starting.
    for world in [world(), world_in_tables()] {
        let dir = tempfile::tempdir().unwrap();
        let rebuilt = Verdict::Rebuilt(Doubt::Missing);
        assert_eq!(judge(&dir.path().join("none"), &world), rebuilt);
        for file in all_files(world.dir.path()) {
            let dir = tempfile::tempdir().unwrap();
            copy(world.dir.path(), dir.path());
            let name = file.strip_prefix(world.dir.path()).unwrap();
            std::fs::remove_file(dir.path().join(name)).unwrap();
            // Whatever the verdict: `judge` has compared every answer.
            judge(dir.path(), &world);
        }
    }
}

#[test]
fn files_of_two_ages_are_never_mixed_into_an_answer() {
    // If this failed, a half-restored index would answer with heads of different times.
    let world = world_in_tables();
    let older = {
        let records = world.records[..22].to_vec();
        let log = Arc::new(VecStore::of(records));
        let dir = tempfile::tempdir().unwrap();
        drop(open(dir.path(), &log));
        with_keyspaces(dir.path(), |_, keyspaces| {
            for keyspace in keyspaces {
                keyspace.rotate_memtable_and_wait().unwrap();
            }
        });
        dir
    };
    let mut exchanged = 0;
    for file in all_files(older.path()) {
        let name = file.strip_prefix(older.path()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        copy(world.dir.path(), dir.path());
        if dir.path().join(name).exists() {
            std::fs::copy(&file, dir.path().join(name)).unwrap();
            judge(dir.path(), &world);
            exchanged += 1;
        }
    }
    assert!(exchanged > 3);
}

/// Each file of `world` with `harm` done at several places of it.
fn at_places(
    world: &World,
    places: usize,
    harm: impl Fn(&mut std::fs::File, u64, u8),
) -> [usize; 3] {
    let mut verdicts = [0; 3];
    for file in all_files(world.dir.path()) {
        let name = file.strip_prefix(world.dir.path()).unwrap();
        let used = used(&file);
        for place in 0..places.min(used.len()) {
            let at = used.len() * place / places.min(used.len());
            let dir = tempfile::tempdir().unwrap();
            copy(world.dir.path(), dir.path());
            let mut target = std::fs::OpenOptions::new()
                .write(true)
                .open(dir.path().join(name))
                .unwrap();
            harm(&mut target, at as u64, used[at]);
            drop(target);
            match judge(dir.path(), world) {
                Verdict::Harmless => verdicts[0] += 1,
                Verdict::Rebuilt(_) => verdicts[1] += 1,
                Verdict::Doubted(_) => verdicts[2] += 1,
            }
        }
    }
    verdicts
}

/// How many bits of each file are flipped; `INDEX_FLIPS` sets more for a long run.
fn flips() -> usize {
    let asked = std::env::var("INDEX_FLIPS").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(3)
}

#[test]
fn flipped_bits_never_make_a_wrong_answer() {
    // If this failed, a dying disk would lose an id without anybody noticing.
    let mut found = 0;
    for world in [world(), world_in_tables()] {
        let verdicts = at_places(&world, flips(), |file, at, old| {
            file.seek(SeekFrom::Start(at)).unwrap();
            file.write_all(&[old ^ (1 << (at % 8))]).unwrap();
        });
        found += verdicts[1] + verdicts[2];
    }
    assert!(found > 20, "the flips hit nothing: {found}");
}

#[test]
fn cut_files_never_make_a_wrong_answer() {
    // If this failed, a power cut could leave an index that hides commits.
    let mut found = 0;
    for world in [world(), world_in_tables()] {
        let verdicts = at_places(&world, 2, |file, at, _| file.set_len(at).unwrap());
        found += verdicts[1] + verdicts[2];
    }
    assert!(found > 5, "the cuts hit nothing: {found}");
}
