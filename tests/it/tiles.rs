//! Hash tiles: layout, restart, damage, audit, and the names the HTTP door lets through.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ledger::hash::Digest;
use ledger::merkle::{Tree, verify_consistency, verify_inclusion};
use ledger::tile::{Shelf, TileError, TilePath, Tiles, check_all};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::merkle::{leaves, naive_root};

fn scratch() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn log(leaves: &[Digest]) -> impl Iterator<Item = Result<Digest, TileError>> + '_ {
    leaves.iter().copied().map(Ok)
}

/// Tiles of these leaves, published at every `step`.
fn grown(directory: &Path, leaves: &[Digest], step: usize) -> Tiles {
    let mut tiles = Tiles::empty(directory);
    for chunk in leaves.chunks(step) {
        for leaf in chunk {
            tiles.append(*leaf);
        }
        tiles.publish().unwrap();
    }
    tiles
}

/// All files under a directory, relative, with their lengths.
fn files(directory: &Path) -> BTreeSet<(String, u64)> {
    let mut found = BTreeSet::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(here) = open.pop() {
        for entry in fs::read_dir(here).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else {
                let name = entry
                    .path()
                    .strip_prefix(directory)
                    .unwrap()
                    .display()
                    .to_string();
                found.insert((name, entry.metadata().unwrap().len()));
            }
        }
    }
    found
}

#[test]
fn names_are_those_of_the_specification() {
    // If this fails, monitors cannot find our tiles.
    for (text, shelf, index, width) in [
        // The example of C2SP tlog-tiles: index 1234067.
        ("tile/0/x001/x234/067", Shelf::Hashes(0), 1_234_067, 256),
        ("tile/0/000", Shelf::Hashes(0), 0, 256),
        ("tile/63/999.p/255", Shelf::Hashes(63), 999, 255),
        ("tile/1/x001/000.p/1", Shelf::Hashes(1), 1000, 1),
        ("tile/entries/x273/112.p/112", Shelf::Entries, 273_112, 112),
        (
            "tile/0/x018/x446/x744/x073/x709/x551/615",
            Shelf::Hashes(0),
            u64::MAX,
            256,
        ),
    ] {
        let path = TilePath {
            shelf,
            index,
            width,
        };
        assert_eq!(path.to_string(), text);
        assert_eq!(TilePath::parse(text), Ok(path));
    }
}

