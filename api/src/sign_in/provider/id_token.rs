//! ID tokens: what a provider says of who signed in.
//!
//! Invariant: nothing of it is believed but what the `openidconnect` crate verified, and what it leaves out
//! is asked here. A crash loses nothing.

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreIdToken, CoreIdTokenClaims, CoreIdTokenVerifier, CoreJsonWebKeySet, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, ClaimsVerificationError, ClientId, IssuerUrl, Nonce,
    SignatureVerificationError,
};

/// Algorithms of an ID token: public keys alone, never `none`, never one secret for both sides.
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// An ID token's age when it is looked at, and how far the provider's clock may be ahead.
const ISSUED_S_MAX: i64 = 600;
const AHEAD_S_MAX: i64 = 60;

/// What an ID token must be.
pub(super) struct Wanted<'a> {
    /// For us.
    pub(super) client_id: &'a str,
    /// Of this provider.
    pub(super) issuer: &'a IssuerUrl,
    /// Of this sign-in.
    pub(super) nonce: &'a str,
    /// Of just now.
    pub(super) now_ms: i64,
}

impl Wanted<'_> {
    /// What a token says, if it is what is wanted, under one of these keys.
    pub(super) fn verify<'t>(
        &self,
        keys: &CoreJsonWebKeySet,
        token: &'t CoreIdToken,
        access: &AccessToken,
    ) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
        let now = DateTime::<Utc>::from_timestamp_millis(self.now_ms).unwrap_or_default();
        // As a public client, whatever our secret: a key that both sides know signs nothing.
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(self.client_id.to_owned()),
            self.issuer.clone(),
            keys.clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(move || now)
        .set_issue_time_verifier_fn(move |at| {
            let age_s = (now - at).num_seconds();
            if (-AHEAD_S_MAX..=ISSUED_S_MAX).contains(&age_s) {
                Ok(())
            } else {
                Err("not of the last ten minutes".into())
            }
        });
        let claims = token.claims(&verifier, &Nonce::new(self.nonce.to_owned()))?;
        // The crate leaves this one out.
        if let Some(azp) = claims.authorized_party()
            && **azp != self.client_id
        {
            return Err(ClaimsVerificationError::InvalidAudience("azp".into()));
        }
        if let Some(hash) = claims.access_token_hash() {
            let key = token.signing_key(&verifier);
            let key = key.map_err(ClaimsVerificationError::SignatureVerification)?;
            let alg = token.signing_alg();
            let alg = alg.map_err(ClaimsVerificationError::SignatureVerification)?;
            let own = AccessTokenHash::from_token(access, alg, key).ok();
            if own.as_ref() != Some(hash) {
                return Err(ClaimsVerificationError::Other("at_hash".into()));
            }
        }
        Ok(claims)
    }
}

/// In words of ours: what a token says is personal, and errors quote it.
pub(super) fn what_is_wrong(error: &ClaimsVerificationError) -> (&'static str, &'static str) {
    match error {
        ClaimsVerificationError::Expired(_) => (
            "id_token 已过期或来自未来",
            "the id_token is too old or from the future",
        ),
        ClaimsVerificationError::InvalidAudience(_) => {
            ("aud 或 azp 不是我们", "aud or azp is not ours")
        }
        ClaimsVerificationError::InvalidIssuer(_) => (
            "id_token 的 iss 是另一个登录服务的",
            "iss of the id_token is another provider's",
        ),
        ClaimsVerificationError::InvalidNonce(_) => {
            ("nonce 不属于这次登录", "nonce is not this sign-in's")
        }
        ClaimsVerificationError::SignatureVerification(error) => match error {
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::UnsupportedAlg(_)
            | SignatureVerificationError::NoSignature => {
                ("不接受这种签名算法", "alg is none that is accepted")
            }
            SignatureVerificationError::NoMatchingKey => {
                ("不是登录服务的密钥", "no key of the provider's")
            }
            _ => ("签名不是登录服务的", "the signature is not the provider's"),
        },
        _ => (
            "id_token 的格式不对",
            "the id_token is not of the expected form",
        ),
    }
}
