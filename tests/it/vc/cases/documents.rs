//! Documents: what a signature covers, who may sign, for what, and what a proof may say.

use credentials::vc::proof;
use ledger::key::SigningKey;
use serde_json::{Map, Value, json};
use tests::support::issuing::{
    COLLEGE, UNIVERSITY, achievement, assertion_kid, credential_kid, named, proven, published,
    text_of,
};

use super::{Book, FINE, signed};

/// The good document as somebody changed it behind its signature.
pub(super) fn changed(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let Value::Object(mut document) = signed(achievement()) else {
        unreachable!("an object");
    };
    change(&mut document);
    text_of(&document.into())
}

/// Another document, signed as it is.
pub(super) fn made(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut document = achievement();
    change(&mut document);
    text_of(&signed(document))
}

/// The good document under a proof whose options are others, signed as they are.
pub(super) fn proved(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    proved_of(|_| {}, change)
}

/// The same of another document.
pub(super) fn proved_of(
    of: impl FnOnce(&mut Map<String, Value>),
    change: impl FnOnce(&mut Map<String, Value>),
) -> String {
    let mut document = achievement();
    of(&mut document);
    let mut config = json!({
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
        "created": "2026-01-15T09:00:00Z", "verificationMethod": credential_kid(UNIVERSITY),
        "proofPurpose": "assertionMethod", "@context": document["@context"],
    });
    change(config.as_object_mut().unwrap());
    let hashed = proof::hash_data(&config, &Value::Object(document.clone())).unwrap();
    config["proofValue"] = proof::write_value(&published().sign(&hashed)).into();
    document.insert("proof".into(), config);
    text_of(&document.into())
}

pub(super) fn by(
    kid: &str,
    key: &SigningKey,
    change: impl FnOnce(&mut Map<String, Value>),
) -> String {
    let mut document = achievement();
    change(&mut document);
    text_of(&proven(document, kid, key))
}

pub(super) fn add(book: &mut Book) {
    covered(book);
    who(book);
    proofs(book);
    options(book);
}

fn covered(book: &mut Book) {
    let e20 = ("E20", "E20");
    let achievement = |it: &mut Map<String, Value>, name: &str, value: Value| {
        it["credentialSubject"]["achievement"][name] = value;
    };
    for (name, value) in [
        (
            "claim-changed",
            changed(|it| achievement(it, "creditsAvailable", 30.into())),
        ),
        (
            "title-changed",
            changed(|it| it["name"] = "高级急救".into()),
        ),
        (
            "required-claim-removed",
            changed(|it| drop(it.remove("name"))),
        ),
        (
            "claim-removed",
            changed(|it| {
                let found = it["credentialSubject"]["achievement"].as_object_mut();
                found.unwrap().remove("humanCode");
            }),
        ),
        (
            "defined-member-added",
            changed(|it| {
                it.insert("validUntil".into(), "2036-01-15T09:00:00Z".into());
            }),
        ),
        (
            "issuer-swapped",
            changed(|it| it["issuer"]["id"] = "did:web:xf.example.org:i:9".into()),
        ),
        (
            "created-changed",
            changed(|it| it["proof"]["created"] = "2026-01-16T09:00:00Z".into()),
        ),
        (
            "created-removed",
            changed(|it| {
                it["proof"].as_object_mut().unwrap().remove("created");
            }),
        ),
        (
            "purpose-changed",
            changed(|it| it["proof"]["proofPurpose"] = "authentication".into()),
        ),
        (
            "proof-context-removed",
            changed(|it| {
                it["proof"].as_object_mut().unwrap().remove("@context");
            }),
        ),
        (
            "proof-expiry-added",
            changed(|it| it["proof"]["expires"] = "2036-01-15T09:00:00Z".into()),
        ),
        (
            "status-removed",
            changed(|it| drop(it.remove("credentialStatus"))),
        ),
        (
            "index-moved",
            changed(|it| it["credentialStatus"][0]["statusListIndex"] = "94568".into()),
        ),
        (
            "position-moved",
            changed(|it| {
                it["evidence"][0]["id"] = "https://xf.example.org/log/proof/251".into();
            }),
        ),
        (
            "date-moved",
            changed(|it| it["validFrom"] = "2026-01-14T09:00:00Z".into()),
        ),
        (
            "not-normalised",
            changed(|it| it["name"] = "社区急救\u{301}".into()),
        ),
        (
            "proof-bit",
            changed(|it| {
                let value = it["proof"]["proofValue"].as_str().unwrap();
                let mut bytes = proof::read_value(value).unwrap();
                bytes[3] ^= 4;
                it["proof"]["proofValue"] = proof::write_value(&bytes).into();
            }),
        ),
    ] {
        book.json(name, value, e20);
    }
}

