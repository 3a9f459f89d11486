//! An import that people pause, go on with, cancel, replace, follow, and run in twos.

use api::import::control::{self, Step};
use api::import::job::Counts;
use api::import::{Job, JobState};
use serde_json::{Value, json};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::{checked, errors, file, row, run};

/// A stand with one learner, and a file of so many rows about her.
fn stand_with(rows: usize) -> (Stand, String) {
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let rows: Vec<_> = (0..rows).map(|at| row(1, &format!("R-{at}"))).collect();
    let text = file(&rows);
    (stand, text)
}

fn id(job: &Value) -> Uuid {
    serde_json::from_value(job["id"].clone()).unwrap()
}

fn post(stand: &Stand, job: &Value, verb: &str) -> tests::support::server::Answer {
    let path = format!("/v1/imports/{}/{verb}", job["id"].as_str().unwrap());
    stand.send("POST", &path, stand.schools[0].token(), &[], Some(b""))
}

/// Begins the run without a thread that works on it.
fn begun(stand: &Stand, job: &Value) -> Job {
    let caller = stand.app.jobs.get(id(job)).unwrap().unwrap().caller();
    let (begun, is_new) = control::begin(&stand.app, &caller, id(job), None).unwrap();
    assert!(is_new);
    begun
}

#[test]
fn a_paused_import_goes_on_behind_its_last_batch() {
    // A clerk who stops an import for the night would begin anew, or lose track of what is recorded.
    let (stand, text) = stand_with(2_300);
    let job = checked(&stand, "f.csv", text.as_bytes());
    let begun = begun(&stand, &job);
    let asked = std::cell::Cell::new(false);
    let paused = control::work(&stand.app, begun, &|_| {
        if !asked.replace(true) {
            assert_eq!(post(&stand, &job, "pause").is(202)["state"], "running");
        }
    });
    assert_eq!(paused.state, JobState::Paused);
    assert_eq!((paused.next_row, paused.counts.recorded), (1_000, 1_000));
    // Nothing goes on by itself, also after a restart.
    assert_eq!(control::resume(&stand.app).unwrap(), 0);
    assert_eq!(post(&stand, &job, "pause").is(202)["state"], "paused");
    assert_eq!(post(&stand, &job, "run").is(202)["state"], "running");
    let done = stand.import_reaches(
        stand.schools[0].token(),
        job["id"].as_str().unwrap(),
        "done",
    );
    assert_eq!(done["counts"]["recorded"], 2_300);
    assert_eq!(done["counts"]["already"], 0);
    post(&stand, &job, "pause").refused(409, "import-not-now");
}

#[test]
fn a_cancelled_import_says_exactly_what_it_recorded() {
    // Nobody could tell which part of a wrong file stands.
    let (stand, text) = stand_with(2_300);
    let job = checked(&stand, "f.csv", text.as_bytes());
    let begun = begun(&stand, &job);
    let before = stand.app.ledger.head().size;
    let asked = std::cell::Cell::new(false);
    let cancelled = control::work(&stand.app, begun, &|at| {
        if at.next_row == 2_000 && !asked.replace(true) {
            assert_eq!(post(&stand, &job, "cancel").is(202)["state"], "running");
        }
    });
    assert_eq!(cancelled.state, JobState::Cancelled);
    assert_eq!(cancelled.counts.recorded, 2_000);
    assert_eq!(
        stand.app.ledger.head().size,
        before + 2_002,
        "two envelopes and their members"
    );
    let kept = stand
        .get(
            stand.schools[0].token(),
            &format!("/v1/imports/{}", id(&job)),
        )
        .is(200);
    assert_eq!(
        (&kept["state"], &kept["counts"]["seen"]),
        (&json!("cancelled"), &json!(2_000))
    );
    // It is over, for good.
    assert_eq!(post(&stand, &job, "run").is(200)["state"], "cancelled");
    assert_eq!(post(&stand, &job, "cancel").is(202)["state"], "cancelled");
    post(&stand, &job, "pause").refused(409, "import-not-now");
    // The same file again finds what stands.
    let again = run(&stand, &checked(&stand, "f.csv", text.as_bytes()));
    assert_eq!(
        (&again["counts"]["already"], &again["counts"]["recorded"]),
        (&json!(2_000), &json!(300))
    );
    post(&stand, &again, "cancel").refused(409, "import-not-now");
}

