//! Files missing, swapped, stale or in use: what an operator or a second process can do.

use ledger::store::embedded::{EmbeddedStore, Fault, OpenError, Options, Strict};
use ledger::store::{AppendError, Store};
use tests::support::power_disk::PowerDisk;
use tests::support::records::{all, group};
use tests::support::seeded::Seeded;

use super::damage::{Files, last_segment, small_log};
use super::open;

/// Opens what must be refused; answers the file named and what is wrong with it.
fn refusal(files: &Files) -> (String, Fault) {
    match open::<Strict>(&PowerDisk::holding(1, None, files)) {
        Err(OpenError::Damaged(damage)) => (damage.file, damage.fault),
        other => panic!("{other:?}"),
    }
}

fn segments(files: &Files) -> Vec<String> {
    let names = files.keys().filter(|name| name.starts_with("segment-"));
    names.cloned().collect()
}

#[test]
fn a_missing_segment_is_named() {
    // Broken: part of the history is gone and the log starts as if it had never been.
    let (files, _) = small_log(21, 40);
    let names = segments(&files);
    assert!(names.len() > 3);
    for name in names {
        let mut files = files.clone();
        files.remove(&name);
        assert_eq!(refusal(&files), (name, Fault::Missing));
    }
    let mut headless = files.clone();
    headless.remove("head");
    assert_eq!(refusal(&headless), ("head".into(), Fault::Missing));
}

#[test]
fn swapped_renamed_foreign_and_extra_segments_are_named() {
    // Broken: an operator's slip while copying files rewrites history.
    let (files, _) = small_log(22, 40);
    let (foreign, _) = small_log(23, 40);
    let names = segments(&files);
    let mut swapped = files.clone();
    swapped.insert(names[1].clone(), files[&names[2]].clone());
    swapped.insert(names[2].clone(), files[&names[1]].clone());
    let (name, fault) = refusal(&swapped);
    assert!(
        name == names[1] && matches!(fault, Fault::FirstPosition(_)),
        "{name} {fault}"
    );

    let mut extra = files.clone();
    let past = format!("segment-{:020}.xfs", 999_999);
    extra.insert(past.clone(), files[&names[1]].clone());
    let (name, fault) = refusal(&extra);
    assert!(
        name == past && matches!(fault, Fault::Extra(_)),
        "{name} {fault}"
    );

    let mut mixed = files.clone();
    mixed.insert(names[0].clone(), foreign[&segments(&foreign)[0]].clone());
    let (_, fault) = refusal(&mixed);
    assert!(
        matches!(fault, Fault::Running | Fault::Missing | Fault::Extra(_)),
        "{fault}"
    );

    let mut odd = files.clone();
    odd.insert("segment-1.xfs".into(), files[&names[0]].clone());
    assert_eq!(refusal(&odd).0, "segment-1.xfs");
}

#[test]
fn a_stale_or_truncated_file_is_named() {
    // Broken: an older copy of a file brings back an older log, and positions are given out twice.
    let (old, _) = small_log(24, 30);
    let (new, _) = small_log(24, 60);
    let grown = last_segment(&old);
    let mut stale = new.clone();
    stale.insert(grown.clone(), old[&grown].clone());
    assert_eq!(refusal(&stale).0, grown);
    let mut stale = new.clone();
    stale.insert("head".into(), old["head"].clone());
    assert!(matches!(refusal(&stale).1, Fault::Extra(_)));
    for name in segments(&new) {
        for length in [0, 63, 100, 512, 2047] {
            let mut cut = new.clone();
            cut.get_mut(&name).unwrap().truncate(length);
            let (named, fault) = refusal(&cut);
            assert!(
                named == name && matches!(fault, Fault::Size { .. }),
                "{named} {fault}"
            );
        }
    }
}

#[test]
fn one_bad_slot_falls_back_and_two_refuse() {
    // Broken: a torn head write stops the ledger, or a lost head file lets it guess.
    let (files, model) = small_log(25, 20);
    let spoil =
        |files: &mut Files, slot: usize| files.get_mut("head").unwrap()[slot * 4096 + 20] ^= 1;
    for slot in [0, 1] {
        let mut files = files.clone();
        spoil(&mut files, slot);
        let store = open::<Strict>(&PowerDisk::holding(1, None, &files)).unwrap();
        assert_eq!(all(&store).unwrap(), model);
    }
    let mut files = files.clone();
    spoil(&mut files, 0);
    spoil(&mut files, 1);
    assert_eq!(refusal(&files), ("head".into(), Fault::Slots));
}

