//! Somebody who signs with a key of their own, as `xuefen sign` does.

use identity::erasable::{Commitments, Disclosure};
use ledger::assertion::{Act, Assertion, By, Draft, Kid, Target};
use ledger::clock::{self, Clock as _};
use ledger::key::{SigningKey, file as key_file};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Stand;

/// A key and its name.
#[derive(Debug)]
pub struct Hand {
    /// The name.
    pub kid: Kid,
    /// The key.
    pub key: SigningKey,
}

impl Hand {
    /// A new key that institution `number` will hold under `fragment`.
    pub fn new(stand: &Stand, number: u32, fragment: &str) -> Self {
        let did = identity::did::Did::new(&stand.app.host, identity::did::IssuerNumber(number));
        Self {
            kid: did.kid(fragment).expect("a name"),
            key: SigningKey::generate(),
        }
    }

    /// One of the keys that genesis wrote down, by the name of its file.
    pub fn of_genesis(stand: &Stand, fragment: &str) -> Self {
        let (kid, key) = key_file::read(&stand.app.dir.key(fragment)).expect("a key file");
        Self { kid, key }
    }

    /// The part of the key's name behind `#`.
    pub fn fragment(&self) -> &str {
        self.kid.as_str().rsplit('#').next().unwrap_or_default()
    }

    /// An assertion to be bent and signed.
    pub fn draft(stand: &Stand, kind: &str, data: Value) -> Draft {
        let now_ms = stand.clock.now_ms();
        Draft {
            id: clock::uuid_v7(now_ms),
            log: stand.app.ledger.origin().into(),
            kind: kind.into(),
            at_ms: now_ms,
            seen: stand.app.ledger.seen(),
            target: None,
            cause: None,
            act: None,
            data,
        }
    }

    /// Signs.
    pub fn sign(&self, draft: &Draft) -> String {
        self.signed(draft).text().to_owned()
    }

    /// Signs, and keeps what can be asked of an assertion.
    pub fn signed(&self, draft: &Draft) -> Assertion {
        draft
            .sign(&self.kid, &self.key)
            .expect("a draft that can be signed")
    }

    /// Commits to `disclosures`, signs, and puts them behind the assertion.
    pub fn submission(&self, mut draft: Draft, disclosures: &[Disclosure]) -> String {
        commit(&mut draft, disclosures);
        join(&self.sign(&draft), disclosures)
    }
}

/// Puts the digests of `disclosures` into the data.
pub fn commit(draft: &mut Draft, disclosures: &[Disclosure]) {
    let digests = disclosures.iter().map(Disclosure::digest).collect();
    draft.data["_sd"] = json!(Commitments::of(digests).expect("few and different"));
}

/// `<JWS>~<disclosure>~…~`
pub fn join(compact: &str, disclosures: &[Disclosure]) -> String {
    let mut text = compact.to_owned();
    for disclosure in disclosures {
        text.push('~');
        text.push_str(disclosure.encoded());
    }
    text.push('~');
    text
}

/// A value with a new salt.
pub fn disclosure(name: &str, value: &str) -> Disclosure {
    Disclosure::new(clock::random(), name, Value::String(value.into()))
}

/// Who acts, as an officer known by a token.
pub fn act(person: Uuid, role: &str) -> Option<Act> {
    Some(Act {
        by: By::Token,
        on_behalf_of: None,
        person,
        role: role.into(),
    })
}

/// What an approval names.
pub fn target(id: &Value, leaf: &Value) -> Option<Target> {
    serde_json::from_value(json!({ "id": id, "leaf": leaf })).expect("id and leaf")
}
