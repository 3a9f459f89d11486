//! All views of one node, and the follower that keeps them.

use std::path::Path;
use std::sync::Arc;

use ledger::store::Store;
use ledger::tail::Tail;

use crate::follow::{FollowError, Follower};
use crate::institutions::{self, Institutions};
use crate::people::{self, People};
use crate::projection::{Projection, Share};
use crate::statistics::{self, Statistics};
use crate::transcripts::{self, Recent, Transcripts};
use crate::view::View;
use crate::view::audit::{self, AuditError, Verdict};

/// Name of the directory under the data directory.
pub const DIRECTORY: &str = "views";

/// The views.
pub struct Views {
    /// Who is registered.
    pub people: People,
    /// Institutions, keys, proposals.
    pub institutions: Institutions,
    /// What each person learned.
    pub transcripts: Transcripts,
    /// How much of what.
    pub statistics: Statistics,
    /// What keeps them: progress, waiting, rebuilding.
    pub follower: Follower,
}

/// The fold of each view.
fn folds(recent: &Arc<Recent>) -> Vec<Arc<dyn Projection>> {
    vec![
        Arc::new(people::Fold),
        Arc::new(institutions::Fold),
        Arc::new(transcripts::Fold::new(Arc::clone(recent))),
        Arc::new(statistics::Fold),
    ]
}

/// Folds every view under `data_directory` again beside its file and compares: the name of each and
/// what was found. Nobody may write them meanwhile.
pub fn audit(
    data_directory: &Path,
    store: &dyn Store,
) -> Result<Vec<(&'static str, Verdict)>, AuditError> {
    let directory = data_directory.join(DIRECTORY);
    let folds = folds(&Arc::new(Recent::default()));
    let verdicts = folds.iter().map(|fold| {
        let verdict = audit::audit(&directory, fold.as_ref(), store)?;
        Ok((fold.form().name, verdict))
    });
    verdicts.collect()
}

impl Views {
    /// Opens the views under `data_directory` and begins to follow the log in `store`, whose newest
    /// commits come through `tail`.
    pub fn open(
        data_directory: &Path,
        store: Arc<dyn Store>,
        tail: Arc<Tail>,
    ) -> Result<Self, FollowError> {
        Self::open_share(data_directory, store, tail, Share::default())
    }

    /// As [`Views::open`], keeping only one part of what is about persons.
    pub fn open_share(
        data_directory: &Path,
        store: Arc<dyn Store>,
        tail: Arc<Tail>,
        share: Share,
    ) -> Result<Self, FollowError> {
        let recent = Arc::new(Recent::default());
        // Whatever is in the files already may have changed at any position up to here.
        recent.forget_before(store.head());
        let folds = folds(&recent);
        let follower = Follower::start(&data_directory.join(DIRECTORY), store, tail, folds, share)?;
        let view = |name: &str| -> Result<Arc<View>, FollowError> {
            follower
                .view(name)
                .ok_or_else(|| FollowError::NoView(name.into()))
        };
        Ok(Self {
            people: People::new(view(people::NAME)?),
            institutions: Institutions::new(view(institutions::NAME)?),
            transcripts: Transcripts::new(view(transcripts::NAME)?, recent),
            statistics: Statistics::new(view(statistics::NAME)?),
            follower,
        })
    }
}
