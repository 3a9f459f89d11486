//! The reaper: what is pending becomes live or goes, by what the log says.
//!
//! Invariant: nothing is removed before the log, asked after the value was an orphan's age old, said
//! that it has no such assertion, or that it was a proposal which came to nothing; and nothing that
//! was put again meanwhile. A crash leaves some pending rows for the next round.

use ledger::side::{Entry, Side, Transaction};
use uuid::Uuid;

use super::lookup::RESERVED;
use super::values::{PENDING, VALUE, VALUE_OF, value_of};
use super::{Vault, VaultError};
use crate::side::write;

/// Milliseconds after which a pending row is asked for: younger ones are most likely in the queue.
pub const ASK_AFTER_MS: i64 = 10_000;
/// Milliseconds after which a pending row without a commit is an orphan (SECURITY §7).
pub const ORPHAN_AFTER_MS: i64 = 3_600_000;
/// Rows of one transaction.
const PAGE: usize = 256;

/// What the log says of an assertion whose values are pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is not there.
    Absent,
    /// It is there as a proposal that may still be carried out.
    Proposed,
    /// It is there and in force.
    Live,
    /// It is there as a proposal that was refused, taken back or forgotten: nothing rests on it.
    Dropped,
}

/// What a round found: rows, not assertions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Known to be in the log and in force.
    pub live: usize,
    /// Orphans, and what dropped proposals said: removed.
    pub reaped: usize,
    /// Not in the log but not old enough, or proposed, or put again meanwhile.
    pub waiting: usize,
}

/// Why a round stopped; what it did before stands.
#[derive(Debug, thiserror::Error)]
pub enum SettleError<E: std::error::Error + 'static> {
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The log did not say whether it has an assertion.
    #[error("the log did not answer: {0}")]
    Log(#[source] E),
}

/// What becomes of a row.
enum Fate {
    Live,
    Reaped,
}

impl Vault {
    /// One round over everything pending. `standing` asks the log what an assertion is there: an
    /// error means unknown, and ends the round.
    pub fn settle<E: std::error::Error + 'static>(
        &self,
        standing: &dyn Fn(Uuid) -> Result<Standing, E>,
    ) -> Result<Settled, SettleError<E>> {
        let mut settled = Settled::default();
        self.round(&*self.values, PENDING, standing, &mut settled, reap_value)?;
        self.round(
            self.keys.side(),
            RESERVED,
            standing,
            &mut settled,
            |tx, marker, _| self.keys.release(tx, marker),
        )?;
        if settled.reaped > 0 {
            self.scrub()?;
        }
        Ok(settled)
    }

    /// Removes what an assertion left that was refused for good and never reached the log. The
    /// fingerprints of its salts stay, since somebody has seen them.
    pub fn discard(&self, assertion_id: Uuid) -> Result<(), VaultError> {
        self.discard_all(&[assertion_id])
    }

    /// As [`Vault::discard`] for a batch, in one write.
    pub fn discard_all(&self, assertion_ids: &[Uuid]) -> Result<(), VaultError> {
        let (mut pending, mut reserved) = (Vec::new(), Vec::new());
        for id in assertion_ids {
            pending.extend(self.values.scan(PENDING, id.as_bytes(), None, PAGE)?);
            let keys = self.keys.side();
            reserved.extend(keys.scan(RESERVED, id.as_bytes(), None, PAGE)?);
        }
        if !pending.is_empty() {
            write(&*self.values, |tx| {
                for (key, marker) in &pending {
                    reap_value(tx, key, marker)?;
                    tx.delete(PENDING, key)?;
                }
                Ok::<_, VaultError>(())
            })?;
        }
        if !reserved.is_empty() {
            write(self.keys.side(), |tx| {
                for (marker, _) in &reserved {
                    self.keys.release(tx, marker)?;
                    tx.delete(RESERVED, marker)?;
                }
                Ok::<_, VaultError>(())
            })?;
        }
        Ok(())
    }

    fn round<E: std::error::Error + 'static>(
        &self,
        side: &dyn Side,
        space: &'static str,
        standing: &dyn Fn(Uuid) -> Result<Standing, E>,
        settled: &mut Settled,
        reap: impl Fn(&mut dyn Transaction, &[u8], &[u8]) -> Result<(), VaultError>,
    ) -> Result<(), SettleError<E>> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = side
                .scan(space, &[], after.as_deref(), PAGE)
                .map_err(VaultError::Side)?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            after = Some(last.clone());
            let judged = self.judge(space, page, standing, settled)?;
            if judged.is_empty() {
                continue;
            }
            let done = write(side, |tx| {
                let mut done = Settled::default();
                for ((key, marker), fate) in &judged {
                    // Put again since the log was asked: it may be in the queue by now.
                    if tx.get(space, key)?.as_ref() != Some(marker) {
                        done.waiting += 1;
                        continue;
                    }
                    match fate {
                        Fate::Live => done.live += 1,
                        Fate::Reaped => {
                            reap(tx, key, marker)?;
                            done.reaped += 1;
                        }
                    }
                    tx.delete(space, key)?;
                }
                Ok::<_, VaultError>(done)
            })?;
            settled.live += done.live;
            settled.reaped += done.reaped;
            settled.waiting += done.waiting;
        }
    }

    /// Asks the log for each row that is old enough.
    fn judge<E: std::error::Error + 'static>(
        &self,
        space: &'static str,
        page: Vec<Entry>,
        standing: &dyn Fn(Uuid) -> Result<Standing, E>,
        settled: &mut Settled,
    ) -> Result<Vec<(Entry, Fate)>, SettleError<E>> {
        // Before the log is asked: an answer of the past must not meet an age of the future.
        let now_ms = self.clock.now_ms();
        let mut judged = Vec::new();
        for (key, marker) in page {
            let (Some(id), Some(since)) = (key.first_chunk(), marker.first_chunk()) else {
                return Err(VaultError::Damaged { space }.into());
            };
            let age_ms = now_ms.saturating_sub(i64::from_be_bytes(*since));
            if age_ms < ASK_AFTER_MS {
                settled.waiting += 1;
                continue;
            }
            match standing(Uuid::from_bytes(*id)).map_err(SettleError::Log)? {
                Standing::Live => judged.push(((key, marker), Fate::Live)),
                Standing::Dropped => judged.push(((key, marker), Fate::Reaped)),
                Standing::Absent if age_ms >= ORPHAN_AFTER_MS => {
                    judged.push(((key, marker), Fate::Reaped));
                }
                Standing::Absent | Standing::Proposed => settled.waiting += 1,
            }
        }
        Ok(judged)
    }
}

/// Removes a value; the fingerprints of its salts stay, since somebody has seen them.
fn reap_value(tx: &mut dyn Transaction, key: &[u8], marker: &[u8]) -> Result<(), VaultError> {
    let person = marker
        .get(8..)
        .and_then(|bytes| Uuid::from_slice(bytes).ok())
        .ok_or(VaultError::Damaged { space: PENDING })?;
    tx.delete(VALUE, key)?;
    tx.delete(VALUE_OF, &value_of(person, key))?;
    Ok(())
}
