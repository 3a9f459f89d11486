//! Recovery sheets: a code on paper that opens an account again (SECURITY §1.4, R4).
//!
//! Invariant: the code is answered once and kept nowhere; what is kept is its Argon2id hash, sealed with
//! whose it is. Who guesses learns nothing: a wrong code, a replaced one and one that never was get the
//! same answer after the same work, and five wrong ones let a sheet rest for a quarter of an hour.
//! The commit comes first: a crash behind it leaves a sheet without a code, and another is printed.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use ledger::clock;
use ledger::side::{Side, SideError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::master::MasterKey;
use crate::seal::SealKey;
use crate::side::write;

/// First part of a code → what is known of it, sealed.
const SHEET: &str = "recovery-sheet";
/// Person → first part of the code in force.
const SHEET_OF: &str = "recovery-sheet-of";
/// First part → how often it was typed wrong of late.
const WRONG: &str = "recovery-wrong";
/// Wrong codes after which a sheet rests.
const WRONG_MAX: u8 = 5;
/// How long it rests, milliseconds.
const REST_MS: i64 = 15 * 60_000;
/// Characters that cannot be mistaken for one another (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters that name the sheet, and all.
const NAME_CHARS: usize = 8;
const CODE_CHARS: usize = 28;

/// What a code opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// Whose account.
    pub person: Uuid,
    /// The sheet's name in the log.
    pub sheet: Uuid,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(flatten)]
    sheet: Sheet,
    hash: String,
}

/// Why a code opens nothing.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// No code, a wrong one, or of a sheet that was replaced: one answer for all.
    #[error("this code opens nothing")]
    Invalid,
    /// Typed wrong too often.
    #[error("this code was typed wrong too often: wait a quarter of an hour")]
    Resting,
    /// The store failed.
    #[error(transparent)]
    Side(#[from] SideError),
    /// The hash could not be made.
    #[error("the code could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
}

/// Sheets in a side store.
pub struct Sheets {
    side: Arc<dyn Side>,
    seal: SealKey,
    /// Checked where there is no sheet, so that this takes as long.
    decoy: String,
}

impl Sheets {
    /// Over `side`, under a key derived from `master`.
    pub fn new(side: Arc<dyn Side>, master: &MasterKey) -> Self {
        let decoy = hash_of(&[b'0'; CODE_CHARS]).unwrap_or_default();
        Self {
            side,
            seal: master.sub_key("recovery-sheet"),
            decoy,
        }
    }

    /// A new code for a sheet: seven groups of four characters. The person's code before it opens nothing more.
    pub fn issue(&self, sheet: Sheet) -> Result<Zeroizing<String>, SheetError> {
        let code = random_code();
        let name = code.as_bytes().get(..NAME_CHARS).unwrap_or_default();
        let kept = Kept {
            sheet,
            hash: hash_of(code.as_bytes()).map_err(SheetError::Hash)?,
        };
        let kept = serde_json::to_vec(&kept).map_err(|_| SheetError::Invalid)?;
        let sealed = self.seal.seal(&[SHEET.as_bytes(), name], &kept);
        let sealed = sealed.map_err(|_| SheetError::Invalid)?;
        write(&*self.side, |tx| {
            if let Some(old) = tx.get(SHEET_OF, sheet.person.as_bytes())? {
                tx.delete(SHEET, &old)?;
            }
            tx.put(SHEET_OF, sheet.person.as_bytes(), name, None)?;
            tx.put(SHEET, name, &sealed, None)?;
            Ok::<_, SideError>(())
        })?;
        Ok(grouped(&code))
    }

    /// Whose sheet a code is of. It takes a while on purpose: call it where waiting is allowed.
    pub fn check(&self, text: &str, now_ms: i64) -> Result<Sheet, SheetError> {
        let code = plain(text).ok_or(SheetError::Invalid)?;
        let name = code.get(..NAME_CHARS).unwrap_or_default();
        if self.wrong(name)? >= WRONG_MAX {
            return Err(SheetError::Resting);
        }
        let kept = self.kept(name)?;
        let hash = kept.as_ref().map_or(&self.decoy, |kept| &kept.hash);
        let fits = PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(&code, &hash).is_ok());
        match kept {
            Some(kept) if fits => Ok(kept.sheet),
            _ => {
                self.count_wrong(name, now_ms)?;
                Err(SheetError::Invalid)
            }
        }
    }

    /// Ends the code of `person`, if there is one.
    pub fn end(&self, person: Uuid) -> Result<(), SheetError> {
        Ok(write(&*self.side, |tx| {
            if let Some(old) = tx.get(SHEET_OF, person.as_bytes())? {
                tx.delete(SHEET, &old)?;
                tx.delete(SHEET_OF, person.as_bytes())?;
            }
            Ok::<_, SideError>(())
        })?)
    }

    fn kept(&self, name: &[u8]) -> Result<Option<Kept>, SheetError> {
        let Some(row) = self.side.get(SHEET, name)? else {
            return Ok(None);
        };
        let opened = self.seal.open(&[SHEET.as_bytes(), name], &row);
        Ok(opened
            .ok()
            .and_then(|kept| serde_json::from_slice(&kept).ok()))
    }

    fn wrong(&self, name: &[u8]) -> Result<u8, SheetError> {
        let row = self.side.get(WRONG, name)?;
        Ok(row.and_then(|row| row.first().copied()).unwrap_or_default())
    }

    fn count_wrong(&self, name: &[u8], now_ms: i64) -> Result<(), SheetError> {
        Ok(write(&*self.side, |tx| {
            let before = tx.get(WRONG, name)?;
            let before = before.and_then(|row| row.first().copied());
            let count = before.unwrap_or_default().saturating_add(1);
            tx.put(WRONG, name, &[count], Some(now_ms.saturating_add(REST_MS)))
        })?)
    }
}

fn hash_of(code: &[u8]) -> Result<String, argon2::password_hash::Error> {
    let salt: [u8; 16] = clock::random();
    let hash = Argon2::default().hash_password_with_salt(code, &salt)?;
    Ok(hash.to_string())
}

/// 140 random bits.
fn random_code() -> Zeroizing<String> {
    let random: [u8; CODE_CHARS] = clock::random();
    let chars = random.iter().map(|byte| {
        let at = usize::from(byte & 31);
        char::from(ALPHABET.get(at).copied().unwrap_or(b'0'))
    });
    Zeroizing::new(chars.collect())
}

fn grouped(code: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(CODE_CHARS + CODE_CHARS / 4));
    for (at, c) in code.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(c);
    }
    text
}

/// The code as it was made, whatever was typed around it; I and L are read as 1, O as 0.
fn plain(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let chars = text.chars().filter(|c| !c.is_whitespace() && *c != '-');
    let read = chars.map(|c| match c.to_ascii_uppercase() {
        'O' => b'0',
        'I' | 'L' => b'1',
        c => u8::try_from(c).unwrap_or_default(),
    });
    let code: Zeroizing<Vec<u8>> = Zeroizing::new(read.take(CODE_CHARS + 1).collect());
    let fits = code.len() == CODE_CHARS && code.iter().all(|byte| ALPHABET.contains(byte));
    fits.then_some(code)
}
