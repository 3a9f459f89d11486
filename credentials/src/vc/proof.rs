//! Data Integrity proofs of the suite `eddsa-jcs-2022` (STANDARDS §3).
//!
//! Invariant: what is signed is SHA-256(JCS(proof without value)) ‖ SHA-256(JCS(document without
//! proof)); the proof's own `@context`, if there, stays in it.

use ledger::hash::Digest;
use ledger::key::SigningKey;
use serde_json::{Map, Value, json};

use super::canonical::{self, NotStrict};

/// The only proof type.
pub const TYPE: &str = "DataIntegrityProof";
/// The only suite.
pub const SUITE: &str = "eddsa-jcs-2022";
/// The purpose of credentials, status lists and bundles.
pub const PURPOSE: &str = "assertionMethod";
/// Every member a proof may have.
pub const MEMBERS: [&str; 11] = [
    "@context",
    "type",
    "id",
    "created",
    "expires",
    "verificationMethod",
    "proofPurpose",
    "proofValue",
    "cryptosuite",
    "challenge",
    "domain",
];

/// The 64 bytes that are signed.
pub fn hash_data(config: &Value, document: &Value) -> Result<[u8; 64], NotStrict> {
    let config = Digest::of(&canonical::to_vec(config)?);
    let document = Digest::of(&canonical::to_vec(document)?);
    let mut bytes = [0; 64];
    let (first, second) = bytes.split_at_mut(32);
    first.copy_from_slice(&config.0);
    second.copy_from_slice(&document.0);
    Ok(bytes)
}

/// `document` with its proof by `key`, called `kid`; `created` is RFC 3339, UTC, whole seconds.
///
/// A document with `@context` has it repeated in the proof, as the suite asks.
pub fn sign(
    mut document: Map<String, Value>,
    kid: &str,
    key: &SigningKey,
    created: &str,
) -> Result<Map<String, Value>, NotStrict> {
    let mut proof = json!({
        "type": TYPE, "cryptosuite": SUITE, "created": created,
        "verificationMethod": kid, "proofPurpose": PURPOSE,
    });
    if let (Some(context), Some(members)) = (document.get("@context"), proof.as_object_mut()) {
        members.insert("@context".into(), context.clone());
    }
    document.remove("proof");
    let bare = Value::Object(document);
    let signature = key.sign(&hash_data(&proof, &bare)?);
    if let Some(members) = proof.as_object_mut() {
        members.insert("proofValue".into(), write_value(&signature).into());
    }
    let Value::Object(mut document) = bare else {
        return Err(NotStrict("not an object".into()));
    };
    document.insert("proof".into(), proof);
    Ok(document)
}

/// `proofValue` of a signature: `z` and base58btc.
pub fn write_value(signature: &[u8; 64]) -> String {
    format!("z{}", bs58::encode(signature).into_string())
}

/// The signature in a `proofValue`.
pub fn read_value(text: &str) -> Option<[u8; 64]> {
    let encoded = text
        .strip_prefix('z')
        .filter(|encoded| encoded.len() <= 90)?;
    bs58::decode(encoded).into_vec().ok()?.try_into().ok()
}
