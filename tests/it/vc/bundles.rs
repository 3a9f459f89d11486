//! The trust bundle: what opens, and what may take the place of the one that is held.

mod followed;
mod opened;

use credentials::trust::{BadBundle, Bundle};
use credentials::vc::{canonical, proof};
use serde_json::{Map, Value, json};
use tests::support::issuing::{self, named, signed, text_of};

use super::vectors::hold;

/// A bundle of the registrar and one institution with one list.
fn bundle() -> Bundle {
    let mut bundle = issuing::bundle();
    bundle.issuers.truncate(2);
    bundle.issuers[1].status.truncate(1);
    bundle
}

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

fn judge(offer: &Offer) -> Result<Bundle, BadBundle> {
    match &offer.held {
        None => Bundle::open(&offer.offered),
        Some(held) => Bundle::open(held).unwrap().follow(&offer.offered),
    }
}

#[test]
fn bundles_are_held_to_their_vectors() {
    // If this fails, a verifier pins keys that no registrar named, or is rolled back to stolen ones.
    let offers: Vec<Offer> = opened::opened()
        .into_iter()
        .chain(followed::followed())
        .collect();
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
    let text = made(|_| {});
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
