//! Deleted values leave no byte in any file of the store.

use std::path::Path;

use ledger::side::Side;

use super::transactions::{open, write};

/// How many files under `dir` hold `needle`.
fn found(dir: &Path, needle: &[u8]) -> usize {
    let holds = |entry: std::io::Result<std::fs::DirEntry>| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    };
    std::fs::read_dir(dir)
        .unwrap()
        .map(holds)
        .filter(|yes| *yes)
        .count()
}

#[test]
fn a_deleted_value_is_in_no_byte() {
    // If this failed, an erased person's data would still stand on the disk.
    let dir = tempfile::tempdir().unwrap();
    let (side, clock) = open(&dir.path().join("side"));
    let deleted = b"canary-deleted-7f3a9c";
    let replaced = b"canary-replaced-51d0e2";
    let expired = b"canary-expired-88b4aa";
    let kept = b"canary-kept-0c0ffe";
    // Long values live in overflow pages, short ones in cells.
    for times in [1, 40, 900] {
        write(&side, |tx| {
            for n in 0..60_u32 {
                let key = [n.to_be_bytes(), u32::to_be_bytes(times)].concat();
                let times = times as usize;
                tx.put("d", &key, &deleted.repeat(times), None)?;
                tx.put("r", &key, &replaced.repeat(times), None)?;
                tx.put("e", &key, &expired.repeat(times), Some(5_000))?;
                tx.put("k", &key, &kept.repeat(times), None)?;
            }
            Ok(())
        })
        .unwrap();
    }
    let canaries: [&[u8]; 3] = [deleted, replaced, expired];
    for canary in canaries {
        assert!(
            found(dir.path(), canary) > 0,
            "the control: it is found before"
        );
    }
    let keys = side.scan("d", b"", None, 1_000).unwrap();
    assert_eq!(keys.len(), 180);
    for (key, _) in keys {
        write(&side, |tx| {
            assert!(tx.delete("d", &key)?);
            tx.put("r", &key, b"new", None)
        })
        .unwrap();
    }
    clock.set(5_000);
    assert!(
        found(dir.path(), deleted) > 0,
        "the control: deleting alone leaves it"
    );
    side.scrub().unwrap();
    for canary in canaries {
        assert_eq!(
            found(dir.path(), canary),
            0,
            "{}",
            String::from_utf8_lossy(canary)
        );
    }
    assert!(found(dir.path(), kept) > 0);
    assert_eq!(side.scan("k", b"", None, 1_000).unwrap().len(), 180);
    side.check().unwrap();
}

#[test]
fn pages_that_split_and_merge_leave_no_copy() {
    // If this failed, a value moved between pages by its neighbours would outlive its erasure.
    let dir = tempfile::tempdir().unwrap();
    let (side, _) = open(&dir.path().join("side"));
    let canary = |n: u64| {
        let hash = ledger::hash::Digest::of(&n.to_be_bytes()).to_string();
        let long = usize::try_from(n % 29).unwrap() * 17;
        format!("<{hash}>{}", "x".repeat(long)).into_bytes()
    };
    // Keys in a random order, so that pages split in the middle; two of three values go again.
    let key = |n: u64| ledger::hash::Digest::of(&[&n.to_be_bytes()[..], b"key"].concat()).0;
    for group in 0..40_u64 {
        write(&side, |tx| {
            (group * 50..group * 50 + 50).try_for_each(|n| tx.put("v", &key(n), &canary(n), None))
        })
        .unwrap();
        write(&side, |tx| {
            for n in group * 50..group * 50 + 50 {
                if n % 3 == 0 {
                    tx.delete("v", &key(n))?;
                }
            }
            Ok(())
        })
        .unwrap();
    }
    write(&side, |tx| {
        for n in 0..2_000 {
            if n % 3 == 1 {
                tx.delete("v", &key(n))?;
            }
        }
        Ok(())
    })
    .unwrap();
    side.scrub().unwrap();
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        bytes.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let mut standing = std::collections::HashSet::new();
    for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| **byte == b'<') {
        standing.insert(bytes.get(at..at + 45).unwrap_or_default());
    }
    for n in 0..2_000 {
        let stands = standing.contains(&canary(n)[..45]);
        assert_eq!(stands, n % 3 == 2, "value {n}");
    }
}
