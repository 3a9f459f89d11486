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
        let folds: Vec<Arc<dyn Projection>> = vec![
            Arc::new(people::Fold),
            Arc::new(institutions::Fold),
            Arc::new(transcripts::Fold::new(Arc::clone(&recent))),
            Arc::new(statistics::Fold),
        ];
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
