//! A record number for rows of files that have none.
//!
//! Invariant: the same achievement of the same person at the same awarder gets the same number, in
//! whatever file and order; nobody without the vault's key can tell what it was made of. Mark and
//! credits are no part of it: a row with another mark is the same record and says otherwise.

use identity::did::IssuerNumber;
use uuid::Uuid;

use crate::app::App;

/// How such a number begins.
const PREFIX: &str = "auto-";
/// Letters behind it: 96 bits.
const LETTERS: usize = 24;

/// The number; `told` = kind, code, title and day as the row says them.
pub(super) fn record(app: &App, awarder: IssuerNumber, person: Uuid, told: [&str; 4]) -> String {
    let awarder = awarder.0.to_be_bytes();
    let mut parts: Vec<&[u8]> = vec![&awarder, person.as_bytes()];
    for text in &told {
        parts.extend([text.as_bytes(), &[0]]);
    }
    let key = app.vault.record_key(&parts);
    // Letters alone: digits could make a person's number, which no record may hold.
    let halves = key.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let letters = halves.take(LETTERS).map(|half| char::from(b'a' + half));
    PREFIX.chars().chain(letters).collect()
}
