//! The words of the reasons, from the one table that front end and server share.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Reason;

const TABLE: &str = include_str!("../../web/strings/problems.toml");

/// What a person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// What happened.
    pub title_zh: &'static str,
    /// What happened.
    pub title_en: &'static str,
    /// What to do.
    pub action_zh: &'static str,
    /// What to do.
    pub action_en: &'static str,
}

#[derive(Deserialize)]
struct Row {
    title_zh: String,
    title_en: String,
    action_zh: String,
    action_en: String,
}

static TEXTS: LazyLock<HashMap<String, Row>> =
    LazyLock::new(|| toml::from_str(TABLE).unwrap_or_default());

/// The words of `reason`. Every reason has some: a test compares table and enum both ways.
pub fn of(reason: Reason) -> Text {
    match TEXTS.get(reason.slug()) {
        Some(row) => Text {
            title_zh: &row.title_zh,
            title_en: &row.title_en,
            action_zh: &row.action_zh,
            action_en: &row.action_en,
        },
        None => Text {
            title_zh: reason.slug(),
            title_en: reason.slug(),
            action_zh: "",
            action_en: "",
        },
    }
}

/// The slugs that the table has words for.
pub fn slugs() -> Vec<&'static str> {
    TEXTS.keys().map(String::as_str).collect()
}
