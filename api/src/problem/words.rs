//! One sentence in both languages, and the Chinese sentences of the typed errors.
//!
//! Invariant: each typed error is put into Chinese by an exhaustive match: a new rule does not
//! compile without its words. The English sentence is the error's own; neither repeats a personal
//! value.

mod access;
mod account;
mod approval;
mod credential;
mod erasure;
mod identifier;
mod institution;
mod institution_life;
mod ledger;
mod person;
mod refusal;
mod split;
mod value;

use std::fmt::Display;

use super::Language;

/// A sentence in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// zh-CN
    pub zh: String,
    /// en
    pub en: String,
}

/// An error whose English sentence is its `Display`, and that has a Chinese one here.
pub trait InChinese: Display {
    /// The Chinese sentence, with the same data.
    fn zh(&self) -> String;
}

impl Words {
    /// A library's text, which has no translation, behind our own Chinese words for it.
    pub fn quoting(zh: &str, text: impl Display) -> Self {
        Self {
            zh: format!("{zh}（{text}）"),
            en: text.to_string(),
        }
    }

    /// The sentence for this reader.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

/// Chinese first, then English.
impl<Z: Into<String>, E: Into<String>> From<(Z, E)> for Words {
    fn from((zh, en): (Z, E)) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }
}

impl<T: InChinese + ?Sized> From<&T> for Words {
    fn from(error: &T) -> Self {
        Self {
            zh: error.zh(),
            en: error.to_string(),
        }
    }
}
