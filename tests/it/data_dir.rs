//! The directory of a ledger: nobody else's to read, and made only for a ledger.

use std::os::unix::fs::PermissionsExt as _;

use api::app::App;
use api::config::Config;
use api::data_dir::DataDir;
use ledger::clock::FixedClock;

#[test]
fn a_directory_is_made_for_its_owner_and_not_by_a_wrong_path() {
    // Everybody on the host could read sealed values, or a typing error would look like a ledger.
    let dir = tempfile::tempdir().unwrap();
    let mut config = Config::default();
    config.ledger.data_dir = dir.path().join("wrong");
    let opened = App::open(config, std::sync::Arc::new(FixedClock::at(1_000)));
    assert!(opened.is_err());
    assert!(!dir.path().join("wrong").exists());
    let made = DataDir::at(dir.path().join("made"));
    let _lock = made.lock().unwrap();
    let bits = made.root().metadata().unwrap().permissions().mode();
    assert_eq!(bits & 0o777, 0o700);
}

#[test]
fn a_directory_that_stood_open_is_closed_to_others() {
    // A copy restored with the usual mask would let everybody on the host read it from then on.
    let dir = tempfile::tempdir().unwrap();
    for (found, left) in [
        (0o755, 0o750),
        (0o777, 0o770),
        (0o700, 0o700),
        (0o750, 0o750),
    ] {
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(found)).unwrap();
        drop(DataDir::at(dir.path()).lock().unwrap());
        let bits = dir.path().metadata().unwrap().permissions().mode();
        assert_eq!(bits & 0o777, left);
    }
}
