//! Learning codes and printed cards on the platform: made, scanned once, replaced (SECURITY §3).
//!
//! Invariant: a code opens once, in its own step or the next, for the audience it was made for; what
//! is kept here names a person only under seal and goes with the day, a card with its replacement.
//! Presence is all that is answered. A crash forgets nothing that would let a code count twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use identity::code::{Audience, Card, Code, ID_BYTES, Life, NotACode};
use identity::date::day_of;
use ledger::side::{Side, SideError};
use uuid::Uuid;

use crate::master::MasterKey;
use crate::seal::{MacKey, SealKey};
use crate::side::write;

/// Pairwise id → sealed person.
const PAIRWISE: &str = "code";
/// Pairwise id, step → nothing: scanned.
const SCANNED: &str = "code-scanned";
/// Keyed hash of a card's number → sealed person.
const CARD: &str = "card";
/// Person → keyed hash of the card in force.
const CARD_OF: &str = "card-of";
/// How long a pairwise id is known: its day, and the codes shown in its last moment.
const KNOWN_MS: i64 = 86_400_000 + 600_000;
/// Wrong codes after which a scanner rests until the minute is over.
const WRONG_MAX: u32 = 5;
const MINUTE_MS: i64 = 60_000;

/// Who stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// The person.
    pub person: Uuid,
    /// Whether it was a printed card: somebody must look whose it is.
    pub by_card: bool,
}

/// Why nobody is present.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// No code, another's, forged, or of a card that was replaced: one answer for all.
    #[error("this code says nothing here")]
    Invalid,
    /// Its window has closed.
    #[error("the code is too old: show a new one")]
    Expired,
    /// Scanned before: a second scan is a copy.
    #[error("the code was scanned before: show a new one")]
    Used,
    /// Too many wrong codes from this scanner.
    #[error("too many wrong codes: wait until the minute is over")]
    Resting,
    /// The store failed.
    #[error(transparent)]
    Side(#[from] SideError),
}

impl From<NotACode> for ScanError {
    fn from(_: NotACode) -> Self {
        Self::Invalid
    }
}

/// Codes and cards in a side store.
pub struct Codes {
    side: Arc<dyn Side>,
    mac: MacKey,
    seal: SealKey,
    /// Scanner → minute, wrong codes in it.
    wrong: Mutex<HashMap<String, (i64, u32)>>,
}

impl Codes {
    /// Over `side`, under keys derived from `master`.
    pub fn new(side: Arc<dyn Side>, master: &MasterKey) -> Self {
        Self {
            side,
            mac: master.mac_key("learning-code"),
            seal: master.sub_key("learning-code"),
            wrong: Mutex::default(),
        }
    }

    /// The code that `person` shows to `audience` now.
    pub fn show(
        &self,
        person: Uuid,
        audience: Audience,
        life: Life,
        now_ms: i64,
    ) -> Result<Code, ScanError> {
        let pairwise = self.pairwise(person, audience, now_ms);
        let sealed = self.sealed(PAIRWISE, &pairwise, person)?;
        let expires = Some(now_ms.saturating_add(KNOWN_MS));
        write(&*self.side, |tx| {
            if tx.get(PAIRWISE, &pairwise)?.is_none() {
                tx.put(PAIRWISE, &pairwise, &sealed, expires)?;
            }
            Ok::<_, SideError>(())
        })?;
        let mut code = Code {
            life,
            pairwise,
            step: life.step_at(now_ms).ok_or(ScanError::Invalid)?,
            mac: [0; 8],
        };
        code.mac = self.mac_of(&code, audience);
        Ok(code)
    }

    /// Who shows this text to `audience`, scanned by `scanner`.
    pub fn scan(
        &self,
        text: &str,
        audience: Audience,
        scanner: &str,
        now_ms: i64,
    ) -> Result<Present, ScanError> {
        if self.wrong_now(scanner, now_ms) >= WRONG_MAX {
            return Err(ScanError::Resting);
        }
        let found = match Code::parse(text) {
            Ok(code) => self.scan_code(&code, audience, now_ms),
            Err(NotACode) => self.scan_card(text, audience),
        };
        if matches!(found, Err(ScanError::Invalid)) {
            self.was_wrong(scanner, now_ms);
        }
        found
    }

    fn scan_code(
        &self,
        code: &Code,
        audience: Audience,
        now_ms: i64,
    ) -> Result<Present, ScanError> {
        let expected = self.mac_of(code, audience);
        // Compared through the MAC once more, so that the time tells nothing of the first wrong byte.
        let seen = |mac: &[u8; 8]| self.mac.mac(&[b"compare\0", mac]);
        if seen(&expected) != seen(&code.mac) {
            return Err(ScanError::Invalid);
        }
        if !code.is_open_at(now_ms) {
            return Err(ScanError::Expired);
        }
        let row = self.side.get(PAIRWISE, &code.pairwise)?;
        let person = self.opened(PAIRWISE, &code.pairwise, row)?;
        let once = [code.pairwise.as_slice(), &code.step.to_be_bytes()].concat();
        let until = now_ms.saturating_add(code.life.seconds().saturating_mul(3_000));
        let first = write(&*self.side, |tx| {
            if tx.get(SCANNED, &once)?.is_some() {
                return Ok::<_, SideError>(false);
            }
            tx.put(SCANNED, &once, &[], Some(until))?;
            Ok(true)
        })?;
        if !first {
            tracing::warn!(
                audience = audience.as_str(),
                "a learning code was scanned twice"
            );
            return Err(ScanError::Used);
        }
        Ok(Present {
            person,
            by_card: false,
        })
    }

