//! Taking over the records of an old system: files of kind `migrated`, sent to the real program.
//!
//! Short by default. `XF_IMPORT_FILES=10 XF_IMPORT_ROWS=100000`, with XF_BIN naming a release build,
//! takes over a million.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use credentials::account::record_outcome;
use ledger::clock::Stopwatch;
use ledger::commit::Commit;
use ledger::store::Store as _;
use ledger::store::embedded::EmbeddedStore;
use serde_json::{Value, json};
use tests::support::process::{self, Client, Server};

/// Rows of one signed batch.
const CHUNK: usize = 1_000;
/// Records of a learner, about.
const OF_A_LEARNER: usize = 100;

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Said past the test harness: a long run shows how far it is.
fn say(line: &str) {
    let _gone = writeln!(std::io::stderr(), "{line}");
}

fn record(file: usize, row: usize) -> String {
    format!("OLD-{file}-{row}")
}

/// The `file`th file about these learners.
fn file(learners: &[&str], file: usize, rows: usize) -> String {
    let mut text =
        String::from("学习者编号,记录号,类型,课程名称,学分,体系,等级,类别,成绩,完成日期\n");
    for row in 0..rows {
        let learner = learners[(file * rows + row) % learners.len()];
        let (record, day) = (record(file, row), 1 + row % 28);
        writeln!(
            text,
            "{learner},{record},migrated,旧系统课程{},2.0,cn-he,5,general,{},2015-06-{day:02}",
            row % 500,
            60 + row % 40,
        )
        .unwrap();
    }
    text
}

/// Sends a file, checks it and runs it to its end; how long the two took, and the job.
fn taken_over(client: &Client, text: &str) -> ([f64; 2], Value) {
    let sent = client.upload("旧系统.csv", text.as_bytes()).unwrap();
    assert_eq!(sent.status, 202, "{}", sent.text);
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    let watch = Stopwatch::start();
    let longest = Duration::from_mins(2) + Duration::from_millis(10 * text.len() as u64 / 100);
    let reaches = |wanted: &str| loop {
        let job = client.get(&format!("/v1/imports/{id}")).unwrap().json();
        if job["state"] == wanted {
            return job;
        }
        assert!(watch.elapsed() < longest, "it does not go on: {job}");
        std::thread::sleep(Duration::from_millis(20));
    };
    reaches("checked");
    let checked_s = watch.elapsed().as_secs_f64();
    let path = format!("/v1/imports/{id}/run");
    let begun = client.post(&path, "application/json", b"").unwrap();
    assert_eq!(begun.status, 202, "{}", begun.text);
    let done = reaches("done");
    ([checked_s, watch.elapsed().as_secs_f64() - checked_s], done)
}

fn counts(job: &Value) -> Value {
    let of = |name: &str| job["counts"][name].clone();
    json!([
        of("rows"),
        of("recorded"),
        of("already"),
        of("repeated"),
        of("refused")
    ])
}

/// Commits; commits that record; outcomes of old systems, as the statistics have them at a position.
fn statistics(client: &Client, after: &Value) -> [u64; 3] {
    let path = format!("/v1/statistics/overview?after={after}");
    let told = client.get(&path).unwrap().json();
    let rows = told["rows"].as_array().unwrap().iter();
    let migrated = rows.filter(|row| row["kind"] == "migrated");
    [
        told["commits"].as_u64().unwrap(),
        told["commits_by_kind"][record_outcome::KIND]
            .as_u64()
            .unwrap(),
        migrated.map(|row| row["outcomes"].as_u64().unwrap()).sum(),
    ]
}

