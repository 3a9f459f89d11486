//! Documents: the credit record as an Open Badges credential, and status lists as they are fetched.

use credentials::account::outcome::Fields;
use credentials::vc::achievement::{self, Says};
use credentials::vc::status::{self, Bits, Purpose};
use credentials::vc::{canonical, proof};
use identity::did::{Did, IssuerNumber};
use ledger::key::SigningKey;
use serde_json::{Map, Value, json};

use super::{HOST, INDEX, POSITION, UNIVERSITY, claims, credential_kid, named};

/// The credit record, with its position, without proof.
pub fn achievement() -> Map<String, Value> {
    let fields: Fields = serde_json::from_value(json!({
        "category": "community", "code": "SQ-101", "completed_on": "2025-12-20", "credits": "2.5",
        "hours": "40", "kind": "course", "level": "4", "passed": true, "scheme": "cn-he",
    }))
    .unwrap();
    let subject = named("holder").public().did_key();
    let document = achievement::document(&Says {
        id: claims().id,
        host: HOST,
        issuer: UNIVERSITY,
        issuer_did: &Did::new(HOST, IssuerNumber(UNIVERSITY)).to_string(),
        issuer_name: "示例大学",
        subject: &subject,
        outcome: uuid::Uuid::from_u128(0x5b0c_7f6e_8d3a_8c41_a5f2_9e1d_3c4b_5a60),
        title: "社区急救",
        fields: &fields,
        credits: "2.5".parse().unwrap(),
        valid_from: "2026-01-15T09:00:00Z",
        list: 1,
        index: INDEX,
    });
    // Three entries, as other people write them; our own documents name the first list alone.
    let mut document = document;
    let entries = (1..)
        .zip(Purpose::ALL)
        .map(|(n, purpose)| status::entry(&status::url(HOST, UNIVERSITY, n), purpose, INDEX));
    document.insert("credentialStatus".into(), entries.collect());
    achievement::with_position(document, HOST, POSITION)
}

/// `document` with the proof of `key` under the name `kid`.
pub fn proven(document: Map<String, Value>, kid: &str, key: &SigningKey) -> Value {
    Value::Object(proof::sign(document, kid, key, "2026-01-15T09:00:00Z").unwrap())
}

/// A status list of `issuer` as its address gives it, signed by `key`.
pub fn fetched(
    issuer: u32,
    n: u64,
    purpose: Purpose,
    set: &[u32],
    valid: (&str, &str),
    key: &SigningKey,
) -> Value {
    let mut bits = Bits::default();
    for index in set {
        bits.put(*index, true);
    }
    let did = Did::new(HOST, IssuerNumber(issuer)).to_string();
    let url = status::url(HOST, issuer, n);
    let document = status::document(&url, &did, purpose, &bits, valid.0, valid.1);
    Value::Object(proof::sign(document, &credential_kid(issuer), key, valid.0).unwrap())
}

/// The canonical text of a value.
pub fn text_of(value: &Value) -> String {
    String::from_utf8(canonical::to_vec(value).unwrap()).unwrap()
}
