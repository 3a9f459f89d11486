//! Aliases: who has this identity number, without the number standing anywhere.
//!
//! Invariant: an alias belongs to at most one person; it is reserved before its assertion is queued
//! and released only if that assertion never came into the log, or by an erasure. The key is
//! HMAC(K_lookup, type ‖ 0 ‖ normalised value) (SECURITY §1).
//! A crash leaves a reservation that [`Vault::settle`] keeps or releases by what the log says.

use std::collections::HashMap;

use identity::purpose::Purpose;
use ledger::side::{SideError, Transaction};
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

/// The type of an account at a provider.
pub const LINK: &str = "oidc";

/// The one form of an account at a provider: no `iss` has this byte in it.
pub fn link_alias(iss: &str, sub: &str) -> String {
    format!("{iss}\0{sub}")
}

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

/// The aliases of one assertion, to be reserved.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The aliases.
    pub aliases: &'a [Alias<'a>],
    /// For whom.
    pub person: Uuid,
    /// The assertion that binds them.
    pub assertion_id: Uuid,
}

/// Why none of several wishes was granted.
#[derive(Debug, thiserror::Error)]
pub enum NotReserved {
    /// Of these, by index, an alias is another's: each with the first that is.
    #[error("aliases are taken: {}", .0.len())]
    Taken(Vec<(usize, Reserved)>),
    /// This one's aliases were erased, or do not open.
    #[error("wish {at} was not granted: {why}")]
    At {
        /// Which, from 0.
        at: usize,
        /// Why.
        #[source]
        why: VaultError,
    },
    /// The store failed.
    #[error(transparent)]
    Side(#[from] SideError),
}

impl NotReserved {
    /// A failure of the store is no wish's fault.
    fn of(at: usize, why: VaultError) -> Self {
        match why {
            VaultError::Side(error) => Self::Side(error),
            why => Self::At { at, why },
        }
    }
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
        let wish = Wish {
            aliases,
            person,
            assertion_id,
        };
        match self.lookup_reserve_many(&[wish]) {
            Ok(()) => Ok(Reserved::Held),
            Err(NotReserved::Taken(taken)) => {
                let first = taken.into_iter().next();
                Ok(first.map_or(Reserved::Held, |(_, taken)| taken))
            }
            Err(NotReserved::At { why, .. }) => Err(why),
            Err(NotReserved::Side(error)) => Err(error.into()),
        }
    }

