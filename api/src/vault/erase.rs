//! Destroying a person's keys of one purpose, then what they sealed (SECURITY §7, step 5).
//!
//! Invariant: keys go first, in a transaction of their own; from then on nothing they sealed opens,
//! here or from a backup of the vault. A crash between leaves unreadable rows, which the same call
//! again deletes; repeating it changes nothing.

use std::sync::PoisonError;

use identity::purpose::Purpose;
use ledger::side::Transaction;
use uuid::Uuid;

use super::keys::{Keyring, NAME_BYTES, owner};
use super::values::{ERASED, PENDING, VALUE, VALUE_OF, key_of, value_of};
use super::{OWN, Vault, VaultError};
use crate::side::write;

/// Erasure → its work list: what was found before its keys went, until the log has it.
const WORK: &str = "erasing";
/// Up to which position destructions were carried out here: in both stores, under [`OWN`].
const FORGOTTEN: &[u8] = b"forgotten-through";
/// Rows of one transaction.
const PAGE: usize = 256;

/// What a person's purpose has before it is destroyed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Random name of the data key, if there is one.
    pub key: Option<Uuid>,
    /// The assertions that brought values, pending ones too.
    pub assertions: Vec<Uuid>,
}

impl Vault {
    /// What a destruction of (`person`, `purpose`) would take.
    pub fn inventory(&self, person: Uuid, purpose: Purpose) -> Result<Inventory, VaultError> {
        let key = self.keys.name_of(person, purpose)?;
        let prefix = owner(person, purpose);
        let mut assertions = Vec::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self
                .values
                .scan(VALUE_OF, &prefix, after.as_deref(), PAGE)?;
            for (entry, _) in &page {
                assertions.push(assertion_of(entry, &prefix)?);
            }
            match page.into_iter().last() {
                Some((entry, _)) => after = Some(entry),
                None => break,
            }
        }
        Ok(Inventory { key, assertions })
    }

    /// The work list of an erasure, if it has one.
    pub fn work(&self, erasure: Uuid) -> Result<Option<Vec<u8>>, VaultError> {
        Ok(self.values.get(WORK, erasure.as_bytes())?)
    }

    /// Writes the work list of an erasure, or removes it; durable on return.
    pub fn set_work(&self, erasure: Uuid, work: Option<&[u8]>) -> Result<(), VaultError> {
        write(&*self.values, |tx| {
            match work {
                Some(work) => tx.put(WORK, erasure.as_bytes(), work, None)?,
                None => {
                    tx.delete(WORK, erasure.as_bytes())?;
                }
            }
            Ok(())
        })
    }

    /// Up to which position both stores have carried out what the log says was destroyed. Less than
    /// the log knows = one of them is a copy from before.
    pub fn forgotten_through(&self) -> Result<Option<u64>, VaultError> {
        let read = |row: Option<Vec<u8>>| match row {
            None => Ok(None),
            Some(row) => row
                .first_chunk()
                .map(|bytes| Some(u64::from_be_bytes(*bytes)))
                .ok_or(VaultError::Damaged { space: OWN }),
        };
        let values = read(self.values.get(OWN, FORGOTTEN)?)?;
        let keys = read(self.keys.side().get(OWN, FORGOTTEN)?)?;
        Ok(values.min(keys))
    }

    /// Says that everything destroyed up to `position` is destroyed here.
    pub fn set_forgotten_through(&self, position: u64) -> Result<(), VaultError> {
        for side in [&*self.values, self.keys.side()] {
            write(side, |tx| {
                tx.put(OWN, FORGOTTEN, &position.to_be_bytes(), None)
                    .map_err(VaultError::Side)
            })?;
        }
        Ok(())
    }

    /// Destroys what a copy from before an erasure brought back: the keys of these names, whatever
    /// they sealed, and for [`Purpose::Identity`] the person's aliases. Newer keys stay.
    pub fn forget_again(
        &self,
        person: Uuid,
        purpose: Purpose,
        keys: &[Uuid],
    ) -> Result<(), VaultError> {
        let present = self.inventory(person, purpose)?;
        if present.key.is_some_and(|key| keys.contains(&key)) {
            self.destroy(person, purpose)?;
            return Ok(());
        }
        if purpose == Purpose::Identity {
            write(self.keys.side(), |tx| self.keys.forget_aliases(tx, person))?;
        }
        write(&*self.values, |tx| {
            for id in &present.assertions {
                let row = tx.get(VALUE, &key_of(*id, purpose))?;
                let name = row.as_deref().and_then(<[u8]>::first_chunk::<NAME_BYTES>);
                if name.is_some_and(|name| keys.contains(&Uuid::from_bytes(*name))) {
                    delete_values(tx, person, purpose, *id)?;
                }
            }
            Ok(())
        })
    }

    /// Destroys the data key of (`person`, `purpose`), with [`Purpose::Identity`] also the person's
    /// aliases, then deletes the values. Answers how many assertions had some.
    ///
    /// Call [`Vault::scrub`] before anybody is told that the values are gone.
    pub fn destroy(&self, person: Uuid, purpose: Purpose) -> Result<usize, VaultError> {
        let _destroying = self
            .destroying
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let done = write(self.keys.side(), |tx| {
            Keyring::destroy(tx, person, purpose)?;
            if purpose == Purpose::Identity {
                self.keys.forget_aliases(tx, person)?;
            }
            Ok::<_, VaultError>(())
        });
        // Also if the store failed: whether the key is gone is then unknown.
        self.keys.forget(person, purpose);
        done?;
        let mut assertions = 0;
        loop {
            let deleted = self.delete_page(person, purpose)?;
            if deleted == 0 {
                return Ok(assertions);
            }
            assertions += deleted;
        }
    }

    fn delete_page(&self, person: Uuid, purpose: Purpose) -> Result<usize, VaultError> {
        let prefix = owner(person, purpose);
        write(&*self.values, |tx| {
            let page = tx.scan(VALUE_OF, &prefix, None, PAGE)?;
            for (entry, _) in &page {
                delete_values(tx, person, purpose, assertion_of(entry, &prefix)?)?;
            }
            Ok(page.len())
        })
    }
}

fn assertion_of(entry: &[u8], prefix: &[u8]) -> Result<Uuid, VaultError> {
    entry
        .get(prefix.len()..)
        .and_then(|bytes| Uuid::from_slice(bytes).ok())
        .ok_or(VaultError::Damaged { space: VALUE_OF })
}

fn delete_values(
    tx: &mut dyn Transaction,
    person: Uuid,
    purpose: Purpose,
    assertion_id: Uuid,
) -> Result<(), VaultError> {
    let key = key_of(assertion_id, purpose);
    tx.delete(VALUE, &key)?;
    tx.delete(PENDING, &key)?;
    tx.delete(VALUE_OF, &value_of(person, &key))?;
    tx.put(ERASED, &key, &[], None)?;
    Ok(())
}
