//! 学籍号 (enrolment number), 19 characters, the national number of a pupil.
//!
//! Invariant: G stands before a resident ID, J before a number of the same form made by a school,
//! L before a temporary number without check. Pure; a crash loses nothing.
//!
//! Rule: DOMAIN.md §4. A formal number may differ from its holder's present resident ID, so the two
//! are never compared here.

use super::{Checked, Malformed, Warning, each, exactly, normalise, resident_id};

/// Reads 19 characters.
pub fn check(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "19")?;
    exactly(&normalised, 19, "19")?;
    each(&normalised, |c, at| match at {
        0 => matches!(c, 'G' | 'J' | 'L'),
        18 => c.is_ascii_digit() || c == 'X',
        _ => c.is_ascii_digit(),
    })?;
    let (prefix, number) = normalised.split_at(1);
    let finding = if prefix == "L" {
        if number.ends_with('X') {
            return Err(Malformed::Alphabet { place: 19 });
        }
        resident_id::birth_date(number)
            .is_none()
            .then_some(Warning::BirthDate)
    } else {
        resident_id::finding(number)?
    };
    Ok(Checked {
        normalised,
        finding,
    })
}
