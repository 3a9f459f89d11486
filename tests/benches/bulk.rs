//! B5, B6, B18: many records at once, from a machine and from a clerk's file.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::demo::province::Province;
use api::extract::Caller;
use api::import::control;
use api::import::job::Told;
use api::import::{Job as Import, JobState};
use axum::body::Bytes;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::role::Role;
use ledger::assertion::{Draft, Seen};
use ledger::batch::{self, Batch};
use ledger::clock::{self, Stopwatch};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::client::{Job, drive, latencies};
use crate::limits;
use crate::province::Land;
use crate::report::{ROUNDS, Report, Target};

const LEARNERS: usize = 2_000;
/// Assertions of one request, and requests of a round.
const LINES: usize = 100;
const REQUESTS: usize = 128;
/// Batches of a round.
const BATCHES: usize = 16;
/// Rows of the imported file.
const ROWS: usize = 100_000;

pub(crate) fn measure(report: &mut Report, runtime: &Runtime) {
    let scratch = tempfile::tempdir().unwrap();
    let mut land = Land::make(runtime, scratch.path(), LEARNERS);
    let address = land.serve(runtime);
    let none: Arc<str> = "".into();
    let post = |media: &'static str, body: String| Job::Post {
        path: "/v1/assertions",
        media,
        token: Arc::clone(&none),
        body: Bytes::from(body),
    };
    for _ in 0..ROUNDS {
        let seen = land.app.ledger.seen();
        let lines: Vec<Vec<String>> = (0..REQUESTS)
            .map(|_| {
                (0..LINES)
                    .map(|_| land.sign(seen, 0).0.text().to_owned())
                    .collect()
            })
            .collect();
        let some: Vec<_> = lines
            .iter()
            .flatten()
            .take(9_000)
            .map(|it| ledger::assertion::Assertion::parse(it).unwrap())
            .collect();
        report.sample(
            "bulk verify 2",
            limits::verify(&some, &land.key().public(), 2),
        );
        let jobs = lines
            .iter()
            .map(|it| post("application/x-ndjson", it.join("\n")))
            .collect();
        report.sample("B5", drive(runtime, address, jobs) * LINES as f64);
        land.settle();
        let singles = (0..LINES * REQUESTS / 4)
            .map(|_| post("application/jose", land.sign(seen, 0).0.text().to_owned()))
            .collect();
        report.sample("bulk B1", drive(runtime, address, singles));
        land.settle();
        let batches = (0..BATCHES)
            .map(|_| {
                let body = signed_batch(&mut land, seen);
                post("application/vnd.xuefen.batch+json", body)
            })
            .collect();
        let rate = drive(runtime, address, batches) * batch::MEMBERS_MAX as f64;
        report.sample("B6", rate);
        land.settle();
    }
    rows(report);
    land.app.close();
}

/// The body of a batch of a thousand.
fn signed_batch(land: &mut Land, seen: Seen) -> String {
    let kid = land.kid().clone();
    let members: Vec<_> = (0..batch::MEMBERS_MAX)
        .map(|_| land.draft(seen, 0).0.member(&kid).unwrap())
        .collect();
    let payloads: Vec<String> = members.iter().map(|it| it.text().to_owned()).collect();
    let now_ms = land.app.now_ms();
    let envelope = Draft {
        id: clock::uuid_v7(now_ms),
        log: land.app.ledger.origin().into(),
        kind: String::new(),
        at_ms: now_ms,
        seen,
        target: None,
        cause: None,
        act: None,
        data: json!(null),
    };
    let batch = Batch::sign(envelope, members, &kid, land.key()).unwrap();
    json!({ "envelope": batch.envelope().text(), "payloads": payloads }).to_string()
}

fn rows(report: &mut Report) {
    report.row(
        "B5",
        "B5",
        "100 single signed assertions a request, 64 connections",
        "commits/s",
        None,
    );
    report.ratio(
        "B5",
        ("B5", "bulk verify 2"),
        "÷ 2-thread verify bound",
        Some(Target::Least(0.9)),
    );
    report.row(
        "B6",
        "B6",
        "signed batches of 1000, no values",
        "commits/s",
        None,
    );
    report.ratio(
        "B6",
        ("B6", "bulk B1"),
        "÷ B1 of the same round",
        Some(Target::Least(5.0)),
    );
}

/// A file of [`ROWS`] rows about the demo's learners.
fn table() -> String {
    let province = Province::generate(1, LEARNERS, LEARNERS).unwrap();
    let mut text = String::from(
        "姓名,证件号,记录号,类型,课程代码,课程名称,学时,学分,体系,等级,类别,成绩,完成日期\n",
    );
    for n in 0..ROWS {
        let learner = &province.learners[n % province.learners.len()];
        writeln!(
            text,
            "{},{},X-{n},course,CS{},数据结构,32,2.0,cn-he,5,general,{},2026-06-{:02}",
            learner.name,
            learner.resident_id,
            100 + n % 800,
            60 + n % 40,
            1 + n % 28
        )
        .unwrap();
    }
    text
}

