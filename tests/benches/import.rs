//! B18: a file of a hundred thousand outcomes in each form in which clerks send one: its dry run, then
//! its run, while a learner reads her transcript.
//!
//! Invariant: each form is measured in a process of its own, which is given the file: what the process
//! held before, or needed to make a file, is not in its figures.

use std::io::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::extract::Caller;
use api::import::control;
use api::import::job::Told;
use api::import::{Job as Import, JobState};
use api::sign_in::Signed;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use identity::role::Role;
use ledger::clock::Stopwatch;
use tokio::runtime::Runtime;

use crate::client::{Job, latencies};
use crate::files;
use crate::province::Land;
use crate::report::{Report, Target};

const LEARNERS: usize = 2_000;
/// Rows of a file, unless XF_BENCH_ROWS says otherwise.
const ROWS: usize = 100_000;
/// The file that a process of its own imports.
const FILE: &str = "XF_BENCH_FILE";

/// A form: what it is called, how it is made, and the names of its samples in the order of [`FIGURES`].
struct Form {
    what: &'static str,
    make: fn(usize, usize) -> Vec<u8>,
    samples: [&'static str; FIGURES.len()],
}

const FORMS: [Form; 3] = [
    Form {
        what: "UTF-8 CSV",
        make: files::utf8,
        samples: ["u1", "u2", "u3", "u4", "u5", "u6", "u7", "u8"],
    },
    Form {
        what: "GB18030 CSV",
        make: files::gb18030,
        samples: ["g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8"],
    },
    Form {
        what: "XLSX",
        make: files::xlsx,
        samples: ["x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"],
    },
];

/// What is measured of each form, in the order in which a process of its own prints it.
const FIGURES: [(&str, &str, Option<Target>); 8] = [
    ("dry run", "s", Some(Target::Most(20.0))),
    ("run", "rows/s", Some(Target::Least(10_000.0))),
    ("run until every view has it", "rows/s", None),
    (
        "peak memory of the process above its start",
        "MiB",
        Some(Target::Most(300.0)),
    ),
    ("a learner's transcript before, p99", "ms", None),
    ("the same during the import, p99", "ms", None),
    ("processor time a row, dry run", "µs", None),
    (
        "processor time a row, run until every view has it",
        "µs",
        None,
    ),
];

fn rows() -> usize {
    let rows = std::env::var("XF_BENCH_ROWS");
    rows.map_or(ROWS, |text| text.parse().unwrap())
}

/// One round of every form.
pub(crate) fn measure(report: &mut Report) {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("file");
    for form in FORMS {
        std::fs::write(&path, (form.make)(LEARNERS, rows())).unwrap();
        let this = std::env::current_exe().unwrap();
        let output = Command::new(this).env(FILE, &path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{failed}");
        let figures: Vec<f64> = said.lines().filter_map(|it| it.parse().ok()).collect();
        assert_eq!(figures.len(), FIGURES.len(), "{said}{failed}");
        for (name, figure) in form.samples.into_iter().zip(figures) {
            report.sample(name, figure);
        }
        for (name, (what, unit, target)) in form.samples.into_iter().zip(FIGURES) {
            let what = format!("{} rows, {}: {what}", rows(), form.what);
            report.row("B18", name, what, unit, target);
        }
    }
    report.note("B18: two values a row, learners by resident ID; one round".into());
}

/// Whether this process is to import one file.
pub(crate) fn is_alone() -> bool {
    std::env::var_os(FILE).is_some()
}

/// Imports the file and prints the [`FIGURES`].
pub(crate) fn alone(runtime: &Runtime) {
    let bytes = std::fs::read(std::env::var_os(FILE).unwrap()).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let land = &Land::make(runtime, scratch.path(), LEARNERS);
    let address = land.serve(runtime);
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
        let handle = runtime.handle().clone();
        std::thread::spawn(move || latencies(&handle, address, quiet, Duration::MAX, Some(&stop)))
    };
    let peak = Peak::start();
    let app = &land.app;
    let caller = clerk(land);
    let (watch, cpu) = (Stopwatch::start(), cpu_seconds());
    let taken = control::take_in(app, &caller, "bench", &bytes, &Told::default());
    let import = taken.unwrap_or_else(|problem| panic!("{}", problem.detail.en));
    let import = control::work(app, import, &|_| {});
    expect(&import, JobState::Checked);
    let dry_s = watch.elapsed().as_secs_f64();
    let dry_cpu = cpu_seconds() - cpu;
    let asked = control::begin(app, &caller, import.id, None);
    let (begun, is_new) = asked.unwrap_or_else(|problem| panic!("{}", problem.detail.en));
    assert!(is_new);
    let (watch, cpu) = (Stopwatch::start(), cpu_seconds());
    let done = control::work(app, begun, &|_| {});
    let run_s = watch.elapsed().as_secs_f64();
    expect(&done, JobState::Done);
    let peak_mib = peak.mib();
    land.settle();
    let seen_s = watch.elapsed().as_secs_f64();
    let run_cpu = cpu_seconds() - cpu;
    stop.store(true, Ordering::SeqCst);
    let during = watching.join().unwrap();
    land.app.close();
    let rows = rows() as f64;
    let figures: [f64; FIGURES.len()] = [
        dry_s,
        rows / run_s,
        rows / seen_s,
        peak_mib,
        percentile(before),
        percentile(during),
        dry_cpu / rows * 1e6,
        run_cpu / rows * 1e6,
    ];
    for figure in figures {
        let _gone = writeln!(std::io::stdout(), "{figure}");
    }
}

/// An officer of the institution whose key the platform keeps.
pub(crate) fn clerk(land: &Land) -> Caller {
    let school = IssuerNumber(land.summary.institution.id);
    let admitted = land.app.ledger.state::<Institution>(&school.stream());
    Caller {
        person: admitted.unwrap().admitted.as_ref().unwrap().officers[0],
        role: Role::Institution,
        institution: Some(school),
        signed: Signed::Token,
    }
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
    assert_eq!(import.counts.recorded, rows() as u64, "{:?}", import.counts);
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
