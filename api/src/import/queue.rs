//! Jobs that wait for the one thread that works on them.
//!
//! Invariant: a job in the queue stands in the side store too: a crash or a stop loses none, the next
//! start queues it again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::job::Job;
use super::worker;
use crate::app::App;

/// Jobs that wait, in the order they came.
#[derive(Default)]
pub(super) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Whether the thread is there.
    is_worked: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Queues the job, and starts the thread that works on the queue unless it is there.
pub(super) fn add(app: &Arc<App>, job: Job) {
    let mut queue = app.jobs.queue.lock();
    queue.jobs.push_back(job);
    if queue.is_worked {
        return;
    }
    let worked = Arc::clone(app);
    let started = std::thread::Builder::new()
        .name("import".into())
        .spawn(move || work_off(&worked));
    match started {
        Ok(_) => queue.is_worked = true,
        Err(error) => {
            tracing::error!(%error, "no thread for imports: they go on with the next one");
        }
    }
}

/// Works until nothing waits or the server stops; what still waits then goes on after the next start.
fn work_off(app: &Arc<App>) {
    loop {
        let next = {
            let mut queue = app.jobs.queue.lock();
            let next = queue.jobs.pop_front();
            let next = next.filter(|_| !app.metrics.is_stopping());
            queue.is_worked = next.is_some();
            next
        };
        let Some(job) = next else {
            return;
        };
        worker::work(app, job, &|_| {});
    }
}
