//! Samples by round, and the one table they become.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// Rounds of every measurement.
pub(crate) const ROUNDS: usize = 5;

/// A line of the table.
struct Row {
    number: &'static str,
    what: String,
    unit: &'static str,
    samples: Vec<f64>,
    target: Option<Target>,
}

/// What a figure should come to.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// At least this.
    Least(f64),
    /// At most this.
    Most(f64),
}

/// The samples of one run.
pub(crate) struct Report {
    /// Commits of the large stores.
    pub(crate) commits: u64,
    /// Samples of one round, by name: what ratios are made of.
    samples: BTreeMap<&'static str, Vec<f64>>,
    rows: Vec<Row>,
    notes: Vec<String>,
    load_before: String,
    /// Some steps only: printed, never kept.
    partial: bool,
}

impl Report {
    pub(crate) fn new(partial: bool) -> Self {
        let commits = std::env::var("XF_BENCH_COMMITS");
        Self {
            commits: commits.map_or(1_000_000, |text| text.parse().unwrap()),
            samples: BTreeMap::new(),
            rows: Vec::new(),
            notes: Vec::new(),
            load_before: load(),
            partial,
        }
    }

    /// Says on standard error what is being measured.
    pub(crate) fn step(what: &str) {
        let _gone = writeln!(std::io::stderr(), "bench: {what}");
    }

    /// One round's figure.
    pub(crate) fn sample(&mut self, name: &'static str, value: f64) {
        self.samples.entry(name).or_default().push(value);
    }

    /// A remark under the table.
    pub(crate) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// A row of plain figures.
    pub(crate) fn row(
        &mut self,
        number: &'static str,
        name: &'static str,
        what: impl Into<String>,
        unit: &'static str,
        target: Option<Target>,
    ) {
        let samples = self.samples[name].clone();
        self.rows.push(Row {
            number,
            what: what.into(),
            unit,
            samples,
            target,
        });
    }

    /// A row of ratios, each of one round.
    pub(crate) fn ratio(
        &mut self,
        number: &'static str,
        (over, under): (&'static str, &'static str),
        what: impl Into<String>,
        target: Option<Target>,
    ) {
        let pairs = self.samples[over].iter().zip(&self.samples[under]);
        let samples = pairs.map(|(over, under)| over / under).collect();
        self.rows.push(Row {
            number,
            what: what.into(),
            unit: "×",
            samples,
            target,
        });
    }

    /// Prints the table and writes docs/BENCHMARKS.md.
    pub(crate) fn finish(mut self) {
        let mut text = String::from(
            "# Benchmarks\n\nMade by `make bench`; do not edit by hand. Definitions and targets: PERF §5. Median of the\nrounds, range in brackets; ratios are taken within a round. Ratios count, absolute figures do not.\n\n",
        );
        writeln!(text, "- code: {}", code()).unwrap();
        writeln!(text, "- machine: {}", machine()).unwrap();
        writeln!(
            text,
            "- load average before and after (1, 5, 15 min; this run itself makes about 2): {} → {}",
            self.load_before,
            load()
        )
        .unwrap();
        writeln!(
            text,
            "- {ROUNDS} rounds; large stores hold {} commits (XF_BENCH_COMMITS)\n",
            self.commits
        )
        .unwrap();
        text.push_str("| # | what | median [range] | target | |\n|---|---|---|---|---|\n");
        self.rows.sort_by_key(|row| order(row.number));
        for row in &self.rows {
            let (median, low, high) = spread(&row.samples);
            let (target, verdict) = match row.target {
                None => (String::new(), ""),
                Some(Target::Least(least)) => (format!("≥ {least}"), met(median >= least)),
                Some(Target::Most(most)) => (format!("≤ {most}"), met(median <= most)),
            };
            let unit = row.unit;
            writeln!(
                text,
                "| {} | {} | {} {unit} [{} – {}] | {target} | {verdict} |",
                row.number,
                row.what,
                figure(median),
                figure(low),
                figure(high)
            )
            .unwrap();
        }
        text.push('\n');
        for note in &self.notes {
            writeln!(text, "- {note}").unwrap();
        }
        let _gone = writeln!(std::io::stdout(), "{text}");
        if self.partial {
            return;
        }
        let manifest = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| "tests".into());
        let docs = PathBuf::from(manifest).join("../docs");
        // Why a figure is below its target is written by people and kept.
        let path = docs.join("BENCHMARKS.md");
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        if let Some(at) = old.find("\n## ") {
            text.push_str(&old[at..]);
        }
        std::fs::write(path, text).unwrap();
    }
}

/// B2 before B10; bounds first.
fn order(number: &str) -> u32 {
    number.trim_start_matches('B').parse().unwrap_or_default()
}

fn met(met: bool) -> &'static str {
    if met { "met" } else { "**below**" }
}

fn spread(samples: &[f64]) -> (f64, f64, f64) {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len() - 1;
    (sorted[sorted.len() / 2], sorted[0], sorted[last])
}

fn figure(value: f64) -> String {
    if value >= 1_000.0 {
        format!("{:.1}k", value / 1_000.0)
    } else if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first: Vec<&str> = text.split(' ').take(3).collect();
    first.join(" ")
}

fn code() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        text.unwrap_or_else(|_| "unknown".into())
    };
    let changed = if git(&["status", "--porcelain", "--untracked-files=no"]).is_empty() {
        ""
    } else {
        ", with changes"
    };
    format!(
        "commit {}{changed}",
        git(&["rev-parse", "--short=12", "HEAD"])
    )
}

fn machine() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown processor", |it| {
        it.trim_start_matches(['\t', ' ', ':'])
    });
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = memory
        .split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<u64>().ok());
    format!(
        "{model}, {cores} cores shared by server and load, {} GiB, virtual disk",
        memory.unwrap_or_default() >> 20
    )
}