#[test]
fn a_checked_import_is_cancelled_at_once_and_records_nothing() {
    let (stand, text) = stand_with(3);
    let job = checked(&stand, "f.csv", text.as_bytes());
    let before = crate::http_trace::trace(&stand);
    assert_eq!(post(&stand, &job, "cancel").is(202)["state"], "cancelled");
    assert_eq!(post(&stand, &job, "run").is(200)["state"], "cancelled");
    assert_eq!(crate::http_trace::trace(&stand), before);
}

#[test]
fn a_dry_run_says_what_the_file_comes_to() {
    // A clerk would see a wrong unit or a wrong person only in a thousand transcripts.
    let stand = Stand::open();
    for serial in 1..=3 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let rows = [
        row(1, "R-1"),
        row(2, "R-2"),
        row(2, "R-3").replace("2.0", "2.5"),
        row(3, "R-4").replace("2.0", "99999"),
        row(2, "R-2"),
    ];
    let job = checked(&stand, "f.csv", file(&rows).as_bytes());
    let totals = &job["totals"];
    assert_eq!(
        (&totals["learners"], &totals["credits"]),
        (&json!(2), &json!("6.5"))
    );
    let learner = &totals["learner"];
    assert_eq!(
        (&learner["rows"], &learner["credits"]),
        (&json!(2), &json!("4.5"))
    );
    let lines = learner["outcomes"].as_array().unwrap();
    let said: Vec<_> = lines
        .iter()
        .map(|it| (&it["record"], &it["credits"], &it["title"]))
        .collect();
    assert_eq!(
        said,
        [
            (&json!("R-2"), &json!("2"), &json!("数据结构")),
            (&json!("R-3"), &json!("2.5"), &json!("数据结构"))
        ]
    );
    assert_eq!(job["basis"]["policy"], "zhejiang-default");
}

#[test]
fn the_learner_shown_is_shown_from_her_first_row() {
    // A clerk would look at a preview that leaves out the very rows that are wrong.
    let stand = Stand::open();
    for serial in 1..=2 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let of = |serial: u16, count: usize| {
        (0..count).map(move |at| row(serial, &format!("R-{serial}-{at}")))
    };
    // Who has most comes behind somebody who has many.
    let rows: Vec<String> = of(1, 12).chain(of(2, 25)).collect();
    let job = checked(&stand, "f.csv", file(&rows).as_bytes());
    let learner = &job["totals"]["learner"];
    assert_eq!(
        (&learner["rows"], &learner["credits"]),
        (&json!(25), &json!("50"))
    );
    let lines = learner["outcomes"].as_array().unwrap();
    let records: Vec<_> = lines
        .iter()
        .map(|it| it["record"].as_str().unwrap().to_owned())
        .collect();
    let expected: Vec<_> = (0..20).map(|at| format!("R-2-{at}")).collect();
    assert_eq!(records, expected);
}

fn put_file(stand: &Stand, job: &Value, name: &str, text: &str) -> tests::support::server::Answer {
    let path = format!("/v1/imports/{}/file", job["id"].as_str().unwrap());
    let token = stand.schools[0].token();
    stand.send_file("PUT", &path, token, (name, text.as_bytes()), &[])
}

