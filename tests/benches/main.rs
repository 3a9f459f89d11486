//! `make bench`: one table of PERF §5, interleaved, with the bounds measured in the same run.
//!
//! Invariant: a ratio is taken between two figures of one round; only acknowledgements after
//! `fdatasync` count. Nothing here is a test: a slow machine fails nothing.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a measurement that cannot be made ends the run; counts are far below 2^52"
)]

mod append;
mod client;
mod cold;
mod doors;
mod limits;
mod make;
mod province;
mod report;
mod rival;
mod stored;

use report::Report;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut report = Report::new();
    let commits = report.commits;
    Report::step("doors: B1, B13, B15");
    doors::measure(&mut report, &runtime);
    Report::step("append: B7, B10");
    append::measure(&mut report);
    Report::step("stored: B8, B11, B12");
    stored::measure(&mut report, commits);
    Report::step("cold start: B20");
    cold::measure(&mut report, &runtime, commits);
    report.finish();
}
