//! Status lists as documents: checked for themselves, and fetched for a credential.

use credentials::vc::proof;
use credentials::vc::status::Purpose;
use ledger::key::SigningKey;
use serde_json::{Value, json};
use tests::support::issuing::{
    COLLEGE, INDEX, UNIVERSITY, assertion_kid, credential_kid, fetched, key_of, named, published,
    text_of,
};

use super::lists::{multibase, packed};
use super::{Book, FINE, Want, World, at, good, positives};

const VALID: (&str, &str) = ("2026-11-22T06:30:00Z", "2026-11-29T06:30:00Z");
const SHOWN: Want = ("OK", "");
const BAD: Want = ("E54", "W40 E54");

fn list(purpose: Purpose, set: &[u32], valid: (&str, &str)) -> Value {
    let n = 1 + Purpose::ALL.iter().position(|it| *it == purpose).unwrap() as u64;
    fetched(UNIVERSITY, n, purpose, set, valid, &published())
}

fn clear() -> Value {
    list(Purpose::Revocation, &[], VALID)
}

/// The list with the value at `pointer` replaced, signed as it is under the name `kid`.
fn with(pointer: &str, value: Value, kid: &str, key: &SigningKey) -> Value {
    let Value::Object(mut document) = clear() else {
        unreachable!("an object");
    };
    document.remove("proof");
    let mut whole = Value::Object(document);
    let (above, name) = pointer.rsplit_once('/').unwrap();
    whole.pointer_mut(above).unwrap()[name] = value;
    let document = whole.as_object().unwrap().clone();
    proof::sign(document, kid, key, VALID.0).unwrap().into()
}

fn changed(pointer: &str, value: Value) -> Value {
    with(pointer, value, &credential_kid(UNIVERSITY), &published())
}

fn forged() -> Value {
    let mut list = list(Purpose::Revocation, &[INDEX], VALID);
    list["credentialSubject"]["encodedList"] = clear()["credentialSubject"]["encodedList"].clone();
    list
}

pub(super) fn add(book: &mut Book) {
    alone(book);
    used(book);
    refused(book);
    worlds(book);
}

fn alone(book: &mut Book) {
    let short = multibase(&packed(&[0; 16_383]));
    let url = "https://xf.example.org/status/9/1";
    let college = fetched(
        COLLEGE,
        1,
        Purpose::Revocation,
        &[],
        VALID,
        &named("college credential"),
    );
    let anothers = with(
        "/ttl",
        json!(1),
        &credential_kid(COLLEGE),
        &named("college credential"),
    );
    let assertion = (assertion_kid(UNIVERSITY), named("institution"));
    for (name, list, want) in [
        ("good", clear(), SHOWN),
        (
            "bits-set",
            list(Purpose::Suspension, &[1, INDEX], VALID),
            SHOWN,
        ),
        ("of-another", college, SHOWN),
        (
            "unknown-purpose",
            changed("/credentialSubject/statusPurpose", "message".into()),
            SHOWN,
        ),
        (
            "with-ttl",
            changed("/credentialSubject/ttl", json!(300_000)),
            SHOWN,
        ),
        ("without-end", with_end(None), SHOWN),
        ("other-address", changed("/id", url.into()), SHOWN),
        ("forged", forged(), ("E20", "E20")),
        (
            "undefined-member",
            changed("/ttl", json!(1)),
            ("E21", "E21"),
        ),
        (
            "undefined-in-subject",
            changed("/credentialSubject/position", json!(1)),
            ("E21", "E21"),
        ),
        ("undefined-before-key", anothers, ("E21", "E21")),
        (
            "issuer-object",
            changed("/issuer", json!({"id": "did:web:xf.example.org:i:7"})),
            ("E03", "E03"),
        ),
        (
            "issuer-unknown",
            changed("/issuer", "did:web:example.org".into()),
            ("E10", "E10"),
        ),
        (
            "no-list",
            changed("/credentialSubject/encodedList", "".into()),
            ("E03", "E03"),
        ),
        (
            "too-short",
            changed("/credentialSubject/encodedList", short.into()),
            ("E54", "E54"),
        ),
        (
            "assertion-key",
            with("/id", url.into(), &assertion.0, &assertion.1),
            ("E22", "E22"),
        ),
        (
            "unknown-key",
            with(
                "/id",
                url.into(),
                "did:web:xf.example.org:i:7#x",
                &published(),
            ),
            ("E10", "E10"),
        ),
        (
            "expired",
            with_end(Some("2026-11-22T07:00:00Z")),
            ("E31", "E31"),
        ),
        (
            "not-yet-valid",
            changed("/validFrom", "2026-11-22T07:00:01Z".into()),
            ("E32", "E32"),
        ),
    ] {
        book.json(&format!("list/{name}"), text_of(&list), want);
    }
    book.add(
        "json/list/stale-bundle",
        false,
        text_of(&with_end(None)),
        at(1_796_000_000),
        ("W50", "W50"),
    );
}

