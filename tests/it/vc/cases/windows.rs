//! Worlds: who may sign when, what was compromised, how old the bundle is.

use credentials::trust::IssuerKey;
use tests::support::issuing::{
    Raw, UNIVERSITY, achievement, assertion_kid, claims, code, key_of, named, receipt_in, text_of,
};

use super::{Book, FINE, Want, at, under, university};

/// With a receipt there is no warning.
const SHOWN: Want = ("OK", "");
const OUTSIDE: Want = ("E30", "E30 W40");
const OUTSIDE_SHOWN: Want = ("E30", "E30");
const DISPUTED: Want = ("E12", "E12 W40");
const DISPUTED_SHOWN: Want = ("E12", "E12");

pub(super) fn add(book: &mut Book) {
    ages(book);
    issuers(book);
    dropped(book);
    retired(book);
    compromised(book);
    disputed(book);
}

fn ages(book: &mut Book) {
    let (issued_s, hour_s) = (1_795_327_200, 3_600);
    let listed_s = issued_s - 120;
    let late: Want = ("W50", "W50 W40");
    for (name, now_s, want) in [
        ("age/bundle-just-issued", issued_s, FINE),
        ("age/clock-before", issued_s - 1, late),
        ("age/plain-to-the-last", listed_s + 24 * hour_s - 1, FINE),
        ("age/amber", listed_s + 24 * hour_s, FINE),
        ("age/amber-to-the-last", listed_s + 168 * hour_s, FINE),
        (
            "age/list-too-old",
            listed_s + 168 * hour_s + 1,
            ("W50", "W40 W50"),
        ),
        ("age/bundle-too-old", issued_s + 168 * hour_s + 1, late),
        ("age/years", issued_s + 9_000 * hour_s, late),
    ] {
        book.pair(name, &at(now_s), want, want);
    }
    let strict = book.bundle("strict-age", |bundle| {
        bundle.age_policy.plain_hours = 0;
        bundle.age_policy.unknown_hours = 0;
    });
    book.pair("age/nothing-is-young", &strict, late, late);
}

fn issuers(book: &mut Book) {
    let suspended = book.bundle("suspended", |it| university(it).suspended = Some(700_000));
    let (stopped, shown) = (("E11", "E11 W40"), ("E11", "E11"));
    book.world("issuer/suspended", &suspended, stopped, shown, stopped);
    let unknown = book.bundle("unknown-issuer", |it| {
        it.issuers.retain(|it| it.id.0 != UNIVERSITY);
    });
    let nobody = ("E10", "E10");
    book.pair("issuer/unknown", &unknown, nobody, nobody);
    let own = book.bundle("own-key", |it| {
        key_of(it, UNIVERSITY).custody = identity::institution::Custody::Own;
    });
    book.pair("issuer/keeps-its-key", &own, FINE, FINE);
    let renamed = book.bundle("renamed", |it| university(it).name = "示例科技大学".into());
    book.pair("issuer/renamed", &renamed, FINE, FINE);
    // The code is judged by whose the key is; the document says itself whose it is.
    let moved = book.bundle("key-of-another", |it| {
        let key = university(it).keys.pop().unwrap();
        it.issuers[2].keys.push(key);
    });
    let (other, with) = (("E22", "E22 W40"), ("E22", "E22"));
    book.world("issuer/key-is-anothers", &moved, other, with, other);
    let log = book.bundle("other-log-key", |it| {
        it.log.key = named("stranger").public();
    });
    book.world("issuer/other-log-key", &log, FINE, ("E40", "E40"), FINE);
}

fn dropped(book: &mut Book) {
    let drop_key = |keys: &mut Vec<IssuerKey>| drop(keys.pop());
    let gone = book.bundle("key-dropped", |it| drop_key(&mut university(it).keys));
    let e20 = ("E20", "E20");
    book.pair("key/dropped", &gone, e20, e20);
    let young = book.bundle("key-dropped-at-249", |it| {
        it.position = 249;
        drop_key(&mut university(it).keys);
    });
    let e10 = ("E10", "E10");
    book.pair("key/not-yet-in-the-bundle", &young, e10, e10);
    let just = book.bundle("key-dropped-at-250", |it| {
        it.position = 250;
        drop_key(&mut university(it).keys);
    });
    book.pair("key/dropped-by-the-bundle-of-then", &just, e20, e20);
    let replaced = book.bundle("key-replaced", |it| {
        key_of(it, UNIVERSITY).key = named("stranger").public();
    });
    book.pair("key/replaced", &replaced, e20, e20);
}

fn retired(book: &mut Book) {
    let next = |it: &mut credentials::trust::Bundle, at: u64| {
        let mut key = key_of(it, UNIVERSITY).clone();
        key_of(it, UNIVERSITY).retired = Some(at);
        key.kid = format!("{}-next", key.kid);
        key.key = named("next").public();
        key.activated = at;
        university(it).keys.push(key);
    };
    for (name, bundle, retired, short, shown) in [
        ("key/old-kept", "retired-later", 700_000, FINE, SHOWN),
        ("key/retired-by-this-commit", "retired-at", 250, FINE, SHOWN),
        (
            "key/retired-before",
            "retired-before",
            249,
            OUTSIDE,
            OUTSIDE_SHOWN,
        ),
    ] {
        let world = book.bundle(bundle, |it| next(it, retired));
        book.world(name, &world, short, shown, short);
    }
    for (name, bundle, activated, short, shown) in [
        (
            "key/activated-just-before",
            "activated-249",
            249,
            FINE,
            SHOWN,
        ),
        (
            "key/activated-by-this-commit",
            "activated-250",
            250,
            OUTSIDE,
            OUTSIDE_SHOWN,
        ),
        (
            "key/activated-later",
            "activated-later",
            700_000,
            OUTSIDE,
            OUTSIDE_SHOWN,
        ),
    ] {
        let world = book.bundle(bundle, |it| key_of(it, UNIVERSITY).activated = activated);
        book.world(name, &world, short, shown, short);
    }
}

