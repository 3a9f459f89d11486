//! A side store in front of another, whose writes panic on order: a fault of our own in the middle of
//! somebody's work.
//!
//! Invariant: a write that panics has stored nothing; only threads of one name meet the fault.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::side::{Entry, Side, SideError, Transaction};

/// Which writes panic.
#[derive(Default)]
struct Plan {
    /// Writes that succeed before.
    good: usize,
    /// Writes behind them that panic.
    bad: usize,
}

/// The store. Cloning shares the orders.
#[derive(Clone)]
pub struct PanickingSide {
    inner: Arc<dyn Side>,
    thread: &'static str,
    plan: Arc<Mutex<Plan>>,
}

impl PanickingSide {
    /// Passes everything on to `inner`; threads called `thread` will meet what is ordered.
    pub fn new(inner: Arc<dyn Side>, thread: &'static str) -> Self {
        Self {
            inner,
            thread,
            plan: Arc::default(),
        }
    }

    /// From now on, `good` writes succeed and the `bad` ones behind them panic.
    pub fn order(&self, good: usize, bad: usize) {
        *self.plan() = Plan { good, bad };
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn panics(&self) -> bool {
        if std::thread::current().name() != Some(self.thread) {
            return false;
        }
        let mut plan = self.plan();
        let panics = plan.good == 0 && plan.bad > 0;
        plan.bad -= usize::from(panics);
        plan.good = plan.good.saturating_sub(1);
        panics
    }
}

impl Side for PanickingSide {
    fn write(
        &self,
        work: &mut dyn FnMut(&mut dyn Transaction) -> Result<(), SideError>,
    ) -> Result<(), SideError> {
        assert!(!self.panics(), "a fault of the program, as ordered");
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
