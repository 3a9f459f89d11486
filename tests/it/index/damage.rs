//! Entries, bucket rows and mark altered, deleted, added, made stale: one at a time, each of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use ledger::index::{Doubt, Index, IndexError};
use ledger::store::Record;
use tempfile::TempDir;
use tests::support::pen::Pen;
use tests::support::vec_store::VecStore;

use super::files::copy;
use super::model::{compare, open, stream};

/// A log, its model, and the directory of a flushed and closed index of it.
pub(super) struct World {
    pub(super) dir: TempDir,
    pub(super) log: Arc<VecStore>,
    pub(super) pen: Pen,
    pub(super) records: Vec<Record>,
}

pub(super) fn world() -> World {
    let mut pen = Pen::new("a.example/log/1");
    let records: Vec<Record> = (0..40)
        .map(|n| pen.write(&[stream(n % 11), stream(n % 4)]).record)
        .collect();
    let log = Arc::new(VecStore::of(records.clone()));
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path(), &log));
    World {
        dir,
        log,
        pen,
        records,
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// Right answers from these files.
    Harmless,
    /// Found while opening.
    Rebuilt(Doubt),
    /// Found by the first lookup that came near.
    Doubted(Doubt),
}

/// Opens `dir` and asks for everything: each answer must be right or a doubt, and after a rebuild
/// all are right.
pub(super) fn judge(dir: &Path, world: &World) -> Verdict {
    let (index, opened) = open(dir, &world.log);
    let verdict = match (compare(&index, &world.pen), opened.rebuilt) {
        (Ok(()), None) => Verdict::Harmless,
        (Ok(()), Some(doubt)) => Verdict::Rebuilt(doubt),
        (Err(IndexError::Doubt(doubt)), None) => {
            // Once in doubt, nothing is answered, not even what would fit.
            assert!(matches!(
                index.stream(&stream(0)),
                Err(IndexError::Doubt(_))
            ));
            assert_eq!(index.rebuild().unwrap(), 40);
            compare(&index, &world.pen).unwrap();
            Verdict::Doubted(doubt)
        }
        (Err(error), rebuilt) => panic!("{error} after {rebuilt:?}"),
    };
    index.check().unwrap();
    verdict
}

/// The files of the only generation in `dir`.
fn files(dir: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(dir).unwrap();
    entries.next().unwrap().unwrap().path()
}

pub(super) fn with_keyspaces<T>(
    dir: &Path,
    work: impl FnOnce(&Database, &[Keyspace; 3]) -> T,
) -> T {
    let database = Database::builder(files(dir)).open().unwrap();
    let keyspaces = ["streams", "ids", "sums"].map(|name| {
        database
            .keyspace(name, KeyspaceCreateOptions::default)
            .unwrap()
    });
    work(&database, &keyspaces)
}

const STREAMS: usize = 0;
const IDS: usize = 1;
const SUMS: usize = 2;

type Row = (Vec<u8>, Vec<u8>);

fn rows(dir: &Path, keyspace: usize) -> Vec<Row> {
    with_keyspaces(dir, |_, keyspaces| {
        let row = |row: fjall::Guard| row.into_inner().unwrap();
        let rows = keyspaces[keyspace].iter().map(row);
        rows.map(|(key, value)| (key.to_vec(), value.to_vec()))
            .collect()
    })
}

/// Does `harm` to a copy of the files and judges it.
fn harmed(world: &World, harm: impl FnOnce(&[Keyspace; 3])) -> Verdict {
    let dir = tempfile::tempdir().unwrap();
    copy(world.dir.path(), dir.path());
    with_keyspaces(dir.path(), |_, keyspaces| harm(keyspaces));
    judge(dir.path(), world)
}

#[test]
fn untouched_files_are_believed() {
    // If this failed, the tests below would find damage everywhere and prove nothing.
    let world = world();
    assert_eq!(harmed(&world, |_| ()), Verdict::Harmless);
    assert_eq!(rows(world.dir.path(), STREAMS).len(), 11);
    assert_eq!(rows(world.dir.path(), IDS).len(), 40);
}

