//! What a thief of a credential key signs.

use credentials::vc::qr::{self, Message};
use ledger::clock;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Issuing, offline, said, scanned};

#[test]
fn a_credential_that_was_never_logged_is_told_from_one_that_was() {
    // A5: who steals a credential key could issue what no log knows, and the platform would say valid.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let ready = issuing
        .stand
        .app
        .ready(serde_json::from_value(issued["id"].clone()).unwrap())
        .unwrap();
    let text = issuing.stand.app.signed_document(&ready).unwrap();
    let mut forged: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    forged.insert(
        "id".into(),
        json!(format!(
            "urn:uuid:{}",
            clock::uuid_v7(issuing.stand.app.now_ms())
        )),
    );
    let kid = forged["proof"]["verificationMethod"]
        .as_str()
        .unwrap()
        .to_owned();
    let kept = ledger::assertion::Kid::parse(&kid).unwrap();
    let key = issuing.stand.app.keystore.signer(&kept).unwrap().unwrap();
    let created = forged["validFrom"].as_str().unwrap().to_owned();
    let forged = credentials::vc::proof::sign(forged, &kid, &key, &created).unwrap();
    let forged = serde_json::to_vec(&forged).unwrap();
    assert_eq!(
        said(&issuing.verify("application/json", &forged)),
        ("invalid", "E41")
    );
    let alone = offline(&issuing, &issued, &forged);
    assert_eq!(
        (said(&alone).0, &alone["findings"][0]["code"]),
        ("valid", &json!("W40"))
    );
}

#[test]
fn other_content_under_a_known_credential_is_told() {
    // Who steals a credential key would sign more credit under a number and position that the log knows.
    let issuing = Issuing::open();
    let issued = issuing.issue().is(201);
    let app = &issuing.stand.app;
    let id: Uuid = serde_json::from_value(issued["id"].clone()).unwrap();
    let ready = app.ready(id).unwrap();
    let text = app.signed_document(&ready).unwrap();
    let mut forged: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
    forged["credentialSubject"]["achievement"]["creditsAvailable"] = json!(20);
    let kid = forged["proof"]["verificationMethod"]
        .as_str()
        .unwrap()
        .to_owned();
    let kept = ledger::assertion::Kid::parse(&kid).unwrap();
    let key = app.keystore.signer(&kept).unwrap().unwrap();
    let created = forged["validFrom"].as_str().unwrap().to_owned();
    let forged = credentials::vc::proof::sign(forged, &kid, &key, &created).unwrap();
    let forged = serde_json::to_vec(&forged).unwrap();
    assert_eq!(
        said(&issuing.verify("application/json", &forged)),
        ("invalid", "E41")
    );

    let code = scanned(&issuing.get(&issued, "/qr.png").body);
    let message = Message::parse(&code, &app.host).unwrap();
    let mut claims = qr::Claims::read(&message.payload).unwrap();
    let again = qr::text(&app.host, &qr::sign(&claims, &key, None));
    assert_eq!(
        said(&issuing.verify("text/plain", again.as_bytes())),
        ("valid", "OK")
    );
    claims.amount = Some(20_000);
    let more = qr::text(&app.host, &qr::sign(&claims, &key, None));
    assert_eq!(
        said(&issuing.verify("text/plain", more.as_bytes())),
        ("invalid", "E41")
    );
}