    fn scan_card(&self, text: &str, audience: Audience) -> Result<Present, ScanError> {
        let card = Card::parse(text)?;
        if !audience.reads_cards() {
            return Err(ScanError::Invalid);
        }
        let hash = self.card_hash(card);
        let row = self.side.get(CARD, &hash)?;
        Ok(Present {
            person: self.opened(CARD, &hash, row)?,
            by_card: true,
        })
    }

    /// A new card for `person`; the one before says nothing from now on.
    pub fn new_card(&self, person: Uuid) -> Result<Card, ScanError> {
        let card = Card(ledger::clock::random::<ID_BYTES>());
        let hash = self.card_hash(card);
        let sealed = self.sealed(CARD, &hash, person)?;
        write(&*self.side, |tx| {
            if let Some(old) = tx.get(CARD_OF, person.as_bytes())? {
                tx.delete(CARD, &old)?;
            }
            tx.put(CARD_OF, person.as_bytes(), &hash, None)?;
            tx.put(CARD, &hash, &sealed, None)?;
            Ok::<_, SideError>(())
        })?;
        Ok(card)
    }

    /// Whether a card of `person` is in force.
    pub fn has_card(&self, person: Uuid) -> Result<bool, ScanError> {
        Ok(self.side.get(CARD_OF, person.as_bytes())?.is_some())
    }

    /// Ends the card of `person`; says whether there was one.
    pub fn end_card(&self, person: Uuid) -> Result<bool, ScanError> {
        Ok(write(&*self.side, |tx| {
            let Some(old) = tx.get(CARD_OF, person.as_bytes())? else {
                return Ok::<_, SideError>(false);
            };
            tx.delete(CARD, &old)?;
            tx.delete(CARD_OF, person.as_bytes())
        })?)
    }

    /// Forgets a person: no card, and no code of today or yesterday, names them any more.
    pub fn forget(&self, person: Uuid, now_ms: i64) -> Result<(), ScanError> {
        self.end_card(person)?;
        let days = [now_ms, now_ms.saturating_sub(86_400_000)];
        write(&*self.side, |tx| {
            for day in days {
                for audience in Audience::ALL {
                    tx.delete(PAIRWISE, &self.pairwise(person, audience, day))?;
                }
            }
            Ok::<_, SideError>(())
        })?;
        Ok(())
    }

    fn pairwise(&self, person: Uuid, audience: Audience, now_ms: i64) -> [u8; ID_BYTES] {
        let day = day_of(now_ms).to_string();
        let parts: [&[u8]; 4] = [
            b"pairwise\0",
            person.as_bytes(),
            audience.as_str().as_bytes(),
            day.as_bytes(),
        ];
        first(self.mac.mac(&parts))
    }

    /// The audience is in the MAC too: shown to one, a code is forged to every other.
    fn mac_of(&self, code: &Code, audience: Audience) -> [u8; 8] {
        let parts: [&[u8]; 3] = [b"code\0", audience.as_str().as_bytes(), &code.signed_part()];
        first(self.mac.mac(&parts))
    }

    fn card_hash(&self, card: Card) -> [u8; 32] {
        self.mac.mac(&[b"card\0", &card.0])
    }

    fn sealed(&self, space: &str, key: &[u8], person: Uuid) -> Result<Vec<u8>, ScanError> {
        self.seal
            .seal(&[space.as_bytes(), key], person.as_bytes())
            .map_err(|_| ScanError::Invalid)
    }

    fn opened(&self, space: &str, key: &[u8], row: Option<Vec<u8>>) -> Result<Uuid, ScanError> {
        let row = row.ok_or(ScanError::Invalid)?;
        let opened = self.seal.open(&[space.as_bytes(), key], &row);
        opened
            .ok()
            .and_then(|bytes| Uuid::from_slice(&bytes).ok())
            .ok_or(ScanError::Invalid)
    }

    fn wrong_now(&self, scanner: &str, now_ms: i64) -> u32 {
        let wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        wrong
            .get(scanner)
            .filter(|(minute, _)| *minute == now_ms.div_euclid(MINUTE_MS))
            .map_or(0, |(_, count)| *count)
    }

    fn was_wrong(&self, scanner: &str, now_ms: i64) {
        let now = now_ms.div_euclid(MINUTE_MS);
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        // Only this minute's matter, so the map stays as small as a minute's scanners.
        wrong.retain(|_, (minute, _)| *minute == now);
        wrong.entry(scanner.to_owned()).or_insert((now, 0)).1 += 1;
    }
}

fn first<const N: usize>(mac: [u8; 32]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(mac).for_each(|(out, byte)| *out = byte);
    out
}