#[test]
fn other_names_are_refused() {
    // If this fails, the HTTP door could be led to a file that is no tile, or caches hold one tile
    // under many names.
    for bad in [
        "",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile//000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/+01",
        "tile/0/-01",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x001/x002",
        "tile/0/001/",
        "tile/00/001",
        "tile/+1/001",
        "tile/64/001",
        "tile/0/../../checkpoint",
        "tile/0/..",
        "tile/0/%2e%2e",
        "tile/0/001.p/0",
        "tile/0/001.p/01",
        "tile/0/001.p/+1",
        "tile/0/001.p/256",
        "tile/0/001.p",
        "tile/0/001.p/",
        "tile/0/001.p/1/2",
        "tile/0/001.p/1.tmp",
        "tile/0/001.tmp",
        "tile/0/X001/000",
        "tile/0/x001/x234/067 ",
        "tile/0/\u{661}\u{661}\u{661}",
        "tile/Entries/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/001\0",
        "tile/0\\001",
    ] {
        assert!(TilePath::parse(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn a_name_parses_to_itself(level in 0_u8..=63, index: u64, width in 1_u16..=256, entries: bool) {
        // If this fails, some tile of a large log cannot be fetched.
        let shelf = if entries { Shelf::Entries } else { Shelf::Hashes(level) };
        let path = TilePath { shelf, index, width };
        prop_assert_eq!(TilePath::parse(&path.to_string()), Ok(path));
    }

    #[test]
    fn whatever_parses_is_the_only_spelling(text in "tile/([0-9]{1,3}|entries)(/x?[0-9.]{1,4}){1,3}(\\.p/[0-9]{0,4})?") {
        // If this fails, one tile has two addresses.
        if let Ok(path) = TilePath::parse(&text) {
            prop_assert_eq!(path.to_string(), text);
        }
    }
}

#[test]
fn the_files_of_a_size_are_those_of_the_specification() {
    // If this fails, a client that knows the checkpoint asks for tiles we do not have.
    let leaves = leaves(70_000);
    let here = scratch();
    let tiles = grown(here.path(), &leaves, 70_000);
    assert_eq!(tiles.root(), naive_root(&leaves));
    // C2SP tlog-tiles, "Partial Tiles": the tree of 70,000.
    let files = files(here.path());
    let full: Vec<_> = files.iter().filter(|(_, bytes)| *bytes == 8192).collect();
    assert_eq!(
        full.iter()
            .filter(|(name, _)| name.starts_with("tile/0/"))
            .count(),
        273
    );
    assert_eq!(
        full.iter().filter(|(name, _)| name == "tile/1/000").count(),
        1
    );
    assert_eq!(full.len(), 274);
    let partial: Vec<_> = files
        .iter()
        .filter(|(_, bytes)| *bytes != 8192)
        .cloned()
        .collect();
    assert_eq!(
        partial,
        [
            ("tile/0/273.p/112".to_owned(), 112 * 32),
            ("tile/1/001.p/17".to_owned(), 17 * 32),
            ("tile/2/000.p/1".to_owned(), 32),
        ]
    );
    let audit = check_all(here.path(), 70_000, log(&leaves)).unwrap();
    assert_eq!((audit.tiles_full, audit.tiles_partial), (274, 3));
    assert_eq!(audit.root, tiles.root());

    let here = scratch();
    grown(here.path(), &leaves[..256], 100);
    let names: Vec<String> = super::tiles::files(here.path())
        .into_iter()
        .map(|f| f.0)
        .collect();
    assert_eq!(
        names,
        ["tile/0/000", "tile/1/000.p/1"],
        "partials of a full tile are gone"
    );
}

#[test]
fn every_published_size_opens_again_with_its_root() {
    // If this fails, a ledger that was stopped at an unlucky size does not start again.
    let leaves = leaves(1000);
    let here = scratch();
    let mut tiles = Tiles::empty(here.path());
    assert_eq!(Tiles::open(here.path(), 0).unwrap().root(), tiles.root());
    for (leaf, size) in leaves.iter().zip(1..) {
        tiles.append(*leaf);
        if size % 7 == 0 || size % 256 < 2 {
            assert_eq!(tiles.publish().unwrap(), (size, tiles.root()));
            let again = Tiles::open(here.path(), size).unwrap();
            assert_eq!((again.size(), again.root()), (size, tiles.root()));
        }
    }
    // The checkpoint may be older than the tiles: a crash came between the two.
    for size in [256, 512, 7, 259, 511, 770] {
        let again = Tiles::open(here.path(), size).unwrap();
        assert_eq!(
            again.root(),
            naive_root(&leaves[..usize::try_from(size).unwrap()]),
            "{size}"
        );
    }
}

#[test]
fn proofs_come_from_tiles_queue_and_edge_alike() {
    // If this fails, a receipt for some position cannot be given, or is wrong.
    let leaves = leaves(1200);
    let here = scratch();
    let mut tiles = grown(here.path(), &leaves[..700], 300);
    // Some full tiles are now on disk, one waits in memory, the rest is edge.
    for leaf in &leaves[700..] {
        tiles.append(*leaf);
    }
    let root = |size: u64| naive_root(&leaves[..usize::try_from(size).unwrap()]);
    for size in [
        0, 1, 255, 256, 257, 511, 512, 700, 768, 1023, 1024, 1199, 1200,
    ] {
        assert_eq!(tiles.root_at(size).unwrap(), root(size), "{size}");
        let path = tiles.consistency(size, 1200).unwrap();
        assert_eq!(
            verify_consistency(size, &root(size), 1200, &root(1200), &path),
            Ok(())
        );
        for index in [0, 1, 255, 256, 400, 600, 768, 1100, 1199] {
            if index < size {
                let path = tiles.inclusion(index, size).unwrap();
                let leaf = leaves[usize::try_from(index).unwrap()];
                assert_eq!(tiles.leaf_hash(index).unwrap(), leaf);
                assert_eq!(
                    verify_inclusion(leaf, index, size, &path, &root(size)),
                    Ok(())
                );
            } else {
                assert!(matches!(
                    tiles.inclusion(index, size),
                    Err(TileError::Range { .. })
                ));
            }
        }
    }
    let path = tiles.consistency(300, 900).unwrap();
    assert_eq!(
        verify_consistency(300, &root(300), 900, &root(900), &path),
        Ok(())
    );
    for wrong in [
        tiles.root_at(1201).map(drop),
        tiles.leaf_hash(1200).map(drop),
    ] {
        assert!(matches!(wrong, Err(TileError::Range { .. })));
    }
    assert!(matches!(
        tiles.consistency(2, 1),
        Err(TileError::Range { .. })
    ));
    assert!(matches!(
        tiles.leaf_hash(u64::MAX),
        Err(TileError::Range { .. })
    ));
}

#[test]
fn the_tree_grows_while_its_tiles_are_written() {
    // If this fails, a commit that came while a checkpoint was written is lost to every proof.
    let leaves = leaves(1300);
    let here = scratch();
    let mut tiles = Tiles::empty(here.path());
    for (at, chunk) in leaves.chunks(130).enumerate() {
        let publication = tiles.prepare();
        for leaf in chunk {
            tiles.append(*leaf);
        }
        let (size, root) = publication.write().unwrap();
        assert_eq!(
            (size, root),
            (at as u64 * 130, naive_root(&leaves[..at * 130]))
        );
        assert_eq!(Tiles::open(here.path(), size).unwrap().root(), root);
        let check = |tiles: &Tiles| {
            for index in [0, tiles.size() / 2, tiles.size() - 1] {
                let path = tiles.inclusion(index, tiles.size()).unwrap();
                let leaf = leaves[usize::try_from(index).unwrap()];
                let root = tiles.root();
                assert_eq!(
                    verify_inclusion(leaf, index, tiles.size(), &path, &root),
                    Ok(())
                );
            }
        };
        check(&tiles);
        tiles.written(&publication);
        check(&tiles);
    }
    tiles.publish().unwrap();
    check_all(here.path(), 1300, log(&leaves)).unwrap();
}

/// Flips one bit of a file.
fn flip(file: &Path, bit: usize) {
    let mut bytes = fs::read(file).unwrap();
    bytes[bit / 8] ^= 1 << (bit % 8);
    fs::write(file, bytes).unwrap();
}

#[test]
fn a_damaged_tile_is_named_and_never_bends_a_proof() {
    // If this fails, one flipped bit on a disk sends receipts into the world that nobody can check.
    let leaves = leaves(66_000);
    let here = scratch();
    drop(grown(here.path(), &leaves, 66_000));
    let root = naive_root(&leaves);
    for (name, bit) in [
        ("tile/0/000", 0),
        ("tile/0/000", 65_535),
        ("tile/1/000", 40_000),
    ] {
        let file = here.path().join(name);
        flip(&file, bit);
        let tiles = Tiles::open(here.path(), 66_000).unwrap();
        assert_eq!(tiles.root(), root, "the edge is whole");
        match tiles.inclusion(3, 66_000) {
            Err(TileError::TileDamaged { path }) => assert_eq!(path, file),
            other => panic!("{name}: {other:?}"),
        }
        // What does not need the file still answers.
        let whole = tiles.inclusion(65_900, 66_000).unwrap();
        assert_eq!(
            verify_inclusion(leaves[65_900], 65_900, 66_000, &whole, &root),
            Ok(())
        );
        match check_all(here.path(), 66_000, log(&leaves)) {
            Err(TileError::TileDamaged { path }) => assert_eq!(path, file),
            other => panic!("{name}: {other:?}"),
        }
        flip(&file, bit);
    }
    // Cut short, and gone.
    let file = here.path().join("tile/0/001");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..8191]).unwrap();
    let tiles = Tiles::open(here.path(), 66_000).unwrap();
    assert!(matches!(tiles.leaf_hash(256), Err(TileError::TileDamaged { path }) if path == file));
    fs::remove_file(&file).unwrap();
    assert!(matches!(tiles.leaf_hash(256), Err(TileError::TileDamaged { path }) if path == file));
    assert!(check_all(here.path(), 66_000, log(&leaves)).is_err());

    let tiles = Tiles::rebuild(here.path(), log(&leaves)).unwrap();
    assert_eq!(tiles.root(), root);
    assert_eq!(tiles.leaf_hash(256).unwrap(), leaves[256]);
    assert_eq!(
        check_all(here.path(), 66_000, log(&leaves)).unwrap().root,
        root
    );
}

#[test]
fn an_audit_reads_every_byte() {
    // If this fails, an auditor says "all tiles are right" of a log whose tiles are not.
    let leaves = leaves(520);
    let here = scratch();
    drop(grown(here.path(), &leaves, 130));
    let audit = check_all(here.path(), 520, log(&leaves)).unwrap();
    assert_eq!((audit.tiles_full, audit.size), (2, 520));
    assert_eq!(audit.root, naive_root(&leaves));
    for (name, bytes) in files(here.path()) {
        let file = here.path().join(&name);
        for at in (0..usize::try_from(bytes).unwrap()).step_by(97) {
            flip(&file, at * 8 + at % 8);
            match check_all(here.path(), 520, log(&leaves)) {
                Err(TileError::TileDamaged { path }) => assert_eq!(path, file),
                other => panic!("{name} byte {at}: {other:?}"),
            }
            flip(&file, at * 8 + at % 8);
        }
    }
    let mut other = leaves.clone();
    other[519].0[0] ^= 1;
    assert!(
        check_all(here.path(), 520, log(&other)).is_err(),
        "another log"
    );
    assert!(matches!(
        check_all(here.path(), 520, log(&leaves[..519])),
        Err(TileError::LogTooShort {
            have: 519,
            size: 520
        })
    ));
    let last: PathBuf = here.path().join("tile/0/002.p/8");
    fs::remove_file(&last).unwrap();
    assert!(
        matches!(check_all(here.path(), 520, log(&leaves)), Err(TileError::TileDamaged { path }) if path == last)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn restarts_at_any_size_lead_to_the_same_files(
        groups in prop::collection::vec((1_usize..400, any::<bool>()), 1..8),
        probe: prop::sample::Index,
    ) {
        // If this fails, a restart changes what the log promises.
        let total = groups.iter().map(|(count, _)| count).sum::<usize>();
        let leaves = leaves(total as u64);
        let here = scratch();
        let mut tiles = Tiles::empty(here.path());
        let mut model = Tree::new();
        let (mut at, mut published) = (0, 0);
        for (count, crash) in groups {
            for leaf in &leaves[at..at + count] {
                tiles.append(*leaf);
                model.append(*leaf);
            }
            at += count;
            prop_assert_eq!(tiles.root(), model.root());
            if crash {
                // Everything behind the last checkpoint is appended again from the log.
                tiles = Tiles::open(here.path(), published).unwrap();
                prop_assert_eq!(tiles.root(), naive_root(&leaves[..usize::try_from(published).unwrap()]));
                for leaf in &leaves[usize::try_from(published).unwrap()..at] {
                    tiles.append(*leaf);
                }
            }
            published = tiles.publish().unwrap().0;
            let index = probe.index(at) as u64;
            let path = tiles.inclusion(index, published).unwrap();
            prop_assert_eq!(
                verify_inclusion(leaves[probe.index(at)], index, published, &path, &model.root()),
                Ok(())
            );
        }
        prop_assert_eq!(check_all(here.path(), published, log(&leaves)).unwrap().root, model.root());
        let again = scratch();
        drop(Tiles::rebuild(again.path(), log(&leaves)).unwrap());
        let grown = files(here.path());
        prop_assert!(files(again.path()).is_subset(&grown), "{:?}", grown);
    }
}
