//! Bytes flipped at random in every file of log, checkpoint, tiles and index: never silently accepted.
//! Views have no checksums; the audit folds them again (`views::files`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use ledger::audit::Remedy;
use ledger::clock::random;
use ledger::index::Doubt;
use ledger::proofs::Proofs;
use tests::support::seeded::Seeded;

use super::*;

/// Flips made unless `XF_AUDIT_FLIPS` says otherwise; `XF_AUDIT_SEED` repeats a run.
const FLIPS: usize = 200;
/// How many flips one in the index's files comes to.
const INDEX_ONCE_IN: usize = 7;
/// Where they stand.
const INDEX: &str = "index/";

/// What a flip came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The audit's finding names the file.
    Named,
    /// A derived file: found, and built anew from the log.
    Rebuilt,
    /// Nothing that anybody reads: the whole report is that of the clean log.
    Harmless,
}

/// Every file under `directory`, by its path from there.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut rooms = vec![directory.to_path_buf()];
    while let Some(room) = rooms.pop() {
        for entry in fs::read_dir(room).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                rooms.push(path);
            } else {
                let name = path
                    .strip_prefix(directory)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

fn write(files: &BTreeMap<String, Vec<u8>>, directory: &Path) {
    for (name, bytes) in files {
        let path = directory.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The last part of a path: what a finding names.
fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap()
}

/// What the audit makes of these files, of which `flipped` was flipped; `clean` is its report on
/// the log before.
fn fate(files: &BTreeMap<String, Vec<u8>>, flipped: &str, clean: &Report) -> Fate {
    let dir = tempfile::tempdir().unwrap();
    write(files, dir.path());
    let index = flipped.starts_with(INDEX);
    let derived = index || flipped.starts_with("tile/");
    match audit_of(dir.path(), index) {
        Err(finding) => {
            assert!(
                index || finding.to_string().contains(base(flipped)),
                "{finding}"
            );
            let remedy = if derived {
                Remedy::Rebuild
            } else {
                Remedy::Restore
            };
            assert_eq!(finding.remedy(), remedy, "{finding}");
            if derived {
                start_anew(dir.path(), flipped, clean);
                Fate::Rebuilt
            } else {
                Fate::Named
            }
        }
        Ok(report) => {
            let fate = match (&report.index, &clean.index) {
                (IndexAudit::NotAsked, _) => Fate::Harmless,
                (
                    IndexAudit::Checked {
                        checked, rebuilt, ..
                    },
                    IndexAudit::Checked {
                        checked: before, ..
                    },
                ) => {
                    assert_eq!(checked, before);
                    if rebuilt.is_some() {
                        Fate::Rebuilt
                    } else {
                        Fate::Harmless
                    }
                }
                other => panic!("{other:?}"),
            };
            // Nothing that the log says may have changed unnoticed.
            let index = clean.index.clone();
            assert_eq!(Report { index, ..report }, *clean);
            fate
        }
    }
}

/// Does what the remedy says, and finds everything well.
fn start_anew(directory: &Path, flipped: &str, clean: &Report) {
    let index = flipped.starts_with(INDEX);
    let part = if index { "index" } else { "tile" };
    fs::remove_dir_all(directory.join(part)).unwrap();
    if !index {
        // What a start does about tiles, without the rest of it.
        let store = EmbeddedStore::open_read_only(&segments(directory)).unwrap();
        let key = key("checkpoint").public();
        Proofs::open(directory, &origin(HOST, 1), &key, &store).unwrap();
    }
    let report = audit_of(directory, index).unwrap();
    assert_eq!((report.root, report.tiles), (clean.root, clean.tiles));
}

#[test]
#[expect(clippy::print_stderr, reason = "the seed makes a failure happen again")]
fn no_flipped_byte_is_silently_accepted() {
    // A bad disk, or a hand on the disk, would change what somebody learned, and nobody would know.
    let told = |name| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let wanted = told("XF_AUDIT_FLIPS").map_or(FLIPS, |n| usize::try_from(n).unwrap());
    let seed = told("XF_AUDIT_SEED").unwrap_or_else(|| u64::from_be_bytes(random()));
    eprintln!("audit flips: seed {seed}, {wanted} flips");
    let kept = kept(story);
    let files = files(kept.dir.path());
    let clean = audit_of(kept.dir.path(), true).unwrap();
    let names = files
        .iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .map(|(name, _)| name);
    let (index, rest): (Vec<&String>, Vec<&String>) =
        names.partition(|name| name.starts_with(INDEX));
    let mut seeded = Seeded::new(seed);
    let mut fates: BTreeMap<(&str, Fate), usize> = BTreeMap::new();
    let mut met = BTreeSet::new();
    for n in 0..wanted {
        // The index has the most files, each slow to open, and the least to lose.
        let of_index = n.is_multiple_of(INDEX_ONCE_IN);
        let name = if of_index {
            index[n / INDEX_ONCE_IN % index.len()]
        } else {
            rest[(n - 1 - n / INDEX_ONCE_IN) % rest.len()]
        };
        let mut files = files.clone();
        files.retain(|name, _| of_index || !name.starts_with(INDEX));
        let bytes = files.get_mut(name).unwrap();
        let at = offset(&mut seeded, bytes, n);
        let bit = 1 << seeded.below(8);
        bytes[at] ^= bit;
        let fate = std::panic::catch_unwind(|| fate(&files, name, &clean));
        let fate = fate.unwrap_or_else(|_| panic!("seed {seed}: bit {bit} of {name} at {at}"));
        let part = name.split('/').next().unwrap();
        *fates.entry((part, fate)).or_default() += 1;
        met.insert(name);
    }
    eprintln!("audit flips: {fates:?}");
    if wanted >= FLIPS {
        assert_eq!(
            met.len(),
            index.len() + rest.len(),
            "every file has its turn: {met:?}"
        );
    }
    for (part, fate) in [
        ("log", Fate::Named),
        ("tile", Fate::Rebuilt),
        ("checkpoint", Fate::Named),
    ] {
        assert!(
            fates.contains_key(&(part, fate)),
            "seed {seed}: no {part} {fate:?}: {fates:?}"
        );
    }
    assert!(
        !fates.contains_key(&("tile", Fate::Harmless)),
        "seed {seed}: {fates:?}"
    );
    assert!(
        !fates.contains_key(&("checkpoint", Fate::Harmless)),
        "seed {seed}: {fates:?}"
    );
}

/// An offset in a file, three times of four where something other than zero stands.
fn offset(seeded: &mut Seeded, bytes: &[u8], n: usize) -> usize {
    let at = seeded.below(bytes.len());
    if n.is_multiple_of(4) {
        return at;
    }
    let behind = bytes[at..]
        .iter()
        .position(|byte| *byte != 0)
        .map(|after| at + after);
    behind.unwrap_or(at)
}

#[test]
fn a_lost_index_is_rebuilt_and_told() {
    // A lost index would be passed over as if it had been sound.
    let kept = kept(story);
    fs::remove_dir_all(kept.dir.path().join("index")).unwrap();
    let report = audit_of(kept.dir.path(), true).unwrap();
    assert!(
        matches!(
            report.index,
            IndexAudit::Checked {
                rebuilt: Some(Doubt::Missing),
                ..
            }
        ),
        "{:?}",
        report.index
    );
}
