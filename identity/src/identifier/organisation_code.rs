//! 组织机构代码 (organisation code), 9 characters, the older number of an institution.
//!
//! Invariant: the hyphen before the check character is spelling only. Pure; a crash loses nothing.
//!
//! Rule: GB 11714 as in DOMAIN.md §4.

use super::{Checked, Malformed, Warning, each, exactly, normalise};

const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// Reads 9 characters, with or without the hyphen (`M000100Y-4`).
pub fn check(value: &str) -> Result<Checked, Malformed> {
    let mut normalised = normalise(value, "9")?;
    if normalised.chars().nth(8) == Some('-') {
        normalised = normalised.replacen('-', "", 1);
    }
    exactly(&normalised, 9, "9")?;
    each(&normalised, |c, at| {
        c.is_ascii_digit()
            || if at == 8 {
                c == 'X'
            } else {
                c.is_ascii_uppercase()
            }
    })?;
    let finding = (!holds(&normalised)).then_some(Warning::CheckDigit);
    Ok(Checked {
        normalised,
        finding,
    })
}

/// The check character of the first 8; `None` unless `body` is 8 digits or capital letters.
pub fn check_character(body: &str) -> Option<char> {
    if body.len() != WEIGHTS.len() || body.bytes().any(|b| b.is_ascii_lowercase()) {
        return None;
    }
    let mut sum = 0;
    for (c, weight) in body.chars().zip(WEIGHTS) {
        // Base 36 gives A = 10 … Z = 35, the values of the rule.
        sum += c.to_digit(36)? * weight;
    }
    match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        digit => char::from_digit(digit, 10),
    }
}

/// Whether nine characters end in their check character.
pub(super) fn holds(code: &str) -> bool {
    let expected = code.get(..8).and_then(check_character);
    expected.is_some() && expected == code.get(8..).and_then(|check| check.parse().ok())
}
