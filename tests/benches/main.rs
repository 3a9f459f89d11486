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

mod accounts;
mod append;
mod bulk;
mod client;
mod cold;
mod doors;
mod files;
mod import;
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
    if import::is_alone() {
        return import::alone(&runtime);
    }
    let only = std::env::var("XF_BENCH_ONLY").unwrap_or_default();
    let mut report = Report::new(!only.is_empty());
    let commits = report.commits;
    let asked = |step: &str| only.is_empty() || only.split(',').any(|it| it == step);
    if asked("doors") {
        Report::step("doors: B1, B13, B14, B15");
        doors::measure(&mut report, &runtime);
    }
    if asked("bulk") {
        Report::step("bulk: B5, B6");
        bulk::measure(&mut report, &runtime);
    }
    if asked("import") {
        Report::step("import: B18");
        import::measure(&mut report);
    }
    if asked("accounts") {
        Report::step("accounts: B24, merged accounts");
        accounts::measure(&mut report, &runtime);
    }
    if asked("append") {
        Report::step("append: B7, B10");
        append::measure(&mut report);
    }
    if asked("stored") {
        Report::step("stored: B8, B11, B12");
        stored::measure(&mut report, commits);
    }
    if asked("cold") {
        Report::step("cold start: B20");
        cold::measure(&mut report, &runtime, commits);
    }
    report.finish();
}
