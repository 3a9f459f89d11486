//! Strict JSON and its canonical form, as credentials are hashed.

use credentials::vc::canonical::{self, NotStrict, Null};
use proptest::prelude::*;
use serde_json::{Value, json};

/// A text and its canonical form. Numbers: ECMAScript's, as RFC 8785 appendix B has them below 2^53.
pub(crate) const GOOD: &[(&str, &str)] = &[
    ("1", "1"),
    ("1.0", "1"),
    ("-0", "0"),
    ("-0.0", "0"),
    ("0e5", "0"),
    ("2.50", "2.5"),
    ("0.1", "0.1"),
    ("3e0", "3"),
    ("1E+2", "100"),
    ("5e-324", "5e-324"),
    ("-5e-324", "-5e-324"),
    ("1e-400", "0"),
    ("2.2250738585072014e-308", "2.2250738585072014e-308"),
    ("0.000001", "0.000001"),
    ("0.0000001", "1e-7"),
    ("1.5e-10", "1.5e-10"),
    ("0.1e-5", "0.000001"),
    ("333333333.33333329", "333333333.3333333"),
    ("9007199254740991", "9007199254740991"),
    ("-9007199254740991", "-9007199254740991"),
    ("9.007199254740991e15", "9007199254740991"),
    ("4503599627370495.5", "4503599627370495.5"),
    ("4.35", "4.35"),
    ("0.3000000000000000444", "0.30000000000000004"),
    ("true", "true"),
    ("\"\"", "\"\""),
    (
        "\"\\u0041\\/\\u000a\\u001F\\\"\\\\\"",
        "\"A/\\n\\u001f\\\"\\\\\"",
    ),
    ("\"\\b\\f\\n\\r\\t\"", "\"\\b\\f\\n\\r\\t\""),
    ("\"\\u007f\\u2028\"", "\"\u{7f}\u{2028}\""),
    ("\"\\ud83d\\ude00\"", "\"😀\""),
    ("\"\\u5b66\\u5206\"", "\"学分\""),
    ("\"e\\u0301\"", "\"e\u{301}\""),
    (" [ 1 , 2 ]\r\n\t", "[1,2]"),
    ("{}", "{}"),
    (
        "{\"b\":1,\"a\":{\"d\":[],\"c\":2}}",
        "{\"a\":{\"c\":2,\"d\":[]},\"b\":1}",
    ),
    // RFC 8785 §3.2.3: by UTF-16 code units, so that U+1F600 stands before U+FB33.
    (
        "{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
        "{\"\\r\":2,\"1\":4,\"\u{80}\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\u{fb33}\":3}",
    ),
    ("{\"10\":1,\"9\":2,\"\":3}", "{\"\":3,\"10\":1,\"9\":2}"),
    (
        "{\"__proto__\":1,\"constructor\":2}",
        "{\"__proto__\":1,\"constructor\":2}",
    ),
];

/// A text and why it is refused.
pub(crate) const BAD: &[(&str, &str)] = &[
    ("", "nothing"),
    (" ", "nothing"),
    ("\u{feff}{}", "byte order mark"),
    ("\u{a0}{}", "another blank"),
    ("{} {}", "something behind"),
    ("1 x", "something behind"),
    ("{\"a\":1,}", "comma at the end"),
    ("[1,]", "comma at the end"),
    ("{a:1}", "name without quotes"),
    ("'a'", "single quotes"),
    ("// x\n1", "comment"),
    ("01", "leading zero"),
    ("+1", "plus"),
    (".5", "no digit in front"),
    ("1.", "no digit behind"),
    ("0x10", "hexadecimal"),
    ("NaN", "not a number"),
    ("Infinity", "not a number"),
    ("1e400", "beyond a double"),
    ("-1e400", "beyond a double"),
    ("1e21", "2^53 or more"),
    ("9007199254740992", "2^53"),
    ("-9007199254740992", "-2^53"),
    ("9007199254740993", "a double makes another number of it"),
    ("9007199254740991.9", "a double makes 2^53 of it"),
    ("18446744073709551616", "beyond 64 bits"),
    ("[1,{\"x\":1e16}]", "2^53 or more, inside"),
    ("null", "null"),
    ("{\"a\":null}", "null"),
    ("[[null]]", "null"),
    ("{\"a\":1,\"a\":1}", "member twice"),
    ("{\"a\":1,\"\\u0061\":2}", "member twice, escaped"),
    (
        "[{\"x\":{\"a\":1,\"b\":2,\"a\":3}}]",
        "member twice, inside",
    ),
    ("\"\\ud83d\"", "lone surrogate"),
    ("\"\\ude00\"", "lone surrogate"),
    ("\"\\ude00\\ud83d\"", "surrogates crossed"),
    ("\"\\ud83dx\"", "lone surrogate"),
    ("{\"\\ud83d\":1}", "lone surrogate in a name"),
    ("\"a\u{1}\"", "control character"),
    ("\"a\n\"", "control character"),
    ("\"\\x41\"", "unknown escape"),
    ("\"\\u00g0\"", "bad escape"),
    ("\"a", "no end"),
    ("[1", "no end"),
    ("{\"a\"", "no end"),
    ("True", "another word"),
];

