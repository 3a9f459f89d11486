//! Whatever is done to a good thing, it is that thing or it is not valid; and nothing stops the verifier.

use credentials::vc::canonical::{self, Null};
use credentials::verify::Verdict;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::cases::{judge, positives};

fn is_valid(bytes: &[u8]) -> bool {
    judge(bytes).result == Verdict::Valid
}

/// What the text means: the canonical form of a document, the trimmed text of a code.
fn meaning(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.trim_start().starts_with('{') {
        return canonical::to_vec(&canonical::parse(text, Null::Refused).ok()?).ok();
    }
    Some(text.trim().into())
}

#[derive(Debug, Clone)]
enum Edit {
    Put(Index, u8),
    Flip(Index, u8),
    Cut(Index, usize),
    Repeat(Index, usize),
    Move(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Put(at, byte)),
        (any::<Index>(), 0x20..0x7f_u8).prop_map(|(at, byte)| Edit::Put(at, byte)),
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip(at, bit)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, count)| Edit::Cut(at, count)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, count)| Edit::Repeat(at, count)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Edit::Move(a, b)),
    ]
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match edit {
        Edit::Put(at, byte) => bytes[at.index(length)] = *byte,
        Edit::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
        Edit::Cut(at, count) => {
            let at = at.index(length);
            bytes.drain(at..length.min(at + count));
        }
        Edit::Repeat(at, count) => {
            let at = at.index(length);
            let again = bytes[at..length.min(at + count)].to_vec();
            bytes.splice(at..at, again);
        }
        Edit::Move(a, b) => bytes.swap(a.index(length), b.index(length)),
    }
}

/// Pointers to every object in a value.
fn objects(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(at.into());
            for (name, inner) in members {
                objects(inner, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (n, inner) in items.iter().enumerate() {
                objects(inner, &format!("{at}/{n}"), found);
            }
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn edited_bytes_are_never_valid(which in 0..3_usize, edits in prop::collection::vec(edit(), 1..4)) {
        // If this fails, there is a change that a signature does not see.
        let good = positives()[which].clone().into_bytes();
        let mut bent = good.clone();
        for edit in &edits {
            apply(&mut bent, edit);
        }
        if is_valid(&bent) {
            prop_assert_eq!(meaning(&bent), meaning(&good));
        }
    }

    #[test]
    fn edited_members_are_never_valid(at in any::<Index>(), member in any::<Index>(), what in 0..5_u8, word in "[a-z]{0,3}") {
        // If this fails, a document says more, less or other than what was signed.
        let [.., good] = positives();
        let value = canonical::parse(&good, Null::Refused).unwrap();
        let mut bent = value.clone();
        let mut found = Vec::new();
        objects(&value, "", &mut found);
        let pointer = &found[at.index(found.len())];
        let object = bent.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
        let names: Vec<String> = object.keys().cloned().collect();
        let name = names[member.index(names.len())].clone();
        match what {
            0 => drop(object.remove(&name)),
            1 => drop(object.insert(word, json!("x"))),
            2 => drop(object.insert(name, word.into())),
            3 => {
                let taken = object.remove(&name).unwrap();
                object.insert(format!("{name}{word}"), taken);
            }
            _ => {
                let other = names[(member.index(names.len()) + 1) % names.len()].clone();
                let (a, b) = (object[&name].clone(), object[&other].clone());
                object.insert(name, b);
                object.insert(other, a);
            }
        }
        let same = bent == value;
        prop_assert_eq!(is_valid(bent.to_string().as_bytes()), same);
    }

    #[test]
    fn nothing_stops_the_verifier(bytes in prop::collection::vec(any::<u8>(), 0..300), digits in "[0-9]{0,300}", text in any::<String>()) {
        // If this fails, anybody stops the service with one request.
        prop_assert!(!is_valid(&bytes));
        prop_assert!(!is_valid(text.as_bytes()));
        let opened = ["{", &text].concat();
        prop_assert!(!is_valid(opened.as_bytes()));
        let code = format!("https://xf.example.org/q#1{digits}");
        prop_assert!(!is_valid(code.as_bytes()));
        let packed = credentials::vc::qr::text("xf.example.org", &bytes);
        prop_assert!(!is_valid(packed.as_bytes()));
    }
}

#[test]
fn large_things_are_refused_at_once() {
    // If this fails, a large upload holds a server.
    let [.., good] = positives();
    let padded = |length: usize| format!("{good}{}", " ".repeat(length - good.len()));
    assert!(is_valid(padded(1 << 20).as_bytes()));
    assert!(!is_valid(padded((1 << 20) + 1).as_bytes()));
    assert!(!is_valid("[".repeat(1 << 20).as_bytes()));
    assert!(!is_valid("{\"a\":".repeat(1 << 17).as_bytes()));
    assert!(!is_valid(&vec![b'9'; 1 << 20]));
    let large = credentials::vc::qr::Message::decode(&vec![0xd2; 4_097]);
    let form = credentials::vc::qr::NotAMessage::Form("more than 4096 bytes");
    assert_eq!(large, Err(form));
}
