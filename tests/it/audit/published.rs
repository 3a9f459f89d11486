//! What was published, held against the log: roots, sizes, signatures, tiles.

use std::fs;

use ledger::audit::Remedy;
use ledger::checkpoint::{self, Checkpoint};
use ledger::hash::Digest;

use super::*;

/// Replaces the published checkpoint by one that `name`'s key signed over this.
fn publish(kept: &Kept, name: &str, log: &str, size: u64, root: Digest) {
    let text = Checkpoint::sign(log, size, &root, &key(name)).unwrap();
    checkpoint::store(kept.dir.path(), &text).unwrap();
}

fn root_at(kept: &Kept, size: usize) -> Digest {
    let mut tree = ledger::merkle::Tree::new();
    kept.records[..size]
        .iter()
        .for_each(|record| tree.append(record.leaf_hash));
    tree.root()
}

#[test]
fn a_published_root_that_the_log_never_had_is_convicted() {
    // A ledger could show witnesses one history and keep another.
    let kept = kept(story);
    let size = kept.records.len() / 2;
    let root = root_at(&kept, size - 1);
    publish(&kept, "checkpoint", &origin(HOST, 1), size as u64, root);
    let finding = audit_of(kept.dir.path(), false).unwrap_err();
    assert!(
        matches!(finding, Finding::OtherRoot { published, log, .. }
            if published == root && log == root_at(&kept, size)),
        "{finding}"
    );
    assert_eq!(finding.remedy(), Remedy::Restore);
}

#[test]
fn a_checkpoint_behind_the_log_passes_with_the_tiles_of_its_size() {
    // A crash between a group and its publication would look like fraud.
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(EmbeddedStore::open(&segments(dir.path()), OPTIONS).unwrap());
    let mut world = World::over(dir.path(), store, 0);
    world.log.publish().unwrap();
    let text = checkpoint::load(dir.path()).unwrap().unwrap();
    let published = world.log.head().size;
    story(&mut world);
    drop(world);
    checkpoint::store(dir.path(), &text).unwrap();
    let report = audit_of(dir.path(), false).unwrap();
    assert_eq!(
        (report.tiles.size, report.commits > published),
        (published, true)
    );
    assert_eq!(report.published.map(|it| it.root), Some(report.tiles.root));
}

#[test]
fn a_log_shorter_than_what_was_published_is_convicted() {
    // An older copy could be put in the ledger's place and the latest records be gone.
    let kept = kept(story);
    let size = kept.records.len() as u64;
    publish(
        &kept,
        "checkpoint",
        &origin(HOST, 1),
        size + 1,
        Digest::of(b"a root"),
    );
    let finding = audit_of(kept.dir.path(), false).unwrap_err();
    assert!(
        matches!(finding, Finding::RolledBack { published, size: found } if (published, found) == (size + 1, size)),
        "{finding}"
    );
    assert_eq!(finding.remedy(), Remedy::Restore);
}

#[test]
fn a_checkpoint_of_another_key_or_log_is_convicted() {
    // Anybody could publish a root in the ledger's name.
    let kept = kept(story);
    let size = kept.records.len();
    let root = root_at(&kept, size);
    for (name, log) in [
        ("another", origin(HOST, 1)),
        ("checkpoint", origin("else.example", 1)),
    ] {
        publish(&kept, name, &log, size as u64, root);
        let finding = audit_of(kept.dir.path(), false).unwrap_err();
        assert!(matches!(finding, Finding::Checkpoint(_)), "{finding}");
    }
}

#[test]
fn a_log_without_a_checkpoint_says_so() {
    // Whoever removes the checkpoint together with the newest commits would not be noticed.
    let kept = kept(story);
    fs::remove_file(kept.dir.path().join(checkpoint::FILE)).unwrap();
    assert_eq!(audit_of(kept.dir.path(), false).unwrap().published, None);
}

#[test]
fn a_missing_tile_is_named_and_can_be_rebuilt() {
    // Nobody could prove anything from the tiles, and the log would be blamed.
    let kept = kept(story);
    let tiles = kept.dir.path().join("tile");
    fs::remove_dir_all(&tiles).unwrap();
    let finding = audit_of(kept.dir.path(), false).unwrap_err();
    assert!(finding.to_string().contains("tile/0/000.p/"), "{finding}");
    assert_eq!(finding.remedy(), Remedy::Rebuild);
    let store = EmbeddedStore::open(&segments(kept.dir.path()), OPTIONS).unwrap();
    drop(reopened(kept.dir.path(), store));
    audit_of(kept.dir.path(), true).unwrap();
}
