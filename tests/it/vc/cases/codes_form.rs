//! Codes: the form, from the address down to the last byte.

use credentials::vc::cbor::Item;
use credentials::vc::qr;
use tests::support::issuing::{HOST, Raw, claims, published};

use super::{Book, Want, positives};

const DAMAGED: Want = ("E01", "E01");

fn good() -> Raw {
    let mut claims = claims();
    claims.leaf = None;
    Raw::of(&claims, &published())
}

fn text(cose: &[u8]) -> String {
    qr::text(HOST, cose)
}

pub(super) fn add(book: &mut Book) {
    address(book);
    number(book);
    envelope(book);
    headers(book);
    bytes(book);
}

fn address(book: &mut Book) {
    let [good, ..] = positives();
    let behind = good.split_once("/q#1").unwrap().1;
    for (name, text, want) in [
        ("empty", String::new(), ("E00", "E00")),
        ("blank", " \r\n ".into(), ("E00", "E00")),
        ("words", "学分银行".into(), DAMAGED),
        ("http", format!("http://{HOST}/q#1{behind}"), DAMAGED),
        (
            "other-host",
            format!("https://xf.example.com/q#1{behind}"),
            DAMAGED,
        ),
        (
            "longer-host",
            format!("https://{HOST}.cn/q#1{behind}"),
            DAMAGED,
        ),
        (
            "upper-case-host",
            format!("https://XF.example.org/q#1{behind}"),
            DAMAGED,
        ),
        (
            "query-not-fragment",
            format!("https://{HOST}/q?1{behind}"),
            DAMAGED,
        ),
        (
            "profile-2",
            format!("https://{HOST}/q#2{behind}"),
            ("E02", "E02"),
        ),
        (
            "profile-0",
            format!("https://{HOST}/q#0{behind}"),
            ("E02", "E02"),
        ),
        (
            "profile-letter",
            format!("https://{HOST}/q#a{behind}"),
            DAMAGED,
        ),
        (
            "profile-wide-digit",
            format!("https://{HOST}/q#１{behind}"),
            DAMAGED,
        ),
        ("nothing-behind", format!("https://{HOST}/q#"), DAMAGED),
        ("no-digits", format!("https://{HOST}/q#1"), DAMAGED),
        (
            "blank-inside",
            format!("https://{HOST}/q#1 {behind}"),
            DAMAGED,
        ),
        ("too-long", format!("{good}{}", "0".repeat(8_192)), DAMAGED),
    ] {
        book.text(&format!("form/{name}"), text, want);
    }
}

fn number(book: &mut Book) {
    let [good, ..] = positives();
    let end = good.len() - 1;
    let at = good.find("#1").unwrap() + 2;
    let (head, rest) = good.split_at(at);
    let letter = format!("{head}x{}", &rest[1..]);
    let minus = format!("{head}-{}", &rest[1..]);
    let beyond = format!("{head}72057594037927936{}", &rest[17..]);
    let nines = format!("{head}{}{}", "9".repeat(17), &rest[17..]);
    for (name, text) in [
        ("digit-dropped", good[..end].to_owned()),
        ("first-digit-dropped", format!("{head}{}", &rest[1..])),
        ("digit-added", format!("{good}0")),
        ("group-added", format!("{good}{}", "0".repeat(17))),
        ("letter", letter),
        ("minus", minus),
        ("group-out-of-range", beyond),
        ("group-of-nines", nines),
        ("tail-out-of-range", format!("{head}{}", "999")),
        ("tail-of-1", format!("{head}{}7", "0".repeat(17))),
    ] {
        book.text(&format!("digits/{name}"), text, DAMAGED);
    }
}

