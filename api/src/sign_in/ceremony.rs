//! Sign-ins and links under way: what is kept here between a browser's leaving and its coming back.
//!
//! Invariant: a row is sealed, found by the hash of a secret that was sent once, lives ten minutes (an
//! invitation three days), and is taken out by whoever shows that secret, once, whatever comes of it. A
//! crash in between loses it: the person begins anew.

use std::sync::Arc;

use identity::did::IssuerNumber;
use identity::person::assurance::Level;
use identity::role::Role;
use ledger::clock::Clock;
use ledger::hash::Digest;
use ledger::side::{Side, SideError, Transaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::session::{ATTRIBUTES, secret};
use crate::master::MasterKey;
use crate::problem::Problem;
use crate::seal::SealKey;
use crate::side::write;

/// The cookie of a browser that left for a provider. It never becomes a session's.
pub const COOKIE: &str = "__Host-xf-sign-in";
/// How long a ceremony lasts.
pub const LASTS_MS: i64 = 600_000;

/// The `Set-Cookie` of a browser that leaves for a provider.
pub(crate) fn cookie(secret: &str) -> String {
    format!(
        "{COOKIE}={secret}; {ATTRIBUTES}; Max-Age={}",
        LASTS_MS / 1_000
    )
}

/// What may be under way.
pub(crate) trait Kept: Serialize + DeserializeOwned {
    /// Where it is kept.
    const SPACE: &'static str;
    /// How long.
    const LASTS_MS: i64 = LASTS_MS;
}

/// A sign-in whose browser is at the provider's, by its `state`.
#[derive(Serialize, Deserialize)]
pub(crate) struct Flow {
    /// Hash of the browser's cookie.
    pub(crate) browser: Digest,
    /// At which provider.
    pub(crate) provider: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    /// Where it goes afterwards: a path of ours.
    pub(crate) return_to: Option<String>,
    pub(crate) role: Role,
    pub(crate) institution: Option<IssuerNumber>,
    pub(crate) step_up: bool,
    /// The session that shall be linked to what the provider answers.
    pub(crate) linking: Option<Digest>,
    pub(crate) begun_at_ms: i64,
}

impl Kept for Flow {
    const SPACE: &'static str = "sign-in";
}

/// An account at a provider that signs nobody in yet, and how well it was shown.
#[derive(Serialize, Deserialize)]
pub(crate) struct Unlinked {
    pub(crate) ceremony: Uuid,
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) loa: Level,
}

impl Kept for Unlinked {
    const SPACE: &'static str = "unlinked";
}

/// The same, shown in the browser of a person who is signed in: by what is asked to link it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) account: Unlinked,
    pub(crate) person: Uuid,
    pub(crate) session: Digest,
    /// How often the person's links had changed: the proof dies with the next change.
    pub(crate) link_changes: u64,
}

impl Kept for Proof {
    const SPACE: &'static str = "link-proof";
}

/// Who may link the first account of an officer's, as the platform's operator says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// The officer.
    pub person: Uuid,
    /// A role that the officer holds.
    pub role: Role,
    /// For which institution.
    pub institution: Option<IssuerNumber>,
}

impl Kept for Invitation {
    const SPACE: &'static str = "invitation";
    const LASTS_MS: i64 = 3 * 86_400_000;
}

#[derive(Serialize, Deserialize)]
struct Row<T> {
    until_ms: i64,
    kept: T,
}

/// What is under way, in the side store.
pub struct Ceremonies {
    side: Arc<dyn Side>,
    clock: Arc<dyn Clock>,
    seal: SealKey,
}

impl Ceremonies {
    /// Over `side`, under a key derived from `master`.
    pub fn new(side: Arc<dyn Side>, clock: Arc<dyn Clock>, master: &MasterKey) -> Self {
        let seal = master.sub_key("sign-in");
        Self { side, clock, seal }
    }

    /// An invitation for an officer: the code is told this once.
    pub fn invite(&self, invitation: &Invitation) -> Result<Zeroizing<String>, Problem> {
        let code = secret();
        self.keep(&code, invitation)?;
        Ok(code)
    }

    /// Keeps it under a secret.
    pub(crate) fn keep<T: Kept>(&self, secret: &str, kept: &T) -> Result<(), Problem> {
        let key = Digest::of(secret.as_bytes());
        let until_ms = self.clock.now_ms().saturating_add(T::LASTS_MS);
        let row = Row { until_ms, kept };
        let row = Zeroizing::new(serde_json::to_vec(&row).map_err(Problem::internal)?);
        let place = [T::SPACE.as_bytes(), &key.0];
        let sealed = self.seal.seal(&place, &row).map_err(Problem::internal)?;
        write(&*self.side, |tx| {
            tx.put(T::SPACE, &key.0, &sealed, Some(until_ms))
        })?;
        Ok(())
    }

    /// What is under way under this secret, left where it is.
    pub(crate) fn peek<T: Kept>(&self, secret: &str) -> Result<Option<T>, Problem> {
        let key = Digest::of(secret.as_bytes());
        let sealed = self.side.get(T::SPACE, &key.0)?;
        sealed.map_or(Ok(None), |it| self.opened(key, &it))
    }

    /// Forgets it within a write of somebody's; says whether it was there.
    pub(crate) fn forget<T: Kept>(
        tx: &mut dyn Transaction,
        secret: &str,
    ) -> Result<bool, SideError> {
        tx.delete(T::SPACE, &Digest::of(secret.as_bytes()).0)
    }

    /// Takes it out: of several who show the secret one gets it.
    pub(crate) fn take<T: Kept>(&self, secret: &str) -> Result<Option<T>, Problem> {
        let key = Digest::of(secret.as_bytes());
        let sealed = write(&*self.side, |tx| {
            let sealed = tx.get(T::SPACE, &key.0)?;
            tx.delete(T::SPACE, &key.0)?;
            Ok::<_, SideError>(sealed)
        })?;
        sealed.map_or(Ok(None), |it| self.opened(key, &it))
    }

    fn opened<T: Kept>(&self, key: Digest, sealed: &[u8]) -> Result<Option<T>, Problem> {
        let place = [T::SPACE.as_bytes(), &key.0];
        let row = self.seal.open(&place, sealed).map_err(Problem::internal)?;
        let row: Row<T> = serde_json::from_slice(&row).map_err(Problem::internal)?;
        Ok((self.clock.now_ms() < row.until_ms).then_some(row.kept))
    }
}
