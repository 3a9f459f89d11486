//! A device with passkeys (WebAuthn Level 2, ES256, attestation `none`), as honest as a test wants.
//!
//! Invariant: unless bent, it does what a browser and its authenticator do together: it answers for the
//! page's own origin, and signs what WebAuthn §6.5 says. It keeps its keys in memory.

use std::cell::{Cell, RefCell};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::clock;
use ledger::hash::Digest;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use super::browser::Browser;
use super::server::{Answer, Stand};

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const MOVES: u8 = 0x08;
const HAS_CREDENTIAL: u8 = 0x40;

/// A key that a device made for somebody at one party.
struct Key {
    id: [u8; 32],
    user: Vec<u8>,
    secret: SigningKey,
}

/// A device.
pub struct Device {
    /// The page's origin, as the browser says.
    pub origin: String,
    /// The party that it answers to.
    pub party: String,
    /// Whether it asks for finger, face or PIN.
    pub verifies: bool,
    /// Whether its keys may be copied to other devices.
    pub moves: bool,
    /// How often it signed; the next answer says one more. `None`: it does not count.
    pub counter: Cell<Option<u32>>,
    /// The id of the next key, as somebody else's; a random one if `None`.
    pub next_id: Option<[u8; 32]>,
    keys: RefCell<Vec<Key>>,
}

impl Device {
    /// An honest one in front of `stand`.
    pub fn at(stand: &Stand) -> Self {
        let origin = stand.app.sign_in.base_url.clone();
        let party = origin.split_once("://").unwrap().1;
        let party = party.split(':').next().unwrap().to_owned();
        Self {
            origin,
            party,
            verifies: true,
            moves: false,
            counter: Cell::new(Some(0)),
            next_id: None,
            keys: RefCell::default(),
        }
    }

    /// Puts its newest key into another device, as whoever copies it would.
    #[must_use]
    pub fn copied(&self) -> Self {
        let keys = self.keys.borrow();
        let newest = keys.last().unwrap();
        let key = Key {
            id: newest.id,
            user: newest.user.clone(),
            secret: newest.secret.clone(),
        };
        Self {
            origin: self.origin.clone(),
            party: self.party.clone(),
            verifies: self.verifies,
            moves: self.moves,
            counter: self.counter.clone(),
            next_id: None,
            keys: RefCell::new(vec![key]),
        }
    }

    /// The id of the newest key, as it is sent.
    pub fn id(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.keys.borrow().last().unwrap().id)
    }

    /// The bytes of that id.
    pub fn id_bytes(&self) -> [u8; 32] {
        self.keys.borrow().last().unwrap().id
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        let challenge = options.pointer("/publicKey/challenge").unwrap();
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
    }

    fn authenticator_data(&self, flags: u8, credential: &[u8]) -> Vec<u8> {
        let mut flags = flags | PRESENT;
        if self.verifies {
            flags |= VERIFIED;
        }
        if self.moves {
            flags |= MOVES;
        }
        let counter = self.counter.get().map(|it| it.wrapping_add(1));
        self.counter.set(counter);
        let party = Digest::of(self.party.as_bytes());
        [
            party.0.as_slice(),
            &[flags],
            &counter.unwrap_or(0).to_be_bytes(),
            credential,
        ]
        .concat()
    }

    /// Makes a key: the answer to the options of a registration.
    pub fn make(&self, options: &Value) -> Value {
        let user = options.pointer("/publicKey/user/id").unwrap();
        let user = URL_SAFE_NO_PAD.decode(user.as_str().unwrap()).unwrap();
        let secret = loop {
            // Not every 32 bytes are a scalar.
            if let Ok(key) = SigningKey::from_slice(&clock::random::<32>()) {
                break key;
            }
        };
        let id = self.next_id.unwrap_or_else(clock::random);
        let point = secret.verifying_key().to_sec1_point(false);
        let point = point.as_bytes();
        // COSE_Key (RFC 9053 §7.1): EC2, ES256, P-256, x, y.
        let cose = [
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20],
            &point[1..33],
            &[0x22, 0x58, 0x20],
            &point[33..],
        ]
        .concat();
        let credential = [&[0; 16], [0, 32].as_slice(), &id, &cose].concat();
        let data = self.authenticator_data(HAS_CREDENTIAL, &credential);
        let length = u8::try_from(data.len()).unwrap();
        let attestation = [
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58",
            [length].as_slice(),
            &data,
        ]
        .concat();
        self.keys.borrow_mut().push(Key { id, user, secret });
        let client = self.client_data("webauthn.create", options);
        json!({
            "id": URL_SAFE_NO_PAD.encode(id),
            "rawId": URL_SAFE_NO_PAD.encode(id),
            "type": "public-key",
            "response": {
                "attestationObject": URL_SAFE_NO_PAD.encode(attestation),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            },
            "extensions": {},
        })
    }

    /// Answers by the newest key to the options of a sign-in.
    pub fn answer(&self, options: &Value) -> Value {
        let data = self.authenticator_data(0, &[]);
        let client = self.client_data("webauthn.get", options);
        let keys = self.keys.borrow();
        let key = keys.last().unwrap();
        let signed = [data.as_slice(), &Digest::of(client.as_bytes()).0].concat();
        let signature: Signature = key.secret.sign(&signed);
        json!({
            "id": URL_SAFE_NO_PAD.encode(key.id),
            "rawId": URL_SAFE_NO_PAD.encode(key.id),
            "type": "public-key",
            "response": {
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
                "signature": URL_SAFE_NO_PAD.encode(signature.to_der().as_bytes()),
                "userHandle": URL_SAFE_NO_PAD.encode(&key.user),
            },
            "extensions": {},
        })
    }

    /// Enrols a new key in the browser of who is signed in.
    pub fn enrol(&self, stand: &Stand, browser: &Browser) -> Answer {
        let begin = browser.write(stand, "POST", "/v1/passkeys/registration", &json!({}));
        if begin.status != 200 {
            return begin;
        }
        let answer = self.make(&begin.json());
        let body = json!({ "answer": answer });
        browser.write(stand, "POST", "/v1/passkeys", &body)
    }

    /// What a sign-in in this browser is asked with.
    pub fn asked(stand: &Stand, browser: &Browser) -> Value {
        let kind = [("content-type", "application/json")];
        let options = browser.send(stand, "POST", "/login/passkey/options", &kind, Some(b"{}"));
        options.is(200)
    }

    /// Signs in by the newest key; `as_whom` names a role and an institution, or nothing.
    pub fn sign_in(&self, stand: &Stand, browser: &Browser, as_whom: &Value) -> Answer {
        let answer = self.answer(&Self::asked(stand, browser));
        send(stand, browser, &answer, as_whom)
    }
}

/// Sends an answer from a browser.
pub fn send(stand: &Stand, browser: &Browser, answer: &Value, as_whom: &Value) -> Answer {
    let mut body = as_whom.as_object().cloned().unwrap_or_default();
    body.insert("answer".into(), answer.clone());
    let body = Value::Object(body).to_string();
    let kind = [("content-type", "application/json")];
    browser.send(
        stand,
        "POST",
        "/login/passkey",
        &kind,
        Some(body.as_bytes()),
    )
}
