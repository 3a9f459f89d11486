//! Bearer tokens: who may act as what, for machines of the demo and for sessions.
//!
//! Invariant: a token's text is answered once and never stored, only its SHA-256; a revoked or
//! expired token opens nothing, from the moment `revoke` returns, on this node (on others within
//! [`CACHED_MS_MAX`]). A crash between `create` and its answer leaves a token that nobody knows.
//!
//! A token has 256 random bits, so its plain hash cannot be guessed back, and comparing need not be
//! constant in time: the look-up is by the hash, which tells a guesser nothing about the token.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::clock::Clock;
use ledger::hash::Digest;
use ledger::side::{Side, SideError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cache::Cache;
use crate::side::write;

/// What every token's text begins with, so that scanners of leaked secrets know it.
pub const PREFIX: &str = "xft_";
/// Longest label in bytes.
pub const LABEL_BYTES_MAX: usize = 200;
/// Milliseconds for which a grant is used without asking the store again.
pub const CACHED_MS_MAX: i64 = 5_000;

/// Hash of a token → its grant.
const TOKEN: &str = "token";
const CACHED_MAX: usize = 65_536;
const PAGE: usize = 256;

/// What a token allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The role it acts in.
    pub role: Role,
    /// Who acts.
    pub person: Uuid,
    /// For which institution: needed for roles that are held for one.
    pub institution: Option<IssuerNumber>,
    /// Unix time in milliseconds from which on it opens nothing; `None` = never.
    pub expires_at_ms: Option<i64>,
    /// What it is for, for whoever reads the list; no personal data.
    pub label: String,
}

/// Why a token was not made or found.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The role is held for an institution, and none is named.
    #[error("the role {0} is held for an institution: name it")]
    NoInstitution(Role),
    /// It would be expired already.
    #[error("the token would be expired from the start")]
    Expired,
    /// The label is too long.
    #[error("the label is longer than 200 bytes")]
    LabelTooLong,
    /// The row has another form.
    #[error("the token {0} is damaged in the store: revoke it")]
    Damaged(Digest),
    /// The side store failed.
    #[error(transparent)]
    Side(#[from] SideError),
}

#[derive(Clone)]
struct Seen {
    grant: Arc<Grant>,
    at_ms: i64,
}

struct Cached {
    grants: Cache<Digest, Seen>,
    /// Grows with every revocation: what was read before one is not cached after it.
    revocations: u64,
}

