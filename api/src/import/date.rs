//! Days as people and programs write them.
//!
//! Invariant: a text is read as a day only if it can be no other; the rest is told, not guessed.

use std::ops::RangeInclusive;

use unicode_normalization::UnicodeNormalization as _;

use crate::problem::Words;

/// Why a text is no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// It could be two days.
    Ambiguous,
    /// It has a time zone: elsewhere it is another day.
    Zoned,
    /// It is none.
    NoDay,
}

impl Unread {
    pub(super) fn words(self) -> Words {
        match self {
            Self::Ambiguous => (
                "这个日期可能是两天：日和月分不清，请写成 2026-06-30 的样子",
                "this could be two days: day and month cannot be told apart; write it as 2026-06-30",
            ),
            Self::Zoned => (
                "带时区的时间在别处是另一天：请只写日期，如 2026-06-30",
                "a time with a zone is another day elsewhere: write the date alone, as 2026-06-30",
            ),
            Self::NoDay => (
                "日期请写成 2026-06-30 的样子",
                "expected a date as 2026-06-30",
            ),
        }
        .into()
    }
}

/// A day as `2026-06-30`.
pub(super) fn read(text: &str) -> Result<String, Unread> {
    let text: String = text.nfkc().collect();
    if text.contains('年') {
        let day: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let day = day.strip_suffix(['日', '号']).ok_or(Unread::NoDay)?;
        let (year, rest) = day.split_once('年').ok_or(Unread::NoDay)?;
        let (month, day) = rest.split_once('月').ok_or(Unread::NoDay)?;
        return written(year, month, day);
    }
    let day = without_time(text.trim())?;
    if digits(day, 8..=8).is_some() {
        let part = |range| day.get(range).unwrap_or_default();
        return written(part(0..4), part(4..6), part(6..8));
    }
    let mark = day.chars().find(|c| matches!(c, '-' | '/' | '.'));
    let parts: Vec<&str> = day.split(mark.ok_or(Unread::NoDay)?).collect();
    match parts.as_slice() {
        [first, second, year]
            if digits(first, 1..=2).is_some_and(|it| it <= 12)
                && digits(second, 1..=2).is_some_and(|it| it <= 12)
                && (digits(year, 4..=4).is_some() || digits(year, 2..=2).is_some()) =>
        {
            Err(Unread::Ambiguous)
        }
        [year, month, day] => written(year, month, day),
        _ => Err(Unread::NoDay),
    }
}

/// The day before a time of it, which may be any.
fn without_time(text: &str) -> Result<&str, Unread> {
    let Some((day, time)) = text.split_once(['T', ' ']) else {
        return Ok(text);
    };
    let time = time.trim();
    if time.ends_with(['Z', 'z']) || time.contains(['+', '-']) {
        return Err(Unread::Zoned);
    }
    let (time, _) = time.split_once('.').unwrap_or((time, ""));
    let parts: Vec<_> = time.split(':').map(|part| digits(part, 1..=2)).collect();
    match parts.as_slice() {
        [Some(..24), Some(..60)] | [Some(..24), Some(..60), Some(..60)] => Ok(day),
        _ => Err(Unread::NoDay),
    }
}

fn digits(text: &str, len: RangeInclusive<usize>) -> Option<u32> {
    let is_number = len.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn written(year: &str, month: &str, day: &str) -> Result<String, Unread> {
    let number = |text, len| digits(text, len).ok_or(Unread::NoDay);
    number(year, 4..=4)?;
    let (month, day) = (number(month, 1..=2)?, number(day, 1..=2)?);
    let date = format!("{year}-{month:02}-{day:02}");
    let real = identity::date::parse(&date).map(|_| date);
    real.ok_or(Unread::NoDay)
}