#[test]
fn corrected_rows_go_into_the_same_import() {
    // A clerk would have to keep two accounts of one class.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    for serial in 1..=2 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let bad = row(2, "R-2").replace("2026-06-01", "2126-06-01");
    let job = checked(&stand, "f.csv", file(&[row(1, "R-1"), bad]).as_bytes());
    let done = run(&stand, &job);
    assert_eq!(
        (&done["counts"]["recorded"], &done["counts"]["refused"]),
        (&json!(1), &json!(1))
    );
    let sent = put_file(
        &stand,
        &job,
        "改.csv",
        &file(&[row(1, "R-1"), row(2, "R-2")]),
    )
    .is(202);
    assert_eq!(
        (&sent["id"], &sent["state"]),
        (&job["id"], &json!("checking"))
    );
    let again = stand.import_reaches(token, job["id"].as_str().unwrap(), "checked");
    assert_eq!(again["file_name"], "改.csv");
    assert_eq!(
        (&again["counts"]["already"], &again["counts"]["recorded"]),
        (&json!(1), &json!(1))
    );
    assert!(
        errors(&stand, &again).is_empty(),
        "what the first file was told is gone"
    );
    // The first dry run's approval does not hold for the new file.
    let path = format!("/v1/imports/{}/run", job["id"].as_str().unwrap());
    let check = |job: &Value| format!("\"{}\"", job["basis"]["check"].as_str().unwrap());
    let old = check(&job);
    stand
        .send("POST", &path, token, &[("if-match", &old)], Some(b""))
        .refused(412, "precondition");
    let new = check(&again);
    stand
        .send("POST", &path, token, &[("if-match", &new)], Some(b""))
        .is(202);
    let done = stand.import_reaches(token, job["id"].as_str().unwrap(), "done");
    assert_eq!(
        (&done["counts"]["already"], &done["counts"]["recorded"]),
        (&json!(1), &json!(1))
    );
    // A file that cannot be read changes nothing.
    put_file(&stand, &job, "x.csv", "nothing").refused(422, "import-file-invalid");
    assert_eq!(
        stand
            .get(token, &format!("/v1/imports/{}", id(&job)))
            .is(200)["file_name"],
        "改.csv"
    );
}

#[test]
fn a_file_under_way_is_not_replaced() {
    let (stand, text) = stand_with(2);
    let job = checked(&stand, "f.csv", text.as_bytes());
    begun(&stand, &job);
    put_file(&stand, &job, "g.csv", &text).refused(409, "import-not-now");
    post(&stand, &job, "cancel").is(202);
    let elsewhere = format!("/v1/imports/{}/cancel", Uuid::from_u128(7));
    stand
        .send("POST", &elsewhere, stand.schools[0].token(), &[], Some(b""))
        .refused(404, "not-found");
    // Another school's import is not there.
    let other = stand.schools[1].token();
    for verb in ["pause", "cancel", "run"] {
        let path = format!("/v1/imports/{}/{verb}", id(&job));
        stand
            .send("POST", &path, other, &[], Some(b""))
            .refused(404, "not-found");
    }
}

#[test]
fn progress_is_streamed_until_the_end() {
    // A page would have to ask again and again, or show nothing for minutes.
    let (stand, text) = stand_with(1_500);
    let token = stand.schools[0].token();
    let job = checked(&stand, "f.csv", text.as_bytes());
    post(&stand, &job, "run").is(202);
    let answer = stand.get(token, &format!("/v1/imports/{}/events", id(&job)));
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "text/event-stream")
    );
    let text = answer.text();
    let events: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let last = events.last().unwrap();
    assert_eq!(
        (&last["state"], &last["counts"]["recorded"]),
        (&json!("done"), &json!(1_500))
    );
    let seen: Vec<u64> = events
        .iter()
        .map(|it| it["counts"]["seen"].as_u64().unwrap())
        .collect();
    assert!(seen.is_sorted(), "{seen:?}");
    // One that has ended is told once, and the stream ends.
    let again = stand
        .get(token, &format!("/v1/imports/{}/events", id(&job)))
        .text();
    assert_eq!(
        again
            .lines()
            .filter(|line| line.starts_with("data: "))
            .count(),
        1
    );
}

#[test]
fn where_the_policy_says_so_two_persons_run_a_large_import() {
    // The shipped policy has the switch off, so the step is asked here by itself.
    let (stand, text) = stand_with(2);
    let job = checked(&stand, "f.csv", text.as_bytes());
    let mut job = stand.app.jobs.get(id(&job)).unwrap().unwrap();
    let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    job.counts = Counts {
        rows: control::ALONE_MAX,
        ..Counts::default()
    };
    assert_eq!(
        control::next(&job, one, true),
        Step::Begin,
        "few rows need one person"
    );
    job.counts.rows += 1;
    assert_eq!(
        control::next(&job, one, false),
        Step::Begin,
        "the switch is off"
    );
    assert_eq!(control::next(&job, one, true), Step::Wait);
    job.state = JobState::Waiting;
    job.asked_by = Some(one);
    assert_eq!(control::next(&job, one, true), Step::Another);
    assert_eq!(control::next(&job, other, true), Step::Begin);
    job.state = JobState::Failed;
    job.confirmed_by = Some(other);
    assert_eq!(
        control::next(&job, one, true),
        Step::Begin,
        "it was confirmed"
    );
    for state in [
        JobState::Checking,
        JobState::Running,
        JobState::Done,
        JobState::Cancelled,
    ] {
        job.state = state;
        assert_eq!(control::next(&job, one, true), Step::Nothing);
    }
    job.state = JobState::Paused;
    assert_eq!(control::next(&job, one, true), Step::GoOn);
}

