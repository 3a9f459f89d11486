//! A roster whose server is killed again and again.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use identity::identifier::resident_id;
use identity::person::register;
use ledger::commit::Commit;
use ledger::store::Store as _;
use ledger::store::embedded::EmbeddedStore;
use serde_json::Value;
use tests::support::process::{self, Client, Server};

/// Several chunks, so that kills fall into and between them.
const ROWS: usize = 3_500;
const KILLS: u64 = 8;

/// A number that nobody was given.
fn number(at: usize) -> String {
    let body = format!(
        "33010220010{}0{}{:03}",
        at / 3_000 + 1,
        at / 1_000 % 3 + 1,
        at % 1_000
    );
    let check = resident_id::check_character(&body).unwrap();
    format!("{body}{check}")
}

#[test]
fn a_killed_roster_goes_on_and_registers_everybody_once() {
    // A power cut would leave a thousand learners twice, or locked out for an hour.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("province");
    let path = dir.to_str().unwrap();
    process::run(&["demo", "--once", "--learners", "2", "--data-dir", path]).unwrap();
    let demo: Value =
        serde_json::from_slice(&std::fs::read(dir.join("demo.json")).unwrap()).unwrap();
    let token = demo["tokens"]["institution"].as_str().unwrap();
    let rows = (0..ROWS).map(|at| format!("学生{at},{}\n", number(at)));
    let text = format!("姓名,证件号\n{}", rows.collect::<String>());
    let form = format!(
        "--xf\r\nContent-Disposition: form-data; name=\"what\"\r\n\r\nroster\r\n--xf\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f.csv\"\r\nContent-Type: text/csv\r\n\r\n{text}\r\n--xf--\r\n"
    );
    let before = registrations(&dir);
    let mut server = Server::start(&dir);
    let mut client = Client::new(&server.base, token);
    let media = "multipart/form-data; boundary=xf";
    let sent = client.post("/v1/imports", media, form.as_bytes()).unwrap();
    assert_eq!(sent.status, 202, "{}", sent.text);
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    let state = |client: &Client| client.get(&format!("/v1/imports/{id}")).unwrap().json();
    let reaches = |client: &Client, wanted: &str| loop {
        let job = state(client);
        assert_ne!(job["state"], "failed", "{job}");
        if job["state"] == wanted {
            return job;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(reaches(&client, "checked")["counts"]["recorded"], ROWS);
    let run = format!("/v1/imports/{id}/run");
    let begun = client.post(&run, "application/json", b"").unwrap();
    assert_eq!(begun.status, 202, "{}", begun.text);
    for kill in 0..KILLS {
        std::thread::sleep(Duration::from_millis(60 + 45 * kill));
        server.kill();
        server = Server::start(&dir);
        client = Client::new(&server.base, token);
    }
    let done = reaches(&client, "done");
    let counts = &done["counts"];
    assert_eq!(counts["recorded"], ROWS, "{counts}");
    assert_eq!(counts["refused"], 0, "{counts}");
    // From the command line: all of them are known.
    let file = scratch.path().join("f.csv");
    std::fs::write(&file, &text).unwrap();
    let token_file = scratch.path().join("token");
    std::fs::write(&token_file, token).unwrap();
    let said = process::run(&[
        "import",
        "run",
        "--roster",
        file.to_str().unwrap(),
        "--server",
        &server.base,
        "--token-file",
        token_file.to_str().unwrap(),
    ]);
    let said = said.unwrap();
    assert!(said.contains(&format!("{ROWS} recorded before")), "{said}");
    server.kill();
    assert_eq!(registrations(&dir), before + ROWS);
}

/// People registered in the log.
fn registrations(dir: &Path) -> usize {
    let opened = EmbeddedStore::open_read_only(&dir.join("log")).unwrap();
    let (mut from, mut people) = (0, HashSet::new());
    while from < opened.head() {
        for record in opened.read(from, 1_024).unwrap() {
            from += 1;
            let commit = Commit::decode(&record.leaf).unwrap();
            if commit.assertion.kind() == register::KIND {
                people.insert(commit.assertion.id());
            }
        }
    }
    people.len()
}
