//! Status lists as documents (STANDARDS §6): a fold of the log, signed by the institution's credential key.
//!
//! Invariant: a list says what the log says at the position it names; it is signed anew each hour and when
//! a bit changes, so its age never passes for more than that.

use std::sync::{Arc, Mutex, PoisonError};

use credentials::status_list::{StatusList, wire};
use credentials::vc::proof;
use credentials::vc::status::{self, Purpose, VALID_S};
use identity::did::{Did, IssuerNumber};
use identity::institution::{Institution, KeyUse, succession};
use ledger::assertion::{Kid, format_s};

use crate::app::App;
use crate::cache::Cache;
use crate::problem::{Problem, Reason};

/// Lists kept in memory.
const CACHED_MAX: usize = 1_024;
/// Milliseconds for which one signature serves.
const SIGNED_FOR_MS: i64 = 3_600_000;

/// A list as it is served.
#[derive(Debug, Clone)]
pub struct Served {
    /// The signed document.
    pub document: Arc<str>,
    /// Number of commits it was built from.
    pub position: u64,
}

/// Which list, folded how far, with how much of it in doubt.
type Folded = (IssuerNumber, u32, u64, usize);

/// The same, signed in which hour, by which key: none outlives a key that was retired.
type Key = (Folded, i64, Kid);

/// Signed lists, and packed ones for the trust bundle.
#[derive(Debug)]
pub struct StatusLists {
    signed: Mutex<Cache<Key, Arc<str>>>,
    packed: Mutex<Cache<Folded, Arc<str>>>,
}

impl Default for StatusLists {
    fn default() -> Self {
        Self {
            signed: Mutex::new(Cache::new(CACHED_MAX)),
            packed: Mutex::new(Cache::new(CACHED_MAX)),
        }
    }
}

/// The first list of the three that `n` is one of, and what it is for.
fn place_of(n: u32) -> Option<(u32, Purpose)> {
    let nth = n.checked_sub(1)? % status::STEP;
    let purpose = Purpose::ALL.get(nth as usize)?;
    Some((n - nth, *purpose))
}

impl App {
    /// List `n` of an institution as it is now, or as it was at a time.
    pub fn status_list(
        &self,
        issuer: IssuerNumber,
        n: u32,
        as_of_ms: Option<i64>,
    ) -> Result<Served, Problem> {
        let (first, purpose) = place_of(n).ok_or(Problem::of(Reason::ListUnknown))?;
        let stream = wire::stream(issuer, first);
        let hour = self.now_ms().div_euclid(SIGNED_FOR_MS);
        // Lists are signed as of now, whoever signed what they are about.
        let institution = self.institution(issuer)?;
        let (state, position, made_ms, then) = if let Some(then) = as_of_ms {
            let (state, size) = self.ledger.state_as_of::<StatusList>(&stream, then)?;
            let standing = succession::whole(issuer, |number| {
                let (standing, _) = self
                    .ledger
                    .state_as_of::<Institution>(&number.stream(), then)?;
                Ok::<_, Problem>(standing)
            })?;
            (state, size, then, standing)
        } else {
            let size = self.ledger.head().size;
            let state = self.ledger.state::<StatusList>(&stream)?;
            (state, size, hour * SIGNED_FOR_MS, Arc::clone(&institution))
        };
        if state.given == 0 {
            return Err(Problem::of(Reason::ListUnknown));
        }
        let (kid, secret) = self
            .kept_key(&institution, issuer, KeyUse::Credential)?
            .ok_or(Problem::of(Reason::CredentialKeyMissing))?;
        let folded = (issuer, n, state.facts, then.doubts());
        let key = (folded, made_ms, kid.clone());
        let kept = self.lists.signed.lock();
        if let Some(document) = kept.unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Served { document, position });
        }
        let made = format_s(made_ms);
        let document = status::document(
            &status::url(&self.host, issuer, u64::from(n)),
            &Did::new(&self.host, issuer).to_string(),
            purpose,
            &state.bits(purpose, &then),
            &made,
            &format_s(made_ms.saturating_add(VALID_S * 1_000)),
        );
        let signed =
            proof::sign(document, kid.as_str(), &secret, &made).map_err(Problem::internal)?;
        let document: Arc<str> = serde_json::to_string(&signed)
            .map_err(Problem::internal)?
            .into();
        let mut kept = self
            .lists
            .signed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.put(key, Arc::clone(&document));
        Ok(Served { document, position })
    }

    /// Every list of an institution, packed for the trust bundle.
    pub fn packed_lists(
        &self,
        issuer: IssuerNumber,
        institution: &Institution,
        at: &str,
    ) -> Result<Vec<credentials::trust::StatusList>, Problem> {
        let mut lists = Vec::new();
        let position = self.ledger.head().size;
        for (first, state) in self.lists_of(issuer)? {
            for (n, purpose) in (first..).zip(Purpose::ALL) {
                let packed = self.packed((issuer, n), purpose, &state, institution);
                lists.push(credentials::trust::StatusList {
                    url: status::url(&self.host, issuer, u64::from(n)),
                    purpose,
                    gzip: packed.as_ref().into(),
                    position,
                    at: at.into(),
                });
            }
        }
        Ok(lists)
    }

    /// The lists of an institution by threes: the number of the first, and what is known of them.
    pub fn lists_of(&self, issuer: IssuerNumber) -> Result<Vec<(u32, Arc<StatusList>)>, Problem> {
        let mut lists = Vec::new();
        for first in (1..).step_by(status::STEP as usize) {
            let stream = wire::stream(issuer, first);
            let state = self.ledger.state::<StatusList>(&stream)?;
            if state.given == 0 {
                break;
            }
            lists.push((first, state));
        }
        Ok(lists)
    }

    fn packed(
        &self,
        (issuer, n): (IssuerNumber, u32),
        purpose: Purpose,
        state: &StatusList,
        institution: &Institution,
    ) -> Arc<str> {
        let key = (issuer, n, state.facts, institution.doubts());
        let kept = self.lists.packed.lock();
        if let Some(packed) = kept.unwrap_or_else(PoisonError::into_inner).get(&key) {
            return packed;
        }
        let packed: Arc<str> = state.bits(purpose, institution).encode().into();
        let mut kept = self
            .lists
            .packed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.put(key, Arc::clone(&packed));
        packed
    }
}
