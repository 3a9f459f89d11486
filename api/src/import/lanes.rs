//! Work on many rows side by side.

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use crate::problem::Problem;

/// Most threads that read and check rows at once.
const LANES_MAX: usize = 8;

/// Does `work` on every item, several at a time; the results come back in the items' order.
pub(super) fn in_lanes<T: Send, R: Send>(
    items: Vec<T>,
    work: &(impl Fn(T) -> Result<R, Problem> + Sync),
) -> Result<Vec<R>, Problem> {
    let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let lanes = LANES_MAX.min(processors).min(items.len());
    let queue = Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let results: Vec<Result<Vec<(usize, R)>, Problem>> = std::thread::scope(|scope| {
        let lane = || {
            let mut done = Vec::new();
            while let Some((at, item)) = next() {
                done.push((at, work(item)?));
            }
            Ok(done)
        };
        // Fewer lanes than wanted do the same work; where none starts, this thread is the lane.
        let started: Vec<_> = (0..lanes)
            .map_while(|_| {
                let named = std::thread::Builder::new().name("import lane".into());
                named.spawn_scoped(scope, lane).ok()
            })
            .collect();
        let here = started.is_empty().then(lane);
        let others = started.into_iter().map(|lane| {
            lane.join()
                .unwrap_or_else(|_| Err(Problem::internal("a lane of an import panicked")))
        });
        others.chain(here).collect()
    });
    let mut done = Vec::new();
    for lane in results {
        done.extend(lane?);
    }
    done.sort_by_key(|(at, _)| *at);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}
