//! The master key's file.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use api::master::{MasterKey, MasterKeyError};

#[test]
fn a_master_key_is_made_once_and_for_its_owner_only() {
    // If this failed, a second start would make a new key, and every value would be unreadable; or
    // others on the machine could read it.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys").join("master.key");
    MasterKey::of_file_or_data_dir(None, dir.path()).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<_> = text.split('\n').collect();
    assert_eq!((lines.len(), lines[0]), (3, "xuefen-master-v1"));
    assert_eq!((lines[1].len(), lines[2]), (43, ""));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let above = fs::metadata(dir.path().join("keys")).unwrap();
    assert_eq!(above.mode() & 0o777, 0o700);
    MasterKey::of_file_or_data_dir(None, dir.path()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let files = fs::read_dir(dir.path().join("keys")).unwrap().count();
    assert_eq!(files, 1, "nothing half-made is left");
}

#[test]
fn threads_that_make_it_at_once_get_the_same_key() {
    // If this failed, two processes that start together would seal under two keys, one of them lost.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| MasterKey::load_or_create(&path).unwrap());
        }
    });
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_named_file_is_never_made() {
    // If this failed, a key that was not mounted would be replaced by a new one without a word.
    let dir = tempfile::tempdir().unwrap();
    let named = dir.path().join("mounted.key");
    let answer = MasterKey::of_file_or_data_dir(Some(&named), dir.path());
    assert!(matches!(answer, Err(MasterKeyError::Io { .. })));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    MasterKey::load_or_create(&named).unwrap();
    MasterKey::of_file_or_data_dir(Some(&named), dir.path()).unwrap();
    assert!(!dir.path().join("keys").exists());
}

#[test]
fn what_is_no_master_key_or_not_private_is_refused() {
    // If this failed, a damaged file would be taken for a key, or one that others could have read.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("master.key");
    MasterKey::load_or_create(&path).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let line = good.split('\n').nth(1).unwrap();
    let bad = [
        String::new(),
        good.trim_end().to_owned(),
        format!("{good}\n"),
        good.replace("v1", "v2"),
        format!("xuefen-master-v1\n{}\n", &line[..42]),
        format!("xuefen-master-v1\n{line}A\n"),
        format!("xuefen-master-v1\n{}=\n", &line[..42]),
        good.replace('\n', "\r\n"),
        format!("{good}{}", "x".repeat(300)),
    ];
    for text in bad {
        fs::write(&path, &text).unwrap();
        let answer = MasterKey::load_or_create(&path);
        assert!(
            matches!(answer, Err(MasterKeyError::Form { .. })),
            "{text:?}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "never replaced");
    }
    fs::write(&path, &good).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o666] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let answer = MasterKey::load(&path);
        assert!(
            matches!(answer, Err(MasterKeyError::Exposed { mode: found, .. }) if found == mode)
        );
    }
}
