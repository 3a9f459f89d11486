//! kill -9 of the real process, at random moments, under real load, on the same files.
//!
//! Proves process recovery and the repair of torn tails, nothing about power (SECURITY §9).

mod imports;
mod load;
mod roster;

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ledger::clock;
use ledger::commit::Commit;
use ledger::merkle;
use ledger::receipt::Receipt;
use ledger::store::Store as _;
use ledger::store::embedded::EmbeddedStore;
use serde_json::Value;
use tests::support::process::{self, Client, Server};
use tests::support::seeded::Seeded;

use imports::Importer;
use load::{Acknowledged, Load};

/// Kills of one run, unless XF_KILLS says more.
const KILLS: usize = 100;
/// The whole log is audited after every so many kills, and at the end.
const AUDIT_EVERY: usize = 25;
/// Longest time under load before a kill, in milliseconds.
const UNDER_LOAD_MS_MAX: usize = 700;

#[test]
fn a_hundred_kills_lose_nothing_that_was_acknowledged() {
    // A clerk who was told "recorded" would find the record gone, changed, or twice after a crash.
    let kills = std::env::var("XF_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let seed = std::env::var("XF_SEED").map_or_else(
        |_| u64::from_le_bytes(clock::random()),
        |text| text.parse().unwrap(),
    );
    say(&format!(
        "kill: seed {seed} (XF_SEED), {kills} kills (XF_KILLS)"
    ));
    let mut seeded = Seeded::new(seed);
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("province");
    let path = dir.to_str().unwrap();
    process::run(&["demo", "--once", "--learners", "60", "--data-dir", path]).unwrap();
    let demo: Value =
        serde_json::from_slice(&std::fs::read(dir.join("demo.json")).unwrap()).unwrap();
    let load = Load::new(&dir, &demo);
    let mut importer = Importer::new(&demo);
    let mut acknowledged: Vec<Acknowledged> = Vec::new();
    let (mut starts_killed, mut behind_a_chunk) = (0, Vec::new());

    for kill in 1..=kills {
        if seeded.once_in(8) {
            kill_a_start(&dir, seeded.below(60) as u64);
            starts_killed += 1;
        }
        let server = Server::start(&dir);
        let client = Client::new(&server.base, importer.token());
        importer.go_on(&client);
        // Some kills fall while a chunk of an import is recorded, others anywhere. A long file is being
        // recorded only minutes after its upload, or after a start that looks at all of it again.
        let long = imports::is_long();
        let behind = if long {
            !seeded.once_in(5)
        } else {
            seeded.once_in(5)
        };
        if long && behind {
            importer.go_on_until_recording(&client);
        }
        let under_load_ms = seeded.below(if behind { 100 } else { UNDER_LOAD_MS_MAX });
        let under_load = Duration::from_millis(20 + under_load_ms as u64);
        let stop = Arc::new(AtomicBool::new(false));
        let new = std::thread::scope(|scope| {
            let clients = load.start(scope, &server.base, kill, &stop);
            if behind && let Some(rows) = importer.wait_for_a_chunk(&client) {
                behind_a_chunk.push(rows);
            }
            std::thread::sleep(under_load);
            // First the kill, then the clients are told: it falls into requests under way.
            server.kill();
            stop.store(true, Ordering::SeqCst);
            let joined = clients.into_iter().map(|client| client.join().unwrap());
            joined.flatten().collect::<Vec<Acknowledged>>()
        });
        let opened = EmbeddedStore::open_read_only(&dir.join("log")).unwrap();
        assert_in_the_log(&opened, &new);
        acknowledged.extend(new);
        if kill % AUDIT_EVERY == 0 {
            assert_clean(path);
        }
    }

    let server = Server::start(&dir);
    let client = Client::new(&server.base, importer.token());
    importer.finish(&client);
    assert_in_views_and_vault(&client, &load, &acknowledged);
    server.kill();
    assert_clean(path);
    let opened = EmbeddedStore::open_read_only(&dir.join("log")).unwrap();
    assert_in_the_log(&opened, &acknowledged);
    importer.assert_each_row_once(&opened);
    assert!(
        acknowledged.len() > kills,
        "too little was under way to prove anything"
    );
    say(&format!(
        "{kills} kills, {} acknowledged, 0 lost ({starts_killed} starts killed besides, {} kills while rows were being recorded, behind rows {behind_a_chunk:?}; {} rows imported, {} commits)",
        acknowledged.len(),
        behind_a_chunk.len(),
        importer.rows_done(),
        opened.head()
    ));
}

/// Also a start may be killed, while it repairs what the last kill left.
fn kill_a_start(dir: &Path, after_ms: u64) {
    let mut child = Server::spawn(dir);
    std::thread::sleep(Duration::from_millis(after_ms));
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Every acknowledged commit stands at its position with the leaf that its receipt held.
fn assert_in_the_log(opened: &EmbeddedStore, acknowledged: &[Acknowledged]) {
    for told in acknowledged {
        let receipt = Receipt::parse(&told.receipt).unwrap();
        assert_eq!(receipt.index, told.position);
        let leaf = receipt.leaf.expect("the writer may see its own leaf");
        let record = opened.read(told.position, 1).unwrap().pop();
        let record = record.unwrap_or_else(|| panic!("LOST: {told:?}, head {}", opened.head()));
        assert_eq!(record.leaf, leaf, "ALTERED at {}", told.position);
        assert_eq!(record.leaf_hash, merkle::leaf_hash(&leaf));
        let commit = Commit::decode(&record.leaf).unwrap();
        assert_eq!(commit.assertion.id(), told.assertion);
        if let Some(compact) = &told.compact {
            assert_eq!(commit.assertion.text(), compact);
        }
    }
}

/// Whoever was told "recorded" also reads it: folded, with its title opened from the vault.
fn assert_in_views_and_vault(client: &Client, load: &Load, acknowledged: &[Acknowledged]) {
    let last = acknowledged
        .iter()
        .map(|told| told.position)
        .max()
        .unwrap_or_default();
    for learner in load.learners() {
        let path = format!("/v1/learners/{learner}/transcript.json?after={last}");
        let answer = client.get(&path).expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text);
        let transcript = answer.json();
        let lines = transcript["outcomes"].as_array().unwrap();
        let of_learner = acknowledged.iter().filter(|told| told.learner == *learner);
        for told in of_learner {
            let line = lines
                .iter()
                .find(|line| line["record"] == told.record.as_str());
            let line = line.unwrap_or_else(|| panic!("not in the transcript: {told:?}"));
            assert_eq!(
                line["title"].as_str(),
                told.title.as_deref(),
                "another title than was sent: {told:?}"
            );
        }
    }
}

/// The whole log is audited by the program itself, which also owns the index meanwhile.
fn assert_clean(dir: &str) {
    let said = process::run(&["log", "audit", "--data-dir", dir]).unwrap();
    assert!(said.contains("\nclean "), "{said}");
    assert!(Path::new(dir).join("log").exists());
}

/// Said past the test harness: the figure is shown on every run.
pub(crate) fn say(line: &str) {
    let _gone = writeln!(std::io::stderr(), "{line}");
}