    /// As [`Vault::lookup_reserve_all`] for a batch, all or none, in one write; every wish that cannot
    /// be granted is named. Of two that wish for the same alias the first counts.
    pub fn lookup_reserve_many(&self, wishes: &[Wish<'_>]) -> Result<(), NotReserved> {
        let _sealing = self.sealing();
        let mut rows = Vec::with_capacity(wishes.len());
        for (at, wish) in wishes.iter().enumerate() {
            let sealed = self.rows_of(wish);
            rows.push(sealed.map_err(|why| NotReserved::of(at, why))?);
        }
        let now = self.clock.now_ms().to_be_bytes();
        write(self.keys.side(), |tx| {
            let mut taken = Vec::new();
            let mut granted: HashMap<[u8; 32], (Uuid, Uuid)> = HashMap::new();
            for (at, (wish, rows)) in wishes.iter().zip(&rows).enumerate() {
                let found = self.taken(tx, wish, rows, &mut granted, &now);
                match found.map_err(|why| NotReserved::of(at, why))? {
                    Reserved::Held => {}
                    reserved @ Reserved::Taken { .. } => taken.push((at, reserved)),
                }
            }
            if !taken.is_empty() {
                return Err(NotReserved::Taken(taken));
            }
            for (
                Wish {
                    person,
                    assertion_id,
                    ..
                },
                row,
            ) in wishes
                .iter()
                .zip(&rows)
                .flat_map(|(wish, rows)| rows.iter().map(move |row| (wish, row)))
                .filter(|(_, row)| granted.contains_key(&row.hash))
            {
                tx.put(LOOKUP, &row.hash, &row.sealed, None)?;
                tx.put(LOOKUP_OF, &lookup_of(*person, &row.hash), &[], None)?;
                tx.put(RESERVED, &marker_of(*assertion_id, &row.hash), &now, None)?;
            }
            Ok(())
        })
    }

    /// Whether one of a wish's aliases is another's; those that nobody has are `granted` to it.
    fn taken(
        &self,
        tx: &mut dyn Transaction,
        wish: &Wish<'_>,
        rows: &[Row],
        granted: &mut HashMap<[u8; 32], (Uuid, Uuid)>,
        now: &[u8],
    ) -> Result<Reserved, VaultError> {
        let own = (wish.person, wish.assertion_id);
        let taken = |index, person, settled| Reserved::Taken {
            index,
            person,
            settled,
        };
        for (index, row) in rows.iter().enumerate() {
            if let Some(before) = granted.get(&row.hash) {
                if *before != own {
                    return Ok(taken(index, before.0, false));
                }
                continue;
            }
            match self.keys.holder(tx.get(LOOKUP, &row.hash)?, &row.hash)? {
                None => {
                    granted.insert(row.hash, own);
                }
                Some(holder) => {
                    let marker = marker_of(holder.assertion_id, &row.hash);
                    let pending = tx.get(RESERVED, &marker)?.is_some();
                    if (holder.person, holder.assertion_id) != own {
                        return Ok(taken(index, holder.person, !pending));
                    }
                    if pending {
                        // It starts to wait anew, as a value put again does.
                        tx.put(RESERVED, &marker, now, None)?;
                    }
                }
            }
        }
        Ok(Reserved::Held)
    }

    /// What is to be written for a wish.
    fn rows_of(&self, wish: &Wish<'_>) -> Result<Vec<Row>, VaultError> {
        // A late repetition of an erased assertion must not bring its aliases back.
        let erased = key_of(wish.assertion_id, Purpose::Identity);
        if self.values.get(ERASED, &erased)?.is_some() {
            return Err(VaultError::Erased);
        }
        let rows = wish.aliases.iter();
        rows.map(|alias| self.row_of(*alias, wish.person, wish.assertion_id))
            .collect()
    }

    /// Who has an alias. While its assertion is pending that may be a person the log does not know
    /// (yet): ask the log's views before showing anything.
    pub fn lookup(&self, kind: &str, normalised: &str) -> Result<Option<Uuid>, VaultError> {
        let hash = self.keys.alias(Alias { kind, normalised });
        let row = self.keys.side().get(LOOKUP, &hash)?;
        let holder = self.keys.holder(row, &hash)?;
        Ok(holder.map(|holder| holder.person))
    }

    /// Who has an alias, and by which assertion.
    pub fn lookup_holder(&self, alias: Alias<'_>) -> Result<Option<(Uuid, Uuid)>, VaultError> {
        let hash = self.keys.alias(alias);
        let row = self.keys.side().get(LOOKUP, &hash)?;
        let holder = self.keys.holder(row, &hash)?;
        Ok(holder.map(|holder| (holder.person, holder.assertion_id)))
    }

    /// Lets go of an alias, if it is still that assertion's.
    pub fn lookup_release(&self, alias: Alias<'_>, assertion_id: Uuid) -> Result<(), VaultError> {
        let _sealing = self.sealing();
        let marker = marker_of(assertion_id, &self.keys.alias(alias));
        write(self.keys.side(), |tx| self.keys.release(tx, &marker))
    }

    /// Which assertion an alias waits for that is not known to be in the log, and since when.
    pub fn waits_for(
        &self,
        kind: &str,
        normalised: &str,
    ) -> Result<Option<(Uuid, i64)>, VaultError> {
        let hash = self.keys.alias(Alias { kind, normalised });
        let row = self.keys.side().get(LOOKUP, &hash)?;
        let Some(holder) = self.keys.holder(row, &hash)? else {
            return Ok(None);
        };
        let marker = marker_of(holder.assertion_id, &hash);
        let Some(since) = self.keys.side().get(RESERVED, &marker)? else {
            return Ok(None);
        };
        let since = since.first_chunk();
        let since = since.ok_or(VaultError::Damaged { space: RESERVED })?;
        Ok(Some((holder.assertion_id, i64::from_be_bytes(*since))))
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
