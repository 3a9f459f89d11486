//! The thread that writes the index's overlay to its files, every second and when it has grown.
//!
//! Invariant: it only ever moves what lookups already answer; late or dead, answers stay right.

use std::sync::Weak;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Core;

/// The longest that a commit waits for its batch; a restart replays no more than this.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

pub(super) struct Flusher {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Flusher {
    pub(super) fn start(core: Weak<Core>) -> std::io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("index-flusher".into())
            .spawn(move || {
                while woken.recv_timeout(FLUSH_EVERY) != Err(RecvTimeoutError::Disconnected) {
                    let Some(core) = core.upgrade() else { return };
                    core.flush_and_remember();
                }
            })?;
        Ok(Self {
            wake: Some(wake),
            thread: Some(thread),
        })
    }

    /// Asks for a flush soon; returns at once.
    pub(super) fn wake(&self) {
        if let Some(wake) = &self.wake {
            // A full channel already holds the same request.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has nothing to add: what it did not write is replayed.
            let _ = thread.join();
        }
    }
}