fn with_end(until: Option<&str>) -> Value {
    let Value::Object(mut document) = clear() else {
        unreachable!("an object");
    };
    document.remove("validUntil");
    document.extend(until.map(|until| ("validUntil".to_owned(), until.into())));
    let kid = credential_kid(UNIVERSITY);
    proof::sign(document, &kid, &published(), VALID.0)
        .unwrap()
        .into()
}

fn used(book: &mut Book) {
    let world = book.list("clear", clear());
    book.pair("fetched/clear", &world, FINE, FINE);
    for (name, list, codes) in [
        (
            "revoked",
            list(Purpose::Revocation, &[INDEX], VALID),
            ("E50", "W40 E50"),
        ),
        (
            "suspended",
            list(Purpose::Suspension, &[INDEX], VALID),
            ("E52", "W40 E52"),
        ),
        (
            "superseded",
            list(Purpose::Refresh, &[INDEX], VALID),
            ("E51", "W40 E51"),
        ),
    ] {
        let world = book.list(name, list);
        book.pair(&format!("fetched/{name}"), &world, codes, codes);
    }
    let all = World {
        lists: vec!["clear", "revoked", "superseded"],
        ..good()
    };
    // The first list of an address counts; the one of a purpose with a set bit beside it.
    book.pair(
        "fetched/several",
        &all,
        ("E51", "W40 E51"),
        ("E51", "W40 E51"),
    );
    let newer = World {
        bundle: "revoked",
        ..under_list("clear")
    };
    // Who hands in a list chooses which: it must not silence the bundle.
    book.pair(
        "fetched/clear-where-the-bundle-has-it-set",
        &newer,
        ("E50", "W40 E50"),
        ("E50", "W40 E50"),
    );
    let instead = World {
        bundle: "no-lists",
        ..under_list("clear")
    };
    book.pair(
        "fetched/where-the-bundle-has-none",
        &instead,
        FINE,
        ("E53", "W40 E53"),
    );
    let old = list(
        Purpose::Revocation,
        &[],
        ("2026-11-15T06:59:59Z", "2026-12-01T00:00:00Z"),
    );
    let world = book.list("old", old);
    book.pair(
        "fetched/stale",
        &world,
        ("W50", "W40 W50"),
        ("W50", "W40 W50"),
    );
    let old = list(
        Purpose::Revocation,
        &[INDEX],
        ("2026-11-15T06:59:59Z", "2026-12-01T00:00:00Z"),
    );
    let world = book.list("old-and-set", old);
    let set = ("E50", "W40 W50 E50");
    book.pair("fetched/stale-and-set", &world, set, set);
    let amber = list(
        Purpose::Revocation,
        &[],
        ("2026-11-20T06:59:59Z", "2026-12-01T00:00:00Z"),
    );
    let world = book.list("two-days", amber);
    book.pair("fetched/amber", &world, FINE, FINE);
    let unused = fetched(
        COLLEGE,
        1,
        Purpose::Revocation,
        &[INDEX],
        VALID,
        &named("college credential"),
    );
    let world = book.list("anothers", unused);
    book.pair("fetched/of-another-address", &world, FINE, FINE);
}