/// The tokens in a side store.
pub struct Tokens {
    side: Arc<dyn Side>,
    clock: Arc<dyn Clock>,
    cached: Mutex<Cached>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl Tokens {
    /// The tokens in `side`.
    pub fn new(side: Arc<dyn Side>, clock: Arc<dyn Clock>) -> Self {
        let cached = Mutex::new(Cached {
            grants: Cache::new(CACHED_MAX),
            revocations: 0,
        });
        Self {
            side,
            clock,
            cached,
        }
    }

    /// Makes a token and answers its text (`xft_` and 43 characters), which is not kept.
    pub fn create(&self, grant: &Grant) -> Result<Zeroizing<String>, TokenError> {
        let secret = secret();
        self.store(&[(&secret, grant)])?;
        Ok(secret)
    }

    /// As [`Tokens::create`] for many, in one write, all or none.
    pub fn create_all(&self, grants: &[Grant]) -> Result<Vec<Zeroizing<String>>, TokenError> {
        let secrets: Vec<_> = grants.iter().map(|_| secret()).collect();
        let rows: Vec<_> = secrets.iter().zip(grants).collect();
        self.store(&rows)?;
        Ok(secrets)
    }

    /// What the token `secret` allows now; `None` if it is unknown, expired or revoked.
    pub fn find(&self, secret: &str) -> Result<Option<Arc<Grant>>, TokenError> {
        let Some(id) = Self::id_of(secret) else {
            return Ok(None);
        };
        let now_ms = self.clock.now_ms();
        let (seen, revocations) = {
            let mut cached = self.cached();
            (cached.grants.get(&id), cached.revocations)
        };
        if let Some(seen) = seen
            && (0..CACHED_MS_MAX).contains(&now_ms.saturating_sub(seen.at_ms))
        {
            return Ok(seen.grant.is_live(now_ms).then_some(seen.grant));
        }
        let Some(row) = self.side.get(TOKEN, &id.0)? else {
            return Ok(None);
        };
        let grant: Grant = serde_json::from_slice(&row).map_err(|_| TokenError::Damaged(id))?;
        if !grant.is_live(now_ms) {
            return Ok(None);
        }
        let grant = Arc::new(grant);
        let seen = Seen {
            grant: Arc::clone(&grant),
            at_ms: now_ms,
        };
        let mut cached = self.cached();
        if cached.revocations == revocations {
            cached.grants.put(id, seen);
        }
        Ok(Some(grant))
    }

    /// The name of a token in lists and for [`Tokens::revoke`]; `None` for what is no token's text.
    pub fn id_of(secret: &str) -> Option<Digest> {
        let mut bytes = Zeroizing::new([0; 32]);
        let random = secret.strip_prefix(PREFIX)?;
        match URL_SAFE_NO_PAD.decode_slice(random, bytes.as_mut_slice()) {
            Ok(32) => Some(Digest::of(secret.as_bytes())),
            _ => None,
        }
    }

    /// Ends a token; says whether there was one.
    pub fn revoke(&self, id: Digest) -> Result<bool, TokenError> {
        let was_there = write(&*self.side, |tx| {
            tx.delete(TOKEN, &id.0).map_err(TokenError::Side)
        });
        // Also if the store failed: whether the row is gone is then unknown.
        let mut cached = self.cached();
        cached.revocations += 1;
        cached.grants.remove(&id);
        was_there
    }

    /// Ends every token of a person; says how many there were.
    pub fn revoke_person(&self, person: uuid::Uuid) -> Result<usize, TokenError> {
        let mut ended = 0;
        let mut after = None;
        loop {
            let page = self.list(after, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(ended);
            };
            after = Some(*last);
            for (id, _) in page.iter().filter(|(_, grant)| grant.person == person) {
                ended += usize::from(self.revoke(*id)?);
            }
        }
    }

    /// The live tokens of a person, without their secrets, which nobody keeps.
    pub fn of(&self, person: uuid::Uuid) -> Result<Vec<(Digest, Grant)>, TokenError> {
        let now_ms = self.clock.now_ms();
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self.list(after, PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(found);
            };
            after = Some(*last);
            let own =
                |(_, grant): &(Digest, Grant)| grant.person == person && grant.is_live(now_ms);
            found.extend(page.into_iter().filter(own));
        }
    }

    /// Up to `limit` tokens with their names, in order of the names, behind `after`.
    pub fn list(
        &self,
        after: Option<Digest>,
        limit: usize,
    ) -> Result<Vec<(Digest, Grant)>, TokenError> {
        let after = after.map(|id| id.0);
        let page = self.side.scan(
            TOKEN,
            &[],
            after.as_ref().map(<[u8; 32]>::as_slice),
            limit.min(PAGE),
        )?;
        page.into_iter()
            .map(|(key, row)| {
                let id = Digest(key.try_into().unwrap_or_default());
                let grant = serde_json::from_slice(&row).map_err(|_| TokenError::Damaged(id))?;
                Ok((id, grant))
            })
            .collect()
    }

    fn store(&self, tokens: &[(&Zeroizing<String>, &Grant)]) -> Result<(), TokenError> {
        let now_ms = self.clock.now_ms();
        let rows = tokens
            .iter()
            .map(|(secret, grant)| {
                grant.check(now_ms)?;
                let id = Digest::of(secret.as_bytes());
                let row = serde_json::to_vec(grant).map_err(|_| TokenError::Damaged(id))?;
                Ok((id, row, grant.expires_at_ms))
            })
            .collect::<Result<Vec<_>, TokenError>>()?;
        write(&*self.side, |tx| {
            for (id, row, expires_at_ms) in &rows {
                tx.put(TOKEN, &id.0, row, *expires_at_ms)?;
            }
            Ok(())
        })
    }

    fn cached(&self) -> MutexGuard<'_, Cached> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Grant {
    fn is_live(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_none_or(|end| now_ms < end)
    }

    fn check(&self, now_ms: i64) -> Result<(), TokenError> {
        if self.role.is_for_institution() && self.institution.is_none() {
            return Err(TokenError::NoInstitution(self.role));
        }
        if !self.is_live(now_ms) {
            return Err(TokenError::Expired);
        }
        if self.label.len() > LABEL_BYTES_MAX {
            return Err(TokenError::LabelTooLong);
        }
        Ok(())
    }
}

fn secret() -> Zeroizing<String> {
    let bytes = Zeroizing::new(ledger::clock::random::<32>());
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    Zeroizing::new(format!("{PREFIX}{}", *encoded))
}
