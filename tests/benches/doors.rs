//! B1, B13, B14, B15: the doors over HTTP, beside the bounds of the same round.

use std::sync::Arc;

use api::credential::NameShown;
use axum::body::Bytes;
use ledger::assertion::Assertion;
use ledger::clock::Stopwatch;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::client::{CONNECTIONS, Job, drive};
use crate::limits;
use crate::province::Land;
use crate::report::{ROUNDS, Report, Target};

const LEARNERS: usize = 2_000;
/// Requests of each sort in a round.
const PLAIN: usize = 150 * CONNECTIONS;
const WITH_VALUES: usize = 40 * CONNECTIONS;
const READS: usize = 300 * CONNECTIONS;
const JOURNEYS: usize = 40 * CONNECTIONS;
/// Lines of the transcript that is read.
const LINES: usize = 50;

pub(crate) fn measure(report: &mut Report, runtime: &Runtime) {
    let scratch = tempfile::tempdir().unwrap();
    let mut land = Land::make(runtime, scratch.path(), LEARNERS);
    let address = land.serve(runtime);
    let bound = limits::serve(runtime, land.key().public());
    let staff: Arc<str> = format!("Bearer {}", land.summary.tokens.institution).into();
    let none: Arc<str> = "".into();
    let reader = land.summary.learners.last().unwrap().clone();
    let reader_token: Arc<str> = format!("Bearer {}", reader.token).into();
    let mut outcomes = 0..;
    let code = scanned(&land);
    let transcript = fifty_lines(&land, &mut outcomes, &staff);
    drive(runtime, address, transcript);
    land.settle();
    for round in 0..ROUNDS {
        let plain = signed(&mut land, PLAIN, 0);
        let some = received(&plain);
        let key = land.key().public();
        report.sample("verify 1", limits::verify(&some, &key, 1));
        report.sample("verify 2", limits::verify(&some, &key, 2));
        report.sample("axum hello", drive(runtime, bound, get("/hello", &none)));
        report.sample(
            "axum verify",
            drive(runtime, bound, post("/verify", &plain)),
        );
        report.sample(
            "B1 plain",
            drive(runtime, address, post("/v1/assertions", &plain)),
        );
        land.settle();
        if round == 0 {
            sizes(report, &land, &plain[0].0, "without values");
        }
        let valued = signed(&mut land, WITH_VALUES, 4);
        report.sample(
            "B1 values",
            drive(runtime, address, post("/v1/assertions", &valued)),
        );
        land.settle();
        if round == 0 {
            sizes(report, &land, &valued[0].0, "with 4 values");
        }
        let path = format!("/v1/learners/{}/transcript.json", reader.id);
        report.sample(
            "transcript",
            drive(runtime, address, get(&path, &reader_token)),
        );
        report.sample("verify code", drive(runtime, address, checks(&code)));
        let journeys = (0..JOURNEYS)
            .map(|_| journey(&land, &mut outcomes, &staff))
            .collect();
        report.sample("journey", drive(runtime, address, journeys));
    }
    without_views(report, runtime, &mut land, address);
    let watch = Stopwatch::start();
    land.app.close();
    report.note(format!(
        "closing the served ledger took {:.2} s",
        watch.elapsed().as_secs_f64()
    ));
    rows(report);
}

/// B1 once more while nothing is folded: what the views take of the same two cores.
fn without_views(
    report: &mut Report,
    runtime: &Runtime,
    land: &mut Land,
    address: std::net::SocketAddr,
) {
    land.app.views.follower.stop();
    for _ in 0..ROUNDS {
        let plain = signed(land, PLAIN, 0);
        let some = received(&plain);
        let key = land.key().public();
        report.sample("verify 2, no views", limits::verify(&some, &key, 2));
        report.sample(
            "B1 no views",
            drive(runtime, address, post("/v1/assertions", &plain)),
        );
    }
}

fn rows(report: &mut Report) {
    report.row(
        "B0",
        "verify 1",
        "bound: Ed25519 strict, 1 thread",
        "/s",
        None,
    );
    report.row(
        "B0",
        "verify 2",
        "bound: Ed25519 strict, 2 threads",
        "/s",
        None,
    );
    report.row(
        "B0",
        "axum hello",
        "bound: axum GET hello, same client",
        "/s",
        None,
    );
    report.row(
        "B0",
        "axum verify",
        "bound: axum POST, parse, strict verify, same client",
        "/s",
        None,
    );
    report.row(
        "B1",
        "B1 plain",
        "signed durable append, 64 connections, no values",
        "commits/s",
        None,
    );
    report.ratio(
        "B1",
        ("B1 plain", "verify 2"),
        "÷ 2-thread verify bound",
        Some(Target::Least(0.5)),
    );
    report.ratio(
        "B1",
        ("B1 plain", "axum verify"),
        "÷ axum POST + verify (what HTTP and client leave)",
        None,
    );
    report.ratio(
        "B1",
        ("B1 no views", "verify 2, no views"),
        "÷ 2-thread verify bound, while no view is folded",
        None,
    );
    report.row(
        "B1",
        "B1 values",
        "the same with 4 values for the vault",
        "commits/s",
        None,
    );
    report.ratio(
        "B1",
        ("B1 values", "verify 2"),
        "with 4 values ÷ 2-thread verify bound",
        None,
    );
    asked(report);
}

