//! The operator changes the master key of a ledger that answers, by a command or by credentials of systemd.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use api::master::files::WAITS_MS;
use identity::role::Role;
use serde_json::json;
use tests::support::process;
use tests::support::server::{Stand, resident_id};

fn key_files(stand: &Stand) -> Vec<String> {
    let keys = stand.app.dir.root().join("keys");
    let entries = std::fs::read_dir(keys).unwrap();
    let names = entries.map(|it| it.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|it| it.starts_with("master")).collect();
    names.sort();
    names
}

fn vault(verb: &str, data: &Path) -> String {
    process::run(&["vault", verb, "--data-dir", data.to_str().unwrap()]).unwrap()
}

#[test]
fn a_running_server_takes_a_new_master_key_and_destroys_the_old_one() {
    // Changing the key would need a night without the service, or leave the old key where it can be stolen for ever.
    let mut stand = Stand::open();
    let school = stand.schools[0].token().to_owned();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let path = format!("/v1/learners/{person}");
    let own = stand.token(person, Role::Learner, None);
    let card = stand
        .post(&school, &format!("{path}/card"), &json!({}))
        .is(201);
    let before = std::fs::read(stand.app.dir.root().join("keys/master.key")).unwrap();
    // All of it in the one file.
    stand.app.vault.scrub().unwrap();
    let old_copy = std::fs::read(stand.app.dir.vault_keys()).unwrap();

    let data = stand.app.dir.root().to_owned();
    vault("rotate", &data);
    assert_eq!(key_files(&stand), ["master.key", "master.next.key"]);
    // Somebody reads and somebody writes all the while.
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stand = &stand;
        let (school, path, stop) = (&school, &path, &stop);
        let reading = scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let shown = stand.get(school, path).is(200);
                assert_eq!(shown["name"], "王晓明");
            }
        });
        let writing = scope.spawn(move || {
            for serial in 2..8 {
                stand.register(0, "李新来", &resident_id(serial));
            }
        });
        stand.app.carry_on_house().unwrap();
        writing.join().unwrap();
        stop.store(true, Ordering::Relaxed);
        reading.join().unwrap();
    });
    let since = stand.app.now_ms();
    let retired = format!("master.retired-{since}.key");
    assert_eq!(key_files(&stand), ["master.key", retired.as_str()]);
    let now = std::fs::read(data.join("keys/master.key")).unwrap();
    assert_ne!(now, before);
    assert_eq!(
        std::fs::read(data.join("keys").join(&retired)).unwrap(),
        before
    );
    assert!(vault("status", &data).contains("destroyed from 2026-"));

    // A copy of the key store from before the change is put back: it opens, and is brought up to the new key.
    stand.reopen(
        |to| {
            std::fs::write(to.join("vault-keys.db"), &old_copy).unwrap();
            for log in ["vault-keys.db-wal", "vault-keys.db-shm"] {
                let _absent = std::fs::remove_file(to.join(log));
            }
        },
        |_| (),
    );
    assert!(stand.app.vault.is_behind().unwrap());
    assert_eq!(stand.get(&school, &path).is(200)["name"], "王晓明");
    stand.app.carry_on_house().unwrap();
    assert!(!stand.app.vault.is_behind().unwrap());

    // Thirty days later, to the millisecond, no key opens what was under it.
    stand.pass(WAITS_MS - 1);
    stand.app.carry_on_house().unwrap();
    assert_eq!(key_files(&stand).len(), 2, "too early");
    stand.pass(1);
    stand.app.carry_on_house().unwrap();
    assert_eq!(key_files(&stand), ["master.key"]);
    stand.reopen(|_| (), |_| ());
    assert_eq!(stand.get(&school, &path).is(200)["name"], "王晓明");
    stand.get(&own, &path).is(200);
    // What lies beside the vault is none the wiser: the card on paper still opens.
    let scan = json!({ "code": card["card"] });
    stand.post(&school, "/v1/codes/scan", &scan).is(200);
}

#[test]
fn a_credential_of_systemd_is_the_master_key() {
    // A key in the data directory is copied with every backup of it; who keeps it apart could not start.
    let stand = Stand::open();
    let data = stand.app.dir.root().to_owned();
    let credentials = stand.dir().join("credentials");
    std::fs::create_dir(&credentials).unwrap();
    let status = |at: &Path| {
        let arguments = ["vault", "status", "--data-dir", data.to_str().unwrap()];
        let output = process::command(&arguments)
            .env("CREDENTIALS_DIRECTORY", at)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(status(&credentials).contains("from the data directory"));
    std::fs::rename(
        data.join("keys/master.key"),
        credentials.join("xuefen-master-key"),
    )
    .unwrap();
    assert!(status(&credentials).contains("from outside"));
    // The next one comes the same way; without it nothing is changed.
    let rotate = || {
        let arguments = ["vault", "rotate", "--data-dir", data.to_str().unwrap()];
        process::command(&arguments)
            .env("CREDENTIALS_DIRECTORY", &credentials)
            .output()
            .unwrap()
    };
    let refused = rotate();
    assert_eq!(refused.status.code(), Some(2));
    api::master::MasterKey::load_or_create(&credentials.join("xuefen-master-key-next")).unwrap();
    let taken = rotate();
    assert!(
        taken.status.success(),
        "{}",
        String::from_utf8_lossy(&taken.stderr)
    );
    assert!(String::from_utf8_lossy(&taken.stdout).contains("next key: there"));
    assert!(
        !data.join("keys/master.key").exists(),
        "one was made beside it"
    );
}
