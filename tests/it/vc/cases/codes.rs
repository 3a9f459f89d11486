//! Codes: what a signature covers, who may sign, and what the claims must be.

use credentials::vc::cbor::Item;
use credentials::vc::qr::{self, Claims, Kind, Scheme};
use ledger::key::SigningKey;
use tests::support::issuing::{
    COLLEGE, HOST, Raw, achievement, claims, code, named, published, text_of,
};

use super::{Book, FINE, at};

fn short() -> Claims {
    Claims {
        leaf: None,
        ..claims()
    }
}

fn by(claims: &Claims, key: &SigningKey) -> String {
    qr::text(HOST, &qr::sign(claims, key, None))
}

/// `claims` signed, then changed to `others` under the same signature.
fn swapped(claims: &Claims, others: &Claims) -> String {
    let key = published();
    let signed = qr::sign(claims, &key, None);
    let mut cose = qr::sign(others, &key, None);
    let from = cose.len() - 64;
    cose[from..].copy_from_slice(&signed[signed.len() - 64..]);
    qr::text(HOST, &cose)
}

pub(super) fn add(book: &mut Book) {
    good(book);
    signature(book);
    who(book);
    model(book);
    let late = code(&short(), None);
    book.add(
        "qr/expired",
        true,
        late.clone(),
        at(2_084_000_400),
        ("E31", "E31 W50 W40"),
    );
    book.add(
        "qr/last-second",
        true,
        late,
        at(2_084_000_399),
        ("W50", "W50 W40"),
    );
    let begins = Claims {
        begins_at: Some(1_795_330_801),
        ..short()
    };
    book.text("not-yet-valid", code(&begins, None), ("E32", "E32 W40"));
    book.add(
        "qr/valid-from-now",
        true,
        code(&begins, None),
        at(1_795_330_801),
        FINE,
    );
    let ended = Claims {
        expires_at: Some(1_795_330_800),
        ..short()
    };
    book.text("ends-now", code(&ended, None), ("E31", "E31 W40"));
}

fn good(book: &mut Book) {
    let rich = Claims {
        begins_at: Some(1_768_467_601),
        kind: Kind::Certificate,
        title: "社区急救员（初级）证书，示例省学分银行示例大学"
            .chars()
            .take(20)
            .collect(),
        amount: Some(12_345_500),
        scheme: Some(Scheme(2)),
        level: Some(45),
        hours: Some(40_250),
        learner: Some([7; 16]),
        full: Some(claims().leaf.unwrap()),
        ..claims()
    };
    book.text("rich", code(&rich, None), FINE);
    let summary = Claims {
        kind: Kind::TranscriptSummary,
        amount: None,
        name: None,
        expires_at: None,
        scheme: Some(Scheme(9)),
        ..short()
    };
    book.text("summary", code(&summary, None), FINE);
    let strange = Claims {
        scheme: Some(Scheme(99)),
        amount: Some((1 << 53) - 1),
        level: Some(12_345),
        ..short()
    };
    book.text("large-numbers", code(&strange, None), FINE);
    book.text("trimmed", format!("\r\n {}\n", code(&short(), None)), FINE);
    let newer = Raw::of(&short(), &published())
        .with(true, 20, Some(Item::Text("later".into())))
        .with(false, 20, Some(Item::Array(vec![Item::Nint(3)])))
        .with(false, 70_000, Some(Item::Uint(1)));
    book.text("newer-claims", newer.text(), FINE);
    let marked = Claims {
        title: "\u{feff}急救".into(),
        ..short()
    };
    book.text("byte-order-mark-in-the-title", code(&marked, None), FINE);
}

fn signature(book: &mut Book) {
    let dearer = Claims {
        amount: Some(30_000),
        ..short()
    };
    let later = Claims {
        issued_at: short().issued_at + 1,
        ..short()
    };
    let nameless = Claims {
        name: None,
        ..short()
    };
    let moved = Claims {
        status: Some((1, 94_568)),
        ..short()
    };
    let statusless = Claims {
        status: None,
        ..short()
    };
    let college = Claims {
        issuer: COLLEGE.into(),
        ..short()
    };
    for (name, others) in [
        ("claim-changed", dearer),
        ("issued-at-changed", later),
        ("claim-removed", nameless),
        ("index-moved", moved),
        ("status-removed", statusless.clone()),
        ("issuer-swapped", college),
    ] {
        book.text(name, swapped(&short(), &others), ("E20", "E20"));
    }
    book.text("status-never", code(&statusless, None), ("E53", "W40 E53"));
    let mut cose = qr::sign(&short(), &published(), None);
    *cose.last_mut().unwrap() ^= 1;
    book.text("signature-bit", qr::text(HOST, &cose), ("E20", "E20"));
    let mut raw = Raw::of(&short(), &published());
    raw.aad = Vec::new();
    book.text("signed-for-another-place", raw.text(), ("E20", "E20"));
}