fn who(book: &mut Book) {
    let (kid, stranger) = (
        format!("{}x", credential_kid(UNIVERSITY)),
        named("stranger"),
    );
    let away =
        |to: &'static str| move |it: &mut Map<String, Value>| it["evidence"][0]["id"] = to.into();
    let newer = away("https://xf.example.org/log/proof/777501");
    let at_bundle = away("https://xf.example.org/log/proof/777500");
    let none = away("https://xf.example.com/log/proof/250");
    book.json(
        "unknown-key-older",
        by(&kid, &stranger, |_| {}),
        ("E20", "E20"),
    );
    book.json(
        "unknown-key-at-bundle",
        by(&kid, &stranger, at_bundle),
        ("E20", "E20"),
    );
    book.json(
        "unknown-key-newer",
        by(&kid, &stranger, newer),
        ("E10", "E10"),
    );
    book.json(
        "unknown-key-no-position",
        by(&kid, &stranger, none),
        ("E10", "E10"),
    );
    let unknown =
        |it: &mut Map<String, Value>| it["issuer"]["id"] = "did:web:xf.example.org:i:8".into();
    book.json("unknown-issuer", made(unknown), ("E10", "E10"));
    let nameless =
        |it: &mut Map<String, Value>| drop(it["issuer"].as_object_mut().unwrap().remove("id"));
    book.json("issuer-without-id", made(nameless), ("E10", "E10"));
    book.json(
        "issuer-number",
        made(|it| it["issuer"] = 7.into()),
        ("E10", "E10"),
    );
    book.json(
        "issuer-text",
        made(|it| it["issuer"] = "did:web:xf.example.org:i:7".into()),
        ("E03", "E03"),
    );
    let (assertion, college) = (assertion_kid(UNIVERSITY), credential_kid(COLLEGE));
    let e22 = ("E22", "E22 W40");
    book.json(
        "assertion-key",
        by(&assertion, &named("institution"), |_| {}),
        e22,
    );
    book.json(
        "key-of-another",
        by(&college, &named("college credential"), |_| {}),
        e22,
    );
    let wrong_name = by(&credential_kid(UNIVERSITY), &named("institution"), |_| {});
    book.json("key-under-anothers-name", wrong_name, ("E20", "E20"));
}

fn proofs(book: &mut Book) {
    let value = |value: Value| changed(|it| it["proof"]["proofValue"] = value);
    let long = proof::write_value(&[255; 64]) + "1";
    for (name, document, code) in [
        ("no-proof", changed(|it| drop(it.remove("proof"))), "E20"),
        ("proof-text", changed(|it| it["proof"] = "x".into()), "E01"),
        (
            "proof-array-of-text",
            changed(|it| it["proof"] = json!(["x"])),
            "E01",
        ),
        (
            "proof-array-empty",
            changed(|it| it["proof"] = json!([])),
            "E04",
        ),
        (
            "two-proofs",
            changed(|it| it["proof"] = json!([it["proof"], it["proof"]])),
            "E04",
        ),
        (
            "suite-swapped",
            changed(|it| it["proof"]["cryptosuite"] = "eddsa-rdfc-2022".into()),
            "E04",
        ),
        (
            "proof-type",
            changed(|it| it["proof"]["type"] = "Ed25519Signature2020".into()),
            "E04",
        ),
        (
            "suite-missing",
            changed(|it| {
                it["proof"].as_object_mut().unwrap().remove("cryptosuite");
            }),
            "E04",
        ),
        (
            "proof-member",
            changed(|it| it["proof"]["nonce"] = "x".into()),
            "E21",
        ),
        (
            "proof-member-signed",
            proved(|it| drop(it.insert("nonce".into(), "x".into()))),
            "E21",
        ),
        (
            "previous-proof",
            proved(|it| drop(it.insert("previousProof".into(), "x".into()))),
            "E21",
        ),
        (
            "value-missing",
            changed(|it| {
                it["proof"].as_object_mut().unwrap().remove("proofValue");
            }),
            "E01",
        ),
        (
            "method-missing",
            changed(|it| {
                it["proof"]
                    .as_object_mut()
                    .unwrap()
                    .remove("verificationMethod");
            }),
            "E01",
        ),
        (
            "method-number",
            changed(|it| it["proof"]["verificationMethod"] = 7.into()),
            "E01",
        ),
        ("value-hex", value("u00".into()), "E01"),
        (
            "value-not-base58",
            value(format!("z0{}", "1".repeat(63)).into()),
            "E01",
        ),
        (
            "value-short",
            value(format!("z{}", "1".repeat(63)).into()),
            "E01",
        ),
        ("value-long", value(long.into()), "E01"),
        (
            "value-zeros",
            value(format!("z{}", "1".repeat(64)).into()),
            "E20",
        ),
        ("value-number", value(1.into()), "E01"),
        (
            "context-in-proof-other",
            changed(|it| it["proof"]["@context"][0] = "x".into()),
            "E21",
        ),
        (
            "context-in-proof-shorter",
            proved(|it| {
                it["@context"].as_array_mut().unwrap().pop();
            }),
            "E21",
        ),
        (
            "context-in-proof-text",
            proved(|it| {
                it["@context"] = "https://www.w3.org/ns/credentials/v2".into();
            }),
            "E21",
        ),
    ] {
        book.json(name, document, (code, code));
    }
}

fn options(book: &mut Book) {
    let with = |name: &'static str, value: &'static str| {
        proved(move |it| drop(it.insert(name.into(), value.into())))
    };
    let e22 = ("E22", "E22 W40");
    book.json(
        "purpose-authentication",
        with("proofPurpose", "authentication"),
        e22,
    );
    book.json(
        "purpose-missing",
        proved(|it| drop(it.remove("proofPurpose"))),
        e22,
    );
    book.json("challenge", with("challenge", "x"), e22);
    book.json("domain", with("domain", "x"), e22);
    let e31 = ("E31", "E31 W40");
    book.json(
        "proof-expired",
        with("expires", "2026-11-22T07:00:00Z"),
        e31,
    );
    book.json("proof-expires-never", with("expires", "never"), e31);
    book.json(
        "proof-expires-later",
        with("expires", "2026-11-22T07:00:01Z"),
        FINE,
    );
}
