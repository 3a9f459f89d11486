//! Answers by `Idempotency-Key`: the same request again gets the same answer, once carried out.
//!
//! Invariant: of all requests of one caller under one key one runs at a time, and after it finished
//! none for [`KEPT_MS`]. Bodies hold personal values, so only a keyed hash of them is kept; keys and
//! callers stand only as keyed hashes, answers sealed.
//!
//! A crash while a request runs leaves it running; after [`RUNNING_MS_MAX`] the same request takes it
//! over with the same [`Turn::seed`], so that ids derived from it are the same and the log answers
//! with what it already has.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ledger::clock::Clock;
use ledger::hash::Digest;
use ledger::side::{Side, SideError};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::master::MasterKey;
use crate::seal::{MacKey, Unsealable};
use crate::side::write;

/// Milliseconds for which an answer is kept: 7 days.
pub const KEPT_MS: i64 = 7 * 24 * 3_600_000;
/// Milliseconds within which a request must finish; longer, and its process is taken for dead.
pub const RUNNING_MS_MAX: i64 = 120_000;

/// Keyed hash of caller and key → sealed record.
const ANSWER: &str = "idempotency";

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers to repeat: name, value.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The right to carry out a request, once.
#[derive(Debug)]
#[must_use = "finish or abandon it, or the same request waits"]
pub struct Turn {
    key: [u8; 32],
    request: Digest,
    /// Tells it from every other turn under the same key.
    mark: Digest,
    seed: Digest,
    since_ms: i64,
}

impl Turn {
    /// 32 random bytes, the same for every attempt under this key: derive ids from them.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed.0
    }
}

/// What to do with a request.
#[derive(Debug)]
pub enum Begin {
    /// Carry it out.
    New(Turn),
    /// Answer as before.
    Replay(Answer),
    /// The key was used for another request.
    Conflict,
    /// The same request runs now: try again later.
    Running,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// The record is altered or moved, or the master key is another.
    #[error(
        "the answer kept under this key does not open: altered, moved, or of another master key"
    )]
    Damaged,
    /// The side store failed.
    #[error(transparent)]
    Side(#[from] SideError),
}

impl From<Unsealable> for IdempotencyError {
    fn from(Unsealable: Unsealable) -> Self {
        Self::Damaged
    }
}

/// What a row says about a request.
enum Judged {
    /// It is answered, running, or another.
    Known(Begin),
    /// It may run.
    Free {
        /// The seed of the attempt that died, if there was one.
        seed: Option<Digest>,
    },
}

/// What is kept, sealed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    request: Digest,
    mark: Digest,
    seed: Digest,
    since_ms: i64,
    answer: Option<KeptAnswer>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptAnswer {
    status: u16,
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
}

/// The answers in a side store.
pub struct Idempotency {
    side: Arc<dyn Side>,
    master: MasterKey,
    mac: MacKey,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Idempotency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Idempotency")
    }
}

impl Idempotency {
    /// The answers in `side`.
    pub fn new(side: Arc<dyn Side>, master: MasterKey, clock: Arc<dyn Clock>) -> Self {
        Self {
            side,
            mac: master.mac_key("idempotency"),
            master,
            clock,
        }
    }

    /// Asks for the turn to carry out a request. `caller` names who asks, so that nobody reads
    /// another's answer; `body` is everything the answer depends on (method, path, body).
    pub fn begin(&self, caller: &str, key: &str, body: &[u8]) -> Result<Begin, IdempotencyError> {
        let length = (caller.len() as u64).to_be_bytes();
        let row_key = self
            .mac
            .mac(&[b"key\0", &length, caller.as_bytes(), key.as_bytes()]);
        let request = Digest(self.mac.mac(&[b"request\0", body]));
        let now_ms = self.clock.now_ms();
        // A repetition is the common case, and needs no write.
        let before = self.side.get(ANSWER, &row_key)?;
        if let Judged::Known(begin) = self.judge(&row_key, before, request, now_ms)? {
            return Ok(begin);
        }
        write(&*self.side, |tx| {
            let row = tx.get(ANSWER, &row_key)?;
            let seed = match self.judge(&row_key, row, request, now_ms)? {
                Judged::Known(begin) => return Ok(begin),
                Judged::Free { seed } => seed,
            };
            let turn = Turn {
                key: row_key,
                request,
                mark: Digest(ledger::clock::random()),
                seed: seed.unwrap_or_else(|| Digest(ledger::clock::random())),
                since_ms: now_ms,
            };
            let sealed = self.seal(&turn, None)?;
            tx.put(
                ANSWER,
                &row_key,
                &sealed,
                Some(now_ms.saturating_add(KEPT_MS)),
            )?;
            Ok(Begin::New(turn))
        })
    }

