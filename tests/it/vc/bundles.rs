//! The trust bundle: what opens, and what may take the place of the one that is held.

use credentials::trust::{BadBundle, Bundle};
use credentials::vc::{canonical, proof};
use identity::institution::KeyUse;
use serde_json::{Map, Value, json};
use tests::support::issuing::{
    UNIVERSITY, assertion_kid, bundle, named, signed, signed_by, text_of,
};

use super::published::BUNDLE;
use super::vectors::hold;

const REGISTRAR: &str = "did:web:xf.example.org#registrar-2026-1";
const NEXT: &str = "did:web:xf.example.org#registrar-2026-2";

/// One offered bundle.
struct Offer {
    name: String,
    held: Option<String>,
    offered: String,
    /// What is wrong; `None` = nothing.
    wrong: Option<fn(&BadBundle) -> bool>,
}

fn form(bad: &BadBundle) -> bool {
    matches!(bad, BadBundle::Form(_))
}

fn of_proof(bad: &BadBundle) -> bool {
    matches!(bad, BadBundle::Proof(_))
}

fn of_key(bad: &BadBundle) -> bool {
    matches!(bad, BadBundle::Key(_))
}

fn signature(bad: &BadBundle) -> bool {
    *bad == BadBundle::Signature
}

fn not_newer(bad: &BadBundle) -> bool {
    matches!(bad, BadBundle::NotNewer(_))
}

fn made(change: impl FnOnce(&mut Bundle)) -> String {
    let mut bundle = bundle();
    change(&mut bundle);
    text_of(&signed(&bundle))
}

/// Any object with a proof by the registrar's key, whose options may be changed.
fn proven(document: &Value, change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut document = document.as_object().unwrap().clone();
    document.remove("proof");
    let mut config = json!({
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
        "created": "2026-11-22T06:00:00Z", "verificationMethod": REGISTRAR,
        "proofPurpose": "assertionMethod",
    });
    change(config.as_object_mut().unwrap());
    let hashed = proof::hash_data(&config, &document.clone().into()).unwrap();
    config["proofValue"] = proof::write_value(&named("registrar").sign(&hashed)).into();
    document.insert("proof".into(), config);
    text_of(&document.into())
}

/// The bundle as JSON with one value replaced, or removed, and signed as it is.
fn with(pointer: &str, value: Option<Value>) -> String {
    let mut document = serde_json::to_value(bundle()).unwrap();
    let (above, name) = pointer.rsplit_once('/').unwrap();
    let above = document.pointer_mut(above).unwrap();
    match value {
        Some(value) => above[name] = value,
        None => drop(above.as_object_mut().unwrap().remove(name).unwrap()),
    }
    proven(&document, |_| {})
}

/// Gives the registrar another bundle key.
fn with_next(bundle: &mut Bundle) {
    let registrar = &mut bundle.issuers[0];
    let mut next = registrar.keys[0].clone();
    next.kid = NEXT.into();
    next.key = named("next registrar").public();
    registrar.keys.push(next);
}

fn newer(bundle: &mut Bundle) {
    bundle.version += 1;
    bundle.position += 1;
}

