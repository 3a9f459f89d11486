//! 学校标识码 (school code), 10 digits: 2 category, 2 province, 6 serial, no check digit.
//!
//! Invariant: an abolished code is never given to another school (the registry keeps that, not this
//! file). Pure; a crash loses nothing.
//!
//! Rule: DOMAIN.md §4; in higher education the serial is 0 and the five-digit code of the
//! institution (浙江大学 10335: 4133010335).

use super::{Checked, Malformed, Warning, each, exactly, normalise};

/// Category of 普通高校, regular higher education.
pub const REGULAR_HIGHER: &str = "41";
/// Category of 成人高校, adult higher education.
pub const ADULT_HIGHER: &str = "42";

/// Reads 10 digits.
pub fn check(value: &str) -> Result<Checked, Malformed> {
    let normalised = normalise(value, "10")?;
    exactly(&normalised, 10, "10")?;
    each(&normalised, |c, _| c.is_ascii_digit())?;
    let finding = (is_higher_education(&normalised) && normalised.get(4..5) != Some("0"))
        .then_some(Warning::Serial);
    Ok(Checked {
        normalised,
        finding,
    })
}

/// Whether the category of a school code is one of higher education.
pub fn is_higher_education(normalised: &str) -> bool {
    normalised.starts_with(REGULAR_HIGHER) || normalised.starts_with(ADULT_HIGHER)
}
