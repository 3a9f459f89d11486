//! The registry of signature and hash algorithms: what is listed and what is enabled.

/// Whether `alg` (as in a JWS header) is enabled.
pub fn signature_is_enabled(alg: &str) -> bool {
    alg == "EdDSA"
}
