//! Putting and opening the values of an assertion.
//!
//! Invariant: one sealed row per (assertion id, purpose) holds all its disclosures as received; it
//! opens only for its assertion, purpose, person and exact set of commitments. A salt is used once,
//! for ever: its fingerprint outlives the value and tells nothing of it.
//! A crash leaves a submission's rows all there, as pending, or none of them.

use identity::erasable::{Commitments, Disclosure, Opened};
use identity::purpose::Purpose;
use ledger::side::{SideError, Transaction};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::keys::{DataKey, NAME_BYTES, owner};
use super::{Vault, VaultError, damaged};
use crate::side::write;

/// Assertion, purpose → name of the data key, sealed disclosures.
pub(super) const VALUE: &str = "value";
/// Person, purpose, assertion → nothing: what an erasure has to delete.
pub(super) const VALUE_OF: &str = "value-of";
/// Assertion, purpose → when it was put, person: not yet known to be in the log.
pub(super) const PENDING: &str = "pending";
/// Assertion, purpose → nothing: erased, so that a late repetition does not bring it back.
pub(super) const ERASED: &str = "erased";
/// Fingerprint of a salt → keyed hash of what it was used for.
const SALT: &str = "salt";
/// Stands between disclosures, as in a submission; base64url has no such character.
const BETWEEN: &str = "~";

/// The values of one assertion, to be put.
#[derive(Debug, Clone, Copy)]
pub struct Values<'a> {
    /// Whose they are.
    pub person: Uuid,
    /// For what they are kept.
    pub purpose: Purpose,
    /// The assertion that commits to them.
    pub assertion_id: Uuid,
    /// The values with their salts, as received.
    pub disclosures: &'a [Disclosure],
}

/// The values of one assertion, to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Whose they are.
    pub person: Uuid,
    /// For what they are kept.
    pub purpose: Purpose,
    /// The assertion that commits to them.
    pub assertion_id: Uuid,
    /// Its commitments, from the log.
    pub commitments: &'a Commitments,
}

/// Why none of several submissions was put.
#[derive(Debug, thiserror::Error)]
#[error("the values were not put: {why}")]
pub struct NotPut {
    /// Which submission, from 0; `None` if it was the store that failed.
    pub at: Option<usize>,
    /// Why.
    #[source]
    pub why: VaultError,
}

impl From<SideError> for NotPut {
    fn from(error: SideError) -> Self {
        Self {
            at: None,
            why: VaultError::Side(error),
        }
    }
}

/// Everything to write for one submission.
struct Row {
    key: Vec<u8>,
    sealed: Vec<u8>,
    value_of: Vec<u8>,
    marker: Vec<u8>,
    /// Fingerprint and use of each salt.
    salts: Vec<([u8; 32], [u8; 32])>,
}

impl Vault {
    /// Puts the values of an assertion before it is queued, as pending; durable on return.
    ///
    /// The same values of the same assertion again are fine. Queue the assertion within
    /// [`super::ORPHAN_AFTER_MS`] of the return, or put again.
    pub fn put_pending(
        &self,
        person: Uuid,
        purpose: Purpose,
        assertion_id: Uuid,
        disclosures: &[Disclosure],
    ) -> Result<(), VaultError> {
        let one = Values {
            person,
            purpose,
            assertion_id,
            disclosures,
        };
        self.put_pending_all(&[one])
            .map_err(|NotPut { why, .. }| why)
    }

