//! The credentials of passkeys, beside the log.
//!
//! Invariant: a row is sealed and found by a keyed hash of the credential's id, so that a copy of the store
//! names no device; one credential is one person's. A row signs in only while the log says that its
//! authenticator stands, so a row that a crash left behind opens nothing and goes with the next look.

use std::sync::Arc;

use ledger::side::{Side, SideError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::master::MasterKey;
use crate::problem::Problem;
use crate::seal::{MacKey, SealKey};
use crate::side::write;

/// Keyed hash of a credential's id → the row, sealed.
const SPACE: &str = "passkey";
/// Person, authenticator → keyed hash of the credential's id.
const OF_PERSON: &str = "passkey-of";
/// More than a person can have, with what a crash may leave.
const PER_PERSON_MAX: usize = 64;

/// A credential and whose it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// The number it was enrolled under.
    pub(super) person: Uuid,
    /// Its name in the log.
    pub(super) authenticator: Uuid,
    /// Unix milliseconds.
    pub(super) made_at_ms: i64,
    /// As `webauthn-rs` writes it, with its counter.
    pub(super) credential: Value,
}

/// A row and where it stands.
pub(super) struct Found {
    pub(super) row: Row,
    key: [u8; 32],
    sealed: Vec<u8>,
}

/// Credentials in a side store.
pub(super) struct Credentials {
    side: Arc<dyn Side>,
    seal: SealKey,
    mac: MacKey,
}

impl Credentials {
    pub(super) fn new(side: Arc<dyn Side>, master: &MasterKey) -> Self {
        Self {
            side,
            seal: master.sub_key("passkey"),
            mac: master.mac_key("passkey"),
        }
    }

    fn key(&self, credential_id: &[u8]) -> [u8; 32] {
        self.mac.mac(&[b"credential\0", credential_id])
    }

    fn sealed(&self, key: &[u8; 32], row: &Row) -> Result<Vec<u8>, Problem> {
        let bytes = Zeroizing::new(serde_json::to_vec(row).map_err(Problem::internal)?);
        let sealed = self.seal.seal(&[SPACE.as_bytes(), key], &bytes);
        sealed.map_err(Problem::internal)
    }

    fn opened(&self, key: &[u8; 32], sealed: &[u8]) -> Result<Row, Problem> {
        let bytes = self.seal.open(&[SPACE.as_bytes(), key], sealed);
        let bytes = bytes.map_err(Problem::internal)?;
        serde_json::from_slice(&bytes).map_err(Problem::internal)
    }

    /// Keeps a new one; `false` if there is one of this id.
    pub(super) fn keep(&self, credential_id: &[u8], row: &Row) -> Result<bool, Problem> {
        let key = self.key(credential_id);
        let sealed = self.sealed(&key, row)?;
        Ok(write(&*self.side, |tx| {
            if tx.get(SPACE, &key)?.is_some() {
                return Ok::<_, SideError>(false);
            }
            tx.put(SPACE, &key, &sealed, None)?;
            let listed = listed_as(row.person, row.authenticator);
            tx.put(OF_PERSON, &listed, &key, None)?;
            Ok(true)
        })?)
    }

    /// The one of this id.
    pub(super) fn find(&self, credential_id: &[u8]) -> Result<Option<Found>, Problem> {
        self.at(self.key(credential_id))
    }

    fn at(&self, key: [u8; 32]) -> Result<Option<Found>, Problem> {
        let Some(sealed) = self.side.get(SPACE, &key)? else {
            return Ok(None);
        };
        let row = self.opened(&key, &sealed)?;
        Ok(Some(Found { row, key, sealed }))
    }

    /// Keeps what it became; `false` if it was used or removed since it was found.
    pub(super) fn update(&self, found: &Found, credential: Value) -> Result<bool, Problem> {
        let row = Row {
            credential,
            ..found.row.clone()
        };
        let sealed = self.sealed(&found.key, &row)?;
        Ok(write(&*self.side, |tx| {
            if tx.get(SPACE, &found.key)?.as_ref() != Some(&found.sealed) {
                return Ok::<_, SideError>(false);
            }
            tx.put(SPACE, &found.key, &sealed, None)?;
            Ok(true)
        })?)
    }

    /// Those that were enrolled under a number.
    pub(super) fn of(&self, person: Uuid) -> Result<Vec<Row>, Problem> {
        let listed = self
            .side
            .scan(OF_PERSON, person.as_bytes(), None, PER_PERSON_MAX)?;
        let mut rows = Vec::with_capacity(listed.len());
        for (_, key) in listed {
            if let Ok(key) = <[u8; 32]>::try_from(key.as_slice()) {
                rows.extend(self.at(key)?.map(|found| found.row));
            }
        }
        Ok(rows)
    }

    /// Forgets one.
    pub(super) fn forget(&self, person: Uuid, authenticator: Uuid) -> Result<(), Problem> {
        let listed = listed_as(person, authenticator);
        Ok(write(&*self.side, |tx| {
            if let Some(key) = tx.get(OF_PERSON, &listed)? {
                tx.delete(SPACE, &key)?;
                tx.delete(OF_PERSON, &listed)?;
            }
            Ok::<_, SideError>(())
        })?)
    }

    /// Forgets all of a number's.
    pub(super) fn forget_all(&self, person: Uuid) -> Result<(), Problem> {
        Ok(write(&*self.side, |tx| {
            loop {
                let listed = tx.scan(OF_PERSON, person.as_bytes(), None, PER_PERSON_MAX)?;
                if listed.is_empty() {
                    return Ok::<_, SideError>(());
                }
                for (at, key) in listed {
                    tx.delete(SPACE, &key)?;
                    tx.delete(OF_PERSON, &at)?;
                }
            }
        })?)
    }
}

fn listed_as(person: Uuid, authenticator: Uuid) -> Vec<u8> {
    [
        person.as_bytes().as_slice(),
        authenticator.as_bytes().as_slice(),
    ]
    .concat()
}
