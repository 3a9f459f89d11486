//! Documents: the text, the closed schema, and what stands in it.

use serde_json::{Value, json};

use super::documents::made;
use super::{Book, FINE, Want};

/// A document in which the value at `pointer` is another one; it is signed as it is.
pub(super) fn with(pointer: &str, value: Value) -> String {
    made(|it| {
        let (above, name) = pointer.rsplit_once('/').unwrap();
        let mut whole = Value::Object(std::mem::take(it));
        match whole.pointer_mut(above).unwrap() {
            Value::Object(members) => drop(members.insert(name.into(), value)),
            other => other[name.parse::<usize>().unwrap()] = value,
        }
        it.clone_from(whole.as_object().unwrap());
    })
}

pub(super) fn add(book: &mut Book) {
    text(book);
    shape(book);
    undefined(book);
    model(book);
}

fn text(book: &mut Book) {
    let good = made(|_| {});
    let inside = |member: &str| format!("{{{member},{}", &good[1..]);
    let deep = |depth: usize| format!("\"x\":{}{}", "[".repeat(depth), "]".repeat(depth));
    for (name, text, code) in [
        ("empty", String::new(), "E00"),
        ("blank", " \n\r".into(), "E00"),
        ("not-json", "学分".into(), "E01"),
        ("cut", good[..good.len() - 1].into(), "E01"),
        ("trailing", format!("{good}x"), "E01"),
        ("two", format!("{good}{good}"), "E01"),
        ("byte-order-mark", format!("\u{feff}{good}"), "E01"),
        ("array", format!("[{good}]"), "E01"),
        ("text", "\"x\"".into(), "E01"),
        ("duplicate", inside("\"name\":\"x\""), "E01"),
        ("duplicate-escaped", inside("\"n\\u0061me\":\"x\""), "E01"),
        ("lone-surrogate", inside("\"x\":\"\\ud83d\""), "E01"),
        ("lone-surrogate-name", inside("\"\\ude00\":1"), "E01"),
        ("null", inside("\"x\":null"), "E01"),
        ("null-deep", inside("\"x\":[{\"y\":[null]}]"), "E01"),
        ("depth-65", inside(&deep(64)), "E01"),
        ("depth-64", inside(&deep(63)), "E21"),
        ("number-2-53", inside("\"x\":9007199254740992"), "E01"),
        (
            "number-minus-2-53",
            inside("\"x\":-9007199254740992"),
            "E01",
        ),
        ("number-rounded", inside("\"x\":9007199254740993"), "E01"),
        ("number-1e21", inside("\"x\":1e21"), "E01"),
        ("number-infinite", inside("\"x\":1e400"), "E01"),
        ("number-largest", inside("\"x\":9007199254740991"), "E21"),
        ("control-character", inside("\"x\":\"\u{1}\""), "E01"),
    ] {
        book.json(&format!("text/{name}"), text, (code, code));
    }
}

fn shape(book: &mut Book) {
    let context =
        |change: fn(&mut Vec<Value>)| made(|it| change(it["@context"].as_array_mut().unwrap()));
    let kind = |kind: Value| made(|it| it["type"] = kind);
    let examples = "https://www.w3.org/ns/credentials/examples/v2";
    for (name, document) in [
        (
            "context-appended",
            context(|it| it.push("https://www.w3.org/ns/credentials/examples/v2".into())),
        ),
        ("context-reordered", context(|it| it.swap(1, 2))),
        (
            "context-replaced",
            context(|it| it[2] = "https://example.org/x".into()),
        ),
        ("context-removed", context(|it| drop(it.pop()))),
        (
            "context-inline",
            context(|it| it[2] = json!({"@vocab": "https://example.org/"})),
        ),
        ("context-text", made(|it| it["@context"] = examples.into())),
        ("context-missing", made(|it| drop(it.remove("@context")))),
        (
            "type-other",
            kind(json!(["VerifiableCredential", "AlumniCredential"])),
        ),
        (
            "type-more",
            kind(json!(["VerifiableCredential", "OpenBadgeCredential", "X"])),
        ),
        (
            "type-reordered",
            kind(json!(["OpenBadgeCredential", "VerifiableCredential"])),
        ),
        ("type-text", kind("VerifiableCredential".into())),
        ("type-missing", made(|it| drop(it.remove("type")))),
        (
            "type-of-a-list",
            kind(json!([
                "VerifiableCredential",
                "BitstringStatusListCredential"
            ])),
        ),
    ] {
        book.json(&format!("shape/{name}"), document, ("E04", "E04"));
    }
}

fn undefined(book: &mut Book) {
    for pointer in [
        "/grade",
        "/issuer/url",
        "/credentialSubject/name",
        "/credentialSubject/achievement/image",
        "/credentialSubject/achievement/criteria/id",
        "/credentialStatus/2/statusSize",
        "/credentialSchema/0/x",
        "/evidence/0/name",
        "/refreshService",
        "/termsOfUse",
        "/__proto__",
        "/toString",
    ] {
        let name = format!("undefined{pointer}");
        book.json(&name, with(pointer, "x".into()), ("E21", "E21"));
    }
}

