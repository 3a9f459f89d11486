//! Changing the master key under a running server (SECURITY §7): wrapped anew, the old one kept as long as a
//! copy of the key store may need it, then destroyed.
//!
//! Invariant: each step may be repeated and goes on where it stopped; a key is destroyed only behind a pass
//! that met no row of its own. A crash anywhere leaves both keys where the next round finds them.

use crate::app::App;
use crate::problem::Problem;

impl App {
    /// Carries a change of the master key as far as it goes now; without one it looks and does nothing.
    pub fn carry_on_rotation(&self) -> Result<(), Problem> {
        let _one = self
            .rewrapping
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let next = self.master_files.next().map_err(Problem::internal)?;
        let is_staged = next.is_some();
        if let Some(next) = next {
            self.masters.advance(next);
        }
        // A copy of the key store from before the last change has to be wrapped anew as well.
        if is_staged || (self.masters.has_before() && self.vault.is_behind()?) {
            self.rewrap()?;
        }
        let now_ms = self.now_ms();
        self.master_files
            .switch(now_ms)
            .map_err(Problem::internal)?;
        self.destroy_retired(now_ms)
    }

    /// Brings every row under the newest key; nothing of the rows before is left in the file.
    fn rewrap(&self) -> Result<(), Problem> {
        let (seeds, unread) = self.keystore.rewrap()?;
        let (keys, damaged) = self.vault.rewrap()?;
        if seeds + keys > 0 {
            self.vault.scrub()?;
            tracing::info!(seeds, keys, "keys were wrapped under the newest master key");
        }
        if unread + damaged > 0 {
            let rows = unread + damaged;
            tracing::error!(
                rows,
                "rows of the key store open under no master key that is here"
            );
        }
        Ok(())
    }

    /// Destroys the keys that waited long enough.
    fn destroy_retired(&self, now_ms: i64) -> Result<(), Problem> {
        for it in self.master_files.retired().map_err(Problem::internal)? {
            if now_ms < it.due_ms()
                || it
                    .key
                    .as_ref()
                    .is_some_and(|key| self.masters.is_current(key))
            {
                continue;
            }
            // Whoever put a copy from before back did so since the last pass.
            self.rewrap()?;
            self.master_files.destroy(&it).map_err(Problem::internal)?;
            if let Some(key) = &it.key {
                self.masters.forget(key);
            }
            tracing::info!(since_ms = it.since_ms, "a master key was destroyed");
        }
        Ok(())
    }
}
