//! Comparing names of persons across systems that write them differently.
//!
//! Invariant: equal comparable forms are a match; unequal ones are a question for a human, never a
//! lock-out. The form is for comparing only: the name itself is stored as it was given. Pure; a
//! crash loses nothing.
//!
//! Rule: DOMAIN.md §3.15: NFKC, lower case, without spaces and middle dots.

use unicode_normalization::UnicodeNormalization as _;

/// Whether two names are the same person's name as far as spelling can say.
pub fn same(a: &str, b: &str) -> bool {
    comparable(a) == comparable(b)
}

/// The form of a name that is compared.
pub fn comparable(name: &str) -> String {
    // Lower case can leave composed form (İ), and so can dropping the space that held a letter and
    // its mark apart, hence the passes.
    let lower = name.nfkc().collect::<String>().to_lowercase();
    let bare: String = lower.nfkc().filter(|&c| !is_ignored(c)).collect();
    bare.nfkc().collect()
}

/// Spaces, zero-width marks and every sign in use as the dot between the parts of a name.
fn is_ignored(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}')
        || matches!(
            c,
            '\u{00b7}' | '\u{2022}' | '\u{2027}' | '\u{2219}' | '\u{22c5}' | '\u{30fb}'
        )
}
