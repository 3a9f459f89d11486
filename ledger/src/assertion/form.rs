//! The small forms in an assertion: kinds and times.

use jiff::Timestamp;

/// `noun.verb.vN`: lower-case words of letters, digits and `-`, the last `v` and a number from 1.
pub(super) fn is_kind(kind: &str) -> bool {
    let words: Vec<&str> = kind.split('.').collect();
    kind.len() <= 64
        && words.len() >= 3
        && words.iter().all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
        && words.last().is_some_and(|version| {
            version
                .strip_prefix('v')
                .is_some_and(|n| !n.starts_with('0') && n.parse::<u32>().is_ok())
        })
}

/// RFC 3339, UTC, whole seconds: the form of dates in credentials.
pub fn format_s(ms: i64) -> String {
    let text = format_ms(ms.div_euclid(1_000).saturating_mul(1_000));
    text.strip_suffix(".000Z")
        .map_or(text.clone(), |whole| format!("{whole}Z"))
}

/// RFC 3339 in UTC with exactly three decimals.
pub fn format_ms(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    format!("{time:.3}")
}

pub(super) fn parse_ms(text: &str) -> Option<i64> {
    let ms = text.parse::<Timestamp>().ok()?.as_millisecond();
    (format_ms(ms) == text).then_some(ms)
}
