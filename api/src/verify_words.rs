//! The words of a check's result, from the one table that front end, pages and command line share.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::problem::Language;

const TABLE: &str = include_str!("../web/strings/verify.toml");

static WORDS: LazyLock<HashMap<String, HashMap<String, String>>> =
    LazyLock::new(|| toml::from_str(TABLE).unwrap_or_default());

/// The text `key` (`zh` and `en` members), with `{name}` filled in.
pub fn say(language: Language, key: &str, fill: &[(&str, &str)]) -> String {
    member(language, key, "", fill)
}

/// Why a code is said.
pub fn reason(language: Language, code: &str, days: u64) -> String {
    member(language, code, "reason_", &[("n", &days.to_string())])
}

/// What to do about it.
pub fn next(language: Language, code: &str) -> String {
    member(language, code, "next_", &[])
}

/// Whether the table has this code.
pub fn has_code(code: &str) -> bool {
    WORDS
        .get(code)
        .is_some_and(|row| row.contains_key("reason_zh") && row.contains_key("next_en"))
}

fn member(language: Language, key: &str, prefix: &str, fill: &[(&str, &str)]) -> String {
    let suffix = match language {
        Language::Zh => "zh",
        Language::En => "en",
    };
    let found = WORDS
        .get(key)
        .and_then(|row| row.get(&format!("{prefix}{suffix}")));
    // A missing text shows its key: a test holds the table to the registry.
    let mut text = found.cloned().unwrap_or_else(|| key.into());
    for (name, value) in fill {
        text = text.replace(&format!("{{{name}}}"), value);
    }
    text
}
