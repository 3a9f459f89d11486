//! GET /v1/imports/{id}/events: how an import goes on, as it goes on.
//!
//! Invariant: the stream ends with the import, or when the server stops; each event is the whole
//! account, so one that was missed is not missed. `GET /v1/imports/{id}` tells the same.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use ledger::clock::Stopwatch;
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;
use uuid::Uuid;

use super::own;
use crate::app::App;
use crate::extract::Caller;
use crate::import::{Job, JobState};
use crate::problem::{Problem, ProblemBody, Reason};

/// How often the account is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often a silent stream says that it is there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// An import under way.
#[derive(Debug, Serialize, ToSchema)]
pub struct Progress {
    /// How it stands.
    #[serde(flatten)]
    job: Job,
    /// Rows a second since this stream began.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_per_second: Option<u64>,
    /// Seconds until its last row, at this rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds_left: Option<u64>,
}

/// How far a stream has told.
struct Telling {
    _place: OwnedSemaphorePermit,
    app: Arc<App>,
    id: Uuid,
    watch: Stopwatch,
    /// State, and rows seen when it began.
    since: Option<(JobState, u64, Duration)>,
    told: Option<Job>,
    ended: bool,
}

/// An import as it goes on, as server-sent events: one with each batch of rows, the last when it ends
/// or waits for somebody.
#[utoipa::path(get, path = "/v1/imports/{id}/events", extensions(("x-action" = json!("record-outcome"))), tag = "imports", params(("id" = Uuid, Path, description = "the import")), security(("token" = [])),
    responses((status = 200, description = "events whose data is the import with rate and time left", body = Progress, content_type = "text/event-stream"), (status = 404, description = "no such import", body = ProblemBody)))]
pub async fn events(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    own(&app, &caller, id)?;
    let place = Arc::clone(&app.followed).try_acquire_owned();
    let telling = Telling {
        _place: place.map_err(|_| Problem::of(Reason::TooBusy))?,
        app,
        id,
        watch: Stopwatch::start(),
        since: None,
        told: None,
        ended: false,
    };
    let events =
        futures_util::stream::unfold(telling, |telling| async move { telling.next().await });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

impl Telling {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.ended {
            return None;
        }
        loop {
            let (app, id) = (Arc::clone(&self.app), self.id);
            let looked = tokio::task::spawn_blocking(move || app.jobs.get(id)).await;
            let job = looked.ok()?.ok()??;
            if self.told.as_ref() != Some(&job) {
                self.ended = !matches!(job.state, JobState::Checking | JobState::Running);
                let event = self.event(job)?;
                return Some((Ok(event), self));
            }
            if self.app.metrics.is_stopping() {
                return None;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn event(&mut self, job: Job) -> Option<Event> {
        let now = self.watch.elapsed();
        let (seen, rows) = (job.counts.seen, job.counts.rows);
        let (_, from, began) = *match self.since {
            Some(ref since) if since.0 == job.state => since,
            _ => self.since.insert((job.state, seen, now)),
        };
        let millis = u64::try_from(now.saturating_sub(began).as_millis()).unwrap_or(u64::MAX);
        let done = seen.saturating_sub(from);
        let rate = done.saturating_mul(1_000).checked_div(millis);
        let rate = rate.filter(|rate| *rate > 0);
        let event = Event::default()
            .event("progress")
            .id(seen.to_string())
            .json_data(Progress {
                rows_per_second: rate,
                seconds_left: rate.map(|rate| rows.saturating_sub(seen).div_ceil(rate)),
                job: job.clone(),
            });
        self.told = Some(job);
        event.ok()
    }
}
