//! Numbers whose check rules are not published, or that each issuer makes its own way.
//!
//! Invariant: shape only, never a finding; what we cannot check we do not doubt. Pure; a crash
//! loses nothing.
//!
//! Lengths: DOMAIN.md §4; those of passports and institutions' own numbers are ours (P).

use super::{Checked, Malformed, each, exactly, normalise};

/// Passport number: 5 to 20 letters and digits (ICAO Doc 9303 has 9 and an overflow).
pub fn passport(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "5 to 20")?;
    between(&normalised, 5, 20, "5 to 20")?;
    each(&normalised, |c, _| c.is_ascii_alphanumeric())?;
    Ok(unchecked(normalised))
}

/// A number that one institution gave out (工号, 校园卡): 1 to 32 letters, digits and `-_./`, the
/// first a letter or digit.
pub fn institution_number(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "1 to 32")?;
    between(&normalised, 1, 32, "1 to 32")?;
    each(&normalised, |c, at| {
        c.is_ascii_alphanumeric() || (at > 0 && matches!(c, '-' | '_' | '.' | '/'))
    })?;
    Ok(unchecked(normalised))
}

/// 教育个人标识码: 1 type and 18 characters of the resident ID's alphabet.
pub fn education_person_code(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "19")?;
    exactly(&normalised, 19, "19")?;
    each(&normalised, |c, at| match at {
        0 => c.is_ascii_alphanumeric(),
        18 => c.is_ascii_digit() || c == 'X',
        _ => c.is_ascii_digit(),
    })?;
    Ok(unchecked(normalised))
}

/// 学信网 online verification code: 12 digits or 16 letters and digits.
pub fn chsi_code(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "12 or 16")?;
    if normalised.chars().count() == 12 {
        each(&normalised, |c, _| c.is_ascii_digit())?;
    } else {
        exactly(&normalised, 16, "12 or 16")?;
        each(&normalised, |c, _| c.is_ascii_alphanumeric())?;
    }
    Ok(unchecked(normalised))
}

/// APAAR number of a learner in India: 12 digits.
pub fn apaar(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "12")?;
    exactly(&normalised, 12, "12")?;
    each(&normalised, |c, _| c.is_ascii_digit())?;
    Ok(unchecked(normalised))
}

fn unchecked(normalised: String) -> Checked {
    Checked {
        normalised,
        finding: None,
    }
}

fn between(text: &str, min: usize, max: usize, expected: &'static str) -> Result<(), Malformed> {
    let found = text.chars().count();
    if (min..=max).contains(&found) {
        Ok(())
    } else {
        Err(Malformed::Length { expected, found })
    }
}
