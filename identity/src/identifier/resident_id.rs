//! 公民身份号码 (resident ID), 18 characters: 6 region, 8 birth date, 3 serial, 1 check.
//!
//! Invariant: the check character catches every single wrong digit. Pure; a crash loses nothing.
//!
//! Rule: GB 11643-1999 as in DOMAIN.md §4. Regions are not looked up: the list changes yearly and
//! numbers keep the region they were issued with.

use jiff::civil::Date;

use super::{Checked, Malformed, Warning, each, exactly, normalise, old_resident_id};

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];

/// Reads 18 characters, or the 15 digits of the old form, which it completes.
pub fn check(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "18 or 15")?;
    if normalised.len() == 15 {
        return old_resident_id::check(&normalised);
    }
    exactly(&normalised, 18, "18 or 15")?;
    let finding = finding(&normalised)?;
    Ok(Checked {
        normalised,
        finding,
    })
}

/// The check character of the first 17 digits; `None` unless `body` is 17 digits.
pub fn check_character(body: &str) -> Option<char> {
    if body.len() != WEIGHTS.len() {
        return None;
    }
    let mut sum = 0;
    for (c, weight) in body.chars().zip(WEIGHTS) {
        sum += c.to_digit(10)? * weight;
    }
    CHECKS.get(usize::try_from(sum % 11).ok()?).copied()
}

/// The birth date inside a number of 18 characters; `None` if it is no calendar date.
pub fn birth_date(normalised: &str) -> Option<Date> {
    let digits = normalised.get(6..14)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year = digits.get(..4)?.parse().ok()?;
    let month = digits.get(4..6)?.parse().ok()?;
    let day = digits.get(6..)?.parse().ok()?;
    Date::new(year, month, day).ok()
}

/// What is doubtful about 18 characters; an error if one of them cannot stand there.
pub(super) fn finding(eighteen: &str) -> Result<Option<Warning>, Malformed> {
    each(eighteen, |c, at| {
        c.is_ascii_digit() || (at == 17 && c == 'X')
    })?;
    let expected = eighteen.get(..17).and_then(check_character);
    Ok(if expected != eighteen.chars().last() {
        Some(Warning::CheckDigit)
    } else if birth_date(eighteen).is_none() {
        Some(Warning::BirthDate)
    } else {
        None
    })
}
