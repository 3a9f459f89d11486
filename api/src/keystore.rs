//! Signing keys that the platform keeps for a party (`custody: platform`), sealed under the master key.
//!
//! Invariant: a key is durable before its public half is answered, and never replaced; a seed opens
//! only under its own name and beside its own public key. A crash during `generate` leaves a key that
//! signed nothing, under its name.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ledger::assertion::Kid;
use ledger::key::{PublicKey, SigningKey};
use ledger::side::{Side, SideError};
use zeroize::Zeroizing;

use crate::cache::Cache;
use crate::master::{Keys, Masters};
use crate::seal::Unsealable;
use crate::side::write;
use crate::vault::VaultError;
use crate::vault::rewrap::rewrap;

/// Key name → public key (32), sealed seed.
const SEED: &str = "seed";
/// Signers kept in memory.
const CACHED_MAX: usize = 8_192;
/// Entries of one scan.
const PAGE: usize = 256;

/// Why a key was not stored or found.
#[derive(Debug, thiserror::Error)]
pub enum KeyStoreError {
    /// Another key stands under this name.
    #[error("the key store already has another key {0}")]
    Exists(Kid),
    /// The row is altered or moved, or the master key is another.
    #[error("the key {0:?} does not open: altered, moved, or of another master key")]
    Damaged(String),
    /// The side store failed.
    #[error(transparent)]
    Side(#[from] SideError),
}

/// The platform's signing keys, by name.
pub struct KeyStore {
    keys: Arc<dyn Side>,
    masters: Masters,
    cached: Mutex<Cache<Kid, Arc<SigningKey>>>,
}

impl std::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyStore")
    }
}

impl KeyStore {
    /// The keys in `keys`, the same store as the vault's keys.
    pub fn new(keys: Arc<dyn Side>, masters: impl Into<Masters>) -> Self {
        Self {
            keys,
            masters: masters.into(),
            cached: Mutex::new(Cache::new(CACHED_MAX)),
        }
    }

    /// Makes a key under a new name.
    pub fn generate(&self, kid: &Kid) -> Result<PublicKey, KeyStoreError> {
        let seed = Zeroizing::new(ledger::clock::random());
        match self.store(kid, &seed)? {
            (public, true) => Ok(public),
            (_, false) => Err(KeyStoreError::Exists(kid.clone())),
        }
    }

    /// Stores the key of a 32-byte seed under a name; the same again is fine.
    pub fn import(&self, kid: &Kid, seed: &[u8; 32]) -> Result<PublicKey, KeyStoreError> {
        self.store(kid, seed).map(|(public, _)| public)
    }

    /// The key of this name, to sign with; `None` if the platform does not keep it.
    pub fn signer(&self, kid: &Kid) -> Result<Option<Arc<SigningKey>>, KeyStoreError> {
        if let Some(key) = self.cached().get(kid) {
            return Ok(Some(key));
        }
        let Some(row) = self.keys.get(SEED, kid.as_str().as_bytes())? else {
            return Ok(None);
        };
        let key = Arc::new(open(&self.masters.keys(), kid, &row)?);
        self.cached().put(kid.clone(), Arc::clone(&key));
        Ok(Some(key))
    }

    /// Names and public halves of all keys, in order of the names; no seed is opened for it.
    pub fn list(&self) -> Result<Vec<(Kid, PublicKey)>, KeyStoreError> {
        let mut all = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.keys.scan(SEED, &[], after.as_deref(), PAGE)?;
            let Some((last, _)) = page.last() else {
                return Ok(all);
            };
            after = Some(last.clone());
            for (name, row) in &page {
                let name = String::from_utf8_lossy(name);
                let kid = Kid::parse(&name).ok();
                let public = row
                    .first_chunk()
                    .and_then(|bytes| PublicKey::from_bytes(bytes).ok());
                let (Some(kid), Some(public)) = (kid, public) else {
                    return Err(KeyStoreError::Damaged(name.into_owned()));
                };
                all.push((kid, public));
            }
        }
    }

    /// Stores a key unless the name is taken; says whether it is new.
    fn store(&self, kid: &Kid, seed: &[u8; 32]) -> Result<(PublicKey, bool), KeyStoreError> {
        let public = SigningKey::from_seed(seed).public();
        let name = kid.as_str().as_bytes();
        // Held until it is durable: no other key takes over before.
        let sealing = self.masters.keys();
        let sealed = sealing
            .seal_key()
            .seal(&[SEED.as_bytes(), name, public.as_bytes()], seed)
            .map_err(|Unsealable| KeyStoreError::Damaged(kid.to_string()))?;
        let row = [public.as_bytes().as_slice(), &sealed].concat();
        write(&*self.keys, |tx| {
            if tx.put_new(SEED, name, &row, None)? {
                return Ok((public.clone(), true));
            }
            // Compared by the seed, not by the public half, which stands in the open.
            let stored = tx.get(SEED, name)?.unwrap_or_default();
            if open(&sealing, kid, &stored)?.public() == public {
                Ok((public.clone(), false))
            } else {
                Err(KeyStoreError::Exists(kid.clone()))
            }
        })
    }

    /// Wraps anew whatever is not under the newest master key; says how many rows, and how many no key opens.
    pub fn rewrap(&self) -> Result<(u64, u64), VaultError> {
        rewrap(&*self.keys, &self.masters, SEED, |keys, name, row| {
            let (public, sealed) = row.split_first_chunk::<32>().ok_or(Unsealable)?;
            let sealed = keys.again(&[SEED.as_bytes(), name, public], sealed)?;
            Ok(sealed.map(|sealed| [public.as_slice(), &sealed].concat()))
        })
    }

    fn cached(&self) -> MutexGuard<'_, Cache<Kid, Arc<SigningKey>>> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(keys: &Keys<'_>, kid: &Kid, row: &[u8]) -> Result<SigningKey, KeyStoreError> {
    let damaged = || KeyStoreError::Damaged(kid.to_string());
    let (public, sealed) = row.split_first_chunk::<32>().ok_or_else(damaged)?;
    let opened = keys
        .open(&[SEED.as_bytes(), kid.as_str().as_bytes(), public], sealed)
        .map_err(|Unsealable| damaged())?;
    let seed = opened.first_chunk().ok_or_else(damaged)?;
    let key = SigningKey::from_seed(seed);
    if key.public().as_bytes() == public {
        Ok(key)
    } else {
        Err(damaged())
    }
}