    /// As [`Vault::put_pending`] for a batch or import, all or none, in one write.
    pub fn put_pending_all(&self, all: &[Values<'_>]) -> Result<(), NotPut> {
        // An assertion without values leaves no trace here.
        let with_values: Vec<(usize, &Values<'_>)> = all
            .iter()
            .enumerate()
            .filter(|(_, values)| !values.disclosures.is_empty())
            .collect();
        if with_values.is_empty() {
            return Ok(());
        }
        let _sealing = self.sealing();
        let owners: Vec<_> = with_values
            .iter()
            .map(|(_, values)| (values.person, values.purpose))
            .collect();
        let keys = self
            .keys
            .of_or_new(&owners)
            .map_err(|why| NotPut { at: None, why })?;
        let rows = with_values
            .iter()
            .zip(&keys)
            .map(|((at, values), key)| {
                let row = self.row(values, key);
                row.map(|row| (*at, row))
                    .map_err(|why| NotPut { at: Some(*at), why })
            })
            .collect::<Result<Vec<_>, _>>()?;
        write(&*self.values, |tx| {
            for (at, row) in &rows {
                put(tx, row).map_err(|why| NotPut { at: Some(*at), why })?;
            }
            Ok(())
        })
    }

    /// Opens the values of an assertion, in the order in which they were submitted.
    ///
    /// [`VaultError::Erased`] once their key is destroyed, [`VaultError::NotHere`] if there never
    /// were any, [`VaultError::Damaged`] if they are not those of `commitments`.
    pub fn opened(
        &self,
        person: Uuid,
        purpose: Purpose,
        assertion_id: Uuid,
        commitments: &Commitments,
    ) -> Result<Vec<Opened>, VaultError> {
        let wanted = Wanted {
            person,
            purpose,
            assertion_id,
            commitments,
        };
        let disclosures = self.disclosures(&wanted)?;
        Ok(disclosures
            .iter()
            .map(|disclosure| disclosure.opened().clone())
            .collect())
    }

    /// As [`Vault::opened`] for many rows, one answer each: some may be erased and others not.
    pub fn opened_all(&self, all: &[Wanted<'_>]) -> Vec<Result<Vec<Opened>, VaultError>> {
        all.iter()
            .map(|row| self.opened(row.person, row.purpose, row.assertion_id, row.commitments))
            .collect()
    }

    /// The disclosures themselves, salts included: for the learner who takes them along.
    pub fn disclosures(&self, wanted: &Wanted<'_>) -> Result<Vec<Disclosure>, VaultError> {
        if wanted.commitments.is_empty() {
            return Ok(Vec::new());
        }
        let key = key_of(wanted.assertion_id, wanted.purpose);
        let Some(row) = self.values.get(VALUE, &key)? else {
            return match self.values.get(ERASED, &key)? {
                Some(_) => Err(VaultError::Erased),
                None => Err(VaultError::NotHere),
            };
        };
        let (name, sealed) = row
            .split_first_chunk::<NAME_BYTES>()
            .ok_or(VaultError::Damaged { space: VALUE })?;
        let data_key = self
            .keys
            .find(wanted.person, wanted.purpose)?
            .filter(|key| key.name == *name)
            .ok_or(VaultError::Erased)?;
        let place = place(
            wanted.assertion_id,
            wanted.purpose,
            wanted.person,
            wanted.commitments,
        );
        let opened = data_key
            .key
            .open(&[&place, name], sealed)
            .map_err(damaged(VALUE))?;
        read(&opened, wanted.commitments)
    }

    fn row(&self, values: &Values<'_>, data_key: &DataKey) -> Result<Row, VaultError> {
        let digests = values.disclosures.iter().map(Disclosure::digest).collect();
        let commitments = Commitments::of(digests)?;
        let place = place(
            values.assertion_id,
            values.purpose,
            values.person,
            &commitments,
        );
        let texts: Vec<&str> = values.disclosures.iter().map(Disclosure::encoded).collect();
        let plain = Zeroizing::new(texts.join(BETWEEN));
        let sealed = data_key
            .key
            .seal(&[&place, &data_key.name], plain.as_bytes())
            .map_err(damaged(VALUE))?;
        let salts = values
            .disclosures
            .iter()
            .map(|disclosure| {
                let fingerprint = self.keys.salt.mac(&[b"salt\0", disclosure.salt()]);
                let digest = disclosure.digest();
                let used_for = self.keys.salt.mac(&[b"used\0", &digest.0, &place]);
                (fingerprint, used_for)
            })
            .collect();
        let key = key_of(values.assertion_id, values.purpose);
        let now = self.clock.now_ms().to_be_bytes();
        Ok(Row {
            sealed: [data_key.name.as_slice(), &sealed].concat(),
            value_of: value_of(values.person, &key),
            marker: [now.as_slice(), values.person.as_bytes()].concat(),
            key,
            salts,
        })
    }
}

fn put(tx: &mut dyn Transaction, row: &Row) -> Result<(), VaultError> {
    if tx.get(ERASED, &row.key)?.is_some() {
        return Err(VaultError::Erased);
    }
    let mut again = true;
    for (index, (fingerprint, used_for)) in row.salts.iter().enumerate() {
        match tx.get(SALT, fingerprint)? {
            None => {
                again = false;
                tx.put(SALT, fingerprint, used_for, None)?;
            }
            Some(before) if before == used_for => {}
            Some(_) => return Err(VaultError::SaltSeen { index }),
        }
    }
    match tx.get(VALUE, &row.key)? {
        Some(_) if !again => Err(VaultError::OtherValues),
        Some(_) => {
            // Still pending: it starts to wait anew, or the reaper could take what is queued now.
            if tx.get(PENDING, &row.key)?.is_some() {
                tx.put(PENDING, &row.key, &row.marker, None)?;
            }
            Ok(())
        }
        None => {
            tx.put(VALUE, &row.key, &row.sealed, None)?;
            tx.put(VALUE_OF, &row.value_of, &[], None)?;
            tx.put(PENDING, &row.key, &row.marker, None)?;
            Ok(())
        }
    }
}

fn read(opened: &[u8], commitments: &Commitments) -> Result<Vec<Disclosure>, VaultError> {
    let not_ours = || VaultError::Damaged { space: VALUE };
    let text = std::str::from_utf8(opened).map_err(|_| not_ours())?;
    text.split(BETWEEN)
        .enumerate()
        .map(|(index, part)| {
            let disclosure = Disclosure::parse(part, index).map_err(|_| not_ours())?;
            if commitments.as_slice().contains(&disclosure.digest()) {
                Ok(disclosure)
            } else {
                Err(not_ours())
            }
        })
        .collect()
}

/// The key of an assertion's row.
pub(super) fn key_of(assertion_id: Uuid, purpose: Purpose) -> Vec<u8> {
    [
        assertion_id.as_bytes().as_slice(),
        purpose.as_str().as_bytes(),
        &[0],
    ]
    .concat()
}

/// The key of its entry in a person's list: person, purpose, assertion. `key` is [`key_of`]'s.
pub(super) fn value_of(person: Uuid, key: &[u8]) -> Vec<u8> {
    let (assertion_id, purpose) = key.split_at(key.len().min(16));
    [person.as_bytes().as_slice(), purpose, assertion_id].concat()
}

/// What a row is bound to.
fn place(assertion_id: Uuid, purpose: Purpose, person: Uuid, commitments: &Commitments) -> Vec<u8> {
    let mut place = key_of(assertion_id, purpose);
    place.extend(owner(person, purpose));
    for digest in commitments.as_slice() {
        place.extend(digest.0);
    }
    place
}
