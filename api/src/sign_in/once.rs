//! What may be used once: remembered by its hash for as long as it could still be accepted.
//!
//! Invariant: of two users of the same `jti` exactly one is first, on any node that shares the store, and
//! only what was verified is remembered, so that a stranger cannot fill the store. An entry lives for
//! little more than a minute. A crash after it was remembered costs its user a new proof.

use ledger::hash::Digest;
use ledger::side::{SideError, Transaction};

use super::jwt::{AGE_S_MAX, AHEAD_S_MAX};

const SEEN: &str = "jti";

/// One use of one statement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Use {
    key: [u8; 32],
    until_ms: i64,
}

impl Use {
    /// Of the statement `jti`, made at `iat` by `maker` (a key or a DID), of this `typ`.
    pub(super) fn of(typ: &str, maker: &str, jti: &str, iat: i64) -> Self {
        let mut text = Vec::new();
        for part in [typ, maker, jti] {
            text.extend((part.len() as u64).to_be_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        let until_s = iat.saturating_add(AGE_S_MAX + AHEAD_S_MAX + 1);
        Self {
            key: Digest::of(&text).0,
            until_ms: until_s.saturating_mul(1_000),
        }
    }

    /// Uses it up; says whether it was the first use.
    pub(super) fn spend(&self, tx: &mut dyn Transaction) -> Result<bool, SideError> {
        tx.put_new(SEEN, &self.key, &[], Some(self.until_ms))
    }
}