#[test]
fn every_altered_lost_or_moved_entry_is_found() {
    // If this failed, one lost entry would let an id be recorded twice or fork a stream.
    let world = world();
    for keyspace in [STREAMS, IDS] {
        for (n, (key, value)) in rows(world.dir.path(), keyspace).into_iter().enumerate() {
            let mut altered = value.clone();
            altered[7] ^= 1;
            let mut moved = key.clone();
            moved[15] ^= 0x10;
            let harms: [&dyn Fn(&Keyspace); 4] = [
                &|rows| rows.insert(&key, &altered).unwrap(),
                &|rows| rows.remove(&key).unwrap(),
                &|rows| rows.insert(&key, &value[1..]).unwrap(),
                &|rows| {
                    rows.remove(&key).unwrap();
                    rows.insert(&moved, &value).unwrap();
                },
            ];
            // Each entry is altered and lost; every fifth also cut and moved.
            let harms = if n % 5 == 0 { &harms[..] } else { &harms[..2] };
            for harm in harms {
                let verdict = harmed(&world, |keyspaces| harm(&keyspaces[keyspace]));
                assert!(
                    matches!(verdict, Verdict::Doubted(Doubt::Bucket { .. })),
                    "{keyspace} {key:?}: {verdict:?}"
                );
            }
        }
    }
}

#[test]
fn a_stale_head_that_points_to_a_good_record_is_found() {
    // If this failed, an old balance would be decided upon: a credit spent twice.
    let world = world();
    let stale = tempfile::tempdir().unwrap();
    let log = Arc::new(VecStore::of(world.records[..20].to_vec()));
    drop(open(stale.path(), &log));
    let newest = rows(world.dir.path(), STREAMS);
    let mut changed = 0;
    for row in rows(stale.path(), STREAMS) {
        if newest.contains(&row) {
            continue;
        }
        changed += 1;
        let verdict = harmed(&world, |keyspaces| {
            keyspaces[STREAMS].insert(&row.0, &row.1).unwrap();
        });
        assert!(
            matches!(verdict, Verdict::Doubted(Doubt::Bucket { .. })),
            "{verdict:?}"
        );
    }
    assert!(changed > 5);
}

#[test]
fn an_added_entry_is_found() {
    // If this failed, a planted id would make a lawful assertion look recorded.
    let world = world();
    let id = world.pen.id_at(40);
    let hash = ledger::hash::Digest::of(id.as_bytes());
    let key = [&hash.0[..2], id.as_bytes()].concat();
    let verdict = harmed(&world, |keyspaces| {
        keyspaces[IDS].insert(&key, 3_u64.to_be_bytes()).unwrap();
    });
    assert!(
        matches!(verdict, Verdict::Doubted(Doubt::Bucket { .. })),
        "{verdict:?}"
    );
    let name = stream(20);
    let hash = ledger::hash::Digest::of(name.as_str().as_bytes());
    let verdict = harmed(&world, |keyspaces| {
        keyspaces[STREAMS].insert(&hash.0[..16], [0; 16]).unwrap();
    });
    assert!(
        matches!(verdict, Verdict::Doubted(Doubt::Bucket { .. })),
        "{verdict:?}"
    );
}

#[test]
fn entry_and_row_altered_together_still_meet_the_record() {
    // If this failed, a hit would be believed because its sums fit, not because the log says so.
    let world = world();
    let (key, value) = rows(world.dir.path(), IDS).remove(0);
    let mut altered = value.clone();
    altered[7] ^= 1;
    let verdict = harmed(&world, |keyspaces| {
        let swing = digest(&key, &value) ^ digest(&key, &altered);
        let row_key = [1, key[0], key[1]];
        let row = keyspaces[SUMS].get(row_key).unwrap().unwrap();
        keyspaces[SUMS]
            .insert(row_key, with_digest(&row, 8, swing))
            .unwrap();
        // The ids' total digest in the mark stands behind position, leaf hash, a sum and a count.
        let mark = keyspaces[SUMS].get([0xff]).unwrap().unwrap();
        let mut mark = with_digest(&mark, 8 + 32 + 24 + 8, swing);
        let fields = mark.len() - 16;
        let check = ledger::hash::Digest::of(&mark[..fields]);
        mark[fields..].copy_from_slice(&check.0[..16]);
        keyspaces[SUMS].insert([0xff], mark).unwrap();
        keyspaces[IDS].insert(&key, &altered).unwrap();
    });
    assert!(
        matches!(verdict, Verdict::Doubted(Doubt::Entry { .. })),
        "{verdict:?}"
    );
}

