//! The resident ID of before 1999, 15 digits: 6 region, 6 birth date without century, 3 serial.
//!
//! Invariant: completed to 18 characters (19 before the year, check character behind), so that one
//! person has one number whichever form was typed. Pure; a crash loses nothing.
//!
//! Rule: DOMAIN.md §4. The old form has no check digit, hence always a warning.

use super::{Checked, Malformed, Warning, each, exactly, normalise, resident_id};

/// Reads 15 digits and completes them to 18 characters.
pub fn check(value: &str) -> Result<Checked, Malformed> {
    let old = normalise(value, "15")?;
    exactly(&old, 15, "15")?;
    each(&old, |c, _| c.is_ascii_digit())?;
    let (region, rest) = old.split_at(6);
    let body = format!("{region}19{rest}");
    let check = resident_id::check_character(&body).unwrap_or_default();
    let normalised = format!("{body}{check}");
    let finding = resident_id::finding(&normalised)?.or(Some(Warning::OldForm));
    Ok(Checked {
        normalised,
        finding,
    })
}
