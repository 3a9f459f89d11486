//! Canonical JSON: vectors, every flaw once, and RFC 8785 by another implementation.

use ledger::canonical::{self, Flaw};
use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};
use unicode_normalization::is_nfc;

fn flaw(text: &str) -> (Flaw, usize) {
    let error = canonical::check(text).expect_err(text);
    (error.what, error.at)
}

#[test]
fn every_flaw_is_named_with_its_place() {
    // If this fails, two texts of one assertion have two hashes, or a refusal sends its reader to
    // the wrong place.
    for (text, what, at) in [
        ("", Flaw::NotJson, 0),
        ("{\"a\":1", Flaw::NotJson, 6),
        ("[1,]", Flaw::NotJson, 3),
        ("tru", Flaw::NotJson, 0),
        ("-", Flaw::NotJson, 0),
        ("\"a", Flaw::NotJson, 2),
        ("\"a\u{1}\"", Flaw::NotJson, 2),
        ("\"\\x\"", Flaw::NotJson, 1),
        ("\"\\u00g0\"", Flaw::NotJson, 1),
        ("{a:1}", Flaw::NotJson, 1),
        (" 1", Flaw::Whitespace, 0),
        ("1 ", Flaw::Whitespace, 1),
        ("{\"a\": 1}", Flaw::Whitespace, 5),
        ("[1,\n2]", Flaw::Whitespace, 3),
        ("{}{}", Flaw::Trailing, 2),
        ("01x", Flaw::LeadingZero, 0),
        ("\"\\/\"", Flaw::Escaping, 1),
        ("\"\\u0041\"", Flaw::Escaping, 1),
        ("\"\\u001F\"", Flaw::Escaping, 1),
        ("\"\\u000a\"", Flaw::Escaping, 1),
        ("\"\\u00e9\"", Flaw::Escaping, 1),
        ("\"\\ud800\"", Flaw::Surrogate, 1),
        ("\"\\ud83d\\ude00\"", Flaw::Surrogate, 1),
        ("[1.0]", Flaw::Float, 1),
        ("1e3", Flaw::Float, 0),
        ("-0", Flaw::NegativeZero, 0),
        ("9007199254740992", Flaw::NumberTooLarge, 0),
        ("-9007199254740992", Flaw::NumberTooLarge, 0),
        ("99999999999999999999999999", Flaw::NumberTooLarge, 0),
        ("{\"b\":1,\"a\":2}", Flaw::NotSorted, 7),
        ("{\"a\":1,\"a\":2}", Flaw::DuplicateMember, 7),
        ("\"e\u{301}\"", Flaw::NotNfc, 1),
        ("{\"e\u{301}\":1}", Flaw::NotNfc, 2),
    ] {
        assert_eq!(flaw(text), (what, at), "{text}");
    }
    let deep = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert_eq!(canonical::check(&deep(64)), Ok(()));
    assert_eq!(flaw(&deep(65)), (Flaw::TooDeep, 64));
}

#[test]
fn members_sort_by_utf16_and_escapes_by_what_they_mean() {
    // If this fails, a correct payload of another implementation is refused, or a wrong one taken.
    for good in [
        // RFC 8785 §3.2.3, its last name replaced: U+FB33 is not in normal form C.
        "{\"\\r\":1,\"1\":2,\"\u{80}\":3,\"ö\":4,\"€\":5,\"😀\":6,\"\u{ff21}\":7}",
        // A line feed sorts before a letter although its escape does not.
        "{\"\\n\":1,\"A\":2}",
        "{\"\\\"\":1,\"#\":2}",
        // The mark stands behind a line feed, not behind the letter n.
        "\"\\n\u{303}\"",
        "\"\\u0000\\u001f\\b\\t\\n\\f\\r\\\"\\\\\u{7f}/\"",
        "{\"\":{\"a\":[]},\"a\":[-1,0,9007199254740991,true,false,null]}",
    ] {
        assert_eq!(canonical::check(good), Ok(()), "{good}");
    }
    assert_eq!(
        flaw("{\"\u{ff21}\":1,\"😀\":2}").0,
        Flaw::NotSorted,
        "bytes would sort the other way"
    );
    assert_eq!(flaw("{\"A\":1,\"\\n\":2}").0, Flaw::NotSorted);
}

