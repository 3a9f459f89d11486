//! B24: finding somebody by an identifier, at ten thousand accounts and at a million; and reading an account that
//! was two, beside one of as many lines that never was.

use std::fmt::Write as _;
use std::sync::Arc;

use api::import::JobState;
use api::import::control;
use api::import::job::Told;
use api::import::table::What;
use axum::body::Bytes;
use ledger::clock::{self, Stopwatch};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::client::{Job, drive, each};
use crate::import::clerk;
use crate::province::Land;
use crate::report::{ROUNDS, Report, Target};

/// Accounts of the small ledger.
const FEW: usize = 10_000;
/// Accounts of the large one, unless `XF_BENCH_ACCOUNTS` says otherwise.
const MANY: usize = 1_000_000;
/// Rows of one roster.
const FILE_ROWS: usize = 100_000;
/// Questions of one round, to each of the two.
const QUESTIONS: usize = 4_000;
/// People with two numbers, and people with one.
const PEOPLE: usize = 200;
/// Lines of each account.
const LINES: usize = 50;

pub(crate) fn measure(report: &mut Report, runtime: &Runtime) {
    let many = std::env::var("XF_BENCH_ACCOUNTS");
    let many = many.map_or(MANY, |text| text.parse().unwrap());
    let scratch = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let small = Land::make(runtime, scratch[0].path(), 100);
    let large = Land::make(runtime, scratch[1].path(), 100);
    let doors = [small.serve(runtime), large.serve(runtime)];
    register(&small, FEW);
    let watch = Stopwatch::start();
    register(&large, many);
    let seconds = watch.elapsed().as_secs_f64();
    report.note(format!(
        "B24: {many} accounts by rosters of {FILE_ROWS} rows, dry runs included, in {seconds:.0} s ({:.0} rows/s)",
        many as f64 / seconds
    ));
    let handle = runtime.handle();
    for _ in 0..ROUNDS {
        let mut taken = [Vec::new(), Vec::new()];
        // In turns, so that what disturbs the one disturbs the other.
        for _ in 0..8 {
            for (n, (land, accounts)) in [(&small, FEW), (&large, many)].into_iter().enumerate() {
                let jobs = questions(land, accounts, QUESTIONS / 8);
                taken[n].extend(each(handle, doors[n], jobs));
            }
        }
        let [few, many] = taken.map(percentile);
        report.sample("look-up few", few);
        report.sample("look-up many", many);
    }
    merged(report, runtime, &small, doors[0]);
    for land in [small, large] {
        land.app.close();
    }
    rows(report, many);
}

fn rows(report: &mut Report, many: usize) {
    let what = "POST learners/search by 身份证, one connection, p99";
    report.row(
        "B24",
        "look-up few",
        format!("{what}, {FEW} accounts"),
        "ms",
        None,
    );
    report.row(
        "B24",
        "look-up many",
        format!("{what}, {many} accounts"),
        "ms",
        None,
    );
    report.ratio(
        "B24",
        ("look-up many", "look-up few"),
        format!("{many} ÷ {FEW} accounts"),
        Some(Target::Most(2.0)),
    );
    let what = format!("GET transcript of {LINES} lines, first time after a change, p99");
    report.row("B24", "whole", format!("{what}: one number"), "ms", None);
    report.row("B24", "merged", format!("{what}: two merged"), "ms", None);
    report.ratio("B24", ("merged", "whole"), "merged ÷ one number", None);
}

/// Registers so many by rosters, as a school does.
fn register(land: &Land, accounts: usize) {
    let caller = clerk(land);
    for from in (0..accounts).step_by(FILE_ROWS) {
        let mut text = String::from("姓名,证件号\n");
        for n in from..accounts.min(from + FILE_ROWS) {
            writeln!(text, "学生{n},{}", resident_id(n)).unwrap();
        }
        let told = Told {
            what: Some(What::Roster),
            ..Told::default()
        };
        let taken = control::take_in(&land.app, &caller, "roster", text.as_bytes(), &told);
        let import = taken.unwrap_or_else(|problem| panic!("{}", problem.detail.en));
        let import = control::work(&land.app, import, &|_| {});
        assert_eq!(import.state, JobState::Checked, "{:?}", import.failure);
        let begun = control::begin(&land.app, &caller, import.id, None);
        let (begun, _) = begun.unwrap_or_else(|problem| panic!("{}", problem.detail.en));
        let done = control::work(&land.app, begun, &|_| {});
        assert_eq!(done.state, JobState::Done, "{:?}", done.failure);
        assert_eq!(done.counts.refused, 0, "{:?}", done.counts);
    }
    land.settle();
}

/// The `n`th number that GB 11643 lets be: a thousand a day from 1950 on.
fn resident_id(n: usize) -> String {
    let day = day_of(n / 1_000);
    let body = format!("330102{day}{:03}", n % 1_000);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let digits = body.bytes().map(|digit| usize::from(digit - b'0'));
    let sum: usize = digits
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum();
    format!("{body}{}", char::from(b"10X98765432"[sum % 11]))
}

