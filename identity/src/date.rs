//! Calendar dates in documents: `2026-06-30`, one text for one day.
//!
//! Invariant: only the ten-character form is read, so that a hash over the text is a hash over the
//! day. A day is a calendar day of UTC+8, whatever the machine's time zone. Pure; a crash loses
//! nothing.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serializer};

/// The calendar day of UTC+8 at `ms` (Unix time in milliseconds; out of range = the nearest day).
pub fn day_of(ms: i64) -> Date {
    time_of(ms).date()
}

/// The minute of UTC+8 at `ms`: `2026-06-30 12:00`.
pub fn minute_of(ms: i64) -> String {
    time_of(ms).strftime("%Y-%m-%d %H:%M").to_string()
}

/// When `day` begins in UTC+8, Unix milliseconds.
pub fn start_of(day: Date) -> i64 {
    let start = const { Offset::constant(8) }.to_timestamp(day.at(0, 0, 0, 0));
    // Only the first and last hours of all time are out of range.
    start.map_or(0, Timestamp::as_millisecond)
}

/// The clock of UTC+8 at `ms` (Unix time in milliseconds; out of range = the nearest time).
pub fn time_of(ms: i64) -> DateTime {
    let bound = if ms < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    let time = Timestamp::from_millisecond(ms).unwrap_or(bound);
    const { Offset::constant(8) }.to_datetime(time)
}

/// Reads `YYYY-MM-DD`; `None` for any other form and for days that do not exist.
pub fn parse(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    // jiff reads more forms than this one (20260630, a time behind it).
    (date.to_string() == text).then_some(date)
}

/// Writes the ten characters.
pub fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(date)
}

/// Reads the ten characters.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| serde::de::Error::custom("expected a date as 2026-06-30"))
}

/// The same where `null` may stand.
pub mod optional {
    use jiff::civil::Date;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes the ten characters or `null`.
    pub fn serialize<S: Serializer>(date: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match date {
            Some(date) => serializer.collect_str(date),
            None => serializer.serialize_none(),
        }
    }

    /// Reads the ten characters or `null`.
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        let Some(text) = Option::<String>::deserialize(deserializer)? else {
            return Ok(None);
        };
        match super::parse(&text) {
            Some(date) => Ok(Some(date)),
            None => Err(serde::de::Error::custom("expected a date as 2026-06-30")),
        }
    }
}