fn envelope(book: &mut Book) {
    let cose = good().cose(&published());
    let parts = |cose: &[u8]| match credentials::vc::cbor::decode(cose).unwrap() {
        Item::Sign1(inner) => match *inner {
            Item::Array(parts) => parts,
            _ => unreachable!("an array"),
        },
        _ => unreachable!("tagged"),
    };
    let sign1 = |parts: Vec<Item>| Item::Sign1(Box::new(Item::Array(parts))).encode();
    let with = |at: usize, item: Item| {
        let mut parts = parts(&cose);
        parts[at] = item;
        text(&sign1(parts))
    };
    let mut four = parts(&cose);
    let bare = Item::Array(four.clone()).encode();
    let mut other_tag = cose.clone();
    other_tag[0] = 0xd1;
    let three = sign1(four[..3].to_vec());
    let signature = four[3].clone();
    four.push(Item::Uint(0));
    let five = sign1(four);
    let trailing = [cose.as_slice(), &[0]].concat();
    let twice = [&[0xd2], cose.as_slice()].concat();
    let short = Item::Bytes(signature.as_bytes().unwrap()[1..].to_vec());
    for (name, text) in [
        ("no-tag", text(&bare)),
        ("tag-17", text(&other_tag)),
        ("two-tags", text(&twice)),
        ("three-parts", text(&three)),
        ("five-parts", text(&five)),
        ("trailing-byte", text(&trailing)),
        ("cut-short", text(&cose[..cose.len() - 1])),
        ("signature-of-63", with(3, short)),
        ("signature-text", with(3, Item::Text("x".repeat(64)))),
        ("protected-map", with(0, Item::Map(Vec::new()))),
        ("protected-empty", with(0, Item::Bytes(Vec::new()))),
        ("unprotected-bytes", with(1, Item::Bytes(vec![0xa0]))),
        ("payload-map", with(2, good().payload)),
        ("payload-empty", with(2, Item::Bytes(Vec::new()))),
        ("payload-number", with(2, Item::Bytes(vec![0]))),
    ] {
        book.text(&format!("cose/{name}"), text, DAMAGED);
    }
    let large = good().with(true, 30, Some(Item::Bytes(vec![0; 4_000])));
    let large = large.text();
    // Longer than a text may be as well, whatever it holds.
    book.text("cose/too-large", large, DAMAGED);
}

fn headers(book: &mut Book) {
    let alg = |alg: Item| (Item::int(1), alg);
    let kid = |bytes: usize| (Item::int(4), Item::Bytes(vec![1; bytes]));
    let eddsa = || alg(Item::int(-8));
    for (name, pairs, want) in [
        ("alg-19", vec![alg(Item::int(-19)), kid(8)], ("E04", "E04")),
        ("alg-1", vec![alg(Item::int(1)), kid(8)], ("E04", "E04")),
        (
            "alg-text",
            vec![alg(Item::Text("EdDSA".into())), kid(8)],
            DAMAGED,
        ),
        ("no-alg", vec![kid(8)], DAMAGED),
        ("no-kid", vec![eddsa()], DAMAGED),
        ("kid-7", vec![eddsa(), kid(7)], DAMAGED),
        (
            "one-more",
            vec![eddsa(), kid(8), (Item::int(5), Item::int(1))],
            DAMAGED,
        ),
    ] {
        let mut raw = good();
        raw.protected = Item::Map(pairs);
        book.text(&format!("header/{name}"), raw.text(), want);
    }
    let mut raw = good();
    raw.protected = Item::Map(vec![alg(Item::int(-19)), kid(8)]);
    raw.unprotected = Item::Map(vec![(Item::int(5), Item::int(1))]);
    book.text("header/alg-before-the-rest", raw.text(), ("E04", "E04"));
    let hash = |bytes: usize| Item::Bytes(vec![1; bytes]);
    let receipt = |path: Vec<Item>| {
        let parts = vec![
            Item::Uint(300),
            Item::Array(path),
            Item::Bytes(b"x".to_vec()),
        ];
        (Item::int(-65_537), Item::Array(parts))
    };
    let two = (
        Item::int(-65_537),
        Item::Array(vec![Item::Uint(300), Item::Array(Vec::new())]),
    );
    for (name, pairs) in [
        ("unknown", vec![(Item::int(-65_538), Item::int(1))]),
        (
            "unknown-beside",
            vec![(Item::int(20), Item::int(1)), receipt(Vec::new())],
        ),
        ("receipt-number", vec![(Item::int(-65_537), Item::int(1))]),
        ("receipt-of-two", vec![two]),
        ("hash-of-31", vec![receipt(vec![hash(31)])]),
        ("hashes-65", vec![receipt(vec![hash(32); 65])]),
    ] {
        let mut raw = good();
        raw.unprotected = Item::Map(pairs);
        book.text(&format!("unprotected/{name}"), raw.text(), DAMAGED);
    }
    let mut raw = good();
    raw.unprotected = Item::Map(vec![receipt(Vec::new())]);
    book.text(
        "unprotected/receipt-without-leaf",
        raw.text(),
        ("E03", "E03"),
    );
    for (name, ours, key, value) in [
        ("below-20", false, 8, Item::int(1)),
        ("negative", false, -1, Item::int(1)),
        ("own-list", false, -65_537, Item::Array(Vec::new())),
        ("own-14", true, 14, Item::int(1)),
        ("own-0", true, 0, Item::int(1)),
        ("own-negative", true, -1, Item::int(1)),
    ] {
        let raw = good().with(ours, key, Some(value));
        book.text(&format!("claim/{name}"), raw.text(), DAMAGED);
    }
}