fn model(book: &mut Book) {
    let missing = |name: &'static str| made(move |it| drop(it.remove(name)));
    let broken: Want = ("E03", "E03");
    for name in ["id", "name", "validFrom", "credentialSubject", "evidence"] {
        book.json(&format!("model/no-{name}"), missing(name), broken);
    }
    let long = "学".repeat(400);
    book.json("model/name-400", with("/name", long.clone().into()), FINE);
    book.json(
        "model/name-400-wide",
        with("/name", "😀".repeat(400).into()),
        FINE,
    );
    for (name, pointer, value) in [
        (
            "id-upper-case",
            "/id",
            json!("urn:uuid:0F0E3A52-9A2E-4D19-9D7E-2F7F0B1C5A11"),
        ),
        (
            "id-no-urn",
            "/id",
            json!("0f0e3a52-9a2e-4d19-9d7e-2f7f0b1c5a11"),
        ),
        (
            "id-no-uuid",
            "/id",
            json!("urn:uuid:0f0e3a52-9a2e-4d19-9d7e-2f7f0b1c5a1x"),
        ),
        (
            "id-without-hyphens",
            "/id",
            json!("urn:uuid:0f0e3a529a2e4d199d7e2f7f0b1c5a110000"),
        ),
        ("name-empty", "/name", json!("")),
        ("name-401", "/name", json!(format!("{long}a"))),
        ("name-map", "/name", json!({"@value": "x"})),
        ("issuer-type", "/issuer/type", json!(["Person"])),
        ("date-none", "/validFrom", json!("yesterday")),
        (
            "date-without-zone",
            "/validFrom",
            json!("2026-01-15T09:00:00"),
        ),
        ("date-only", "/validFrom", json!("2026-01-15")),
        (
            "date-small-letters",
            "/validFrom",
            json!("2026-01-15t09:00:00z"),
        ),
        ("date-blank", "/validFrom", json!("2026-01-15 09:00:00Z")),
        ("date-basic", "/validFrom", json!("2026-01-15T090000.000Z")),
        (
            "date-no-such-day",
            "/validFrom",
            json!("2026-02-29T09:00:00Z"),
        ),
        ("date-hour-24", "/validFrom", json!("2026-01-15T24:00:00Z")),
        (
            "date-leap-second",
            "/validFrom",
            json!("2026-01-15T09:00:60Z"),
        ),
        ("date-comma", "/validFrom", json!("2026-01-15T09:00:00,5Z")),
        (
            "date-empty-fraction",
            "/validFrom",
            json!("2026-01-15T09:00:00.Z"),
        ),
        (
            "date-long-fraction",
            "/validFrom",
            json!("2026-01-15T09:00:00.1234567890Z"),
        ),
        (
            "date-short-zone",
            "/validFrom",
            json!("2026-01-15T09:00:00+08"),
        ),
        (
            "date-zone-24",
            "/validFrom",
            json!("2026-01-15T09:00:00+24:00"),
        ),
        (
            "date-zone-named",
            "/validFrom",
            json!("2026-01-15T09:00:00+08:00[Asia/Shanghai]"),
        ),
        ("date-number", "/validFrom", json!(1_768_467_600)),
        (
            "until-before-from",
            "/validUntil",
            json!("2026-01-15T08:59:59Z"),
        ),
        ("until-none", "/validUntil", json!("never")),
        (
            "subject-array",
            "/credentialSubject",
            json!([{"id": "did:key:z"}]),
        ),
        (
            "subject-id-short",
            "/credentialSubject/id",
            json!("did:key:"),
        ),
        (
            "amount-text",
            "/credentialSubject/achievement/creditsAvailable",
            json!("2.5"),
        ),
        (
            "status-object",
            "/credentialStatus",
            json!({"type": "BitstringStatusListEntry"}),
        ),
        ("status-empty", "/credentialStatus", json!([])),
        ("evidence-empty", "/evidence", json!([])),
        ("evidence-type", "/evidence/0/type", json!(["Proof"])),
    ] {
        book.json(&format!("model/{name}"), with(pointer, value), broken);
    }
    for (name, value) in [
        ("fraction", "2026-01-15T09:00:00.123456789Z"),
        ("zone", "2026-01-15T17:30:00+08:30"),
        ("minus-zero", "2026-01-15T09:00:00-00:00"),
        ("year-1000", "1000-01-01T00:00:00Z"),
        ("leap-day", "2024-02-29T09:00:00Z"),
    ] {
        book.json(
            &format!("model/date-{name}"),
            with("/validFrom", value.into()),
            FINE,
        );
    }
}