#[test]
fn writing_sorts_and_refuses_what_reading_would() {
    // If this fails, a signer loses a member or an amount silently while its assertion is written.
    let text =
        |value: &Value| canonical::to_vec(value).map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(
        text(&json!({"\u{ff21}": 1, "😀": "é\n", "a": [{"c": 0, "b": -1}]})).unwrap(),
        "{\"a\":[{\"b\":-1,\"c\":0}],\"😀\":\"é\\n\",\"\u{ff21}\":1}"
    );
    let what = |value: &Value| text(value).expect_err("must be refused").what;
    assert_eq!(what(&json!({"b": 1.5, "a": 1})), Flaw::Float);
    assert_eq!(what(&json!(1.0)), Flaw::Float);
    assert_eq!(
        what(&json!({"b": 1_u64 << 53, "a": 1})),
        Flaw::NumberTooLarge
    );
    assert_eq!(what(&json!(["e\u{301}"])), Flaw::NotNfc);

    let raw = |text: &str| RawValue::from_string(text.into()).unwrap();
    let with_raw = |text: &str| canonical::to_raw(&[raw(text)]).map(|raw| raw.get().to_owned());
    assert_eq!(
        with_raw("{ \"b\" : [1, 2], \"a\":\"\\u0041\" }").unwrap(),
        "[{\"a\":\"A\",\"b\":[1,2]}]"
    );
    assert_eq!(
        with_raw("{\"a\":1,\"a\":1}").unwrap_err().what,
        Flaw::DuplicateMember
    );
    assert_eq!(
        with_raw("9007199254740993").unwrap_err().what,
        Flaw::NumberTooLarge
    );
    assert_eq!(with_raw("2.50").unwrap_err().what, Flaw::Float);
}

/// The rules once more, from another implementation: parse, write by RFC 8785, compare, then look
/// at every value.
fn is_canonical_otherwise(text: &str) -> bool {
    fn within(value: &Value, depth: usize) -> bool {
        match value {
            Value::Null | Value::Bool(_) => true,
            Value::Number(n) => n.as_i64().is_some_and(|n| n.unsigned_abs() < 1 << 53),
            Value::String(text) => is_nfc(text),
            Value::Array(items) => depth < 64 && items.iter().all(|item| within(item, depth + 1)),
            Value::Object(members) => {
                depth < 64
                    && members
                        .iter()
                        .all(|(name, value)| is_nfc(name) && within(value, depth + 1))
            }
        }
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return false;
    };
    serde_json_canonicalizer::to_string(&value).is_ok_and(|again| again == text)
        && within(&value, 0)
}

fn holds_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(holds_float),
        Value::Object(members) => members.values().any(holds_float),
        _ => false,
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,3}",
        "[ -~]{0,12}",
        "[\u{0}-\u{1f}\"\\\\a-c]{0,4}",
        "[e\u{301}\u{303}né學分\u{1f600}\u{ff21}\u{e000}\u{ac00}\u{1100}\u{1161}]{0,4}",
        any::<String>(),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        8 => (-1000_i64..1000).prop_map(Value::from),
        2 => (((1_i64 << 53) - 3)..((1 << 53) + 3)).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What a mutation puts in: what separates and what almost looks right.
const PIECES: [&str; 24] = [
    " ", "\n", "0", "1", ".0", "e1", "-", "\"", "\\", "\\n", "\\u000a", "\\u0041", "\\ud800", "{",
    "}", "[", "]", ",", ":", "\u{301}", "é", "😀", "\"a\":1,", "null",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn check_agrees_with_another_implementation(value in document()) {
        // If this fails, an assertion that others verify is refused here, or the other way round.
        let canonical = serde_json_canonicalizer::to_string(&value).unwrap();
        prop_assert_eq!(canonical::check(&canonical).is_ok(), is_canonical_otherwise(&canonical));
        let plain = serde_json::to_string(&value).unwrap();
        prop_assert_eq!(canonical::check(&plain).is_ok(), is_canonical_otherwise(&plain));
        match canonical::to_vec(&value) {
            Ok(bytes) => prop_assert_eq!(bytes, canonical.into_bytes()),
            // The other writes 1.0 and -0.0 as integers; here a float is an error, not a choice.
            Err(_) => prop_assert!(holds_float(&value) || !is_canonical_otherwise(&canonical)),
        }
    }

    #[test]
    fn check_agrees_on_broken_texts(
        value in document(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, 0..PIECES.len()), 1..4),
    ) {
        // If this fails, a text that is not the one form of its value was accepted, or refused
        // although it is.
        let mut text = serde_json_canonicalizer::to_string(&value).unwrap();
        for (place, edit, piece) in edits {
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = *place.get(&starts);
            match edit {
                0 => text.insert_str(at, PIECES[piece]),
                1 if starts.len() > 1 => drop(text.remove(at)),
                _ => {
                    text.remove(at);
                    text.insert_str(at, PIECES[piece]);
                }
            }
        }
        prop_assert_eq!(canonical::check(&text).is_ok(), is_canonical_otherwise(&text), "{}", text);
    }
}
