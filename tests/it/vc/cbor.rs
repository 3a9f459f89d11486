//! Deterministic CBOR: one encoding for one value.

use credentials::vc::cbor::{Item, decode};
use proptest::prelude::*;

use super::vectors::small::unhex;

/// Encodings that are refused, and why.
pub(crate) const BAD: &[(&str, &str)] = &[
    ("", "nothing"),
    ("1800", "0 in two bytes"),
    ("1817", "23 in two bytes"),
    ("190000", "0 in three bytes"),
    ("1900ff", "255 in three bytes"),
    ("1a0000ffff", "65535 in five bytes"),
    ("1b00000000ffffffff", "2^32 - 1 in nine bytes"),
    ("3817", "-24 in two bytes"),
    ("3900ff", "-256 in three bytes"),
    ("5800", "empty bytes, long head"),
    ("580161", "one byte, long head"),
    ("780161", "text, long head"),
    ("9800", "array, long head"),
    ("b800", "map, long head"),
    ("1c", "reserved length"),
    ("1d", "reserved length"),
    ("1e", "reserved length"),
    ("1f", "indefinite integer"),
    ("5f4100ff", "indefinite bytes"),
    ("7f6161ff", "indefinite text"),
    ("9f00ff", "indefinite array"),
    ("bf0000ff", "indefinite map"),
    ("a201000000", "keys out of order"),
    ("a220000000", "negative key before a positive one"),
    ("a2616100000000", "text key before an integer"),
    ("a2181800010000", "long key before a short one"),
    ("a200000000", "key twice"),
    ("a2616100616100", "text key twice"),
    ("81a200000000", "key twice, inside"),
    ("61ff", "text that is not UTF-8"),
    ("62c080", "text with an overlong form"),
    ("63eda080", "text with a surrogate"),
    ("f4", "false"),
    ("f5", "true"),
    ("f6", "null"),
    ("f7", "undefined"),
    ("e0", "simple value"),
    ("f820", "simple value"),
    ("f90000", "half"),
    ("fa00000000", "single"),
    ("fb0000000000000000", "double"),
    ("ff", "break alone"),
    ("81f6", "null inside"),
    ("c000", "tag 0"),
    ("d100", "tag 17"),
    ("d300", "tag 19"),
    ("d81200", "tag 18 in two bytes"),
    ("d2d200", "tag 18 twice"),
    ("81d200", "tag 18 inside"),
    ("d2", "tag around nothing"),
    ("0000", "two items"),
    ("8000", "something behind"),
    ("d20000", "something behind"),
    ("18", "cut short"),
    ("1900", "cut short"),
    ("4200", "cut short"),
    ("6261", "cut short"),
    ("8200", "cut short"),
    ("a100", "cut short"),
    ("a1", "cut short"),
    ("5bffffffffffffffff", "bytes beyond memory"),
    ("9bffffffffffffffff", "array beyond memory"),
    ("bbffffffffffffffff", "map beyond memory"),
    ("81818181818181818100", "nine arrays around a number"),
    ("81818181818181818180", "nine arrays around an array"),
];

/// One of each sort, and every length of head.
pub(crate) fn good() -> Vec<Item> {
    let deep = (0..8).fold(Item::Uint(0), |item, _| Item::Array(vec![item]));
    let numbers = [
        0,
        1,
        23,
        24,
        255,
        256,
        65_535,
        65_536,
        (1 << 32) - 1,
        1 << 32,
        (1 << 53) - 1,
        1 << 53,
        u64::MAX,
    ];
    let pairs = |keys: Vec<Item>| Item::Map(keys.into_iter().zip((0..).map(Item::Uint)).collect());
    let mut items: Vec<Item> = numbers.into_iter().map(Item::Uint).collect();
    items.extend(numbers.into_iter().map(Item::Nint));
    items.extend([0, 1, 23, 24, 255, 256].map(|length| Item::Bytes(vec![7; length])));
    items.extend(
        ["", "a", "学分", "😀", "e\u{301}", "\u{feff}a"].map(|text| Item::Text(text.into())),
    );
    items.push(Item::Text("x".repeat(24)));
    items.push(Item::Array(Vec::new()));
    items.push(Item::Array((0..24).map(Item::Uint).collect()));
    items.push(Item::Map(Vec::new()));
    items.push(pairs(vec![
        Item::Text("b".into()),
        Item::Text("aa".into()),
        Item::Uint(24),
        Item::int(-1),
        Item::Uint(5),
        Item::int(-65_537),
        Item::Bytes(vec![1]),
        Item::Array(vec![Item::Uint(1)]),
    ]));
    items.push(deep);
    items.push(Item::Sign1(Box::new(Item::Array(vec![Item::Uint(1)]))));
    items
}

#[test]
fn another_encoding_is_refused() {
    // If this fails, a code can be altered without anybody noticing, and one credential has two codes.
    for (hex, why) in BAD {
        if let Ok(item) = decode(&unhex(hex)) {
            panic!("{why}: {hex} reads as {item:?}");
        }
    }
    for item in good() {
        let bytes = item.encode();
        assert_eq!(decode(&bytes).unwrap().encode(), bytes, "{item:?}");
    }
    // Sorted by the bytes of their keys: 5, 24, -1, -65537, bytes, "b", "aa", array.
    let order = [5_i64, 24, -1, -65_537];
    let map = decode(&good()[good().len() - 3].encode()).unwrap();
    let Item::Map(pairs) = map else {
        panic!("a map");
    };
    let first: Vec<Option<i64>> = pairs.iter().map(|(key, _)| key.as_int()).collect();
    assert_eq!(first[..4], order.map(Some));
}

#[test]
fn integers_keep_their_sign() {
    // If this fails, a claim of ours is another one to a reader.
    for n in [0, 1, -1, -24, -25, -65_537, i64::MAX, i64::MIN] {
        assert_eq!(Item::int(n).as_int(), Some(n));
    }
    assert_eq!(Item::Uint(u64::MAX).as_int(), None);
    assert_eq!(Item::Nint(u64::MAX).as_int(), None);
    assert_eq!(Item::int(-65_537).encode(), unhex("3a00010000"));
}

fn item() -> impl Strategy<Value = Item> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(Item::Uint),
        (0..300_u64).prop_map(Item::Uint),
        any::<u64>().prop_map(Item::Nint),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Item::Bytes),
        any::<String>().prop_map(Item::Text),
    ];
    leaf.prop_recursive(4, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Item::Array),
            prop::collection::vec((inner.clone(), inner), 0..8).prop_map(|mut pairs| {
                pairs.sort_by_key(|(key, _)| key.encode());
                pairs.dedup_by_key(|(key, _)| key.encode());
                Item::Map(pairs)
            }),
        ]
    })
}

proptest! {
    #[test]
    fn items_read_back(item in item()) {
        // If this fails, a code that we print cannot be read.
        let bytes = item.encode();
        prop_assert_eq!(decode(&bytes), Ok(item.clone()));
        let tagged = Item::Sign1(Box::new(item));
        prop_assert_eq!(decode(&tagged.encode()), Ok(tagged));
    }

    #[test]
    fn what_reads_is_the_one_encoding(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        // If this fails, two byte strings are one signed value.
        if let Ok(item) = decode(&bytes) {
            prop_assert_eq!(item.encode(), bytes);
        }
    }

    #[test]
    fn a_bent_encoding_is_another_value_or_none(item in item(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        // If this fails, a flipped bit goes unnoticed before the signature is even looked at.
        let mut bytes = item.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(other) = decode(&bytes) {
            prop_assert_ne!(&other, &item);
            prop_assert_eq!(other.encode(), bytes);
        }
    }
}
