//! Aliases: who has this identity number, without the number standing anywhere.
//!
//! Invariant: an alias belongs to at most one person; it is reserved before its assertion is queued
//! and released only if that assertion never came into the log, or by an erasure. The key is
//! HMAC(K_lookup, type ‖ 0 ‖ normalised value) (SECURITY §1).
//! A crash leaves a reservation that [`Vault::settle`] keeps or releases by what the log says.

use credentials::rulebook::kinds::Purpose;
use ledger::side::Transaction;
use uuid::Uuid;

use super::keys::Keyring;
use super::values::{ERASED, key_of};
use super::{Vault, VaultError, damaged};
use crate::side::write;

/// Alias hash → sealed person and assertion.
pub(super) const LOOKUP: &str = "lookup";
/// Person, alias hash → nothing: what an erasure has to delete.
const LOOKUP_OF: &str = "lookup-of";
/// Assertion, alias hash → when it was reserved: not yet known to be in the log.
pub(super) const RESERVED: &str = "lookup-pending";
/// Entries of one scan.
const PAGE: usize = 256;

/// Something that names one person.
#[derive(Clone, Copy)]
pub struct Alias<'a> {
    /// Its type (`resident_id`).
    pub kind: &'a str,
    /// Its value in the one form that `identity::identifier` gives it.
    pub normalised: &'a str,
}

impl std::fmt::Debug for Alias<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Alias({}: …)", self.kind)
    }
}

/// Whether an alias was free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Reserved {
    /// It is reserved for this person and assertion (perhaps it was already).
    Held,
    /// Another assertion has it; nothing was reserved.
    Taken {
        /// Which of the aliases asked for, from 0.
        index: usize,
        /// Whose it is.
        person: Uuid,
        /// False while it is not yet known whether that assertion is in the log.
        settled: bool,
    },
}

/// What an alias's row says.
struct Holder {
    person: Uuid,
    assertion_id: Uuid,
}

/// Everything to write for one alias.
struct Row {
    hash: [u8; 32],
    sealed: Vec<u8>,
}

impl Vault {
    /// Reserves an alias for `person` before the assertion that binds it is queued.
    pub fn lookup_reserve(
        &self,
        kind: &str,
        normalised: &str,
        person: Uuid,
        assertion_id: Uuid,
    ) -> Result<Reserved, VaultError> {
        self.lookup_reserve_all(&[Alias { kind, normalised }], person, assertion_id)
    }

    /// As [`Vault::lookup_reserve`] for all aliases of one assertion, all or none.
    pub fn lookup_reserve_all(
        &self,
        aliases: &[Alias<'_>],
        person: Uuid,
        assertion_id: Uuid,
    ) -> Result<Reserved, VaultError> {
        let _sealing = self.sealing();
        // A late repetition of an erased assertion must not bring its aliases back.
        let erased = key_of(assertion_id, Purpose::Identity);
        if self.values.get(ERASED, &erased)?.is_some() {
            return Err(VaultError::Erased);
        }
        let rows = aliases
            .iter()
            .map(|alias| self.row_of(*alias, person, assertion_id))
            .collect::<Result<Vec<_>, _>>()?;
        let now = self.clock.now_ms().to_be_bytes();
        write(self.keys.side(), |tx| {
            let mut free = Vec::with_capacity(rows.len());
            for (index, row) in rows.iter().enumerate() {
                match self.keys.holder(tx.get(LOOKUP, &row.hash)?, &row.hash)? {
                    None => free.push(row),
                    Some(holder) => {
                        let marker = marker_of(holder.assertion_id, &row.hash);
                        let pending = tx.get(RESERVED, &marker)?.is_some();
                        if (holder.person, holder.assertion_id) != (person, assertion_id) {
                            return Ok(Reserved::Taken {
                                index,
                                person: holder.person,
                                settled: !pending,
                            });
                        }
                        if pending {
                            // It starts to wait anew, as a value put again does.
                            tx.put(RESERVED, &marker, &now, None)?;
                        }
                    }
                }
            }
            for row in free {
                tx.put(LOOKUP, &row.hash, &row.sealed, None)?;
                tx.put(LOOKUP_OF, &lookup_of(person, &row.hash), &[], None)?;
                tx.put(RESERVED, &marker_of(assertion_id, &row.hash), &now, None)?;
            }
            Ok(Reserved::Held)
        })
    }

    /// Who has an alias. While its assertion is pending that may be a person the log does not know
    /// (yet): ask the log's views before showing anything.
    pub fn lookup(&self, kind: &str, normalised: &str) -> Result<Option<Uuid>, VaultError> {
        let hash = self.keys.alias(Alias { kind, normalised });
        let row = self.keys.side().get(LOOKUP, &hash)?;
        let holder = self.keys.holder(row, &hash)?;
        Ok(holder.map(|holder| holder.person))
    }

    fn row_of(
        &self,
        alias: Alias<'_>,
        person: Uuid,
        assertion_id: Uuid,
    ) -> Result<Row, VaultError> {
        let hash = self.keys.alias(alias);
        let holder = [person.as_bytes().as_slice(), assertion_id.as_bytes()].concat();
        let sealed = self
            .keys
            .row
            .seal(&[LOOKUP.as_bytes(), &hash], &holder)
            .map_err(damaged(LOOKUP))?;
        Ok(Row { hash, sealed })
    }
}

impl Keyring {
    fn alias(&self, alias: Alias<'_>) -> [u8; 32] {
        self.lookup
            .mac(&[alias.kind.as_bytes(), &[0], alias.normalised.as_bytes()])
    }

