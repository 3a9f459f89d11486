//! Worlds: what the bundle's status lists say, and lists that are none.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use credentials::vc::status::{Bits, Purpose};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use tests::support::issuing::{INDEX, UNIVERSITY, claims, code, list};

use super::documents_status::own_form;
use super::{Book, FINE, Want, positives, relist, under, university};

const SHOWN: Want = ("OK", "");

/// gzip of `bytes`.
pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::best());
    packing.write_all(bytes).unwrap();
    packing.finish().unwrap()
}

/// `u` and base64url of `bytes`.
pub(crate) fn multibase(bytes: &[u8]) -> String {
    format!("u{}", URL_SAFE_NO_PAD.encode(bytes))
}

pub(super) fn add(book: &mut Book) {
    bits(book);
    missing(book);
    ages(book);
    broken(book);
}

fn bits(book: &mut Book) {
    let mut set = |name: &'static str, lists: &[u64], code: &'static str| {
        let world = book.bundle(name, |bundle| {
            for n in lists {
                relist(bundle, *n, |it| {
                    *it = list(UNIVERSITY, *n, it.purpose, &[INDEX]);
                });
            }
        });
        let with: Want = match code {
            "E50" => ("E50", "W40 E50"),
            "E51" => ("E51", "W40 E51"),
            "E52" => ("E52", "W40 E52"),
            "E50 E52" => ("E50", "W40 E50 E52"),
            _ => ("E52", "W40 E52 E51"),
        };
        let shown = (with.0, &with.1[4..]);
        book.world(&format!("bit/{name}"), &world, with, shown, with);
        book.add(
            &format!("bit/{name}/one-list-named"),
            false,
            own_form(),
            world,
            with,
        );
    };
    set("revoked", &[1], "E50");
    set("suspended-credential", &[2], "E52");
    set("superseded", &[3], "E51");
    set("revoked-and-suspended", &[1, 2], "E50 E52");
    set("superseded-not-revoked", &[1, 3], "E51");
    set("superseded-and-suspended", &[1, 2, 3], "E52 E51");
    let neighbours = book.bundle("neighbours", |bundle| {
        relist(bundle, 1, |it| {
            *it = list(
                UNIVERSITY,
                1,
                Purpose::Revocation,
                &[INDEX - 1, INDEX + 1, INDEX ^ 7],
            );
        });
    });
    book.world("bit/neighbours", &neighbours, FINE, SHOWN, FINE);
    let disputed = book.bundle("revoked-in-dispute", |bundle| {
        relist(bundle, 1, |it| {
            *it = list(UNIVERSITY, 1, Purpose::Revocation, &[INDEX]);
        });
        university(bundle).disputed = vec![(250, 250)];
    });
    let both: Want = ("E50", "E12 W40 E50");
    book.world(
        "bit/revoked-in-dispute",
        &disputed,
        both,
        ("E50", "E12 E50"),
        both,
    );
    let last = |index: u64| {
        let mut claims = claims();
        claims.leaf = None;
        claims.status = Some((1, index));
        code(&claims, None)
    };
    book.text("index-last", last(131_071), FINE);
    book.text("index-beyond", last(131_072), ("E54", "W40 E54"));
    book.text("index-far-beyond", last((1 << 53) - 1), ("E54", "W40 E54"));
}

fn missing(book: &mut Book) {
    let gone: Want = ("E53", "W40 E53");
    let none = book.bundle("no-lists", |it| university(it).status.clear());
    book.pair("list/none", &none, gone, gone);
    let first = book.bundle("first-list", |it| university(it).status.truncate(1));
    book.pair("list/only-the-first", &first, FINE, gone);
    let behind = book.bundle("no-first-list", |it| drop(university(it).status.remove(0)));
    book.pair("list/not-the-first", &behind, gone, gone);
    let another = book.bundle("second-list-of-more", |it| {
        relist(it, 2, |it| it.purpose = Purpose::Revocation);
    });
    // The number behind a code's list may be the next revocation list: then it has no bit for it.
    book.pair(
        "list/second-is-for-another-purpose",
        &another,
        FINE,
        ("E54", "W40 E54"),
    );
    let wrong = book.bundle("first-list-suspends", |it| {
        relist(it, 1, |it| it.purpose = Purpose::Suspension);
    });
    book.pair(
        "list/first-is-for-another-purpose",
        &wrong,
        ("E54", "W40 E54"),
        ("E54", "W40 E54"),
    );
    let other = book.bundle("lists-of-another", |it| {
        let lists = std::mem::take(&mut university(it).status);
        it.issuers[2].status.extend(lists);
    });
    book.pair("list/held-by-another-issuer", &other, gone, gone);

    let free = book.bundle("no-status-needed", |it| {
        university(it).status_required = false;
    });
    book.pair("list/not-needed-but-there", &free, FINE, FINE);
    let mut bare = claims();
    (bare.leaf, bare.status) = (None, None);
    let bare = code(&bare, None);
    book.add(
        "list/not-needed/qr",
        true,
        bare,
        under("no-status-needed"),
        FINE,
    );
    let mut document = tests::support::issuing::achievement();
    document.remove("credentialStatus");
    let document = tests::support::issuing::text_of(&super::signed(document));
    book.add(
        "list/not-needed/json",
        false,
        document,
        under("no-status-needed"),
        FINE,
    );
    let [.., json] = positives();
    book.bundle("not-needed-no-lists", |it| {
        university(it).status_required = false;
        university(it).status.clear();
    });
    book.add(
        "list/not-needed-but-named",
        false,
        json,
        under("not-needed-no-lists"),
        gone,
    );
}

