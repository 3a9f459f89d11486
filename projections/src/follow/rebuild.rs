//! A view folded again beside the one that serves.
//!
//! Invariant: the file is renamed over the old one only when it has folded at least as far, so no
//! reader who waited for a position ever loses it. A crash before the rename leaves the old view
//! and a `.new` file that the next rebuild throws away.

use std::path::PathBuf;
use std::sync::{Arc, mpsc};

use ledger::store::Store;

use super::worker::stored;
use super::{BATCH_COMMITS_MAX, FollowError, Shared};
use crate::projection::{Projection, Share};
use crate::view::View;
use crate::view::file::{File, Mode, beside, remove};

/// A file that is folded nearly to the head, on its way to the follower.
pub(super) struct Rebuilt {
    pub(super) name: &'static str,
    pub(super) file: Built,
    pub(super) done: mpsc::Sender<Result<(), FollowError>>,
}

/// A file built aside.
pub(super) struct Built {
    path: PathBuf,
    file: File,
}

/// Folds the view into a new file, gives it to the follower and waits for the exchange.
pub(super) fn rebuild(
    shared: &Shared,
    projection: &Arc<dyn Projection>,
    view: &View,
    follower: &mpsc::Sender<Rebuilt>,
) -> Result<(), FollowError> {
    let name = projection.form().name;
    let path = beside(view.path(), ".new");
    let file = File::create(&path, projection.as_ref(), shared.share, Mode::Building)
        .map_err(|error| FollowError::of(name, 0, error))?;
    let mut built = Built { path, file };
    // The rest is folded by the follower itself, who cannot run away meanwhile.
    let near = |next: u64| shared.store.head().saturating_sub(next) <= BATCH_COMMITS_MAX as u64;
    while !near(built.file.next()) {
        built.fold(projection.as_ref(), shared.store.as_ref())?;
    }
    let (done, swapped) = mpsc::channel();
    follower
        .send(Rebuilt {
            name,
            file: built,
            done,
        })
        .map_err(|_| FollowError::Stopped)?;
    swapped.recv().unwrap_or(Err(FollowError::Stopped))
}

impl Built {
    fn fold(&mut self, projection: &dyn Projection, store: &dyn Store) -> Result<(), FollowError> {
        let next = self.file.next();
        let entries = stored(store, next)?;
        let folded = self.file.apply(projection, &entries);
        folded.map_err(|source| FollowError::View {
            view: projection.form().name,
            next,
            source,
        })
    }

    /// Folds up to where `serving` is, renames the file over the old one and opens it there.
    pub(super) fn put_in_place(
        mut self,
        projection: &Arc<dyn Projection>,
        view: &View,
        serving: &mut File,
        store: &dyn Store,
        share: Share,
    ) -> Result<(), FollowError> {
        while self.file.next() < serving.next() {
            self.fold(projection.as_ref(), store)?;
        }
        let Self { path: new, file } = self;
        let next = file.next();
        let exchanged = file.finish(&new).and_then(|()| {
            view.exchange(|path| {
                serving.replace(|| {
                    // What SQLite kept beside the old file must not meet the new one.
                    remove(path)?;
                    std::fs::rename(&new, path)?;
                    match File::open(path, projection.as_ref(), share, store)? {
                        Some(opened) => Ok(opened),
                        None => File::create(path, projection.as_ref(), share, Mode::Serving),
                    }
                })
            })
        });
        exchanged.map_err(|error| FollowError::of(projection.form().name, next, error))
    }
}