/// Arrays in arrays.
pub(crate) fn deep(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

fn canonical_of(text: &str) -> Result<String, NotStrict> {
    let value = canonical::parse(text, Null::Refused)?;
    Ok(String::from_utf8(canonical::to_vec(&value)?).unwrap())
}

#[test]
fn each_text_has_one_canonical_form() {
    // If this fails, what we sign is not what others hash.
    for (text, canonical) in GOOD {
        assert_eq!(canonical_of(text).as_deref(), Ok(*canonical), "{text}");
        assert_eq!(canonical_of(canonical).as_deref(), Ok(*canonical));
    }
}

#[test]
fn a_text_with_two_meanings_is_refused() {
    // If this fails, a document means one thing to who signed it and another to who reads it.
    for (text, why) in BAD {
        assert!(canonical_of(text).is_err(), "{why}: {text}");
    }
    assert!(canonical_of(&deep(64)).is_ok());
    assert!(canonical_of(&deep(65)).is_err());
    let objects = |depth: usize| "{\"a\":".repeat(depth) + "1" + &"}".repeat(depth);
    assert!(canonical_of(&objects(64)).is_ok());
    assert!(canonical_of(&objects(65)).is_err());
    assert!(canonical_of(&deep(200_000)).is_err(), "the stack holds");
}

#[test]
fn only_a_bundle_says_none() {
    // If this fails, a credential with a null member has a meaning that no context defines.
    let text = "{\"retired\":null,\"x\":[null]}";
    assert!(canonical::parse(text, Null::Refused).is_err());
    let value = canonical::parse(text, Null::Allowed).unwrap();
    assert_eq!(value, json!({"retired": null, "x": [null]}));
    assert_eq!(canonical::to_vec(&value).unwrap(), text.as_bytes());
}

#[test]
fn numbers_that_a_value_holds_are_written_as_in_a_browser() {
    // If this fails, a value that never was a text is hashed otherwise than its text.
    for (value, text) in [
        (json!(1e21), "1e+21"),
        (json!(1e20), "100000000000000000000"),
        (json!(-0.0), "0"),
        (json!(1.0), "1"),
        (json!(5e-324), "5e-324"),
    ] {
        assert_eq!(canonical::to_vec(&value).unwrap(), text.as_bytes());
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53) + 1..1 << 53).prop_map(Value::from),
        any::<f64>()
            .prop_filter("below 2^53", |n| n.abs() < 9e15)
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_canonical_text_reads_back_to_itself(value in value()) {
        // If this fails, a credential that was stored and read back no longer verifies.
        let text = String::from_utf8(canonical::to_vec(&value).unwrap()).unwrap();
        prop_assert_eq!(canonical_of(&text), Ok(text.clone()));
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(canonical_of(&pretty), Ok(text));
    }

    #[test]
    fn no_text_stops_the_reader(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        // If this fails, somebody stops a server with a text.
        let _ = canonical_of(&text);
        let _ = canonical_of(&String::from_utf8_lossy(&bytes));
    }
}
