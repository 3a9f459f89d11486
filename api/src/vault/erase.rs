//! Destroying a person's keys of one purpose, then what they sealed (SECURITY §7, step 5).
//!
//! Invariant: keys go first, in a transaction of their own; from then on nothing they sealed opens,
//! here or from a backup of the vault. A crash between leaves unreadable rows, which the same call
//! again deletes; repeating it changes nothing.

use std::sync::PoisonError;

use credentials::rulebook::kinds::Purpose;
use uuid::Uuid;

use super::keys::{Keyring, owner};
use super::values::{ERASED, PENDING, VALUE, VALUE_OF, key_of};
use super::{Vault, VaultError};
use crate::side::write;

/// Rows of one transaction.
const PAGE: usize = 256;

impl Vault {
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
                let assertion_id = entry
                    .get(prefix.len()..)
                    .and_then(|bytes| Uuid::from_slice(bytes).ok())
                    .ok_or(VaultError::Damaged { space: VALUE_OF })?;
                let key = key_of(assertion_id, purpose);
                tx.delete(VALUE, &key)?;
                tx.delete(PENDING, &key)?;
                tx.delete(VALUE_OF, entry)?;
                tx.put(ERASED, &key, &[], None)?;
            }
            Ok(page.len())
        })
    }
}
