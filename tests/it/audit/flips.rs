//! Bytes flipped at random in every file of the data directory: never silently accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use ledger::audit::Remedy;
use ledger::clock::random;
use ledger::index::Doubt;
use tests::support::seeded::Seeded;

use super::*;

/// Flips made unless `XF_AUDIT_FLIPS` says otherwise.
const FLIPS: usize = 200;

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
                let name = path.strip_prefix(directory).unwrap().to_str().unwrap().to_owned();
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
    let derived = flipped.starts_with("tile/") || flipped.starts_with("index/");
    match audit_of(dir.path(), true) {
        Err(finding) => {
            assert!(finding.to_string().contains(base(flipped)) || flipped.starts_with("index/"), "{finding}");
            assert_eq!(finding.remedy() == Remedy::Rebuild, derived, "{finding}");
            if derived {
                start_anew(dir.path(), flipped, clean);
                Fate::Rebuilt
            } else {
                Fate::Named
            }
        }
        Ok(report) => {
            let IndexAudit::Checked { rebuilt, checked, .. } = &report.index else { panic!("{report:?}") };
            let IndexAudit::Checked { checked: entries, .. } = &clean.index else { panic!("{clean:?}") };
            assert_eq!(checked, entries);
            assert!(rebuilt.is_none() || flipped.starts_with("index/"), "{rebuilt:?}");
            let fate = if rebuilt.is_some() { Fate::Rebuilt } else { Fate::Harmless };
            // Nothing that the log says may have changed unnoticed.
            let index = clean.index.clone();
            assert_eq!(Report { index, ..report }, *clean);
            fate
        }
    }
}

/// Does what the remedy says, and finds everything well.
fn start_anew(directory: &Path, flipped: &str, clean: &Report) {
    let part = flipped.split('/').next().unwrap();
    fs::remove_dir_all(directory.join(part)).unwrap();
    drop(reopened(directory, EmbeddedStore::open(&segments(directory), OPTIONS).unwrap()));
    let report = audit_of(directory, true).unwrap();
    assert_eq!((report.root, report.commits), (clean.root, clean.commits));
}

#[test]
fn no_flipped_byte_is_silently_accepted() {
    // A bad disk, or a hand on the disk, would change what somebody learned, and nobody would know.
    let wanted = std::env::var("XF_AUDIT_FLIPS").ok().and_then(|n| n.parse().ok()).unwrap_or(FLIPS);
    let seed = u64::from_be_bytes(random());
    eprintln!("audit flips: seed {seed}, {wanted} flips");
    let kept = kept(story);
    let files = files(kept.dir.path());
    let clean = audit_of(kept.dir.path(), true).unwrap();
    let names: Vec<&String> = files.iter().filter(|(_, bytes)| !bytes.is_empty()).map(|(name, _)| name).collect();
    let mut seeded = Seeded::new(seed);
    let mut fates: BTreeMap<(&str, Fate), usize> = BTreeMap::new();
    let mut met = BTreeSet::new();
    for n in 0..wanted {
        let name = names[n % names.len()];
        let mut files = files.clone();
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
    assert_eq!(met.len(), names.len().min(wanted), "every file has its turn");
    for (part, fate) in [("log", Fate::Named), ("tile", Fate::Rebuilt), ("checkpoint", Fate::Named)] {
        assert!(fates.contains_key(&(part, fate)), "seed {seed}: no {part} {fate:?}: {fates:?}");
    }
    assert!(!fates.contains_key(&("tile", Fate::Harmless)), "seed {seed}: {fates:?}");
    assert!(!fates.contains_key(&("checkpoint", Fate::Harmless)), "seed {seed}: {fates:?}");
}

/// An offset in a file, three times of four where something other than zero stands.
fn offset(seeded: &mut Seeded, bytes: &[u8], n: usize) -> usize {
    let at = seeded.below(bytes.len());
    if n.is_multiple_of(4) {
        return at;
    }
    let behind = bytes[at..].iter().position(|byte| *byte != 0).map(|after| at + after);
    behind.unwrap_or(at)
}

#[test]
fn a_lost_index_is_rebuilt_and_told() {
    // A lost index would be passed over as if it had been sound.
    let kept = kept(story);
    fs::remove_dir_all(kept.dir.path().join("index")).unwrap();
    let report = audit_of(kept.dir.path(), true).unwrap();
    assert!(
        matches!(report.index, IndexAudit::Checked { rebuilt: Some(Doubt::Missing), .. }),
        "{:?}",
        report.index
    );
}
