//! An institution's server: signs in with its client key and proves each request with another.
//!
//! Everything it says can be bent before it is signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::institution::seal::{self, Seal};
use ledger::clock::{self, Clock as _};
use ledger::hash::Digest;
use ledger::key::SigningKey;
use serde_json::{Value, json};

use super::raw_jws;
use super::server::{Answer, Hand, Stand};

/// A server with both its keys.
#[derive(Debug)]
pub struct Machine {
    /// The client key.
    pub client: Hand,
    /// The key that its tokens are bound to.
    pub bound: SigningKey,
}

/// A compact JWS of these parts.
pub fn jws(header: &Value, claims: &Value, key: &SigningKey) -> String {
    raw_jws::compact_by(key, &header.to_string(), claims.to_string().as_bytes())
}

/// The public half as a JWK.
pub fn jwk(key: &SigningKey) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.public().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "x": x })
}

/// A fresh `jti`.
pub fn jti() -> String {
    URL_SAFE_NO_PAD.encode(clock::random::<16>())
}

impl Machine {
    /// A server of school `index`, whose two officers activate its client key.
    pub fn of(stand: &Stand, index: usize, fragment: &str) -> Self {
        let school = &stand.schools[index];
        let client = Hand::new(stand, school.number, fragment);
        let number = identity::did::IssuerNumber(school.number);
        let public = client.key.public();
        let text = seal::possession(stand.app.ledger.origin(), number, fragment, &public);
        let body = json!({
            "fragment": fragment, "key": public, "use": "client",
            "proof": Seal::of(&client.key, &text),
        });
        let path = format!("/v1/institutions/{}/keys", school.number);
        let proposed = stand.post(school.token(), &path, &body).is(202);
        stand
            .approve(&school.officers[1].token, &proposed["approval"])
            .is(201);
        Self {
            client,
            bound: SigningKey::generate(),
        }
    }

    /// Seconds now.
    pub fn now_s(stand: &Stand) -> i64 {
        stand.clock.now_ms() / 1_000
    }

    /// What its assertion says.
    pub fn claims(&self, stand: &Stand) -> Value {
        let now = Self::now_s(stand);
        let did = self.client.kid.did();
        json!({
            "iss": did, "sub": did, "aud": stand.app.sign_in.url("/oauth/token"),
            "jti": jti(), "iat": now, "exp": now + 60,
        })
    }

    /// The header of its assertion.
    pub fn header(&self) -> Value {
        json!({ "alg": "EdDSA", "kid": self.client.kid, "typ": "JWT" })
    }

    /// Its assertion.
    pub fn assertion(&self, stand: &Stand) -> String {
        jws(&self.header(), &self.claims(stand), &self.client.key)
    }

    /// What a proof for this request says; with the hash of `token`, unless it is "".
    pub fn proof_claims(&self, stand: &Stand, method: &str, path: &str, token: &str) -> Value {
        let plain = path.split('?').next().unwrap_or_default();
        let mut claims = json!({
            "jti": jti(), "htm": method, "htu": stand.app.sign_in.url(plain),
            "iat": Self::now_s(stand), "nonce": stand.app.sign_in.nonces.newest(stand.clock.now_ms()),
        });
        if !token.is_empty() {
            claims["ath"] = URL_SAFE_NO_PAD
                .encode(Digest::of(token.as_bytes()).0)
                .into();
        }
        claims
    }

    /// The header of a proof.
    pub fn proof_header(&self) -> Value {
        json!({ "alg": "EdDSA", "jwk": jwk(&self.bound), "typ": "dpop+jwt" })
    }

    /// A proof.
    pub fn proof(&self, stand: &Stand, method: &str, path: &str, token: &str) -> String {
        let claims = self.proof_claims(stand, method, path, token);
        jws(&self.proof_header(), &claims, &self.bound)
    }

    /// Asks the token endpoint with this assertion and proof.
    pub fn ask(stand: &Stand, assertion: &str, proof: &str) -> Answer {
        let body = format!(
            "grant_type=client_credentials&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
        );
        Self::ask_with(stand, &body, proof)
    }

    /// Asks the token endpoint with this form.
    pub fn ask_with(stand: &Stand, form: &str, proof: &str) -> Answer {
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("dpop", proof),
        ];
        stand.send("POST", "/oauth/token", "", &headers, Some(form.as_bytes()))
    }

    /// A token.
    pub fn token(&self, stand: &Stand) -> String {
        let proof = self.proof(stand, "POST", "/oauth/token", "");
        let given = Self::ask(stand, &self.assertion(stand), &proof).is(200);
        given["access_token"].as_str().expect("a token").into()
    }

    /// A request with this token and proof.
    pub fn send(
        stand: &Stand,
        method: &str,
        path: &str,
        (token, proof): (&str, &str),
        (media, body): (&str, Option<&[u8]>),
    ) -> Answer {
        let authorization = format!("DPoP {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("dpop", proof),
            ("content-type", media),
        ];
        stand.send(method, path, "", &headers, body)
    }

    /// GET with a token and a fresh proof.
    pub fn get(&self, stand: &Stand, token: &str, path: &str) -> Answer {
        let proof = self.proof(stand, "GET", path, token);
        Self::send(stand, "GET", path, (token, &proof), ("", None))
    }

    /// POST of JSON with a token and a fresh proof.
    pub fn post(&self, stand: &Stand, token: &str, path: &str, body: &Value) -> Answer {
        let proof = self.proof(stand, "POST", path, token);
        let body = body.to_string();
        let body = ("application/json", Some(body.as_bytes()));
        Self::send(stand, "POST", path, (token, &proof), body)
    }
}
