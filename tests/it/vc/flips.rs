//! Every bit of a code: none can be changed and pass.

use credentials::vc::cbor::{Item, decode};
use credentials::vc::{digits, qr};
use credentials::verify::{Report, Verdict};
use tests::support::issuing::{HOST, claims, published, receipt};

use super::cases::{judge, positives};

/// What a flipped bit may come to (STANDARDS §13).
const ANYWHERE: [&str; 6] = ["E01", "E20", "E02", "E04", "E10", "E21"];
/// Inside the receipt; E42 where it was the witness's line.
const IN_RECEIPT: [&str; 4] = ["E40", "E41", "E01", "E42"];

fn cose_of(text: &str) -> Vec<u8> {
    let behind = text.split_once("/q#1").unwrap().1;
    digits::decode(behind).unwrap()
}

fn judge_cose(cose: &[u8]) -> Report {
    judge(qr::text(HOST, cose).as_bytes())
}

/// Where the receipt's bytes lie.
fn receipt_range(cose: &[u8]) -> std::ops::Range<usize> {
    let Ok(Item::Sign1(inner)) = decode(cose) else {
        panic!("a code");
    };
    let Item::Array(parts) = *inner else {
        panic!("an array");
    };
    let map = parts[1].encode();
    let at = cose.windows(map.len()).position(|it| it == map).unwrap();
    // Behind the map's head and its key, which are no part of the receipt.
    at + 6..at + map.len()
}

fn flip_all(cose: &[u8], receipt: &std::ops::Range<usize>) {
    assert_eq!(judge_cose(cose).result, Verdict::Valid, "the positive");
    for bit in 0..cose.len() * 8 {
        let mut bent = cose.to_vec();
        bent[bit / 8] ^= 1 << (bit % 8);
        let report = judge_cose(&bent);
        let allowed: &[&str] = if receipt.contains(&(bit / 8)) {
            &IN_RECEIPT
        } else {
            &ANYWHERE
        };
        assert_ne!(report.result, Verdict::Valid, "bit {bit}");
        assert!(allowed.contains(&report.code), "bit {bit}: {}", report.code);
    }
}

#[test]
fn every_bit_of_a_code_counts() {
    // If this fails, a scratch or a pen makes another credential that passes.
    let [short, ..] = positives();
    flip_all(&cose_of(&short), &(0..0));
}

#[test]
fn every_bit_of_a_code_with_a_receipt_counts() {
    // If this fails, a proof of inclusion can be bent and still be shown as one.
    let cose = qr::sign(&claims(), &published(), Some(&receipt()));
    flip_all(&cose, &receipt_range(&cose));
}

#[test]
fn every_digit_of_a_code_counts() {
    // If this fails, a digit read badly passes.
    let [text, ..] = positives();
    let from = text.find('#').unwrap() + 1;
    for at in from..text.len() {
        let dropped = format!("{}{}", &text[..at], &text[at + 1..]);
        // Dropping the profile digit leaves a code of whatever profile comes next, or none.
        let report = judge(dropped.as_bytes());
        assert!(
            ["E01", "E02"].contains(&report.code),
            "{at}: {}",
            report.code
        );
        let turned = (text.as_bytes()[at] - b'0' + 1) % 10;
        let turned = format!("{}{turned}{}", &text[..at], &text[at + 1..]);
        let report = judge(turned.as_bytes());
        assert!(ANYWHERE.contains(&report.code), "{at}: {}", report.code);
    }
}
