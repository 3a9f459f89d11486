//! Counters and histograms for /metrics: no personal data, no ids, bounded labels (UX §7).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::app::App;

/// Bounds of the latency histogram in seconds.
const SECONDS: [f64; 10] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0,
];

/// One request, as counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    method: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RowLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerifyLabels {
    state: &'static str,
    code: &'static str,
}

/// The registry and what is counted in it.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    import_rows: Family<RowLabels, Counter>,
    verified: Family<VerifyLabels, Counter>,
    commits: Gauge,
    queued: Gauge,
    view_lag: Gauge,
    stopping: AtomicBool,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("xf");
        let histogram: fn() -> Histogram = || Histogram::new(SECONDS);
        let requests = Family::new_with_constructor(histogram);
        let (import_rows, verified) = (Family::default(), Family::default());
        let (commits, queued, view_lag) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register_with_unit(
            "http_request_duration",
            "Time from the request's head to the answer's head",
            Unit::Seconds,
            requests.clone(),
        );
        registry.register(
            "import_rows",
            "Rows of imports by result",
            import_rows.clone(),
        );
        registry.register(
            "verify",
            "Credentials and codes checked, by what they came to",
            verified.clone(),
        );
        registry.register("log_commits", "Commits in the log", commits.clone());
        registry.register(
            "sequencer_queue_commits",
            "Submissions waiting for the sequencer",
            queued.clone(),
        );
        registry.register(
            "view_lag_commits",
            "Commits the views have not folded yet",
            view_lag.clone(),
        );
        Self {
            registry,
            requests,
            import_rows,
            verified,
            commits,
            queued,
            view_lag,
            stopping: AtomicBool::new(false),
        }
    }

    /// Counts an answered request; `route` is the pattern, never the address.
    pub fn request(&self, route: &str, method: &str, status: u16, took: Duration) {
        let labels = RequestLabels {
            route: route.into(),
            method: method.into(),
            status,
        };
        self.requests
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// Counts rows of an import.
    pub fn import_rows(&self, result: &'static str, rows: u64) {
        self.import_rows
            .get_or_create(&RowLabels { result })
            .inc_by(rows);
    }

    /// Counts a check by the state and code it came to.
    pub fn verified(&self, state: &'static str, code: &'static str) {
        self.verified
            .get_or_create(&VerifyLabels { state, code })
            .inc();
    }

    /// From now on `/readyz` says no.
    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Whether the server is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// The text that a scraper reads.
    pub fn text(&self, app: &App) -> String {
        let size = app.ledger.store().head();
        let set = |gauge: &Gauge, value: u64| gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        set(&self.commits, size);
        set(&self.queued, app.ledger.queued() as u64);
        set(
            &self.view_lag,
            size.saturating_sub(app.views.follower.next()),
        );
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}