#[test]
fn what_another_import_recorded_is_not_this_ones() {
    // Two clerks with one file would both be told that they recorded it.
    let (stand, text) = stand_with(1_200);
    let first = checked(&stand, "f.csv", text.as_bytes());
    let second = checked(&stand, "f.csv", text.as_bytes());
    // The first is asked to run, and stopped before its first batch; the second runs to its end.
    let begun = begun(&stand, &first);
    post(&stand, &first, "pause").is(202);
    let paused = control::work(&stand.app, begun, &|_| {});
    assert_eq!((paused.state, paused.next_row), (JobState::Paused, 0));
    let done = run(&stand, &second);
    assert_eq!(done["counts"]["recorded"], 1_200);
    post(&stand, &first, "run").is(202);
    let token = stand.schools[0].token();
    let done = stand.import_reaches(token, first["id"].as_str().unwrap(), "done");
    let counts = &done["counts"];
    assert_eq!(
        (&counts["recorded"], &counts["already"]),
        (&json!(0), &json!(1_200))
    );
}

#[test]
fn an_import_that_never_ran_counts_nothing_recorded_once_it_is_cancelled() {
    let (stand, text) = stand_with(7);
    let job = checked(&stand, "f.csv", text.as_bytes());
    assert_eq!(job["counts"]["recorded"], 7);
    let cancelled = post(&stand, &job, "cancel").is(202);
    let counts = &cancelled["counts"];
    assert_eq!(
        (&counts["rows"], &counts["recorded"], &counts["seen"]),
        (&json!(7), &json!(0), &json!(0))
    );
}

#[test]
fn a_cancel_is_not_taken_back_by_a_pause() {
    let (stand, text) = stand_with(2_100);
    let job = checked(&stand, "f.csv", text.as_bytes());
    let begun = begun(&stand, &job);
    post(&stand, &job, "cancel").is(202);
    post(&stand, &job, "pause").is(202);
    let ended = control::work(&stand.app, begun, &|_| {});
    assert_eq!(
        (ended.state, ended.counts.recorded),
        (JobState::Cancelled, 0)
    );
}

#[test]
fn a_key_that_is_activated_meanwhile_stops_no_import() {
    // A planned change of keys would fail a file of a hundred thousand rows in the middle.
    let (stand, text) = stand_with(2_100);
    let job = checked(&stand, "f.csv", text.as_bytes());
    let begun = begun(&stand, &job);
    let changed = std::cell::Cell::new(false);
    let done = control::work(&stand.app, begun, &|at| {
        if at.next_row == 1_000 && !changed.replace(true) {
            let key = json!({"fragment": "key-2027-1", "use": "assertion"});
            let path = "/v1/institutions/1/keys";
            stand.post(stand.schools[0].token(), path, &key).is(201);
        }
    });
    assert_eq!(
        (done.state, done.counts.recorded),
        (JobState::Done, 2_100),
        "{:?}",
        done.failure
    );
}

#[test]
fn a_failed_dry_run_is_checked_anew_and_not_run() {
    // Rows that nobody has looked at would be recorded.
    let (stand, text) = stand_with(2);
    let job = checked(&stand, "f.csv", text.as_bytes());
    let mut job = stand.app.jobs.get(id(&job)).unwrap().unwrap();
    job.state = JobState::Failed;
    assert_eq!(
        control::next(&job, Uuid::from_u128(1), false),
        Step::Begin,
        "its dry run is whole"
    );
    job.totals = None;
    assert_eq!(control::next(&job, Uuid::from_u128(1), false), Step::Check);
    job.begun = Some(5);
    assert_eq!(
        control::next(&job, Uuid::from_u128(1), false),
        Step::Begin,
        "its run failed"
    );
}
