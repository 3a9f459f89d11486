//! Witnesses: parties that saw the log only grow, and say so on its checkpoints (C2SP
//! tlog-cosignature v1).
//!
//! Invariant: a witness counts once, whatever it signs and under however many names, and only with
//! a signature that verifies; a false one under its name condemns the checkpoint.

use crate::checkpoint::note::{self, NotANote, SignatureType, SignedNote};
use crate::key::{PublicKey, SigningKey};

/// Largest timestamp: 2⁶³ − 1 (C2SP tlog-cosignature).
const TIME_MAX: u64 = i64::MAX.unsigned_abs();

/// A witness that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its key name: `witness.example.net`.
    pub name: String,
    /// Its key.
    pub key: PublicKey,
}

/// A cosignature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The witness's name.
    pub name: String,
    /// When it signed, Unix seconds by its own clock.
    pub time_s: u64,
}

/// A line under a trusted witness's name and key id does not verify.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the cosignature under the name {0:?} does not verify")]
pub struct FalseCosignature(pub String);

/// The cosignatures on `note` by `witnesses`, one a witness: the latest.
///
/// Whether they are enough is the caller's quorum.
pub fn cosignatures(
    note: &SignedNote,
    witnesses: &[Witness],
) -> Result<Vec<Cosigned>, FalseCosignature> {
    let mut found: Vec<(&PublicKey, Cosigned)> = Vec::new();
    for witness in witnesses {
        let key_id = note::key_id(&witness.name, SignatureType::Cosignature, &witness.key);
        for bytes in note.by(&witness.name, key_id) {
            let time_s = verify(note.text(), bytes, &witness.key)
                .ok_or_else(|| FalseCosignature(witness.name.clone()))?;
            match found.iter_mut().find(|(key, _)| **key == witness.key) {
                Some((_, earlier)) => earlier.time_s = earlier.time_s.max(time_s),
                None => found.push((
                    &witness.key,
                    Cosigned {
                        name: witness.name.clone(),
                        time_s,
                    },
                )),
            }
        }
    }
    Ok(found.into_iter().map(|(_, cosigned)| cosigned).collect())
}

/// The signature line, newline included, by which a witness says at `time_s` (Unix seconds) that
/// it saw no larger tree of this log and none that does not fit; `text` is the checkpoint's body.
pub fn cosign(text: &str, name: &str, key: &SigningKey, time_s: u64) -> Result<String, NotANote> {
    let time_s = time_s.min(TIME_MAX);
    let signature = key.sign(message(text, time_s).as_bytes());
    let key_id = note::key_id(name, SignatureType::Cosignature, &key.public());
    note::line(
        name,
        key_id,
        &[&time_s.to_be_bytes(), &signature[..]].concat(),
    )
}

/// The time of a cosignature that holds.
fn verify(text: &str, bytes: &[u8], key: &PublicKey) -> Option<u64> {
    let (time, signature) = bytes.split_first_chunk::<8>()?;
    let time_s = u64::from_be_bytes(*time);
    if time_s > TIME_MAX {
        return None;
    }
    let signature = signature.try_into().ok()?;
    key.verify(message(text, time_s).as_bytes(), signature)
        .ok()?;
    Some(time_s)
}

fn message(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}
