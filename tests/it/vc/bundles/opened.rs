//! Bundles offered by hand: which of them open.

use credentials::trust::{BadBundle, Bundle};
use identity::institution::KeyUse;
use serde_json::{Value, json};
use tests::support::issuing::{UNIVERSITY, assertion_kid, named, signed_by, text_of};

use super::{
    NEXT, Offer, REGISTRAR, bundle, form, made, of_key, of_proof, proven, signature, with,
    with_next,
};
use crate::vc::published::BUNDLE;

pub(super) fn opened() -> Vec<Offer> {
    let good = made(|_| {});
    let mut offers = Vec::new();
    let mut add = |name: &str, offered: String, wrong: Option<fn(&BadBundle) -> bool>| {
        offers.push(Offer {
            name: format!("open/{name}"),
            held: None,
            offered,
            wrong,
        });
    };
    let value: Value = serde_json::from_str(&good).unwrap();
    add("good", good.clone(), None);
    add("of the handbook", BUNDLE.into(), None);
    add(
        "pretty",
        serde_json::to_string_pretty(&value).unwrap(),
        None,
    );
    add(
        "number in another form",
        good.replace("\"version\":41", "\"version\":41.0"),
        None,
    );
    add(
        "an unknown member",
        with("/later", Some(json!({"x": [1, true]}))),
        None,
    );
    add(
        "an unknown member of a key",
        with("/issuers/1/keys/0/later", Some(json!(1))),
        None,
    );
    add("an unknown null", with("/later", Some(Value::Null)), None);
    add(
        "purpose left out",
        with("/issuers/1/status/0/purpose", None),
        None,
    );
    add("nothing", String::new(), Some(form));
    add("words", "学分".into(), Some(form));
    add("array", format!("[{good}]"), Some(form));
    add("trailing", format!("{good}1"), Some(form));
    add("byte order mark", format!("\u{feff}{good}"), Some(form));
    add(
        "member twice",
        good.replacen('{', "{\"version\":41,", 1),
        Some(form),
    );
    add(
        "unknown member, unsigned",
        good.replacen('{', "{\"later\":1,", 1),
        Some(signature),
    );
    for pointer in [
        "/version",
        "/issued_at",
        "/position",
        "/log",
        "/log/origin",
        "/log/key",
        "/log/alg",
        "/log/hash",
        "/witnesses",
        "/witnesses/0/name",
        "/witnesses/0/key",
        "/quorum",
        "/age_policy",
        "/age_policy/plain_hours",
        "/age_policy/unknown_hours",
        "/issuers",
        "/issuers/1/id",
        "/issuers/1/did",
        "/issuers/1/name",
        "/issuers/1/custody",
        "/issuers/1/suspended",
        "/issuers/1/status_required",
        "/issuers/1/disputed",
        "/issuers/1/keys",
        "/issuers/1/status",
        "/issuers/1/keys/0/kid",
        "/issuers/1/keys/0/pub",
        "/issuers/1/keys/0/use",
        "/issuers/1/keys/0/custody",
        "/issuers/1/keys/0/activated",
        "/issuers/1/keys/0/retired",
        "/issuers/1/keys/0/not_valid_after",
        "/issuers/1/status/0/url",
        "/issuers/1/status/0/gzip",
        "/issuers/1/status/0/position",
        "/issuers/1/status/0/at",
    ] {
        add(
            &format!("without {pointer}"),
            with(pointer, None),
            Some(form),
        );
    }
    for (pointer, value) in [
        ("/version", json!("41")),
        ("/version", json!(-1)),
        ("/version", json!(41.5)),
        ("/version", Value::Null),
        ("/issued_at", Value::Null),
        ("/quorum", json!(true)),
        ("/witnesses", json!({})),
        ("/issuers/1/id", json!(4_294_967_296_u64)),
        ("/issuers/1/custody", json!("mine")),
        ("/issuers/1/suspended", json!(false)),
        ("/issuers/1/disputed", json!([[1]])),
        ("/issuers/1/disputed", json!([[1, 2, 3]])),
        ("/issuers/1/disputed", json!([[1, null]])),
        ("/issuers/1/keys/0/use", json!("any")),
        ("/issuers/1/keys/0/pub", json!("z6Mk")),
        // The point of order 1.
        (
            "/issuers/1/keys/0/pub",
            json!("z6MkeXATEjyXENzBXBxgC5EHk2JE5aqd7qMGGtDpLUH1e2Sj"),
        ),
        ("/issuers/1/keys/0/retired", json!("1")),
        ("/issuers/1/status/0/purpose", json!("message")),
        ("/log/alg", json!("SM2")),
        ("/log/hash", json!("SM3")),
        ("/log/alg", json!("none")),
    ] {
        let name = format!("{pointer} = {value}");
        add(&name, with(pointer, Some(value)), Some(form));
    }
    add(
        "number beyond doubles",
        good.replace("\"version\":41", "\"version\":9007199254740992"),
        Some(form),
    );
    proofs(&good, &mut add);
    offers
}