    fn holder(&self, row: Option<Vec<u8>>, hash: &[u8]) -> Result<Option<Holder>, VaultError> {
        let Some(row) = row else {
            return Ok(None);
        };
        let opened = self
            .row
            .open(&[LOOKUP.as_bytes(), hash], &row)
            .map_err(damaged(LOOKUP))?;
        let (Some(person), Some(assertion_id)) = (opened.get(..16), opened.get(16..)) else {
            return Err(VaultError::Damaged { space: LOOKUP });
        };
        let uuid =
            |bytes| Uuid::from_slice(bytes).map_err(|_| VaultError::Damaged { space: LOOKUP });
        Ok(Some(Holder {
            person: uuid(person)?,
            assertion_id: uuid(assertion_id)?,
        }))
    }

    /// Deletes the reservation that `marker` stands for, if it is still that assertion's.
    pub(super) fn release(
        &self,
        tx: &mut dyn Transaction,
        marker: &[u8],
    ) -> Result<(), VaultError> {
        let (assertion_id, hash) = marker
            .split_first_chunk::<16>()
            .ok_or(VaultError::Damaged { space: RESERVED })?;
        let row = tx.get(LOOKUP, hash)?;
        // A row that does not open is left for whoever restores it.
        if let Ok(Some(holder)) = self.holder(row, hash)
            && holder.assertion_id.as_bytes() == assertion_id
        {
            tx.delete(LOOKUP, hash)?;
            tx.delete(LOOKUP_OF, &lookup_of(holder.person, hash))?;
        }
        Ok(())
    }

    /// Deletes every alias of a person.
    pub(super) fn forget_aliases(
        &self,
        tx: &mut dyn Transaction,
        person: Uuid,
    ) -> Result<(), VaultError> {
        loop {
            let page = tx.scan(LOOKUP_OF, person.as_bytes(), None, PAGE)?;
            if page.is_empty() {
                return Ok(());
            }
            for (key, _) in page {
                let hash = key.get(16..).unwrap_or_default();
                let row = tx.get(LOOKUP, hash)?;
                if let Ok(Some(holder)) = self.holder(row, hash) {
                    tx.delete(RESERVED, &marker_of(holder.assertion_id, hash))?;
                }
                tx.delete(LOOKUP, hash)?;
                tx.delete(LOOKUP_OF, &key)?;
            }
        }
    }
}

fn lookup_of(person: Uuid, hash: &[u8]) -> Vec<u8> {
    [person.as_bytes().as_slice(), hash].concat()
}

fn marker_of(assertion_id: Uuid, hash: &[u8]) -> Vec<u8> {
    [assertion_id.as_bytes().as_slice(), hash].concat()
}