fn under_list(name: &'static str) -> World {
    World {
        lists: vec![name],
        ..good()
    }
}

fn refused(book: &mut Book) {
    let kid = credential_kid(COLLEGE);
    let college = named("college credential");
    let by_college = with(
        "/issuer",
        "did:web:xf.example.org:i:9".into(),
        &kid,
        &college,
    );
    let keyed = with("/credentialSubject/ttl", json!(1), &kid, &college);
    let assertion = assertion_kid(UNIVERSITY);
    let assertion = with(
        "/credentialSubject/ttl",
        json!(1),
        &assertion,
        &named("institution"),
    );
    let short = multibase(&packed(&[0; 16_383]));
    let bomb = multibase(&packed(&vec![0; (16 << 20) + 1]));
    let encoded = |text: String| changed("/credentialSubject/encodedList", text.into());
    let mut unsigned = clear();
    unsigned.as_object_mut().unwrap().remove("proof");
    for (name, list) in [
        ("forged", forged()),
        ("unsigned", unsigned),
        ("by-another-issuer", by_college),
        ("by-anothers-key", keyed),
        ("by-the-assertion-key", assertion),
        (
            "for-another-purpose",
            changed("/credentialSubject/statusPurpose", "suspension".into()),
        ),
        (
            "for-an-unknown-purpose",
            changed("/credentialSubject/statusPurpose", "message".into()),
        ),
        ("expired", with_end(Some("2026-11-22T06:59:59Z"))),
        (
            "not-yet-valid",
            changed("/validFrom", "2026-11-22T07:00:01Z".into()),
        ),
        ("with-an-undefined-member", changed("/ttl", json!(1))),
        ("without-dates", changed("/validFrom", "today".into())),
        ("too-short", encoded(short)),
        ("bomb", encoded(bomb)),
        (
            "an-achievement",
            json!({"id": "https://xf.example.org/status/7/1"}),
        ),
    ] {
        let key: &'static str = format!("bad-{name}").leak();
        let world = book.list(key, list);
        let [.., json] = positives();
        book.add(&format!("fetched/{name}"), false, json, world, BAD);
    }
}

fn worlds(book: &mut Book) {
    let retired = |name: &'static str, change: fn(&mut credentials::trust::IssuerKey)| {
        move |book: &mut Book| {
            book.bundle(name, |it| change(key_of(it, UNIVERSITY)));
            World {
                bundle: name,
                ..under_list("clear")
            }
        }
    };
    let world = retired("lists-by-retired", |key| key.retired = Some(700_000))(book);
    book.pair("fetched/by-a-retired-key", &world, BAD, BAD);
    let list = text_of(&clear());
    let alone = World {
        lists: Vec::new(),
        ..world
    };
    book.add(
        "json/list/retired-key",
        false,
        list.clone(),
        alone,
        ("E30", "E30"),
    );
    let world = retired("lists-by-stolen", |key| key.not_valid_after = Some(700_000))(book);
    let short = ("E12", "E12 W40 E54");
    book.pair("fetched/by-a-stolen-key", &world, short, short);
    let alone = World {
        lists: Vec::new(),
        ..world
    };
    book.add(
        "json/list/stolen-key",
        false,
        list.clone(),
        alone,
        ("E30", "E30"),
    );
    book.add(
        "json/list/suspended-issuer",
        false,
        list,
        super::under("suspended"),
        ("E11", "E11"),
    );
    // The bundle's age is said once; it is not the list's fault.
    let late = World {
        now_s: 1_795_935_000,
        ..under_list("clear")
    };
    book.list("long-valid", with_end(None));
    let late = World {
        lists: vec!["long-valid"],
        ..late
    };
    let with: Want = ("W50", "W50 W40");
    book.pair("fetched/under-a-stale-bundle", &late, with, with);
}