/// Payloads that say the same in another encoding, under a signature that holds over them.
fn bytes(book: &mut Book) {
    let payload = good().payload.encode();
    let splice =
        |at: usize, cut: usize, with: &[u8]| [&payload[..at], with, &payload[at + cut..]].concat();
    let issued = payload.windows(2).position(|two| two == [6, 0x1a]).unwrap();
    // {4: …, 6: …, 7: …, −65537: …}: 6 bytes a date, one for the map's head.
    let first = payload[1..7].to_vec();
    let second = payload[7..13].to_vec();
    let crossed = [&payload[..1], &second, &first, &payload[13..]].concat();
    let mut doubled = [&payload[..1], &first, &payload[1..]].concat();
    doubled[0] += 1;
    let mut later = payload.clone();
    later[0] += 1;
    for (name, payload) in [
        ("long-integer", splice(issued + 1, 1, &[0x1b, 0, 0, 0, 0])),
        ("long-key", splice(1, 1, &[0x18, 4])),
        ("keys-crossed", crossed),
        ("key-twice", doubled),
        ("trailing", [payload.as_slice(), &[0]].concat()),
        ("indefinite", [&[0xbf], &payload[1..], &[0xff]].concat()),
        ("tag", [&[0xd2], payload.as_slice()].concat()),
        (
            "float",
            [later.as_slice(), &[0x3a, 0, 1, 0, 1, 0xf9, 0, 0]].concat(),
        ),
        (
            "null",
            [later.as_slice(), &[0x3a, 0, 1, 0, 1, 0xf6]].concat(),
        ),
        ("not-utf8", splice(payload.len() - 16, 1, &[0xff])),
    ] {
        let mut raw = good();
        let protected = raw.protected.encode();
        raw.payload = Item::Bytes(payload.clone());
        let signed = Item::Array(vec![
            Item::Text("Signature1".into()),
            Item::Bytes(protected.clone()),
            Item::Bytes(b"xuefen/qr/1".to_vec()),
            Item::Bytes(payload.clone()),
        ]);
        let cose = Item::Sign1(Box::new(Item::Array(vec![
            Item::Bytes(protected),
            Item::Map(Vec::new()),
            Item::Bytes(payload),
            Item::Bytes(published().sign(&signed.encode()).to_vec()),
        ])));
        book.text(&format!("cbor/{name}"), text(&cose.encode()), DAMAGED);
    }
}