/// A file of [`ROWS`] rows: its dry run, then its run, while a learner reads her transcript.
pub(crate) fn import(report: &mut Report, runtime: &Runtime) {
    let scratch = tempfile::tempdir().unwrap();
    let land = &Land::make(runtime, scratch.path(), LEARNERS);
    let address = land.serve(runtime);
    let text = table();
    let reader = land.summary.learners.last().unwrap();
    let quiet = Job::Get {
        path: format!("/v1/learners/{}/transcript.json", reader.id),
        token: format!("Bearer {}", reader.token).into(),
    };
    let stop = Arc::new(AtomicBool::new(false));
    let before = latencies(
        runtime.handle(),
        address,
        quiet.clone(),
        Duration::from_secs(3),
        None,
    );
    let watching = {
        let stop = Arc::clone(&stop);
        let job = quiet;
        let handle = runtime.handle().clone();
        std::thread::spawn(move || latencies(&handle, address, job, Duration::MAX, Some(&stop)))
    };
    let peak = Peak::start();
    let school = IssuerNumber(land.summary.institution.id);
    let admitted = land.app.ledger.state::<Institution>(&school.stream());
    let caller = Caller {
        person: admitted.unwrap().admitted.as_ref().unwrap().officers[0],
        role: Role::Institution,
        institution: Some(school),
    };
    let app = &land.app;
    let (watch, cpu) = (Stopwatch::start(), cpu_seconds());
    let taken = control::take_in(app, &caller, "bench.csv", text.as_bytes(), &Told::default());
    let mut import = taken.unwrap_or_else(|problem| panic!("{}", problem.detail.en));
    import = control::work(app, import, &|_| {});
    expect(&import, JobState::Checked);
    report.sample("dry", watch.elapsed().as_secs_f64());
    let dry_cpu = cpu_seconds() - cpu;
    let asked = control::begin(app, &caller, import.id, None);
    let (begun, is_new) = asked.unwrap_or_else(|problem| panic!("{}", problem.detail.en));
    assert!(is_new);
    let (watch, cpu) = (Stopwatch::start(), cpu_seconds());
    let done = control::work(app, begun, &|_| {});
    let elapsed = watch.elapsed().as_secs_f64();
    expect(&done, JobState::Done);
    report.sample("B18", ROWS as f64 / elapsed);
    report.sample("B18 peak", peak.mib());
    land.settle();
    report.note(format!(
        "B18: {:.0} µs of processor a row in the dry run, {:.0} in the run until every view has it",
        dry_cpu / ROWS as f64 * 1e6,
        (cpu_seconds() - cpu) / ROWS as f64 * 1e6
    ));
    report.sample("B18 seen", ROWS as f64 / watch.elapsed().as_secs_f64());
    stop.store(true, Ordering::SeqCst);
    let during = watching.join().unwrap();
    land.app.close();
    report.sample("p99 quiet", percentile(before));
    report.sample("p99 during", percentile(during));
    import_rows(report);
}

fn import_rows(report: &mut Report) {
    let what = format!("import of {ROWS} CSV rows (2 values each, resident IDs), one run");
    report.row("B18", "B18", what, "rows/s", Some(Target::Least(10_000.0)));
    report.row(
        "B18",
        "B18 seen",
        "the same until every view has it",
        "rows/s",
        None,
    );
    report.row(
        "B18",
        "B18 peak",
        "peak memory of the whole process above its start",
        "MiB",
        Some(Target::Most(300.0)),
    );
    report.row("B18", "dry", "its dry run", "s", Some(Target::Most(20.0)));
    report.row(
        "B18",
        "p99 quiet",
        "a learner's transcript, p99, before",
        "ms",
        None,
    );
    report.row(
        "B18",
        "p99 during",
        "the same while the file is imported",
        "ms",
        None,
    );
}

/// Processor time of this process so far.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = text.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks = behind.split_whitespace().skip(11).take(2);
    // Linux counts in hundredths of a second.
    ticks.filter_map(|it| it.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn expect(import: &Import, state: JobState) {
    assert_eq!(import.state, state, "{:?}", import.failure);
    assert_eq!(import.counts.recorded, ROWS as u64, "{:?}", import.counts);
}

fn percentile(mut latencies: Vec<f64>) -> f64 {
    latencies.sort_by(f64::total_cmp);
    latencies[latencies.len() * 99 / 100]
}

/// The peak of resident memory since it was started, where the kernel tells.
struct Peak {
    base_kib: f64,
}

impl Peak {
    fn start() -> Self {
        // Linux: 5 resets the peak to what is resident now.
        let _not_here = std::fs::write("/proc/self/clear_refs", "5");
        Self {
            base_kib: status("VmRSS:"),
        }
    }

    fn mib(&self) -> f64 {
        (status("VmHWM:") - self.base_kib) / 1_024.0
    }
}

fn status(name: &str) -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.unwrap_or_default()
}