/// How often the log has each record of an old system.
fn in_the_log(dir: &Path) -> HashMap<String, usize> {
    let opened = EmbeddedStore::open_read_only(&dir.join("log")).unwrap();
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut from = 0;
    while from < opened.head() {
        for read in opened.read(from, 1_024).unwrap() {
            from += 1;
            let commit = Commit::decode(&read.leaf).unwrap();
            if commit.assertion.kind() == record_outcome::KIND {
                let data: Value = serde_json::from_str(commit.assertion.data().get()).unwrap();
                if data["open"]["kind"] == "migrated" {
                    let name = data["record"].as_str().unwrap().to_owned();
                    *times.entry(name).or_default() += 1;
                }
            }
        }
    }
    times
}

#[test]
fn the_records_of_an_old_system_are_taken_over_exactly_once() {
    // A province that changes its system would lose records, have some twice, or never know which.
    let (files, rows) = (
        setting("XF_IMPORT_FILES", 2),
        setting("XF_IMPORT_ROWS", 2_000),
    );
    let total = files * rows;
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("province");
    let path = dir.to_str().unwrap();
    let people = (total / OF_A_LEARNER).max(60).to_string();
    process::run(&["demo", "--once", "--learners", &people, "--data-dir", path]).unwrap();
    let demo = std::fs::read(dir.join("demo.json")).unwrap();
    let demo: Value = serde_json::from_slice(&demo).unwrap();
    let learners = demo["learners"].as_array().unwrap().iter();
    let learners: Vec<&str> = learners.map(|it| it["id"].as_str().unwrap()).collect();
    let server = Server::start(&dir);
    let token = demo["tokens"]["institution"].as_str().unwrap();
    let client = Client::new(&server.base, token);

    let before = statistics(&client, &json!(0));
    let mut last = json!(0);
    for at in 0..files {
        let (took_s, done) = taken_over(&client, &file(&learners, at, rows));
        assert_eq!(counts(&done), json!([rows, rows, 0, 0, 0]), "file {at}");
        last = done["position"].clone();
        let [checked, run] = took_s;
        say(&format!(
            "taking over: file {} of {files}, {rows} rows: checked in {checked:.1} s, recorded in {run:.1} s",
            at + 1
        ));
    }
    // The view agrees with the accounts of the imports: each row, and an envelope for each chunk.
    let after = statistics(&client, &last);
    let (all, envelopes) = (total as u64, (files * rows.div_ceil(CHUNK)) as u64);
    let grown: Vec<u64> = after
        .iter()
        .zip(before)
        .map(|(now, then)| now - then)
        .collect();
    assert_eq!(grown, [all + envelopes, all, all]);
    assert_eq!(last, after[0] - 1, "the last commit is the last row's");
    // Sent again, a file is known and makes no commit.
    let (took_s, again) = taken_over(&client, &file(&learners, 0, rows));
    assert_eq!(counts(&again), json!([rows, 0, rows, 0, 0]));
    assert_eq!(statistics(&client, &last), after);
    say(&format!(
        "taking over: the first file again in {took_s:.1?} s"
    ));
    // One learner reads all that is hers.
    let path_of = format!("/v1/learners/{}/transcript.json", learners[0]);
    let transcript = client.get(&path_of).unwrap().json();
    let lines = transcript["outcomes"].as_array().unwrap().iter();
    let hers = lines.filter(|line| line["kind"] == "migrated").count();
    assert_eq!(hers, total.div_ceil(learners.len()));

    server.kill();
    let watch = Stopwatch::start();
    let said = process::run(&["log", "audit", "--data-dir", path]).unwrap();
    assert!(said.contains("\nclean "), "{said}");
    let audited_s = watch.elapsed().as_secs_f64();
    let times = in_the_log(&dir);
    assert_eq!(times.len(), total);
    for (at, row) in (0..files).flat_map(|at| (0..rows).map(move |row| (at, row))) {
        assert_eq!(
            times.get(&record(at, row)),
            Some(&1),
            "row {row} of file {at}"
        );
    }
    say(&format!(
        "taking over: {total} records of {} learners, {} commits, none lost and none twice, statistics agree; audit clean in {audited_s:.1} s",
        learners.len(),
        after[0]
    ));
}