fn ages(book: &mut Book) {
    // The bundle was issued at 06:00 and it is 07:00: seven days before that is the limit.
    let old: Want = ("W50", "W40 W50");
    for (name, bundle, at, want) in [
        ("list/amber", "list-amber", "2026-11-21T06:00:00Z", FINE),
        ("list/oldest", "list-oldest", "2026-11-15T07:00:00Z", FINE),
        ("list/stale", "list-stale", "2026-11-15T06:59:59Z", old),
        ("list/undated", "list-undated", "yesterday", old),
        (
            "list/of-tomorrow",
            "list-of-tomorrow",
            "2026-11-23T07:00:00Z",
            FINE,
        ),
    ] {
        let world = book.bundle(bundle, |it| relist(it, 1, |list| list.at = at.into()));
        book.pair(name, &world, want, want);
    }
    let set = book.bundle("list-stale-and-set", |it| {
        relist(it, 1, |old| {
            *old = list(UNIVERSITY, 1, Purpose::Revocation, &[INDEX]);
            old.at = "2026-10-01T00:00:00Z".into();
        });
    });
    let with: Want = ("E50", "W40 W50 E50");
    book.pair("list/stale-and-set", &set, with, with);
    let second = book.bundle("second-list-stale", |it| {
        relist(it, 2, |list| list.at = "2026-10-01T00:00:00Z".into());
    });
    book.pair("list/second-stale", &second, old, old);
}

fn broken(book: &mut Book) {
    let good = packed(&[0; 16_384]);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(&[0; 16_384]).unwrap();
    let mut crc = good.clone();
    let at = crc.len() - 8;
    crc[at] ^= 1;
    let two = [good.as_slice(), &good].concat();
    let empty = multibase(&good);
    let bad: Want = ("E54", "W40 E54");
    for (name, encoded) in [
        ("too-short", multibase(&packed(&[0; 16_383]))),
        ("no-bits", multibase(&packed(&[]))),
        ("bomb", multibase(&packed(&vec![0; (16 << 20) + 1]))),
        (
            "trailing-byte",
            multibase(&[good.as_slice(), &[0]].concat()),
        ),
        ("two-members", multibase(&two)),
        ("cut", multibase(&good[..good.len() - 1])),
        ("check-sum", multibase(&crc)),
        ("zlib", multibase(&zlib.finish().unwrap())),
        ("not-packed", multibase(&[0; 64])),
        ("padded", format!("u{}", URL_SAFE.encode(&good))),
        (
            "standard-base64",
            format!("u{}", STANDARD_NO_PAD.encode(&good)),
        ),
        ("no-u", empty[1..].into()),
        ("m", format!("m{}", &empty[1..])),
        ("blank", format!("{empty} ")),
        ("nothing", String::new()),
    ] {
        let name: &'static str = format!("list-{name}").leak();
        let world = book.bundle(name, |it| relist(it, 1, |list| list.gzip = encoded));
        let [short, ..] = positives();
        book.add(&format!("list/{name}"), true, short, world, bad);
    }
    assert_ne!(STANDARD_NO_PAD.encode(&good), empty[1..]);
    assert!(URL_SAFE.encode(&good).ends_with('='));
    let longest = multibase(&packed(&vec![0; 16 << 20]));
    let world = book.bundle("list-longest", |it| {
        relist(it, 1, |list| list.gzip = longest);
    });
    book.pair("list/longest", &world, FINE, FINE);
    let stored = Bits::default().encode();
    assert_eq!(Bits::decode(&stored), Bits::decode(&empty));
}
