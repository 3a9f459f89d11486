//! The key store: own keys, a key per person, a data key per (person, purpose).
//!
//! Invariant: a data key is durable before anything is sealed with it, and once its row is deleted
//! nothing sealed with it opens: each has a random name, and what it sealed says which.
//! A crash leaves at most a key that sealed nothing.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use identity::purpose::Purpose;
use ledger::side::{Side, Transaction};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::rewrap::rewrap;
use super::{OWN, PAIR, VaultError, damaged};
use crate::cache::Cache;
use crate::master::{Keys, MasterKey, Masters};
use crate::seal::{MacKey, SealKey};
use crate::side::write;

/// Person → wrapped person key.
const PERSON: &str = "person-key";
/// Person, purpose → name of the data key, wrapped data key.
const VALUE: &str = "data-key";
/// The vault's own keys, wrapped under the master key.
const OWN_KEYS: [&[u8]; 3] = [b"lookup", b"salt", b"row"];
/// The key that every other store derives its own from, wrapped likewise: rows beside the vault stay
/// readable when the master key changes.
const ROOT: &[u8] = b"root";
/// Data keys kept in memory.
const CACHED_MAX: usize = 65_536;

/// Bytes of a data key's name.
pub(super) const NAME_BYTES: usize = 16;

/// The key of one person's values of one purpose.
pub(super) struct DataKey {
    /// Random, stands in front of what it sealed.
    pub(super) name: [u8; NAME_BYTES],
    pub(super) key: SealKey,
}

pub(super) struct Keyring {
    keys: Arc<dyn Side>,
    masters: Masters,
    /// What other stores derive their keys from.
    root: MasterKey,
    /// Hashes aliases.
    pub(super) lookup: MacKey,
    /// Hashes salts.
    pub(super) salt: MacKey,
    /// Seals rows that belong to no purpose.
    pub(super) row: SealKey,
    cached: Mutex<Cached>,
}

struct Cached {
    keys: Cache<(Uuid, Purpose), Arc<DataKey>>,
    /// Grows with every destruction: what was read before one is not cached after it, or a later
    /// value would be sealed under a key that is gone.
    destructions: u64,
}

impl Keyring {
    /// Opens the keys; an empty store gets new ones iff `may_create`. Also answers the pair's name.
    pub(super) fn open(
        keys: Arc<dyn Side>,
        masters: Masters,
        may_create: bool,
    ) -> Result<(Self, Vec<u8>), VaultError> {
        let sealing = masters.keys();
        let (own, pair, root) = write(&*keys, |tx| match tx.get(OWN, PAIR)? {
            Some(pair) => {
                let own = own_keys(tx, &sealing)?;
                Ok((own, pair, root(tx, &sealing)?))
            }
            None if may_create => make_own_keys(tx, &sealing),
            None => Err(VaultError::NotAPair),
        })?;
        drop(sealing);
        let [lookup, salt, row] = own;
        let keyring = Self {
            keys,
            masters,
            root: MasterKey::of_key(root),
            lookup: MacKey::of(lookup),
            salt: MacKey::of(salt),
            row,
            cached: Mutex::new(Cached {
                keys: Cache::new(CACHED_MAX),
                destructions: 0,
            }),
        };
        Ok((keyring, pair))
    }

    /// Whether anybody's values were ever sealed with keys of this store.
    pub(super) fn has_persons(&self) -> Result<bool, VaultError> {
        Ok(!self.keys.scan(PERSON, &[], None, 1)?.is_empty())
    }

    pub(super) fn side(&self) -> &dyn Side {
        &*self.keys
    }

    pub(super) fn root(&self) -> &MasterKey {
        &self.root
    }

    /// Wraps anew whatever is not under the newest master key; says how many rows, and how many no key
    /// opens. The vault's own keys come last: once they are under the newest, every row is.
    pub(super) fn rewrap(&self) -> Result<(u64, u64), VaultError> {
        let (mut wrapped, mut damaged) = (0, 0);
        for (space, names) in [
            (PERSON, None),
            (OWN, Some(&[ROOT, b"lookup", b"salt", b"row"])),
        ] {
            let place = |key: &[u8]| [space.as_bytes().to_vec(), key.to_vec()];
            let wanted = |key: &[u8]| names.is_none_or(|names| names.contains(&key));
            let done = rewrap(&*self.keys, &self.masters, space, |keys, key, row| {
                if !wanted(key) {
                    return Ok(None);
                }
                let [space, key] = place(key);
                keys.again(&[&space, &key], row)
            })?;
            wrapped += done.0;
            damaged += done.1;
        }
        Ok((wrapped, damaged))
    }