fn digest(key: &[u8], value: &[u8]) -> u128 {
    let digest = ledger::hash::Digest::of_parts(&[key, value]);
    u128::from_be_bytes(digest.0[..16].try_into().unwrap())
}

fn with_digest(bytes: &[u8], at: usize, swing: u128) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let place = &mut bytes[at..at + 16];
    let old = u128::from_be_bytes((&*place).try_into().unwrap());
    place.copy_from_slice(&(old ^ swing).to_be_bytes());
    bytes
}

#[test]
fn every_altered_or_lost_row_and_mark_is_found_at_open() {
    // If this failed, the sums that make a miss believable could be bent to fit it.
    let world = world();
    let all = rows(world.dir.path(), SUMS);
    assert!(all.len() > 45);
    for (n, (key, value)) in all.into_iter().enumerate() {
        let verdict = harmed(&world, |keyspaces| keyspaces[SUMS].remove(&key).unwrap());
        assert!(
            matches!(verdict, Verdict::Rebuilt(Doubt::Mark(_))),
            "{key:?}: {verdict:?}"
        );
        // The mark in each of its fields, a row in one place.
        let places = if key == [0xff] {
            (0..value.len()).step_by(7).collect()
        } else {
            vec![n % value.len()]
        };
        for at in places {
            let mut altered = value.clone();
            altered[at] ^= 4;
            let verdict = harmed(&world, |keyspaces| {
                keyspaces[SUMS].insert(&key, &altered).unwrap();
            });
            assert!(
                matches!(verdict, Verdict::Rebuilt(Doubt::Mark(_))),
                "{key:?}: {verdict:?}"
            );
        }
    }
    for key in [vec![0, 9, 9, 9], vec![2, 0, 0], vec![]] {
        let verdict = harmed(&world, |keyspaces| {
            if key.is_empty() {
                // A row for a bucket without entries.
                keyspaces[SUMS].insert([0, 0, 0], [1; 24]).unwrap();
            } else {
                keyspaces[SUMS].insert(&key, [0; 24]).unwrap();
            }
        });
        assert!(
            matches!(verdict, Verdict::Rebuilt(Doubt::Mark(_))),
            "{verdict:?}"
        );
    }
}

#[test]
fn an_opening_that_did_not_end_is_not_tried_again() {
    // If this failed, damage that kills the process while it opens would kill every start.
    let world = world();
    let number = files(world.dir.path());
    std::fs::write(number.with_extension("opening"), []).unwrap();
    let verdict = judge(world.dir.path(), &world);
    assert!(
        matches!(verdict, Verdict::Rebuilt(Doubt::Unreadable(_))),
        "{verdict:?}"
    );
    assert_eq!(judge(world.dir.path(), &world), Verdict::Harmless);
}

#[test]
fn exchanged_rows_are_found() {
    // If this failed, two bent rows whose sum fits the mark would pass for whole.
    let world = world();
    let ids: Vec<Row> = rows(world.dir.path(), SUMS)
        .into_iter()
        .filter(|(key, _)| key[0] == 1)
        .collect();
    let verdict = harmed(&world, |keyspaces| {
        keyspaces[SUMS].insert(&ids[0].0, &ids[1].1).unwrap();
        keyspaces[SUMS].insert(&ids[1].0, &ids[0].1).unwrap();
    });
    assert!(
        matches!(verdict, Verdict::Doubted(Doubt::Bucket { .. })),
        "{verdict:?}"
    );
}

#[test]
fn an_audit_finds_what_no_lookup_touched() {
    // If this failed, an auditor would sign off an index whose cold part is wrong.
    let world = world();
    for keyspace in [STREAMS, IDS] {
        let (key, _) = rows(world.dir.path(), keyspace).remove(3);
        let dir = tempfile::tempdir().unwrap();
        copy(world.dir.path(), dir.path());
        with_keyspaces(dir.path(), |_, keyspaces| {
            keyspaces[keyspace].remove(key).unwrap();
        });
        let (index, _): (Index, _) = open(dir.path(), &world.log);
        let found = index.check();
        assert!(
            matches!(found, Err(IndexError::Doubt(Doubt::Bucket { .. }))),
            "{found:?}"
        );
    }
}
