//! Bytes as decimal digits.

use credentials::vc::digits::{decode, encode};
use proptest::prelude::*;

/// Texts that are no digits of any bytes.
pub(crate) fn bad() -> Vec<String> {
    let zeros = |count: usize| "0".repeat(count);
    let mut bad: Vec<String> = [1, 2, 4, 6, 7, 9, 11, 12, 14, 16, 18, 19, 21, 23, 24, 33]
        .into_iter()
        .map(zeros)
        .collect();
    bad.extend(
        [
            "",
            "256",
            "999",
            "65536",
            "16777216",
            "4294967296",
            "1099511627776",
            "281474976710656",
            "72057594037927936",
            "99999999999999999",
            "00000000000000000256",
            "72057594037927936000",
            "0000000000000000099999",
            "12a",
            "-01",
            "+01",
            " 01",
            "01 ",
            "0.1",
            "1e1",
            "０００",
            "٠٠٠",
            "0000000000000000学",
        ]
        .map(str::to_owned),
    );
    bad
}

#[test]
fn other_texts_are_refused() {
    // If this fails, two texts stand for one code, and a changed digit may go unnoticed.
    for text in bad() {
        assert_eq!(decode(&text), None, "{text}");
    }
    assert_eq!(decode("255"), Some(vec![255]));
    assert_eq!(decode("72057594037927935"), Some(vec![255; 7]));
    assert_eq!(decode("00000000000000000000"), Some(vec![0; 8]));
}

proptest! {
    #[test]
    fn digits_read_back(bytes in prop::collection::vec(any::<u8>(), 1..300)) {
        // If this fails, a printed code is not the one that was signed.
        let digits = encode(&bytes);
        prop_assert_eq!(decode(&digits), Some(bytes.clone()));
        let tail = [0, 3, 5, 8, 10, 13, 15][bytes.len() % 7];
        prop_assert_eq!(digits.len(), bytes.len() / 7 * 17 + tail);
    }

    #[test]
    fn each_text_is_the_one_of_its_bytes(digits in "[0-9]{1,80}") {
        // If this fails, somebody makes a second text of a code that verifies as well.
        if let Some(bytes) = decode(&digits) {
            prop_assert_eq!(encode(&bytes), digits);
        }
    }

    #[test]
    fn a_digit_dropped_or_added_is_noticed(bytes in prop::collection::vec(any::<u8>(), 1..100), at in any::<prop::sample::Index>()) {
        // If this fails, a code that a scanner read badly passes for another one.
        let digits = encode(&bytes);
        let mut shorter = digits.clone();
        shorter.remove(at.index(digits.len()));
        prop_assert_ne!(decode(&shorter), Some(bytes.clone()));
        let mut longer = digits.clone();
        longer.insert(at.index(digits.len() + 1), '0');
        prop_assert_ne!(decode(&longer), Some(bytes));
    }
}
