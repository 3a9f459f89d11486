//! What malformed bytes get: header, payload and compact form have one spelling each.

use ledger::assertion::Malformed;
use ledger::canonical::Flaw;
use ledger::execute::{ExecuteError, Refused};
use serde_json::{Value, json};
use tests::support::asking::{Signer, person};
use tests::support::log_world::LogWorld;
use tests::support::raw_jws::{compact, header, payload};

use super::{asking, refused, refused_as};

/// Two texts would mean one thing, and whoever hashes the other finds no record.
#[test]
fn payloads_have_one_form() {
    let world = LogWorld::province();
    let signer = Signer::school(1);
    let good = payload(world.sign(&asking()).text());
    let with = |data: &str| {
        let at = good.find(r#""data":"#).unwrap() + 7;
        let end = good.find(r#","id":"#).unwrap();
        format!("{}{data}{}", &good[..at], &good[end..])
    };
    let cases = [
        (format!(" {good}"), Flaw::Whitespace),
        (format!("{good}\n"), Flaw::Whitespace),
        (format!("{good}{good}"), Flaw::Trailing),
        (
            good.replace("{\"at\":", "{\"zz\":1,\"at\":"),
            Flaw::NotSorted,
        ),
        (
            good.replace("{\"at\":", "{\"at\":1,\"at\":"),
            Flaw::DuplicateMember,
        ),
        (good.replace("\"kind\"", "\"\\u006bind\""), Flaw::Escaping),
        (with("{\"n\":1.5}"), Flaw::Float),
        (with("{\"n\":1e3}"), Flaw::Float),
        (with("{\"n\":9007199254740992}"), Flaw::NumberTooLarge),
        (with("{\"n\":-9007199254740992}"), Flaw::NumberTooLarge),
        (with("{\"n\":-0}"), Flaw::NegativeZero),
        (with("{\"n\":01}"), Flaw::LeadingZero),
        (with("{\"a\":1,\"a\":1}"), Flaw::DuplicateMember),
        (with("{\"b\":1,\"a\":1}"), Flaw::NotSorted),
        (with("\"e\u{301}\""), Flaw::NotNfc),
        (with("\"\\ud800\""), Flaw::Surrogate),
        (
            with(&format!("{}{}", "[".repeat(70), "]".repeat(70))),
            Flaw::TooDeep,
        ),
        (good[..good.len() - 1].to_owned(), Flaw::NotJson),
    ];
    for (text, flaw) in cases {
        let text = compact(&signer, &header(&signer), text.as_bytes());
        match refused(&world, |world| world.submit_text(&text)) {
            ExecuteError::Refused(Refused::Malformed(Malformed::NotCanonical(found))) => {
                assert_eq!(found.what, flaw);
            }
            other => unreachable!("{flaw:?}: {other:?}"),
        }
    }
    let not_text = compact(&signer, &header(&signer), &[0xff, 0xfe]);
    refused_as(
        &world,
        &not_text,
        &Malformed::Payload("not UTF-8".into()).into(),
    );
}

/// Members, ids or times in another shape would be read one way here and another way elsewhere.
#[test]
fn payloads_have_the_members_of_an_assertion() {
    let world = LogWorld::province();
    let signer = Signer::school(1);
    let good: Value = serde_json::from_str(&payload(world.sign(&asking()).text())).unwrap();
    let changed = |member: &str, value: Option<Value>| {
        let mut payload = good.clone();
        match value {
            Some(value) => payload[member] = value,
            None => drop(payload.as_object_mut().unwrap().remove(member)),
        }
        let bytes = ledger::canonical::to_vec(&payload).unwrap();
        compact(&signer, &header(&signer), &bytes)
    };
    let payload_error = |text: &str| match refused(&world, |world| world.submit_text(text)) {
        ExecuteError::Refused(Refused::Malformed(Malformed::Payload(_))) => {}
        other => unreachable!("{other:?}"),
    };
    for member in ["at", "data", "id", "kind", "log", "seen"] {
        payload_error(&changed(member, None));
    }
    payload_error(&changed("more", Some(json!(1))));
    payload_error(&changed("seen", Some(json!({ "size": 1 }))));
    payload_error(&changed(
        "act",
        Some(json!({ "by": "password", "person": person(1), "role": "clerk" })),
    ));
    payload_error(&changed(
        "seen",
        Some(json!({ "root": "too short", "size": 1 })),
    ));
    // UUIDv4 has no time order; v1 has a machine's address in it.
    for id in [
        json!(person(1)),
        json!("c232ab00-9414-11ec-b3c8-9f6bdeced846"),
    ] {
        refused_as(&world, &changed("id", Some(id)), &Malformed::Id.into());
    }
    for at in [
        "2026-06-30T04:00:00Z",
        "2026-06-30T12:00:00.000+08:00",
        "2026-06-30 04:00:00.000Z",
        "2026-02-30T04:00:00.000Z",
        "",
    ] {
        refused_as(
            &world,
            &changed("at", Some(json!(at))),
            &Malformed::At.into(),
        );
    }
}

/// A header could choose how its own signature is judged.
#[test]
fn headers_are_exact() {
    let world = LogWorld::province();
    let signer = Signer::school(1);
    let text = payload(world.sign(&asking()).text());
    let kid = signer.kid();
    let typ = r#""typ":"xf-assertion+jws""#;
    for alg in ["SM2", "none", "HS256", "ES256", "eddsa", ""] {
        let header = format!(r#"{{"alg":"{alg}","kid":"{kid}",{typ}}}"#);
        let expected = Malformed::Algorithm(alg.into());
        refused_as(
            &world,
            &compact(&signer, &header, text.as_bytes()),
            &expected.into(),
        );
    }
    for header in [
        format!(r#"{{"alg":"EdDSA","b64":true,"kid":"{kid}",{typ}}}"#),
        format!(r#"{{"alg":"EdDSA","jwk":{{}},"kid":"{kid}",{typ}}}"#),
        format!(r#"{{"kid":"{kid}","alg":"EdDSA",{typ}}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}",{typ} }}"#),
        format!(r#"{{"alg":"EdDSA","alg":"EdDSA","kid":"{kid}",{typ}}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA",{typ}}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"JWT"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"key-1",{typ}}}"#),
        "[]".into(),
        String::new(),
    ] {
        let text = compact(&signer, &header, text.as_bytes());
        match refused(&world, |world| world.submit_text(&text)) {
            ExecuteError::Refused(Refused::Malformed(Malformed::Header(_))) => {}
            other => unreachable!("{header}: {other:?}"),
        }
    }
}

/// Base64 with a second spelling would give one assertion two sets of bytes.
#[test]
fn compact_parts_have_one_spelling() {
    let world = LogWorld::province();
    let good = world.sign(&asking());
    let good = good.text();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (head, body) = signed.split_once('.').unwrap();
    // 64 bytes leave four unused bits in the last character.
    let last = signature.chars().last().unwrap();
    let stray = char::from(u8::try_from(last).unwrap() + 1);
    for text in [
        String::new(),
        head.into(),
        signed.into(),
        format!("{good}."),
        format!("{good}="),
        format!("{good}.{signature}"),
        format!("{head}=.{body}.{signature}"),
        format!("{head}.{body}\n.{signature}"),
        format!("{head}.{body}.{}", &signature[4..]),
        format!("{head}.{body}.{}{stray}", &signature[..signature.len() - 1]),
        format!("{head}.{body}.AAAA{signature}"),
    ] {
        match refused(&world, |world| world.submit_text(&text)) {
            ExecuteError::Refused(Refused::Malformed(Malformed::Compact(_))) => {}
            other => unreachable!("{text}: {other:?}"),
        }
    }
}
