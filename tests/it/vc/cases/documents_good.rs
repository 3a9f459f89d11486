//! Documents that are good in another form, and from when to when they are.

use credentials::vc::canonical::{self, Null};
use serde_json::{Map, Value, json};
use tests::support::issuing::{COLLEGE, credential_kid, named, text_of};

use super::documents::{by, changed, made, proved};
use super::documents_form::with;
use super::{Book, FINE, at};

pub(super) fn add(book: &mut Book) {
    good(book);
    times(book);
}

fn good(book: &mut Book) {
    let whole = made(|_| {});
    let value = canonical::parse(&whole, Null::Refused).unwrap();
    book.json(
        "pretty",
        serde_json::to_string_pretty(&value).unwrap(),
        FINE,
    );
    book.json("blanks-around", format!("\r\n {whole}\n\t "), FINE);
    book.json("escaped", whole.replace("社区", "\\u793e\\u533a"), FINE);
    book.json(
        "amount-in-another-form",
        whole.replace(":2.5,", ":25e-1,"),
        FINE,
    );
    let whole_number =
        made(|it| it["credentialSubject"]["achievement"]["creditsAvailable"] = 3.into());
    let with_point = whole_number.replace("\"creditsAvailable\":3,", "\"creditsAvailable\":3.0,");
    assert_ne!(with_point, whole_number);
    book.json("amount-3", whole_number, FINE);
    book.json("amount-3.0", with_point, FINE);
    let tiny = |it: &mut Map<String, Value>| {
        it["credentialSubject"]["achievement"]["creditsAvailable"] = json!(0.000_01);
    };
    book.json("amount-tiny", made(tiny), FINE);
    book.json(
        "proof-in-an-array",
        changed(|it| it["proof"] = json!([it["proof"]])),
        FINE,
    );
    book.json(
        "proof-without-context",
        proved(|it| drop(it.remove("@context"))),
        FINE,
    );
    book.json(
        "proof-with-id",
        proved(|it| drop(it.insert("id".into(), "urn:x".into()))),
        FINE,
    );
    for (name, created) in [
        ("a-word", json!("yesterday")),
        ("a-number", json!(7)),
        ("a-day", json!("2026-01-15")),
    ] {
        let odd = proved(|it| drop(it.insert("created".into(), created)));
        book.json(&format!("created-is-{name}"), odd, ("E03", "E03"));
    }
    book.json("not-created", proved(|it| drop(it.remove("created"))), FINE);
    for (name, pointer) in [
        ("subject", "/credentialSubject/id"),
        ("achievement", "/credentialSubject/achievement/id"),
    ] {
        for (n, id) in [
            "not a URL at all",
            "did:",
            ":key",
            "1did:key:z",
            "did:key:{z}",
            "学:分",
        ]
        .iter()
        .enumerate()
        {
            let odd = with(pointer, (*id).into());
            book.json(&format!("id-of-{name}-{n}"), odd, ("E03", "E03"));
        }
    }
    let without = |name: &'static str| move |it: &mut Map<String, Value>| drop(it.remove(name));
    book.json("no-schema", made(without("credentialSchema")), FINE);
    let college = |it: &mut Map<String, Value>| {
        it["issuer"]["id"] = "did:web:xf.example.org:i:9".into();
        let status = it["credentialStatus"].as_array_mut().unwrap();
        for entry in status {
            let moved = text_of(entry).replace("/status/7/", "/status/9/");
            *entry = serde_json::from_str(&moved).unwrap();
        }
    };
    let key = named("college credential");
    book.json(
        "of-another",
        by(&credential_kid(COLLEGE), &key, college),
        FINE,
    );
    book.json(
        "name-in-the-document-is-not-the-bundles",
        made(|it| {
            it["issuer"]["name"] = "假大学".into();
        }),
        FINE,
    );
}

fn times(book: &mut Book) {
    let until = |until: &str| made(|it| drop(it.insert("validUntil".into(), until.into())));
    let from = |from: &str| made(|it| it["validFrom"] = from.into());
    let (ended, early) = (("E31", "E31 W40"), ("E32", "E32 W40"));
    book.json("expired", until("2026-11-22T07:00:00Z"), ended);
    book.json("expires-in-a-second", until("2026-11-22T07:00:01Z"), FINE);
    book.json(
        "expired-in-another-zone",
        until("2026-11-22T15:00:00+08:00"),
        ended,
    );
    book.json(
        "expires-in-another-zone",
        until("2026-11-22T15:00:01+08:00"),
        FINE,
    );
    book.json(
        "expires-within-the-second",
        until("2026-11-22T07:00:00.999Z"),
        ended,
    );
    book.json("expires-in-9998", until("9998-12-31T23:59:59+14:00"), FINE);
    book.json("not-yet-valid", from("2026-11-22T07:00:01Z"), early);
    book.json("valid-from-now", from("2026-11-22T07:00:00Z"), FINE);
    let both = made(|it| {
        it["validFrom"] = "2026-11-22T07:00:01Z".into();
        it.insert("validUntil".into(), "2026-11-22T07:00:01Z".into());
    });
    book.json("valid-for-no-time", both.clone(), early);
    book.add(
        "json/over-before-it-began",
        false,
        both,
        at(1_795_330_801),
        ended,
    );
}
