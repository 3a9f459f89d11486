//! How long credit may be used.
//!
//! Invariant: expiry ends use only; the outcome stays visible and verifiable. Pure; a crash loses
//! nothing.
//!
//! Rule: DOMAIN.md §3.3.

use jiff::civil::Date;
use jiff::{Span, ToSpan as _};

/// Years of validity: the smallest that anybody names; `None` = endless.
pub fn years(awarder: Option<u16>, receiver: Option<u16>, cap: Option<u16>) -> Option<u16> {
    [awarder, receiver, cap].into_iter().flatten().min()
}

/// First day on which credit awarded on `awarded` cannot be used; `None` = endless.
///
/// 29 February + years that end in a common year is 28 February. Beyond the year 9999 it is endless.
pub fn first_unusable_day(awarded: Date, years: Option<u16>) -> Option<Date> {
    let span = Span::new().try_years(years?).ok()?;
    awarded.checked_add(span).ok()
}

/// Whether it may be used on `day`; if not: `LOT_EXPIRED`.
pub fn usable_on(day: Date, first_unusable: Option<Date>) -> bool {
    first_unusable.is_none_or(|end| day < end)
}

/// The days on which the learner is told, in the order of `days_before`.
pub fn notices(first_unusable: Date, days_before: &[u16]) -> Vec<Date> {
    days_before
        .iter()
        .map(|&days| first_unusable.saturating_sub(i64::from(days).days()))
        .collect()
}
