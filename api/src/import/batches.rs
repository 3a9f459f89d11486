//! The ids of the batches in which one chunk of a file is recorded.
//!
//! Invariant: they follow from the file and the chunk, so that an import knows what it recorded itself,
//! also after a crash, from what others recorded meanwhile.

use ledger::clock;
use ledger::commit::Commit;
use uuid::Uuid;

use crate::app::App;
use crate::problem::Problem;

/// Batches that one chunk may need: one, one more for each time that some of it is refused, and as many
/// again for each crash.
const BATCHES_MAX: u32 = 64;

/// The ids of one chunk.
pub(super) struct Batches(Vec<Uuid>);

impl Batches {
    /// Those of the chunk of `file` that begins with row `from`.
    pub(super) fn of(file: Uuid, from: usize) -> Self {
        let from = (from as u64).to_be_bytes();
        let id = |n: u32| {
            let parts: [&[u8]; 3] = [file.as_bytes(), &from, &n.to_be_bytes()];
            clock::uuid_v8("xuefen/import-batch", &parts)
        };
        Self((0..BATCHES_MAX).map(id).collect())
    }

    /// The first that no batch has.
    pub(super) fn next(&self, app: &App) -> Result<Uuid, Problem> {
        for id in &self.0 {
            if app.ledger.position_of(*id)?.is_none() {
                return Ok(*id);
            }
        }
        Ok(clock::uuid_v7(app.now_ms()))
    }

    /// The commit at this position, if it is of one of these batches.
    pub(super) fn own(&self, app: &App, position: u64) -> Result<Option<Commit>, Problem> {
        let commit = app.ledger.commit(position)?;
        let Some((commit, place)) = commit.and_then(|it| {
            let place = it.assertion.place()?;
            Some((it, place))
        }) else {
            return Ok(None);
        };
        let envelope = app.ledger.commit(place.envelope)?;
        let own = envelope.is_some_and(|it| self.0.contains(&it.assertion.id()));
        Ok(own.then_some(commit))
    }
}
