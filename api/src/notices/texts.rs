//! The words of notices, from the one table that server and front end share.

use std::collections::HashMap;
use std::sync::LazyLock;

use identity::date::minute_of;
use serde::Deserialize;

use super::Matter;
use crate::problem::Language;

const TABLE: &str = include_str!("../../web/strings/notices.toml");

#[derive(Deserialize)]
struct Row {
    title_zh: String,
    title_en: String,
    text_zh: String,
    text_en: String,
    /// In place of a text with {link}, where there is none: whoever reads it is signed in.
    inside_zh: Option<String>,
    inside_en: Option<String>,
}

static TEXTS: LazyLock<HashMap<String, Row>> =
    LazyLock::new(|| toml::from_str(TABLE).unwrap_or_default());

/// What a person reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// In a few words.
    pub title: String,
    /// What to do.
    pub body: String,
}

/// The words of `matter`; `link` is where to say no.
pub fn text(matter: &Matter, language: Language, link: Option<&str>) -> Text {
    let Some(row) = TEXTS.get(matter.name()) else {
        let title = matter.name().to_owned();
        return Text {
            title,
            body: String::new(),
        };
    };
    let (title, body, inside) = match language {
        Language::Zh => (&row.title_zh, &row.text_zh, &row.inside_zh),
        Language::En => (&row.title_en, &row.text_en, &row.inside_en),
    };
    let inside = inside.as_ref().filter(|_| link.is_none());
    let body = inside.unwrap_or(body);
    let when = match matter {
        Matter::RecoveryStarted { ready_ms, .. } => minute_of(*ready_ms),
        _ => String::new(),
    };
    Text {
        title: title.clone(),
        body: body
            .replace("{link}", link.unwrap_or_default())
            .replace("{when}", &when),
    }
}

/// The matters that the table has words for.
pub fn named() -> Vec<&'static str> {
    TEXTS.keys().map(String::as_str).collect()
}