fn who(book: &mut Book) {
    let stranger = named("stranger");
    let unknown = Claims {
        issuer: 8,
        ..short()
    };
    let huge = Claims {
        issuer: u64::from(u32::MAX) + 8,
        ..short()
    };
    let newer = Claims {
        position: 777_501,
        ..short()
    };
    let newest = Claims {
        position: 777_500,
        ..short()
    };
    book.text("unknown-issuer", by(&unknown, &stranger), ("E10", "E10"));
    book.text(
        "issuer-beyond-numbers",
        by(&huge, &stranger),
        ("E10", "E10"),
    );
    book.text("unknown-key-older", by(&short(), &stranger), ("E20", "E20"));
    book.text(
        "unknown-key-at-bundle",
        by(&newest, &stranger),
        ("E20", "E20"),
    );
    book.text("unknown-key-newer", by(&newer, &stranger), ("E10", "E10"));
    let placeless = Raw::of(&short(), &stranger).with(true, 8, None);
    let placeless = qr::text(HOST, &placeless.cose(&stranger));
    book.text("unknown-key-no-position", placeless, ("E10", "E10"));
    let misled = Raw::of(&short(), &stranger);
    book.text("hint-of-another-key", misled.text(), FINE);
    let institution = named("institution");
    book.text(
        "assertion-key",
        by(&short(), &institution),
        ("E22", "E22 W40"),
    );
    let college = named("college credential");
    book.text("key-of-another", by(&short(), &college), ("E22", "E22 W40"));
    let said = Claims {
        issuer: COLLEGE.into(),
        ..short()
    };
    book.text("of-another", by(&said, &college), FINE);
    book.text("issuer-of-another", code(&said, None), ("E22", "E22 W40"));
    book.text("a-document", text_of(&achievement().into()), ("E01", "E01"));
}

fn model(book: &mut Book) {
    let text = |text: &str| Some(Item::Text(text.into()));
    let long = "学".repeat(20) + "a";
    for (name, ours, key, value) in [
        ("no-issued-at", false, 6, None),
        ("issued-at-text", false, 6, text("1")),
        ("issued-far-beyond", false, 6, Some(Item::Uint(1 << 37))),
        (
            "ends-before-it-begins",
            false,
            4,
            Some(Item::Uint(1_768_467_600)),
        ),
        ("expires-text", false, 4, text("1")),
        ("begins-negative", false, 5, Some(Item::Nint(0))),
        ("no-id", false, 7, None),
        ("id-short", false, 7, Some(Item::Bytes(vec![1; 15]))),
        ("no-own-claims", false, -65_537, None),
        ("no-issuer", true, 1, None),
        ("no-kind", true, 2, None),
        ("kind-4", true, 2, Some(Item::Uint(4))),
        ("no-title", true, 3, None),
        ("title-empty", true, 3, text("")),
        ("title-long", true, 3, text(&long)),
        ("title-not-nfc", true, 3, text("e\u{301}")),
        ("title-bytes", true, 3, Some(Item::Bytes(b"x".to_vec()))),
        ("no-amount", true, 4, None),
        ("amount-text", true, 4, text("3")),
        ("amount-beyond-doubles", true, 4, Some(Item::Uint(1 << 53))),
        ("scheme-negative", true, 5, Some(Item::Nint(0))),
        ("name-empty", true, 6, text("")),
        ("name-long", true, 6, text(&long[..42])),
        ("name-not-nfc", true, 6, text("e\u{301}")),
        (
            "status-one",
            true,
            7,
            Some(Item::Array(vec![Item::Uint(1)])),
        ),
        (
            "status-three",
            true,
            7,
            Some(Item::Array(vec![Item::Uint(1); 3])),
        ),
        ("status-number", true, 7, Some(Item::Uint(1))),
        ("no-position", true, 8, None),
        ("position-text", true, 8, text("250")),
        ("level-text", true, 9, text("4")),
        ("hours-negative", true, 10, Some(Item::Nint(4))),
        ("learner-short", true, 11, Some(Item::Bytes(vec![1; 15]))),
        ("leaf-short", true, 12, Some(Item::Bytes(vec![1; 31]))),
        ("full-long", true, 13, Some(Item::Bytes(vec![1; 33]))),
    ] {
        let raw = Raw::of(&short(), &published()).with(ours, key, value);
        book.text(&format!("model/{name}"), raw.text(), ("E03", "E03"));
    }
}