    /// Keeps the answer; says whether it was still this turn's to give. If not, the request was
    /// taken for dead and another carries it out: answer as if nothing had been kept.
    pub fn finish(&self, turn: &Turn, answer: &Answer) -> Result<bool, IdempotencyError> {
        let sealed = self.seal(turn, Some(answer))?;
        let expires_at_ms = self.clock.now_ms().saturating_add(KEPT_MS);
        write(&*self.side, |tx| {
            let ours = self.is_ours(turn, tx.get(ANSWER, &turn.key)?)?;
            if ours {
                tx.put(ANSWER, &turn.key, &sealed, Some(expires_at_ms))?;
            }
            Ok(ours)
        })
    }

    /// Gives the turn back without an answer (503 and the like): the same request may come again.
    ///
    /// Only if nothing was carried out: the next turn has another seed.
    pub fn abandon(&self, turn: &Turn) -> Result<(), IdempotencyError> {
        write(&*self.side, |tx| {
            if self.is_ours(turn, tx.get(ANSWER, &turn.key)?)? {
                tx.delete(ANSWER, &turn.key)?;
            }
            Ok(())
        })
    }

    fn judge(
        &self,
        row_key: &[u8],
        row: Option<Vec<u8>>,
        request: Digest,
        now_ms: i64,
    ) -> Result<Judged, IdempotencyError> {
        let Some(row) = row else {
            return Ok(Judged::Free { seed: None });
        };
        let record = self.open(row_key, &row)?;
        if record.request != request {
            return Ok(Judged::Known(Begin::Conflict));
        }
        let Some(kept) = record.answer else {
            let age_ms = now_ms.saturating_sub(record.since_ms);
            return Ok(if age_ms < RUNNING_MS_MAX {
                Judged::Known(Begin::Running)
            } else {
                Judged::Free {
                    seed: Some(record.seed),
                }
            });
        };
        let body = STANDARD_NO_PAD
            .decode(kept.body)
            .map_err(|_| IdempotencyError::Damaged)?;
        Ok(Judged::Known(Begin::Replay(Answer {
            status: kept.status,
            headers: kept.headers,
            body,
        })))
    }

    fn is_ours(&self, turn: &Turn, row: Option<Vec<u8>>) -> Result<bool, IdempotencyError> {
        let Some(row) = row else {
            return Ok(false);
        };
        let record = self.open(&turn.key, &row)?;
        Ok(record.mark == turn.mark && record.answer.is_none())
    }

    fn seal(&self, turn: &Turn, answer: Option<&Answer>) -> Result<Vec<u8>, IdempotencyError> {
        let record = Record {
            request: turn.request,
            mark: turn.mark,
            seed: turn.seed,
            since_ms: turn.since_ms,
            answer: answer.map(|answer| KeptAnswer {
                status: answer.status,
                headers: answer.headers.clone(),
                body: STANDARD_NO_PAD.encode(&answer.body),
            }),
        };
        let text = serde_json::to_vec(&record)
            .map(Zeroizing::new)
            .map_err(|_| IdempotencyError::Damaged)?;
        let place = [ANSWER.as_bytes(), &turn.key];
        Ok(self.master.seal_key().seal(&place, &text)?)
    }

    fn open(&self, row_key: &[u8], row: &[u8]) -> Result<Record, IdempotencyError> {
        let place = [ANSWER.as_bytes(), row_key];
        let opened = self.master.seal_key().open(&place, row)?;
        serde_json::from_slice(&opened).map_err(|_| IdempotencyError::Damaged)
    }
}