    /// Whether something may still be under an older key.
    pub(super) fn is_behind(&self) -> Result<bool, VaultError> {
        let keys = self.masters.keys();
        let [last, ..] = OWN_KEYS;
        let row = self.keys.get(OWN, last)?;
        let row = row.ok_or(VaultError::Damaged { space: OWN })?;
        Ok(keys
            .again(&[OWN.as_bytes(), last], &row)
            .is_ok_and(|it| it.is_some()))
    }

    /// The data keys of `owners`, in their order, those that are missing made in one write.
    pub(super) fn of_or_new(
        &self,
        owners: &[(Uuid, Purpose)],
    ) -> Result<Vec<Arc<DataKey>>, VaultError> {
        let mut found = Vec::with_capacity(owners.len());
        for &(person, purpose) in owners {
            found.push(self.find(person, purpose)?);
        }
        if found.iter().any(Option::is_none) {
            // Nothing is cached before the write is durable, and no other key takes over before it is.
            let sealing = self.masters.keys();
            let made = write(&*self.keys, |tx| {
                owners
                    .iter()
                    .zip(&found)
                    .filter(|(_, found)| found.is_none())
                    .map(|(&(person, purpose), _)| find_or_make(tx, &sealing, person, purpose))
                    .collect::<Result<Vec<_>, VaultError>>()
            })?;
            let mut made = made.into_iter();
            for (&owner, slot) in owners.iter().zip(&mut found) {
                if slot.is_none() {
                    *slot = made.next().map(Arc::new);
                    if let Some(key) = slot {
                        // No key is destroyed meanwhile: whoever seals holds that off.
                        self.cached().keys.put(owner, Arc::clone(key));
                    }
                }
            }
        }
        found
            .into_iter()
            .map(|key| key.ok_or(VaultError::Damaged { space: VALUE }))
            .collect()
    }

    /// The data key of a person's purpose, if there is one.
    pub(super) fn find(
        &self,
        person: Uuid,
        purpose: Purpose,
    ) -> Result<Option<Arc<DataKey>>, VaultError> {
        let destructions = {
            let mut cached = self.cached();
            if let Some(key) = cached.keys.get(&(person, purpose)) {
                return Ok(Some(key));
            }
            cached.destructions
        };
        let Some(row) = self.keys.get(VALUE, &owner(person, purpose))? else {
            return Ok(None);
        };
        // A key row without its person key: an erasure took both between our two reads.
        let Some(wrapped) = self.keys.get(PERSON, person.as_bytes())? else {
            return Ok(None);
        };
        let person_key = person_key(&self.masters.keys(), person, &wrapped)?;
        let key = Arc::new(data_key(&person_key, person, purpose, &row)?);
        let mut cached = self.cached();
        if cached.destructions == destructions {
            cached.keys.put((person, purpose), Arc::clone(&key));
        }
        Ok(Some(key))
    }

    /// The random name of a purpose's data key; the key itself need not open.
    pub(super) fn name_of(
        &self,
        person: Uuid,
        purpose: Purpose,
    ) -> Result<Option<Uuid>, VaultError> {
        let row = self.keys.get(VALUE, &owner(person, purpose))?;
        let name = |row: Vec<u8>| row.first_chunk().map(|name| Uuid::from_bytes(*name));
        Ok(row.and_then(name))
    }

    /// Deletes the data key of a person's purpose, and the person's key if it wraps nothing more.
    pub(super) fn destroy(
        tx: &mut dyn Transaction,
        person: Uuid,
        purpose: Purpose,
    ) -> Result<(), VaultError> {
        tx.delete(VALUE, &owner(person, purpose))?;
        if tx.scan(VALUE, person.as_bytes(), None, 1)?.is_empty() {
            tx.delete(PERSON, person.as_bytes())?;
        }
        Ok(())
    }

    /// Drops a destroyed key from memory.
    pub(super) fn forget(&self, person: Uuid, purpose: Purpose) {
        let mut cached = self.cached();
        cached.destructions += 1;
        cached.keys.remove(&(person, purpose));
    }