/// The rows of what is asked, not signed.
fn asked(report: &mut Report) {
    report.row(
        "B13",
        "transcript",
        "GET transcript of 50 lines",
        "/s",
        None,
    );
    report.ratio(
        "B13",
        ("transcript", "axum hello"),
        "÷ axum hello",
        Some(Target::Least(0.5)),
    );
    report.row(
        "B14",
        "verify code",
        "POST verify of a code with receipt (two signatures, path, status)",
        "/s",
        None,
    );
    report.ratio(
        "B14",
        ("verify code", "axum verify"),
        "÷ axum POST + verify (one signature)",
        Some(Target::Least(0.8)),
    );
    report.row(
        "B15",
        "journey",
        "record by JSON (2 values), decide, append, fold, read with ?after",
        "/s",
        None,
    );
    report.ratio(
        "B15",
        ("journey", "B1 plain"),
        "÷ B1",
        Some(Target::Least(0.6)),
    );
    report.ratio("B15", ("journey", "B1 values"), "÷ B1 with 4 values", None);
}

/// What a server has to check: read from bytes, not from the hand that signed.
fn received(signed: &Signed) -> Vec<Assertion> {
    let some = signed.iter().take(9_000);
    some.map(|(it, _)| Assertion::parse(it.text()).unwrap())
        .collect()
}

type Signed = Vec<(Assertion, Bytes)>;

/// Signed before the clock starts: the load is not the signer.
fn signed(land: &mut Land, count: usize, values: usize) -> Signed {
    let seen = land.app.ledger.seen();
    (0..count)
        .map(|_| {
            let (assertion, disclosures) = land.sign(seen, values);
            let mut body = assertion.text().to_owned();
            for disclosure in &disclosures {
                body.push('~');
                body.push_str(disclosure.encoded());
            }
            if !disclosures.is_empty() {
                body.push('~');
            }
            (assertion, Bytes::from(body))
        })
        .collect()
}

fn post(path: &'static str, bodies: &Signed) -> Vec<Job> {
    let token: Arc<str> = "".into();
    let job = |(_, body): &(Assertion, Bytes)| Job::Post {
        path: path.into(),
        media: "application/jose",
        token: Arc::clone(&token),
        body: body.clone(),
    };
    bodies.iter().map(job).collect()
}

/// The text of a code of the demo, with its receipt.
fn scanned(land: &Land) -> Bytes {
    let id = *land.summary.credentials.first().unwrap();
    let ready = land.app.ready(id).unwrap();
    let cose = land.app.code(&ready, NameShown::Masked, true).unwrap();
    credentials::vc::qr::text(&land.app.host, &cose).into()
}

fn checks(code: &Bytes) -> Vec<Job> {
    let job = Job::Post {
        path: "/v1/verify".into(),
        media: "text/plain",
        token: "".into(),
        body: code.clone(),
    };
    vec![job; READS]
}

fn get(path: &str, token: &Arc<str>) -> Vec<Job> {
    let job = Job::Get {
        path: path.into(),
        token: Arc::clone(token),
    };
    vec![job; READS]
}

fn outcome(learner: uuid::Uuid, n: u64) -> Bytes {
    let body = json!({
        "learner": learner, "record": format!("J-{n}"), "kind": "course", "code": "CS101",
        "title": "数据结构", "credits": "2.0", "scheme": "cn-he", "level": "5",
        "category": "general", "grade": "85", "completed_on": "2026-06-30",
    });
    body.to_string().into()
}

fn journey(land: &Land, outcomes: &mut impl Iterator<Item = u64>, token: &Arc<str>) -> Job {
    let n = outcomes.next().unwrap();
    // The last learner's transcript stays as long as it is.
    let learner = land.learner(n % (LEARNERS as u64 - 1));
    Job::RecordThenRead {
        token: Arc::clone(token),
        learner,
        body: outcome(learner, n),
    }
}

/// Fills the last learner's transcript up.
fn fifty_lines(
    land: &Land,
    outcomes: &mut impl Iterator<Item = u64>,
    token: &Arc<str>,
) -> Vec<Job> {
    let reader = land.summary.learners.last().unwrap().id;
    let there = land
        .app
        .views
        .transcripts
        .of_person(&[reader])
        .unwrap()
        .len();
    (there..LINES)
        .map(|_| Job::Post {
            path: "/v1/outcomes".into(),
            media: "application/json",
            token: Arc::clone(token),
            body: outcome(reader, outcomes.next().unwrap()),
        })
        .collect()
}

/// Says how large what is measured is.
fn sizes(report: &mut Report, land: &Land, assertion: &Assertion, which: &str) {
    let position = land.app.ledger.position_of(assertion.id()).unwrap();
    let leaf =
        position.and_then(|position| land.app.ledger.store().read(position, 1).unwrap().pop());
    let leaf = leaf.map_or("not yet stored".to_owned(), |record| {
        format!("leaf {} B", record.leaf.len())
    });
    report.note(format!(
        "outcome.record {which}: assertion {} B, {leaf}",
        assertion.text().len()
    ));
}
