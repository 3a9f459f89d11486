//! A side store in front of another, that does something of the test's own ahead of a write, or keeps writes waiting.
//!
//! Invariant: what is read and written is the inner store's own; only when it is written is the test's to say. A gate
//! opens by itself when more wait than it was closed for, so that a test that fails ends.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use api::app::App;
use api::sign_in::SignIn;
use api::sign_in::native::Apps;
use ledger::clock::Clock;
use ledger::side::{Entry, Side, SideError, Transaction};

/// The longest that a test waits for what it started.
const WAIT_MAX: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Plan {
    ahead: Option<Box<dyn FnOnce() + Send>>,
    /// How many may wait; 0 = the gate is open.
    most: usize,
    waiting: usize,
}

/// The store. Cloning shares the gate.
#[derive(Clone)]
pub struct GatedSide {
    inner: Arc<dyn Side>,
    plan: Arc<(Mutex<Plan>, Condvar)>,
}

/// A gate that is closed until this is dropped.
pub struct Closed<'a>(&'a GatedSide);

impl GatedSide {
    /// Puts itself between an open ledger's signing in and its store.
    ///
    /// # Panics
    /// If the settings, which the ledger was opened with, are none.
    pub fn under(app: &mut App, clock: &Arc<dyn Clock>) -> Self {
        let gated = Self {
            inner: Arc::clone(&app.side),
            plan: Arc::default(),
        };
        let apps = Apps::of(&app.config.apps).expect("apps that were read before");
        let side: Arc<dyn Side> = Arc::new(gated.clone());
        let (config, master) = (&app.config.sign_in, app.vault.root());
        let sign_in = SignIn::new(config, apps, &app.host, &side, &master, clock);
        app.sign_in = sign_in.expect("providers that were read before");
        gated
    }

    /// The next write waits until `act` has been done.
    pub fn ahead_of_the_next_write(&self, act: impl FnOnce() + Send + 'static) {
        self.plan().ahead = Some(Box::new(act));
    }

    /// Writes wait, `most` of them at most, until what is answered is dropped.
    pub fn close(&self, most: usize) -> Closed<'_> {
        self.plan().most = most;
        Closed(self)
    }

    /// Waits until `number` writes wait; how many do.
    pub fn waiting(&self, number: usize) -> usize {
        let wait = self
            .plan
            .1
            .wait_timeout_while(self.plan(), WAIT_MAX, |plan| plan.waiting < number);
        wait.unwrap_or_else(PoisonError::into_inner).0.waiting
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self) {
        let act = self.plan().ahead.take();
        if let Some(act) = act {
            act();
        }
        let mut plan = self.plan();
        plan.waiting += 1;
        if plan.waiting > plan.most {
            plan.most = 0;
        }
        self.plan.1.notify_all();
        while plan.most > 0 {
            let waited = self.plan.1.wait(plan);
            plan = waited.unwrap_or_else(PoisonError::into_inner);
        }
        plan.waiting -= 1;
    }
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.plan().most = 0;
        self.0.plan.1.notify_all();
    }
}

impl Side for GatedSide {
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), SideError>,
    ) -> Result<(), SideError> {
        self.pass();
        self.inner.write(work)
    }

    fn get(&self, space: &str, key: &[u8]) -> Result<Option<Vec<u8>>, SideError> {
        self.inner.get(space, key)
    }

    fn scan(
        &self,
        space: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, SideError> {
        self.inner.scan(space, prefix, after, limit)
    }

    fn sweep(&self) -> Result<(), SideError> {
        self.inner.sweep()
    }

    fn scrub(&self) -> Result<(), SideError> {
        self.inner.scrub()
    }
}