/// Every month has 28 days here.
fn day_of(n: usize) -> String {
    let (month, day) = (n / 28, n % 28 + 1);
    format!("{}{:02}{day:02}", 1950 + month / 12, month % 12 + 1)
}

fn questions(land: &Land, accounts: usize, count: usize) -> Vec<Job> {
    let token: Arc<str> = format!("Bearer {}", land.summary.tokens.institution).into();
    let ask = |_| {
        let n = usize::try_from(u64::from_be_bytes(clock::random()) % accounts as u64).unwrap();
        let identifier = json!({ "type": "resident_id", "value": resident_id(n) });
        post(
            "/v1/learners/search",
            &token,
            &json!({ "identifier": identifier }),
        )
    };
    (0..count).map(ask).collect()
}

fn post(path: &str, token: &Arc<str>, body: &Value) -> Job {
    Job::Post {
        path: path.to_owned().into(),
        media: "application/json",
        token: Arc::clone(token),
        body: Bytes::from(body.to_string()),
    }
}

/// People with two numbers of half the lines each, and people with one number and all of them.
fn merged(report: &mut Report, runtime: &Runtime, land: &Land, door: std::net::SocketAddr) {
    let tokens = &land.summary.tokens;
    let bearer = |token: &str| -> Arc<str> { format!("Bearer {token}").into() };
    let school = bearer(&tokens.institution);
    let made: Vec<Uuid> = (0..3 * PEOPLE)
        .map(|n| registered(runtime, door, &school, n))
        .collect();
    let (whole, twice) = made.split_at(PEOPLE);
    let pairs: Vec<(Uuid, Uuid)> = twice.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let mut records = 0..;
    let mut outcomes = |learner: Uuid, count: usize| -> Vec<Job> {
        (0..count)
            .map(|_| {
                let body = outcome(learner, records.next().unwrap());
                post("/v1/outcomes", &school, &body)
            })
            .collect()
    };
    let mut jobs = Vec::new();
    for person in whole {
        jobs.extend(outcomes(*person, LINES - ROUNDS));
    }
    for (stays, goes) in &pairs {
        jobs.extend(outcomes(*stays, LINES / 2 - ROUNDS));
        jobs.extend(outcomes(*goes, LINES / 2));
    }
    drive(runtime, door, jobs);
    let (one, other) = (bearer(&tokens.registrar), bearer(&tokens.registrar2));
    for (stays, goes) in &pairs {
        let body = json!({ "absorbed": goes, "reason": "窗口核对，系同一人" });
        let path = format!("/v1/learners/{stays}/merges");
        let proposed = answered(runtime, door, post(&path, &one, &body));
        let approval = proposed["approval"].as_str().unwrap();
        let yes = json!({ "decision": "approve" });
        answered(
            runtime,
            door,
            post(&format!("/v1/approvals/{approval}"), &other, &yes),
        );
    }
    for _ in 0..ROUNDS {
        let everybody = whole.iter().chain(pairs.iter().map(|(stays, _)| stays));
        let changes = everybody.flat_map(|person| outcomes(*person, 1)).collect();
        drive(runtime, door, changes);
        land.settle();
        let read = |person: &Uuid| Job::Get {
            path: format!("/v1/learners/{person}/transcript.json"),
            token: Arc::clone(&school),
        };
        let (mut plain, mut joined) = (Vec::new(), Vec::new());
        for (person, (stays, _)) in whole.iter().zip(&pairs) {
            plain.extend(each(runtime.handle(), door, vec![read(person)]));
            joined.extend(each(runtime.handle(), door, vec![read(stays)]));
        }
        report.sample("whole", percentile(plain));
        report.sample("merged", percentile(joined));
    }
}

fn registered(runtime: &Runtime, door: std::net::SocketAddr, token: &Arc<str>, n: usize) -> Uuid {
    let identifier = json!({ "type": "staff_number", "value": format!("B24{n:05}") });
    let body = json!({ "name": format!("学员{n}"), "birth_date": "2001-02-03", "identifiers": [identifier] });
    let answer = answered(runtime, door, post("/v1/learners", token, &body));
    answer["id"].as_str().unwrap().parse().unwrap()
}

fn outcome(learner: Uuid, n: u64) -> Value {
    json!({
        "learner": learner, "record": format!("M-{n}"), "kind": "course", "code": "CS101",
        "title": "数据结构", "credits": "2.0", "scheme": "cn-he", "level": "5",
        "category": "general", "grade": "85", "completed_on": "2026-06-30",
    })
}

fn answered(runtime: &Runtime, door: std::net::SocketAddr, job: Job) -> Value {
    let body = crate::client::answer(runtime.handle(), door, job);
    serde_json::from_slice(&body).unwrap()
}

fn percentile(mut taken: Vec<f64>) -> f64 {
    taken.sort_by(f64::total_cmp);
    taken[taken.len() * 99 / 100]
}
