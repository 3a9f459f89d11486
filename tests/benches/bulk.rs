//! B5, B6: many records at once, from a machine.

use std::sync::Arc;

use axum::body::Bytes;
use ledger::assertion::{Draft, Seen};
use ledger::batch::{self, Batch};
use ledger::clock;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::client::{Job, drive};
use crate::limits;
use crate::province::Land;
use crate::report::{ROUNDS, Report, Target};

const LEARNERS: usize = 2_000;
/// Assertions of one request, and requests of a round.
const LINES: usize = 100;
const REQUESTS: usize = 128;
/// Batches of a round.
const BATCHES: usize = 16;

pub(crate) fn measure(report: &mut Report, runtime: &Runtime) {
    let scratch = tempfile::tempdir().unwrap();
    let mut land = Land::make(runtime, scratch.path(), LEARNERS);
    let address = land.serve(runtime);
    let none: Arc<str> = "".into();
    let post = |media: &'static str, body: String| Job::Post {
        path: "/v1/assertions".into(),
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