#[test]
fn a_torn_group_above_the_head_is_cut_and_kept_aside() {
    // Broken: bytes that a person may have to look at vanish, or half a group is served.
    let (mut files, model) = small_log(26, 20);
    let name = last_segment(&files);
    let bytes = files.get_mut(&name).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes[end + 9..end + 13].copy_from_slice(b"torn");
    let disk = PowerDisk::holding(1, None, &files);
    let read_only = EmbeddedStore::<_, Strict>::open_read_only_on(disk.clone()).unwrap();
    assert_eq!(all(&read_only).unwrap(), model, "an audit passes over it");
    let store = open::<Strict>(&disk).unwrap();
    assert_eq!(all(&store).unwrap(), model);
    let after = disk.files();
    let aside = format!("aside-{:020}-0.bin", model.len());
    assert_eq!(after[&aside], b"torn");
    assert!(after[&name][end..].iter().all(|byte| *byte == 0));

    let mut unexplained = files.clone();
    unexplained.get_mut("head").unwrap()[20] ^= 1;
    assert_eq!(refusal(&unexplained), (name, Fault::Unexplained));
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    // Broken: two servers on one directory write over each other, or an audit needs an outage.
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 4096,
        prepare_ahead: true,
    };
    assert!(matches!(
        EmbeddedStore::open_read_only(dir.path()),
        Err(OpenError::Absent)
    ));
    let store = EmbeddedStore::open(dir.path(), options).unwrap();
    let mut seeded = Seeded::new(27);
    for round in 0..60 {
        store
            .append_at(store.head(), &group(&mut seeded, 5, 300))
            .unwrap();
        assert!(matches!(
            EmbeddedStore::open(dir.path(), options),
            Err(OpenError::InUse)
        ));
        let reader = EmbeddedStore::open_read_only(dir.path()).unwrap();
        assert_eq!(reader.verify().unwrap().groups, round + 1);
        assert_eq!(all(&reader).unwrap(), all(&store).unwrap());
        let refused = reader.append_at(reader.head(), &group(&mut seeded, 1, 1));
        assert!(matches!(refused, Err(AppendError::ReadOnly)));
    }
    let kept = all(&store).unwrap();
    drop(store);
    let store = EmbeddedStore::open(dir.path(), options).unwrap();
    assert_eq!(all(&store).unwrap(), kept);
}

#[test]
fn readers_see_whole_groups_while_the_writer_goes_on() {
    // Broken: a reader beside the writer gets an error, a gap or half a group.
    let dir = tempfile::tempdir().unwrap();
    let options = Options {
        segment_bytes: 16 << 10,
        prepare_ahead: true,
    };
    let store = EmbeddedStore::open(dir.path(), options).unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let mut seeded = Seeded::new(28);
            for _ in 0..150 {
                let mut records = group(&mut seeded, 1, 300);
                records.resize(7, records[0].clone());
                store.append_at(store.head(), &records).unwrap();
            }
        });
        while store.head() < 1050 {
            let head = store.head();
            assert_eq!(head % 7, 0);
            assert_eq!(store.verify().unwrap().commits % 7, 0);
            let reader = EmbeddedStore::open_read_only(dir.path()).unwrap();
            assert!(reader.head() >= head);
            assert!(all(&reader).unwrap().len() as u64 >= head);
        }
    });
}

#[test]
fn a_segment_size_that_cannot_work_is_refused() {
    // Broken: a slip in the configuration makes a log that nothing can be written to.
    for segment_bytes in [0, 511, u32::MAX] {
        let options = Options {
            segment_bytes,
            prepare_ahead: false,
        };
        let refused = EmbeddedStore::<_, Strict>::open_on(PowerDisk::new(1, None), options);
        assert!(matches!(refused, Err(OpenError::SegmentBytes { .. })));
    }
}
