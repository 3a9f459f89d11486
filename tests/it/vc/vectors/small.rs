//! Vectors of the parts: Ed25519, digits, CBOR, canonical JSON.

use std::fmt::Write as _;

use credentials::vc::canonical::{self, Null};
use credentials::vc::{cbor, digits};
use ledger::key::PublicKey;
use serde_json::{Value, json};
use tests::support::issuing::named;

use super::hold;
use crate::keys::SPECCHECK;
use crate::vc::cbor::{BAD as BAD_CBOR, good as good_cbor};
use crate::vc::digits::bad as bad_digits;
use crate::vc::json::{BAD as BAD_JSON, GOOD as GOOD_JSON, deep};

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap())
        .collect()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// Whether the signature holds, and whether the key may be registered.
fn judged(message: &str, key: &str, signature: &str) -> (bool, bool) {
    let (key, signature) = (unhex(key), unhex(signature));
    let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else {
        return (false, false);
    };
    let verifies = PublicKey::from_bytes(&key)
        .is_ok_and(|key| key.verify(&unhex(message), &signature).is_ok());
    (verifies, PublicKey::register(&key).is_ok())
}

/// S + L: the other signature that a careless verifier takes for the same message.
fn malleable(signature: [u8; 64]) -> [u8; 64] {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut other = signature;
    let mut carry = 0_u16;
    for (byte, add) in other[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
    other
}

#[test]
fn signatures_are_held_to_their_vectors() {
    // If this fails, one phone takes a signature that another refuses.
    let mut cases = Vec::new();
    let mut add = |name: String, message: &str, key: &str, signature: &str| {
        let judged = judged(message, key, signature);
        cases.push(json!({
            "name": name, "message": message, "pub": key, "signature": signature,
            "verifies": judged.0, "registers": judged.1,
        }));
        judged
    };
    for (n, (message, key, signature)) in SPECCHECK.iter().enumerate() {
        let (verifies, _) = add(format!("speccheck {n}"), message, key, signature);
        assert_eq!(verifies, n == 3);
    }
    // RFC 8032 §7.1, tests 1 and 2.
    for (n, message, key, signature) in [
        (
            1,
            "",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            2,
            "72",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ] {
        let judged = add(format!("RFC 8032 test {n}"), message, key, signature);
        assert_eq!(judged, (true, true));
    }
    let signer = named("institution");
    let (message, key) = ("xuefen".as_bytes(), hex(signer.public().as_bytes()));
    let good = signer.sign(message);
    let message = hex(message);
    assert_eq!(
        add("good".into(), &message, &key, &hex(&good)),
        (true, true)
    );
    for at in [0, 31, 32, 63] {
        for bit in [0, 7] {
            let mut bent = good;
            bent[at] ^= 1 << bit;
            let name = format!("bit {bit} of byte {at}");
            assert_eq!(add(name, &message, &key, &hex(&bent)), (false, true));
        }
    }
    let other = malleable(good);
    assert_eq!(
        add("S + L".into(), &message, &key, &hex(&other)),
        (false, true)
    );
    assert_eq!(
        add("message".into(), "00", &key, &hex(&good)),
        (false, true)
    );
    add("short signature".into(), &message, &key, &hex(&good[..63]));
    add("short key".into(), &message, &key[..62], &hex(&good));
    let ff = "ff".repeat(30);
    for (name, key) in [
        ("key of order 1", format!("01{}", "00".repeat(31))),
        (
            "key of order 1, sign bit",
            format!("01{}80", "00".repeat(30)),
        ),
        ("key of order 2", format!("ec{ff}7f")),
        ("key of order 4", "00".repeat(32)),
        ("key y = p", format!("ed{ff}7f")),
        ("key y = p + 1", format!("ee{ff}7f")),
        ("key that is no point", format!("02{}", "00".repeat(31))),
    ] {
        let zero = format!("01{}", "00".repeat(63));
        assert_eq!(
            add(name.into(), &message, &key, &zero),
            (false, false),
            "{name}"
        );
    }
    let stored: Value =
        serde_json::from_str(&hold("ed25519.json", &json!({"cases": cases}))).unwrap();
    for case in stored["cases"].as_array().unwrap() {
        let judged = judged(
            text(case, "message"),
            text(case, "pub"),
            text(case, "signature"),
        );
        let said = (case["verifies"].as_bool(), case["registers"].as_bool());
        assert_eq!(said, (Some(judged.0), Some(judged.1)), "{case}");
    }
}

#[test]
fn digits_are_held_to_their_vectors() {
    // If this fails, a printed code reads differently in a browser.
    let good = (1..=21_u8).flat_map(|length| {
        let ramp: Vec<u8> = (0..length).map(|n| n.wrapping_mul(37) ^ length).collect();
        [vec![0; length.into()], vec![0xff; length.into()], ramp]
    });
    let good: Vec<Value> = good
        .map(|bytes| json!({"hex": hex(&bytes), "digits": digits::encode(&bytes)}))
        .collect();
    let made = json!({"good": good, "bad": bad_digits()});
    let stored: Value = serde_json::from_str(&hold("digits.json", &made)).unwrap();
    for case in stored["good"].as_array().unwrap() {
        let bytes = unhex(text(case, "hex"));
        assert_eq!(digits::encode(&bytes), text(case, "digits"));
        assert_eq!(digits::decode(text(case, "digits")), Some(bytes));
    }
    for case in stored["bad"].as_array().unwrap() {
        assert_eq!(digits::decode(case.as_str().unwrap()), None, "{case}");
    }
}

#[test]
fn cbor_is_held_to_its_vectors() {
    // If this fails, one verifier takes another encoding for the signed one.
    let good: Vec<String> = good_cbor().iter().map(|item| hex(&item.encode())).collect();
    let bad: Vec<Value> = BAD_CBOR
        .iter()
        .map(|(hex, why)| json!({"hex": hex, "why": why}))
        .collect();
    let made = json!({"good": good, "bad": bad});
    let stored: Value = serde_json::from_str(&hold("cbor.json", &made)).unwrap();
    for case in stored["good"].as_array().unwrap() {
        let bytes = unhex(case.as_str().unwrap());
        assert_eq!(cbor::decode(&bytes).unwrap().encode(), bytes);
    }
    for case in stored["bad"].as_array().unwrap() {
        assert!(cbor::decode(&unhex(text(case, "hex"))).is_err(), "{case}");
    }
}

#[test]
fn json_is_held_to_its_vectors() {
    // If this fails, two engines hash one document to two values.
    let mut good: Vec<Value> = GOOD_JSON
        .iter()
        .map(|(text, canonical)| json!({"text": text, "canonical": canonical}))
        .collect();
    good.push(json!({"text": deep(64), "canonical": deep(64)}));
    let mut bad: Vec<Value> = BAD_JSON
        .iter()
        .map(|(text, why)| json!({"text": text, "why": why}))
        .collect();
    bad.push(json!({"text": deep(65), "why": "depth 65"}));
    let made = json!({"good": good, "bad": bad});
    let stored: Value = serde_json::from_str(&hold("jcs.json", &made)).unwrap();
    for case in stored["good"].as_array().unwrap() {
        let value = canonical::parse(text(case, "text"), Null::Refused).unwrap();
        let bytes = canonical::to_vec(&value).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), text(case, "canonical"));
    }
    for case in stored["bad"].as_array().unwrap() {
        assert!(
            canonical::parse(text(case, "text"), Null::Refused).is_err(),
            "{case}"
        );
    }
}
