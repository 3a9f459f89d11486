//! Signed bytes that no [`ledger::assertion::Draft`] would make.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use ledger::key::SigningKey;

use super::asking::Signer;

/// The header that everybody else writes.
pub fn header(signer: &Signer) -> String {
    format!(
        r#"{{"alg":"EdDSA","kid":"{}","typ":"xf-assertion+jws"}}"#,
        signer.kid()
    )
}

/// A compact JWS over exactly these texts, with a signature that holds.
pub fn compact(signer: &Signer, header: &str, payload: &[u8]) -> String {
    compact_by(&signer.key(), header, payload)
}

/// As [`compact`], under any key.
pub fn compact_by(key: &SigningKey, header: &str, payload: &[u8]) -> String {
    let input = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature = key.sign(input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The payload of a compact JWS.
pub fn payload(compact: &str) -> String {
    decoded(compact.split('.').nth(1).expect("a compact JWS"))
}

/// The text of a payload in base64url.
pub fn decoded(part: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("UTF-8")
}