fn proofs(good: &str, add: &mut impl FnMut(&str, String, Option<fn(&BadBundle) -> bool>)) {
    let document = serde_json::to_value(bundle()).unwrap();
    let value: Value = serde_json::from_str(good).unwrap();
    let option = |name: &'static str, value: Value| {
        proven(&document, move |config| {
            drop(config.insert(name.into(), value));
        })
    };
    let bent = |pointer: &str, to: Value| {
        let mut bent = value.clone();
        *bent.pointer_mut(pointer).unwrap() = to;
        text_of(&bent)
    };
    add("no proof", text_of(&document), Some(of_proof));
    add(
        "proof in an array",
        bent("/proof", json!([value["proof"]])),
        Some(of_proof),
    );
    add(
        "proof of another suite",
        option("cryptosuite", json!("eddsa-rdfc-2022")),
        Some(of_proof),
    );
    add(
        "proof of another type",
        option("type", json!("Proof")),
        Some(of_proof),
    );
    add(
        "proof for another purpose",
        option("proofPurpose", json!("authentication")),
        Some(of_proof),
    );
    add(
        "proof with context",
        option("@context", json!(["https://www.w3.org/ns/credentials/v2"])),
        Some(of_proof),
    );
    add(
        "proof with an unknown member",
        option("nonce", json!("x")),
        Some(of_proof),
    );
    add("proof with an id", option("id", json!("urn:x")), None);
    add(
        "no method",
        option("verificationMethod", json!(1)),
        Some(of_proof),
    );
    add(
        "value short",
        bent("/proof/proofValue", json!("z2")),
        Some(of_proof),
    );
    add(
        "value of zeros",
        bent("/proof/proofValue", format!("z{}", "1".repeat(64)).into()),
        Some(signature),
    );
    add(
        "created changed",
        bent("/proof/created", json!("2026-11-22T06:00:01Z")),
        Some(signature),
    );
    add(
        "issued later",
        bent("/issued_at", json!("2026-11-23T06:00:00Z")),
        Some(signature),
    );
    add(
        "key changed",
        bent(
            "/issuers/1/keys/1/pub",
            named("x").public().multikey().into(),
        ),
        Some(signature),
    );
    let by = |kid: &str, key: &ledger::key::SigningKey, change: fn(&mut Bundle)| {
        let mut bundle = bundle();
        change(&mut bundle);
        text_of(&signed_by(&bundle, kid, key))
    };
    let stranger = named("stranger");
    add(
        "by a stranger",
        by(REGISTRAR, &stranger, |_| {}),
        Some(signature),
    );
    add(
        "by an unknown key",
        by(NEXT, &stranger, |_| {}),
        Some(of_key),
    );
    let institution = assertion_kid(UNIVERSITY);
    add(
        "by an assertion key",
        by(&institution, &named("institution"), |_| {}),
        Some(of_key),
    );
    let for_bundles = |it: &mut Bundle| it.issuers[1].keys[0].r#use = KeyUse::Bundle;
    add(
        "by another's bundle key",
        by(&institution, &named("institution"), for_bundles),
        Some(of_key),
    );
    let retire = |it: &mut Bundle| it.issuers[0].keys[0].retired = Some(5);
    add(
        "by a retired key",
        by(REGISTRAR, &named("registrar"), retire),
        Some(of_key),
    );
    let other_use = |it: &mut Bundle| it.issuers[0].keys[0].r#use = KeyUse::Ledger;
    add(
        "by a ledger key",
        by(REGISTRAR, &named("registrar"), other_use),
        Some(of_key),
    );
    add(
        "by the next key that it names",
        by(NEXT, &named("next registrar"), with_next),
        None,
    );
}
