//! The follower's thread: read, fold into each view, tell.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, mpsc};
use std::time::Duration;

use ledger::store::Store;
use ledger::tail::{Next, Tail};

use super::progress::{Health, Progress};
use super::rebuild::Rebuilt;
use super::{BATCH_COMMITS_MAX, CATCH_UP_COMMITS_MAX, FollowError, Shared, Status};
use crate::entry::Entry;
use crate::projection::{Projection, Share};
use crate::view::file::{File, Mode};
use crate::view::{View, is_damage};

/// How long one look at the tail waits: bounds how late a stop or a rebuilt file is noticed.
const LOOK: Duration = Duration::from_millis(50);
/// How long commits may gather before they are folded while nobody waits for them: bounds how old
/// an answer is that was not asked for `?after` a position.
const GATHER: Duration = Duration::from_millis(20);
/// Commits that came together from which on others are expected behind them: fewer are folded as
/// they come.
const GATHER_FROM: usize = 4;
/// How long it waits for a full disk before it tries again.
const DISK_FULL_PAUSE: Duration = Duration::from_secs(1);
/// Batches below this size are folded by the follower's own thread: others would cost more to start.
const BATCH_COMMITS_ALONE: usize = 64;
/// How often a view may be made anew before the machine is to blame.
const ANEW_MAX: u32 = 3;

/// One view and its writer.
pub(super) struct Member {
    projection: Arc<dyn Projection>,
    view: Arc<View>,
    file: File,
    anew: u32,
}

impl Member {
    /// Opens the view's file, or makes a new one in its place.
    pub(super) fn open(
        projection: Arc<dyn Projection>,
        view: Arc<View>,
        share: Share,
        store: &dyn Store,
    ) -> Result<Self, FollowError> {
        let (path, fold) = (view.path(), projection.as_ref());
        let opened = match File::open(path, fold, share, store) {
            Ok(Some(file)) => Ok((file, 0)),
            Ok(None) => File::create(path, fold, share, Mode::Serving).map(|file| (file, 1)),
            Err(error) => Err(error),
        };
        let (file, anew) = opened.map_err(|error| FollowError::of(fold.form().name, 0, error))?;
        view.begins(file.next(), store.head());
        Ok(Self {
            projection,
            view,
            file,
            anew,
        })
    }

    pub(super) fn next(&self) -> u64 {
        self.file.next()
    }

    pub(super) fn status(&self) -> Status {
        Status {
            name: self.projection.form().name,
            version: self.projection.form().version,
            next: self.file.next(),
            anew: self.anew,
        }
    }

    fn failed(&self, source: rusqlite::Error) -> FollowError {
        FollowError::View {
            view: self.projection.form().name,
            next: self.file.next(),
            source,
        }
    }

    /// Throws the file away and begins again at the first commit.
    fn start_anew(&mut self, share: Share, head: u64) -> Result<(), FollowError> {
        let (fold, file) = (self.projection.as_ref(), &mut self.file);
        self.view.begins(0, head);
        self.view
            .exchange(|path| file.replace(|| File::create(path, fold, share, Mode::Serving)))
            .map_err(|error| FollowError::of(fold.form().name, 0, error))?;
        self.anew = self.anew.saturating_add(1);
        Ok(())
    }
}

/// What a fold of a batch came to.
enum Folded {
    Done,
    DiskFull(String),
}

pub(super) struct Worker {
    shared: Arc<Shared>,
    tail: Arc<Tail>,
    members: Vec<Member>,
    swaps: mpsc::Receiver<Rebuilt>,
}

impl Worker {
    pub(super) fn new(
        shared: Arc<Shared>,
        tail: Arc<Tail>,
        members: Vec<Member>,
        swaps: mpsc::Receiver<Rebuilt>,
    ) -> Self {
        Self {
            shared,
            tail,
            members,
            swaps,
        }
    }

    /// Works until it is told to stop, the log is closed, or something may not be passed over.
    pub(super) fn run(mut self) {
        let health = match self.follow() {
            Ok(()) => Health::Closed,
            Err(error) => Health::Stopped(error.to_string()),
        };
        let next = self.next();
        for member in std::mem::take(&mut self.members) {
            // A file that does not close is checked when it is opened again; no reader is left out.
            let _unclosed = member.file.close();
        }
        self.shared.beacon.tell(&Progress { next, health });
    }

    fn next(&self) -> u64 {
        self.members
            .iter()
            .map(Member::next)
            .min()
            .unwrap_or_else(|| self.shared.store.head())
    }

