//! The frame of server-rendered pages: readable without scripts, printable on A4.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::problem::Language;

/// The one style sheet of server pages; tokens of UX §4.
const STYLE: &str = include_str!("../web/styles/print.css");

/// The head of a page.
pub fn head(title: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            title { (title) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

/// A whole page.
pub fn page(language: Language, title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            (head(title))
            body { main { (body) } }
        }
    }
}
