//! Receipts: what shows that the commit is in the log, and who saw the log.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use credentials::trust::WitnessKey;
use credentials::vc::qr::{Claims, Receipt};
use ledger::hash::Digest;
use tests::support::issuing::{ORIGIN, claims, code, named, receipt, receipt_in};

use super::{Book, Want, positives, under};

const FORGED: Want = ("E40", "E40");
const ASTRAY: Want = ("E41", "E41");
const FEW: Want = ("E42", "E42");

fn with(change: impl FnOnce(&mut Receipt)) -> String {
    let mut receipt = receipt();
    change(&mut receipt);
    code(&claims(), Some(&receipt))
}

fn checkpoint(change: impl FnOnce(String) -> String) -> String {
    with(|receipt| {
        let text = String::from_utf8(receipt.checkpoint.clone()).unwrap();
        receipt.checkpoint = change(text).into_bytes();
    })
}

pub(super) fn add(book: &mut Book) {
    checkpoints(book);
    paths(book);
    witnesses(book);
}

fn checkpoints(book: &mut Book) {
    let log = named("log");
    let by = |origin, key, witnesses: &[&str]| {
        code(&claims(), Some(&receipt_in(origin, key, witnesses)))
    };
    let twice = |text: String| {
        let line = text.lines().find(|line| line.contains("/log/1 ")).unwrap();
        let (head, base64) = line.rsplit_once(' ').unwrap();
        let mut bytes = STANDARD.decode(base64).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        format!("{text}{head} {}\n", STANDARD.encode(bytes))
    };
    for (name, text, want) in [
        (
            "other-key",
            by(ORIGIN, &named("stranger"), &["witness"]),
            FORGED,
        ),
        (
            "other-log",
            by("xf.example.org/log/2", &log, &["witness"]),
            FORGED,
        ),
        (
            "size-changed",
            checkpoint(|it| it.replacen("\n300\n", "\n301\n", 1)),
            FORGED,
        ),
        (
            "unsigned",
            checkpoint(|it| it.split_once('\u{2014}').unwrap().0.into()),
            FORGED,
        ),
        ("second-signature-false", checkpoint(twice), FORGED),
        ("cut", checkpoint(|it| it.trim_end().into()), FORGED),
        (
            "carriage-return",
            checkpoint(|it| it.replace('\n', "\r\n")),
            FORGED,
        ),
        ("empty", with(|it| it.checkpoint = Vec::new()), FORGED),
        ("not-utf8", with(|it| it.checkpoint[0] = 0xff), FORGED),
    ] {
        book.text(&format!("checkpoint/{name}"), text, want);
    }
}

fn paths(book: &mut Book) {
    let elsewhere = |position| {
        let claims = Claims {
            position,
            ..claims()
        };
        code(&claims, Some(&receipt()))
    };
    let stranger = Claims {
        leaf: Some(Digest::of(b"another commit")),
        ..claims()
    };
    for (name, text) in [
        ("other-size", with(|it| it.size = 301)),
        ("shorter", with(|it| it.path.truncate(1))),
        ("longer", with(|it| it.path.push(Digest([0; 32])))),
        ("swapped", with(|it| it.path.swap(0, 1))),
        ("empty", with(|it| it.path.clear())),
        ("other-leaf", code(&stranger, Some(&receipt()))),
        ("other-position", elsewhere(251)),
        ("beyond-the-tree", elsewhere(300)),
    ] {
        book.text(&format!("path/{name}"), text, ASTRAY);
    }
}

fn witnesses(book: &mut Book) {
    let log = named("log");
    let by = |witnesses: &[&str]| code(&claims(), Some(&receipt_in(ORIGIN, &log, witnesses)));
    let [_, good, _] = positives();
    book.text("witness/none", by(&[]), FEW);
    book.text("witness/unknown", by(&["watcher"]), FEW);
    book.text("witness/one-more", by(&["watcher", "witness"]), ("OK", ""));
    let false_line = checkpoint(|text| {
        let line = text.lines().last().unwrap().to_owned();
        let wrong = format!("{}AAAA{}", &line[..40], &line[44..]);
        text.replace(&line, &wrong)
    });
    book.text("witness/false", false_line.clone(), FEW);

    let watcher = WitnessKey {
        name: "watcher.example.net".into(),
        key: named("watcher").public(),
    };
    let alias = WitnessKey {
        name: "alias.example.net".into(),
        key: named("witness").public(),
    };
    book.bundle("two-witnesses", |bundle| {
        bundle.witnesses.push(watcher.clone());
        bundle.quorum = 2;
    });
    book.bundle("either-witness", |bundle| bundle.witnesses.push(watcher));
    book.bundle("one-witness-twice", |bundle| {
        bundle.witnesses.push(alias);
        bundle.quorum = 2;
    });
    book.bundle("no-witness-needed", |bundle| {
        bundle.witnesses.clear();
        bundle.quorum = 0;
    });
    let fine = ("OK", "");
    for (name, bundle, text, want) in [
        (
            "two-of-two",
            "two-witnesses",
            by(&["witness", "watcher"]),
            fine,
        ),
        ("one-of-two", "two-witnesses", good.clone(), FEW),
        (
            "the-same-line-twice",
            "two-witnesses",
            by(&["witness", "witness"]),
            FEW,
        ),
        ("either", "either-witness", by(&["watcher"]), fine),
        ("one-under-two-names", "one-witness-twice", good, FEW),
        ("none-needed", "no-witness-needed", by(&[]), fine),
    ] {
        let name = format!("qr/witness/{name}");
        book.add(&name, true, text, under(bundle), want);
    }
    let two_lines = checkpoint(|text| {
        let both = receipt_in(ORIGIN, &log, &["watcher", "witness"]);
        let both = String::from_utf8(both.checkpoint).unwrap();
        assert!(text.len() < both.len());
        let line = both.lines().last().unwrap().to_owned();
        let wrong = format!("{}AAAA{}", &line[..40], &line[44..]);
        both.replace(&line, &wrong)
    });
    // One good line does not outweigh a false one: somebody tampered with the note.
    book.add(
        "qr/witness/one-good-one-false",
        true,
        two_lines,
        under("either-witness"),
        FEW,
    );
    book.add(
        "qr/witness/no-need-for-a-false-one",
        true,
        false_line,
        under("no-witness-needed"),
        fine,
    );
}
