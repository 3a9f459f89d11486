//! The directory of a ledger: nobody else's to read, and made only for a ledger.

use std::os::unix::fs::PermissionsExt as _;

use api::app::App;
use api::config::Config;
use api::data_dir::DataDir;
use ledger::clock::FixedClock;
use tests::support::process::run;

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
        DataDir::at(dir.path()).close_to_others().unwrap();
        let bits = dir.path().metadata().unwrap().permissions().mode();
        assert_eq!(bits & 0o777, left);
    }
}

#[test]
fn a_refused_command_leaves_a_directory_as_it_was() {
    // A mistyped path would close /tmp to everybody on the host.
    let dir = tempfile::tempdir().unwrap();
    let theirs = dir.path().join("st");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("z"), b"").unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    let set = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(&theirs, 0o1777);
    let path = theirs.to_str().unwrap();
    for command in [
        &["init", "--host", "y.example", "--data-dir", path][..],
        &["serve", "--data-dir", path],
        &["log", "audit", "--data-dir", path],
    ] {
        let refused = run(command).unwrap_err();
        assert!(refused.contains("ledger"), "{refused}");
        assert_eq!(mode(&theirs), 0o1777, "{command:?}");
        assert!(!theirs.join("lock").exists(), "{command:?}");
    }
    // Looking at a ledger changes nothing either; making one keeps what a group was given.
    let ours = dir.path().join("ours");
    std::fs::create_dir(&ours).unwrap();
    set(&ours, 0o2775);
    let path = ours.to_str().unwrap();
    run(&["init", "--host", "y.example", "--data-dir", path]).unwrap();
    assert_eq!(mode(&ours), 0o2770);
    set(&ours, 0o2775);
    run(&["log", "audit", "--data-dir", path]).unwrap();
    assert_eq!(mode(&ours), 0o2775);
}