    fn follow(&mut self) -> Result<(), FollowError> {
        while !self.shared.closing.load(Ordering::SeqCst) {
            self.take_rebuilt();
            self.heal()?;
            let from = self.next();
            let entries = match self.tail.read(from, BATCH_COMMITS_MAX, LOOK) {
                Next::Commits(commits) => commits
                    .into_iter()
                    .map(|(commit, leaf)| Entry::with_leaf(commit, leaf))
                    .collect::<Result<Vec<_>, _>>()?,
                Next::Behind => stored(self.shared.store.as_ref(), from)?,
                Next::Nothing => Vec::new(),
                Next::Closed => return Ok(()),
            };
            let health = match self.fold(&entries)? {
                Folded::Done => Health::Following,
                Folded::DiskFull(why) => Health::Waiting(why),
            };
            let full = health != Health::Following;
            self.tell(health);
            if full {
                std::thread::park_timeout(DISK_FULL_PAUSE);
            } else if (GATHER_FROM..BATCH_COMMITS_MAX).contains(&entries.len()) {
                self.shared.beacon.linger(GATHER);
            }
        }
        Ok(())
    }

    fn tell(&self, health: Health) {
        let mut statuses = self
            .shared
            .statuses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        statuses.clear();
        statuses.extend(self.members.iter().map(Member::status));
        drop(statuses);
        self.shared.beacon.tell(&Progress {
            next: self.next(),
            health,
        });
    }

    /// Folds the batch into every view that has not folded it yet; a large one into all of them at
    /// the same time, for each has a file of its own.
    fn fold(&mut self, entries: &[Entry]) -> Result<Folded, FollowError> {
        let apply = |member: &mut Member| member.file.apply(member.projection.as_ref(), entries);
        let applied: Vec<rusqlite::Result<()>> = if entries.len() < BATCH_COMMITS_ALONE {
            self.members.iter_mut().map(apply).collect()
        } else {
            std::thread::scope(|scope| {
                let running: Vec<_> = self
                    .members
                    .iter_mut()
                    .map(|member| scope.spawn(|| apply(member)))
                    .collect();
                let ended = running
                    .into_iter()
                    .map(|running| running.join().unwrap_or_else(|_| Err(panicked())));
                ended.collect()
            })
        };
        for (member, applied) in self.members.iter_mut().zip(applied) {
            match applied {
                Ok(()) => member.view.has_folded(member.file.next()),
                Err(error) if is_full(&error) => return Ok(Folded::DiskFull(error.to_string())),
                Err(error) if is_damage(&error) && member.anew < ANEW_MAX => {
                    member.start_anew(self.shared.share, self.shared.store.head())?;
                }
                Err(error) => return Err(member.failed(error)),
            }
        }
        Ok(Folded::Done)
    }

    /// Makes anew what readers found damaged.
    fn heal(&mut self) -> Result<(), FollowError> {
        for member in &mut self.members {
            if member.view.take_suspicion() && member.anew < ANEW_MAX {
                member.start_anew(self.shared.share, self.shared.store.head())?;
            }
        }
        Ok(())
    }

    /// Puts files that were rebuilt aside into the place of the old ones.
    fn take_rebuilt(&mut self) {
        while let Ok(Rebuilt { name, file, done }) = self.swaps.try_recv() {
            let Some(member) = self
                .members
                .iter_mut()
                .find(|member| member.projection.form().name == name)
            else {
                continue;
            };
            let store = self.shared.store.as_ref();
            let swapped = file.put_in_place(
                &member.projection,
                &member.view,
                &mut member.file,
                store,
                self.shared.share,
            );
            member.view.has_folded(member.file.next());
            let _gone = done.send(swapped);
        }
    }
}

/// The commits from `from` on, out of the store.
pub(super) fn stored(store: &dyn Store, from: u64) -> Result<Vec<Entry>, FollowError> {
    let records = store.read(from, CATCH_UP_COMMITS_MAX)?;
    if records.is_empty() {
        return Err(FollowError::Gap(from));
    }
    let entries = (from..)
        .zip(&records)
        .map(|(position, record)| Entry::decode(position, record));
    Ok(entries.collect::<Result<Vec<_>, _>>()?)
}

/// A projection that panicked: a mistake of ours, and a reason to stop.
fn panicked() -> rusqlite::Error {
    rusqlite::Error::UnwindingPanic
}

fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}