fn opened() -> Vec<Offer> {
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
            drop(config.insert(name.into(), value))
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

fn followed() -> Vec<Offer> {
    let held = || made(with_next);
    let offer = |name: &str, held: String, offered: String, wrong| Offer {
        name: format!("follow/{name}"),
        held: Some(held),
        offered,
        wrong,
    };
    let by = |kid: &str, key: &str, change: fn(&mut Bundle)| {
        let mut bundle = bundle();
        newer(&mut bundle);
        change(&mut bundle);
        text_of(&signed_by(&bundle, kid, &named(key)))
    };
    let update = |change: fn(&mut Bundle)| by(REGISTRAR, "registrar", change);
    let next = |change: fn(&mut Bundle)| by(NEXT, "next registrar", change);
    let plain = made(|_| {});
    vec![
        offer("newer", held(), update(|_| {}), None),
        offer("version alone", held(), update(|it| it.position -= 1), None),
        offer(
            "many versions",
            held(),
            update(|it| it.version = 4_100),
            None,
        ),
        offer("by the next key, held", held(), next(with_next), None),
        offer(
            "by the next key, not held",
            plain.clone(),
            next(with_next),
            Some(of_key),
        ),
        offer(
            "introducing the next key",
            plain.clone(),
            update(with_next),
            None,
        ),
        offer(
            "other log key",
            plain.clone(),
            update(|it| it.log.key = named("x").public()),
            None,
        ),
        offer(
            "retired in the held one",
            made(|it| {
                with_next(it);
                it.issuers[0].keys[1].retired = Some(5);
            }),
            next(with_next),
            Some(of_key),
        ),
        offer(
            "same name, other key",
            made(|it| {
                with_next(it);
                it.issuers[0].keys[1].key = named("x").public();
            }),
            next(with_next),
            Some(of_key),
        ),
        offer(
            "held for another use",
            made(|it| {
                with_next(it);
                it.issuers[0].keys[1].r#use = KeyUse::Recovery;
            }),
            next(with_next),
            Some(of_key),
        ),
        offer(
            "same version",
            held(),
            update(|it| it.version -= 1),
            Some(not_newer),
        ),
        offer(
            "older version",
            held(),
            update(|it| it.version = 40),
            Some(not_newer),
        ),
        offer(
            "rolled back",
            held(),
            update(|it| it.position = 777_499),
            Some(not_newer),
        ),
        offer(
            "other log",
            held(),
            update(|it| it.log.origin = "xf.example.org/log/2".into()),
            Some(not_newer),
        ),
        offer(
            "forged",
            held(),
            update(|_| {}).replace("示例大学", "假大学"),
            Some(signature),
        ),
        offer("not a bundle", held(), "{}".into(), Some(form)),
    ]
}

fn judge(offer: &Offer) -> Result<Bundle, BadBundle> {
    match &offer.held {
        None => Bundle::open(&offer.offered),
        Some(held) => Bundle::open(held).unwrap().follow(&offer.offered),
    }
}

#[test]
fn bundles_are_held_to_their_vectors() {
    // If this fails, a verifier pins keys that no registrar named, or is rolled back to stolen ones.
    let offers: Vec<Offer> = opened().into_iter().chain(followed()).collect();
    for offer in &offers {
        match (judge(offer), offer.wrong) {
            (Ok(_), None) => {}
            (Err(bad), Some(wrong)) if wrong(&bad) => {}
            (judged, _) => panic!("{}: {:?}", offer.name, judged.map(|it| it.version)),
        }
    }
    let cases: Vec<Value> = offers
        .iter()
        .map(|it| {
            json!({"name": it.name, "held": it.held, "offered": it.offered, "accepted": it.wrong.is_none()})
        })
        .collect();
    let stored: Value =
        serde_json::from_str(&hold("bundles.json", &json!({"cases": cases}))).unwrap();
    for case in stored["cases"].as_array().unwrap() {
        let text = |name: &str| case[name].as_str().map(str::to_owned);
        let offer = Offer {
            name: text("name").unwrap(),
            held: text("held"),
            offered: text("offered").unwrap(),
            wrong: None,
        };
        assert_eq!(
            Some(judge(&offer).is_ok()),
            case["accepted"].as_bool(),
            "{}",
            offer.name
        );
    }
}

#[test]
fn the_same_bundle_again_is_no_update_and_no_error() {
    // If this fails, a verifier that asks twice is told that its registrar is rolled back.
    let text = made(|_| {});
    let held = Bundle::open(&text).unwrap();
    assert_eq!(held.follow(&text).as_ref(), Ok(&held));
    let value = canonical::parse(&text, canonical::Null::Allowed).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert_eq!(held.follow(&pretty).as_ref(), Ok(&held));
}

#[test]
fn no_bit_of_a_bundle_changes_unnoticed() {
    // If this fails, who carries a bundle to an offline verifier chooses whom it trusts.
    let text = made(|it| it.issuers.truncate(2));
    let original = Bundle::open(&text).unwrap();
    // Five and eight share no factor: every bit of a byte is flipped somewhere, every byte twice.
    for bit in (0..text.len() * 8).step_by(5) {
        let mut bytes = text.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(bent) = String::from_utf8(bytes) else {
            continue;
        };
        if let Ok(opened) = Bundle::open(&bent) {
            assert_eq!(opened, original, "bit {bit} changed it");
        }
    }
}
