//! Status lists: where a bit lies, and what is no list.

use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::vc::status::{BITS, BYTES_MAX, BYTES_MIN, Bits, NotAList};
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use tests::support::issuing::INDEX;

use super::cases::lists::{multibase, packed};

/// What `text` inflates to.
fn bytes_of(text: &str) -> Vec<u8> {
    let packed = URL_SAFE_NO_PAD.decode(&text[1..]).unwrap();
    let mut bits = Vec::new();
    io::copy(
        &mut flate2::read::GzDecoder::new(packed.as_slice()),
        &mut bits,
    )
    .unwrap();
    bits
}

#[test]
fn bit_0_is_the_left_most_of_byte_0() {
    // If this fails, other verifiers read the bit of another learner.
    for (index, byte, value) in [
        (0, 0, 0x80),
        (1, 0, 0x40),
        (7, 0, 0x01),
        (8, 1, 0x80),
        (INDEX, 11_820, 0x01),
        (BITS - 1, BYTES_MIN - 1, 0x01),
    ] {
        let mut bits = Bits::default();
        bits.put(index, true);
        let bytes = bytes_of(&bits.encode());
        assert_eq!(bytes.len(), BYTES_MIN);
        let mut expected = vec![0; BYTES_MIN];
        expected[byte] = value;
        assert!(bytes == expected, "bit {index}");
        assert_eq!(bits.get(index.into()), Some(true));
        assert_eq!(bits.get(u64::from(index) ^ 1), Some(false));
    }
}

#[test]
fn the_handbooks_empty_list_is_ours() {
    // If this fails, a list by the handbook cannot be read.
    let theirs = "uH4sIAAAAAAACA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";
    assert_eq!(Bits::decode(theirs), Ok(Bits::default()));
    let ours = Bits::default().encode();
    assert_eq!(Bits::decode(&ours), Ok(Bits::default()));
    assert_eq!(
        ours,
        Bits::default().encode(),
        "the same bits, the same text"
    );
    assert!(ours.len() < 100, "{} characters", ours.len());
}

#[test]
fn beyond_the_list_there_is_no_bit() {
    // If this fails, an index that does not exist is read as "not revoked".
    let mut bits = Bits::default();
    bits.put(BITS, true);
    assert_eq!(bits, Bits::default());
    for index in [u64::from(BITS), u64::from(BITS) + 7, u64::MAX] {
        assert_eq!(bits.get(index), None);
    }
    let long = Bits::decode(&multibase(&packed(&vec![0xff; BYTES_MIN + 1]))).unwrap();
    assert_eq!(long.get(BITS.into()), Some(true));
    assert_eq!(long.get(u64::from(BITS) + 8), None);
}

#[test]
fn what_is_no_list_is_told_apart() {
    // If this fails, a broken list is read as "not revoked".
    let good = packed(&vec![0; BYTES_MIN]);
    let text = multibase(&good);
    let with = |change: fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        multibase(&bytes)
    };
    for (text, wrong) in [
        (String::new(), NotAList::Text),
        (text[1..].into(), NotAList::Text),
        (format!("U{}", &text[1..]), NotAList::Text),
        (format!("{text}="), NotAList::Text),
        (format!("{text}\n"), NotAList::Text),
        (text.replace(['-', '_'], "+"), NotAList::Text),
        ("u".into(), NotAList::Gzip),
        (with(|it| it.push(0)), NotAList::Gzip),
        (with(|it| it.extend(it.clone())), NotAList::Gzip),
        (with(|it| it.truncate(it.len() - 1)), NotAList::Gzip),
        (with(|it| it.truncate(10)), NotAList::Gzip),
        (with(|it| it[0] ^= 1), NotAList::Gzip),
        (with(|it| *it.last_mut().unwrap() ^= 1), NotAList::Gzip),
        (
            multibase(&packed(&vec![0; BYTES_MIN - 1])),
            NotAList::TooShort,
        ),
        (multibase(&packed(&[])), NotAList::TooShort),
        (
            multibase(&packed(&vec![0; BYTES_MAX + 1])),
            NotAList::TooLarge,
        ),
    ] {
        assert_eq!(Bits::decode(&text), Err(wrong), "{text:.80}");
    }
    let padding = ["A", "B", "C", "D"].map(|last| format!("{}{last}", &text[..text.len() - 1]));
    let read = padding.iter().filter(|text| Bits::decode(text).is_ok());
    assert_eq!(
        read.count(),
        1,
        "one text for one list: spare bits are zero"
    );
    assert!(Bits::decode(&multibase(&packed(&vec![0; BYTES_MAX]))).is_ok());
}

#[test]
fn a_bomb_is_inflated_no_further_than_the_limit() {
    // If this fails, one small list fills the memory of every verifier.
    let mut packing = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..512 {
        packing.write_all(&zeros).unwrap();
    }
    let bomb = packing.finish().unwrap();
    // Half a gigabyte in half a megabyte; behind the limit it is broken, and nobody gets there.
    assert!(bomb.len() < 1 << 20);
    let text = multibase(&bomb[..bomb.len() / 2]);
    assert_eq!(Bits::decode(&text), Err(NotAList::TooLarge));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn lists_read_back(set in prop::collection::btree_set(0..BITS, 0..200)) {
        // If this fails, a revoked credential passes, or a good one does not.
        let mut bits = Bits::default();
        for index in &set {
            bits.put(*index, true);
        }
        let read = Bits::decode(&bits.encode()).unwrap();
        prop_assert_eq!(&read, &bits);
        for index in 0..BITS {
            prop_assert_eq!(read.get(index.into()), Some(set.contains(&index)));
        }
    }

    #[test]
    fn no_text_stops_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        // If this fails, a list that somebody publishes stops every verifier.
        prop_assert!(Bits::decode(&multibase(&bytes)).is_err());
        prop_assert!(Bits::decode(&text).is_err());
    }
}
