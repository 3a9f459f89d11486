//! What is noted of officers' sign-ins, and what is said where nothing is.

use std::path::Path;
use std::sync::Arc;

use api::app::App;
use api::config::Config;
use api::sign_in::ceremony::Invitation;
use identity::role::Role;
use ledger::clock::SystemClock;
use serde_json::{Value, json};
use tests::support::browser::Browser;
use tests::support::process;
use tests::support::provider::Provider;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::officer_accounts::{found, listed, of};
use crate::sign_in::providers::invited;

const DAY_MS: i64 = 86_400_000;

#[test]
fn the_province_by_its_number_is_the_province() {
    // A registrar who works every day would be listed as one who never signed in, and lose the role.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "陈明", &resident_id(3));
    let body = json!({ "person": person, "role": "registrar" });
    let asked = stand
        .post(&stand.security.token, "/v1/officers", &body)
        .is(202);
    for token in [&stand.system.token, &stand.audit.token] {
        stand.approve(token, &asked["approval"]);
    }
    let invitation = Invitation {
        person,
        role: Role::Registrar,
        institution: None,
    };
    invited(&stand, &provider, &invitation, "r");
    stand.pass(89 * DAY_MS);
    let browser = Browser::default();
    let path = "?role=registrar&institution=0";
    let answer = provider.sign_in(&stand, &browser, "r", path);
    assert_eq!(answer.status, 303, "{}", answer.text());
    browser.get(&stand, "/v1/approvals").is(200);
    stand.pass(2 * DAY_MS);
    let signs = of(&stand, person);
    assert!(!signs.iter().any(|it| it.starts_with("role-")), "{signs:?}");
    // The same role either way: it is listed once it is unused.
    stand.pass(88 * DAY_MS);
    let signs = of(&stand, person);
    assert!(signs.contains(&"role-unused".to_owned()), "{signs:?}");
    // And so is a token that names it so.
    assert!(!signs.contains(&"plain-token".to_owned()), "{signs:?}");
    stand.token(person, Role::Registrar, Some(0));
    let signs = of(&stand, person);
    assert!(signs.contains(&"plain-token".to_owned()), "{signs:?}");
}

#[test]
fn what_was_more_before_hides_nothing_that_is_too_much_now() {
    // An account that five people share would be left alone, because six had once shared it.
    let mut stand = Stand::open();
    stand.reopen(|_| (), |app| app.demo = true);
    let person = Uuid::from_u128(0x5_0000_0009);
    let token = stand.at_desk(0, person, Role::Clerk);
    let sign_in = |times: usize| {
        for _ in 0..times {
            Browser::demo(&stand, &token);
        }
    };
    sign_in(6);
    assert_eq!(of(&stand, person), ["many-sessions"]);
    stand.pass(29 * DAY_MS);
    sign_in(5);
    // Fewer than there may be, and later: neither hides it.
    stand.pass(2 * DAY_MS);
    sign_in(1);
    assert_eq!(of(&stand, person), ["many-sessions"]);
    stand.pass(28 * DAY_MS);
    sign_in(1);
    assert_eq!(of(&stand, person), ["many-sessions"]);
    stand.pass(DAY_MS);
    assert!(of(&stand, person).is_empty());
}

/// What the command line says of a directory: exit code, JSON, and what it says beside it.
fn checked(dir: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    let dir = dir.to_str().unwrap();
    let mut command = process::command(&["officers", "check", "--json", "--data-dir", dir]);
    let output = command
        .args(more)
        .env("XF_SIGN_IN__BEARER_TOKENS", "false")
        .output()
        .unwrap();
    let said = serde_json::from_slice(&output.stdout).unwrap();
    let beside = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said, beside)
}

#[test]
fn a_file_of_the_demo_silences_nothing() {
    // Whoever may write one file into the directory would hide every token that was never made an officer's own.
    let stand = Stand::open();
    let dir = stand.app.dir.root();
    let plain = |all: Vec<(String, Option<Uuid>)>| -> usize {
        let plain = all.iter().filter(|(what, _)| what == "plain-token");
        plain.count()
    };
    let before = found(&stand);
    std::fs::write(stand.app.dir.demo(), "{}").unwrap();
    assert_eq!(found(&stand), before);
    let here = plain(before);
    assert!(here > 6, "{here}");
    assert_eq!(plain(listed(&checked(dir, &[]).1)), here);
    // Who runs the demo says so.
    assert_eq!(plain(listed(&checked(dir, &["--demo"]).1)), 0);
}

#[test]
fn where_nothing_is_noted_nothing_is_called_good() {
    // An assessor would be told that all is well before anything was looked at; or the server could not open its file.
    let fresh = tempfile::tempdir().unwrap();
    let dir = fresh.path().join("ledger");
    let named = dir.to_str().unwrap();
    process::run(&["init", "--host", "xf.example", "--data-dir", named]).unwrap();
    let side = dir.join("side.db");
    // Also where the file is of a version that noted nothing.
    let unknown = || {
        let (code, said, beside) = checked(&dir, &[]);
        assert_eq!((code, said), (Some(4), json!({ "items": [] })), "{beside}");
        assert!(beside.contains("unknown until"), "{beside}");
    };
    if side.exists() {
        std::fs::remove_file(&side).unwrap();
    }
    unknown();
    assert!(!side.exists(), "it only looks");
    drop(ledger::side::sqlite::SqliteSide::open(&side, Arc::new(SystemClock)).unwrap());
    unknown();
    // A server that ran notes from then on.
    let mut config = Config::default();
    config.ledger.data_dir = dir.clone();
    drop(App::open(config, Arc::new(SystemClock)).unwrap());
    let (code, said, beside) = checked(&dir, &[]);
    assert_eq!(code, Some(0), "{beside}");
    assert_eq!(said["items"], json!([]));
    assert!(said["noted_since"].is_string(), "{said}");
}
