//! 统一社会信用代码 (unified social credit code), 18 characters, the number of a legal person.
//!
//! Invariant: none of I O Z S V occurs; characters 9 to 17 are an organisation code. Pure; a crash
//! loses nothing.
//!
//! Rule: GB 32100-2015 as in DOMAIN.md §4. Codes with a wrong check character are in use, so the
//! check is a warning.

use super::{Checked, Malformed, Warning, each, exactly, normalise, organisation_code};

/// The 31 characters, in the order of their values 0 to 30.
pub(super) const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Reads 18 characters.
pub fn check(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "18")?;
    exactly(&normalised, 18, "18")?;
    each(&normalised, |c, _| ALPHABET.contains(c))?;
    let expected = normalised.get(..17).and_then(check_character);
    let finding = if expected != normalised.chars().last() {
        Some(Warning::CheckDigit)
    } else if normalised
        .get(8..17)
        .is_none_or(|code| !organisation_code::holds(code))
    {
        Some(Warning::OrganisationCode)
    } else {
        None
    };
    Ok(Checked {
        normalised,
        finding,
    })
}

/// The check character of the first 17; `None` unless `body` is 17 characters of the alphabet.
pub fn check_character(body: &str) -> Option<char> {
    if body.len() == 17 {
        weighted_check(body)
    } else {
        None
    }
}

/// The character that makes Σ value·3^(place−1) divisible by 31, places from 1; `None` if a
/// character is not of the alphabet.
///
/// The standard's weights 1 3 9 27 19 … are these powers of 3 modulo 31.
pub(super) fn weighted_check(body: &str) -> Option<char> {
    let mut sum = 0;
    let mut weight = 1;
    for c in body.chars() {
        sum += ALPHABET.find(c)? * weight;
        weight = weight * 3 % 31;
    }
    ALPHABET.chars().nth((31 - sum % 31) % 31)
}
