//! Documents: the position that they claim, and the status lists that they name.

use serde_json::{Value, json};
use tests::support::issuing::achievement;

use super::documents::made;
use super::documents_form::with;
use super::{Book, FINE};

pub(super) fn add(book: &mut Book) {
    positions(book);
    status(book);
}

fn positions(book: &mut Book) {
    let id = |id: &str| with("/evidence/0/id", id.into());
    let entry = || achievement()["evidence"][0].clone();
    let twice = made(|it| it["evidence"].as_array_mut().unwrap().push(entry()));
    for (name, document) in [
        (
            "of-another-host",
            id("https://xf.example.com/log/proof/250"),
        ),
        ("leading-zero", id("https://xf.example.org/log/proof/0250")),
        ("plus", id("https://xf.example.org/log/proof/+250")),
        ("empty", id("https://xf.example.org/log/proof/")),
        ("more-behind", id("https://xf.example.org/log/proof/250/")),
        ("http", id("http://xf.example.org/log/proof/250")),
        (
            "too-large",
            id("https://xf.example.org/log/proof/18446744073709551616"),
        ),
        ("twice", twice),
        ("other-genre", with("/evidence/0/genre", "photo".into())),
    ] {
        book.json(&format!("position/{name}"), document, ("E03", "E03"));
    }
    let beside = made(|it| {
        let other = json!({"id": "https://example.org/x", "type": ["Evidence"], "genre": "photo"});
        it["evidence"].as_array_mut().unwrap().insert(0, other);
    });
    book.json("position/beside-others", beside, FINE);
}

/// The document as we write it: its status alone, no array; the lists beside it are not named.
pub(super) fn own_form() -> String {
    made(|it| it["credentialStatus"] = it["credentialStatus"][0].clone())
}

fn status(book: &mut Book) {
    book.json("status/alone", own_form(), FINE);
    let beyond = made(|it| {
        it["credentialStatus"] = it["credentialStatus"][0].clone();
        it["credentialStatus"]["statusListIndex"] = "131072".into();
    });
    book.json("status/alone-beyond", beyond, ("E54", "W40 E54"));
    let strange = made(|it| {
        it["credentialStatus"] = it["credentialStatus"][0].clone();
        it["credentialStatus"]["statusSize"] = 1.into();
    });
    book.json("status/alone-with-a-stranger", strange, ("E21", "E21"));
    let entry = |member: &str, value: Value| with(&format!("/credentialStatus/1/{member}"), value);
    let unknown = ("E04", "W40 E04");
    let missing = ("E53", "W40 E53");
    let bad = ("E54", "W40 E54");
    let list = "https://xf.example.org/status/7/2";
    let one = made(|it| it["credentialStatus"].as_array_mut().unwrap().truncate(1));
    let nameless = made(|it| {
        let entry = it["credentialStatus"][0].as_object_mut();
        entry.unwrap().remove("id");
    });
    for (name, document, want) in [
        ("one", one, FINE),
        ("entry-without-id", nameless, FINE),
        (
            "none",
            made(|it| drop(it.remove("credentialStatus"))),
            missing,
        ),
        (
            "unknown-type",
            entry("type", "1EdTechRevocationList".into()),
            unknown,
        ),
        (
            "unknown-purpose",
            entry("statusPurpose", "message".into()),
            unknown,
        ),
        (
            "purpose-upper-case",
            entry("statusPurpose", "Suspension".into()),
            unknown,
        ),
        ("id-of-the-list", entry("id", list.into()), unknown),
        (
            "index-leading-zero",
            entry("statusListIndex", "094567".into()),
            unknown,
        ),
        (
            "index-plus",
            entry("statusListIndex", "+94567".into()),
            unknown,
        ),
        (
            "index-blank",
            entry("statusListIndex", " 94567".into()),
            unknown,
        ),
        ("index-hex", entry("statusListIndex", "0x1".into()), unknown),
        (
            "index-number",
            entry("statusListIndex", 94_567.into()),
            ("E03", "E03"),
        ),
        (
            "index-last",
            entry("statusListIndex", "131071".into()),
            FINE,
        ),
        (
            "index-beyond",
            entry("statusListIndex", "131072".into()),
            bad,
        ),
        (
            "index-far-beyond",
            entry("statusListIndex", "999999999999999".into()),
            bad,
        ),
        (
            "purpose-of-another-list",
            entry("statusPurpose", "refresh".into()),
            bad,
        ),
        (
            "list-of-another",
            entry(
                "statusListCredential",
                "https://xf.example.org/status/9/2".into(),
            ),
            missing,
        ),
        (
            "list-nowhere",
            entry("statusListCredential", "https://example.org/2".into()),
            missing,
        ),
    ] {
        book.json(&format!("status/{name}"), document, want);
    }
    let late = made(|it| {
        it["credentialStatus"][1]["type"] = "X".into();
        it.insert("validUntil".into(), "2026-11-22T07:00:00Z".into());
    });
    // What is known to be over is over, whatever a newer verifier may say of its status.
    book.json(
        "status/unknown-type-and-expired",
        late,
        ("E31", "E31 W40 E04"),
    );
}