fn compromised(book: &mut Book) {
    for (name, bundle, cut, since, short, shown) in [
        (
            "key/compromised-later",
            "stolen-later",
            700_000,
            101,
            DISPUTED,
            DISPUTED_SHOWN,
        ),
        (
            "key/compromised-at",
            "stolen-at",
            250,
            101,
            DISPUTED,
            DISPUTED_SHOWN,
        ),
        (
            "key/compromised-before",
            "stolen-before",
            249,
            101,
            DISPUTED,
            DISPUTED_SHOWN,
        ),
        (
            "key/compromised-from-the-start",
            "stolen-first",
            90,
            101,
            DISPUTED,
            DISPUTED_SHOWN,
        ),
        (
            "key/compromised-not-yet-active",
            "stolen-early",
            700_000,
            250,
            OUTSIDE,
            OUTSIDE_SHOWN,
        ),
        (
            "key/compromised-before-active",
            "stolen-unborn",
            200,
            250,
            DISPUTED,
            DISPUTED_SHOWN,
        ),
    ] {
        let world = book.bundle(bundle, |it| {
            let key = key_of(it, UNIVERSITY);
            key.activated = since;
            key.not_valid_after = Some(cut);
            key.retired = Some(710_000);
        });
        book.world(name, &world, short, shown, short);
    }
    let forged = receipt_in("xf.example.org/log/1", &named("stranger"), &["witness"]);
    let forged = code(&claims(), Some(&forged));
    book.add(
        "key/compromised-forged-proof",
        true,
        forged,
        under("stolen-later"),
        ("E40", "E12 E40"),
    );
    let mut astray = tests::support::issuing::receipt();
    astray.path.reverse();
    let astray = code(&claims(), Some(&astray));
    book.add(
        "key/compromised-broken-proof",
        true,
        astray,
        under("stolen-later"),
        ("E41", "E12 E41"),
    );
    let unseen = receipt_in("xf.example.org/log/1", &named("log"), &[]);
    let unseen = code(&claims(), Some(&unseen));
    book.add(
        "key/compromised-unwitnessed-proof",
        true,
        unseen,
        under("stolen-later"),
        ("E12", "E12 E42"),
    );
}

fn disputed(book: &mut Book) {
    for (name, bundle, range, short, shown) in [
        (
            "disputed/only-it",
            "disputed-250",
            (250, 250),
            DISPUTED,
            DISPUTED_SHOWN,
        ),
        (
            "disputed/up-to-it",
            "disputed-200-250",
            (200, 250),
            DISPUTED,
            DISPUTED_SHOWN,
        ),
        (
            "disputed/from-it",
            "disputed-250-300",
            (250, 300),
            DISPUTED,
            DISPUTED_SHOWN,
        ),
        (
            "disputed/before-it",
            "disputed-200-249",
            (200, 249),
            FINE,
            SHOWN,
        ),
        (
            "disputed/behind-it",
            "disputed-251-300",
            (251, 300),
            FINE,
            SHOWN,
        ),
    ] {
        let world = book.bundle(bundle, |it| university(it).disputed = vec![(1, 2), range]);
        book.world(name, &world, short, shown, short);
    }
    // A thief's revocation is disputed too: its bit is built clear, and the position stands alone.
    let reaffirmed = book.bundle("disputed-stolen", |it| {
        university(it).disputed = vec![(249, 300)];
        let key = key_of(it, UNIVERSITY);
        key.not_valid_after = Some(248);
        key.retired = Some(300);
    });
    book.world(
        "disputed/not-yet-reaffirmed",
        &reaffirmed,
        DISPUTED,
        DISPUTED_SHOWN,
        DISPUTED,
    );
    let both = book.bundle("disputed-other-issuer", |it| {
        it.issuers[2].disputed = vec![(0, 999)];
    });
    book.world("disputed/of-another-issuer", &both, FINE, SHOWN, FINE);
    // Who may sign is judged before when.
    let other = Raw::of(&claims(), &named("institution"));
    let other = credentials::vc::qr::text("xf.example.org", &other.cose(&named("institution")));
    book.add(
        "disputed/assertion-key",
        true,
        other,
        under("disputed-250"),
        ("E22", "E22 E12 W40"),
    );
    let document = tests::support::issuing::proven(
        achievement(),
        &assertion_kid(UNIVERSITY),
        &named("institution"),
    );
    let document = text_of(&document);
    book.add(
        "disputed/assertion-key-json",
        false,
        document,
        under("disputed-250"),
        ("E22", "E22 E12 W40"),
    );
}
