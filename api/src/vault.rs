//! The vault: values that commits only commit to, sealed so that destroying a key forgets them.
//!
//! Invariant: a value is durable here before its commit is asked for; it is removed only after the
//! log said that no such commit is there, or by an erasure; what does not open is an error, never
//! another value. Two stores: `vault` (sealed values, salt fingerprints) and `keys` (wrapped keys,
//! lookup hashes), so that their backups can live differently long (SECURITY §7).
//!
//! Keys: the master key wraps a key per person, that one a data key per (person, purpose), that one
//! seals values. A crash between vault and log leaves a pending value, which
//! [`Vault::settle`] keeps or removes by what the log says.

mod erase;
mod keys;
mod lookup;
pub(crate) mod rewrap;
mod settle;
mod values;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use identity::erasable::NotCommitments;
use ledger::clock::Clock;
use ledger::side::{Side, SideError};

use crate::master::{MasterKey, Masters};
use crate::seal::Unsealable;
use crate::side::write;
use keys::Keyring;

pub use erase::Inventory;
pub use lookup::{Alias, LINK, NotReserved, Reserved, Wish, link_alias};
pub use settle::{ASK_AFTER_MS, ORPHAN_AFTER_MS, SettleError, Settled, Standing};
pub use values::{NotPut, Values, Wanted};

/// Which `keys` a vault belongs to: the space, and the key of the row in both stores.
const OWN: &str = "own";
const PAIR: &[u8] = b"pair";

/// Why the vault did not do it.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A salt was used before, or stands twice.
    #[error("disclosure {index}: its salt was used before")]
    SaltSeen {
        /// Which disclosure, from 0.
        index: usize,
    },
    /// The assertion's id already has other values.
    #[error("the vault holds other values under this assertion id")]
    OtherValues,
    /// The disclosures are no set of commitments.
    #[error(transparent)]
    Values(#[from] NotCommitments),
    /// Its keys were destroyed.
    #[error("the values were erased")]
    Erased,
    /// Never put, or an orphan that was removed.
    #[error("the vault holds no values of this assertion")]
    NotHere,
    /// A row does not open under its key and in its place, or has another form.
    #[error("the {space:?} row in the vault is altered or moved; restore it from a backup")]
    Damaged {
        /// The space it stands in.
        space: &'static str,
    },
    /// Nothing opens under this master key.
    #[error("this is not the master key under which the key store was made")]
    WrongMasterKey,
    /// There are keys of persons, and nothing that they could open.
    #[error(
        "vault.db is missing or was emptied, though vault-keys.db holds keys of persons: put the newest vault.db back from a backup and start again"
    )]
    NoValues,
    /// The two stores do not belong together.
    #[error("the keys are not those of this vault; restore the key store that belongs to it")]
    NotAPair,
    /// The side store failed.
    #[error(transparent)]
    Side(#[from] SideError),
}

/// Maps a row of `space` that did not open.
fn damaged(space: &'static str) -> impl Fn(Unsealable) -> VaultError {
    move |Unsealable| VaultError::Damaged { space }
}

/// The vault over its two stores.
pub struct Vault {
    values: Arc<dyn Side>,
    keys: Keyring,
    clock: Arc<dyn Clock>,
    /// Held for writing while keys are destroyed, so that no value is sealed under a dying key.
    destroying: RwLock<()>,
}

impl Vault {
    /// Opens the vault in `vault` with the keys in `keys`, both made if they are empty.
    ///
    /// Refuses with [`VaultError::WrongMasterKey`], and with [`VaultError::NotAPair`] if the vault
    /// was made with other keys: new ones would forget which salts and aliases are taken. With
    /// [`VaultError::NoValues`] if the keys are used and the vault is new.
    pub fn open(
        vault: Arc<dyn Side>,
        keys: Arc<dyn Side>,
        masters: impl Into<Masters>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, VaultError> {
        let paired = vault.get(OWN, PAIR)?;
        let (keys, pair) = Keyring::open(keys, masters.into(), paired.is_none())?;
        if paired.is_none() && keys.has_persons()? {
            return Err(VaultError::NoValues);
        }
        match paired {
            Some(paired) if paired != pair => return Err(VaultError::NotAPair),
            Some(_) => {}
            None => write(&*vault, |tx| {
                tx.put(OWN, PAIR, &pair, None).map_err(VaultError::Side)
            })?,
        }
        Ok(Self {
            values: vault,
            keys,
            clock,
            destroying: RwLock::new(()),
        })
    }

    /// Deletes what has expired and leaves no byte of a deleted row in any file of both stores.
    ///
    /// It rewrites the files: call it once after a round of erasures, not after each.
    pub fn scrub(&self) -> Result<(), VaultError> {
        self.keys.side().scrub()?;
        self.values.scrub()?;
        Ok(())
    }

    /// What stores beside the vault derive their keys from; it outlives the master key.
    pub fn root(&self) -> MasterKey {
        self.keys.root().clone()
    }

    /// Wraps anew whatever of the keys is not under the newest master key; says how many rows, and how many
    /// no key opens.
    pub fn rewrap(&self) -> Result<(u64, u64), VaultError> {
        self.keys.rewrap()
    }

    /// Whether keys may still be under an older master key.
    pub fn is_behind(&self) -> Result<bool, VaultError> {
        self.keys.is_behind()
    }

    /// A keyed hash for record numbers. Its key outlives the master key.
    pub fn record_key(&self, parts: &[&[u8]]) -> [u8; 32] {
        // No alias has this type.
        let mut all: Vec<&[u8]> = vec![b"record\0"];
        all.extend(parts);
        self.keys.lookup.mac(&all)
    }

    fn sealing(&self) -> RwLockReadGuard<'_, ()> {
        self.destroying
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}