    fn cached(&self) -> MutexGuard<'_, Cached> {
        self.cached.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find_or_make(
    tx: &mut dyn Transaction,
    keys: &Keys<'_>,
    person: Uuid,
    purpose: Purpose,
) -> Result<DataKey, VaultError> {
    let person_key = if let Some(wrapped) = tx.get(PERSON, person.as_bytes())? {
        person_key(keys, person, &wrapped)?
    } else {
        let key = SealKey::random();
        let place = [PERSON.as_bytes(), person.as_bytes()];
        let wrapped = keys
            .seal_key()
            .wrap(&place, &key)
            .map_err(damaged(PERSON))?;
        tx.put(PERSON, person.as_bytes(), &wrapped, None)?;
        key
    };
    let row_key = owner(person, purpose);
    if let Some(row) = tx.get(VALUE, &row_key)? {
        return data_key(&person_key, person, purpose, &row);
    }
    let made = DataKey {
        name: ledger::clock::random(),
        key: SealKey::random(),
    };
    let wrapped = person_key
        .wrap(&[VALUE.as_bytes(), &row_key, &made.name], &made.key)
        .map_err(damaged(VALUE))?;
    let row = [made.name.as_slice(), &wrapped].concat();
    tx.put(VALUE, &row_key, &row, None)?;
    Ok(made)
}

fn person_key(keys: &Keys<'_>, person: Uuid, wrapped: &[u8]) -> Result<SealKey, VaultError> {
    keys.unwrap(&[PERSON.as_bytes(), person.as_bytes()], wrapped)
        .map_err(damaged(PERSON))
}

/// Person, purpose and a zero byte, so that no purpose is the beginning of another.
pub(super) fn owner(person: Uuid, purpose: Purpose) -> Vec<u8> {
    [
        person.as_bytes().as_slice(),
        purpose.as_str().as_bytes(),
        &[0],
    ]
    .concat()
}

fn data_key(
    person_key: &SealKey,
    person: Uuid,
    purpose: Purpose,
    row: &[u8],
) -> Result<DataKey, VaultError> {
    let (name, wrapped) = row
        .split_first_chunk::<NAME_BYTES>()
        .ok_or(VaultError::Damaged { space: VALUE })?;
    let place = [VALUE.as_bytes(), &owner(person, purpose), name];
    let key = person_key.unwrap(&place, wrapped).map_err(damaged(VALUE))?;
    Ok(DataKey { name: *name, key })
}

fn own_keys(tx: &mut dyn Transaction, keys: &Keys<'_>) -> Result<[SealKey; 3], VaultError> {
    let mut opened = Vec::with_capacity(OWN_KEYS.len());
    for name in OWN_KEYS {
        let wrapped = tx
            .get(OWN, name)?
            .ok_or(VaultError::Damaged { space: OWN })?;
        opened.push(keys.unwrap(&[OWN.as_bytes(), name], &wrapped));
    }
    // One that does not open is damage; if none does, the key is another.
    if opened.iter().all(Result::is_err) {
        return Err(VaultError::WrongMasterKey);
    }
    opened
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(damaged(OWN))?
        .try_into()
        .map_err(|_| VaultError::Damaged { space: OWN })
}

/// The root; of a store from before there was one, the master key under which all began, from which
/// everything was derived then.
fn root(tx: &mut dyn Transaction, keys: &Keys<'_>) -> Result<SealKey, VaultError> {
    let place = [OWN.as_bytes(), ROOT];
    if let Some(wrapped) = tx.get(OWN, ROOT)? {
        return keys.unwrap(&place, &wrapped).map_err(damaged(OWN));
    }
    let root = SealKey::of(Zeroizing::new(*keys.eldest().expose()));
    let wrapped = keys.seal_key().wrap(&place, &root).map_err(damaged(OWN))?;
    tx.put(OWN, ROOT, &wrapped, None)?;
    Ok(root)
}

fn make_own_keys(
    tx: &mut dyn Transaction,
    keys: &Keys<'_>,
) -> Result<([SealKey; 3], Vec<u8>, SealKey), VaultError> {
    let own = [SealKey::random(), SealKey::random(), SealKey::random()];
    let root = SealKey::random();
    let named = OWN_KEYS.into_iter().zip(&own);
    for (name, key) in named.chain([(ROOT, &root)]) {
        let wrapped = keys
            .seal_key()
            .wrap(&[OWN.as_bytes(), name], key)
            .map_err(damaged(OWN))?;
        tx.put(OWN, name, &wrapped, None)?;
    }
    let pair = ledger::clock::random::<16>().to_vec();
    tx.put(OWN, PAIR, &pair, None)?;
    Ok((own, pair, root))
}
