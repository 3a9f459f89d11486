//! Numbers of a sheet as text: what a reader of the sheet sees, or that it is damaged.
//!
//! Invariant: a number keeps the 15 digits that spreadsheets keep; one that needs more comes back,
//! because the last ones are already lost. Days are counted as the workbook counts them.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::Flaw;

/// From here on a whole number has more than 15 digits.
const DIGITS_LOST: f64 = 1e15;

/// How a cell shows its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Style {
    /// As it is.
    #[default]
    Plain,
    /// As a day, or a time of one.
    Day,
    /// In hundredths.
    Percent,
    /// With zeros in front, up to so many digits.
    Zeros(u8),
}

impl Style {
    /// The style of a format that every workbook has (ECMA-376 §18.8.30).
    pub(super) fn of_number(id: u16) -> Self {
        match id {
            14..=22 | 27..=36 | 45..=47 | 50..=58 => Self::Day,
            9 | 10 => Self::Percent,
            _ => Self::Plain,
        }
    }

    /// The style of a format's code.
    pub(super) fn of_code(code: &str) -> Self {
        let mut bare = String::new();
        let mut chars = code.chars();
        while let Some(c) = chars.next() {
            match c {
                ';' => break,
                '"' => {
                    chars.by_ref().find(|c| *c == '"');
                }
                '\\' | '_' | '*' => {
                    chars.next();
                }
                '[' => {
                    // `[h]` counts hours; `[Red]` and `[$-804]` are no part of the number.
                    let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                    if matches!(
                        inside.to_ascii_lowercase().as_str(),
                        "h" | "hh" | "m" | "mm" | "s" | "ss"
                    ) {
                        bare.push('h');
                    }
                }
                c => bare.push(c.to_ascii_lowercase()),
            }
        }
        let zeros = u8::try_from(bare.len())
            .ok()
            .filter(|_| bare.len() > 1 && bare.bytes().all(|byte| byte == b'0'));
        match zeros {
            Some(zeros) => Self::Zeros(zeros),
            None if bare.contains('%') => Self::Percent,
            None if bare.starts_with("general") => Self::Plain,
            None if bare.contains(['y', 'm', 'd', 'h', 's']) => Self::Day,
            None => Self::Plain,
        }
    }
}

/// A number as text, and what is wrong with it.
pub(super) fn text(value: f64, style: Style, from_1904: bool) -> (String, Option<Flaw>) {
    match style {
        Style::Day => {
            let day = day(value, from_1904);
            (day.unwrap_or_else(|| shown(value)), Some(Flaw::Dated))
        }
        Style::Percent => (format!("{}%", shown(value * 100.0)), None),
        Style::Zeros(digits) => (
            format!("{:0>1$}", shown(value), usize::from(digits)),
            lost(value),
        ),
        Style::Plain => (shown(value), lost(value)),
    }
}

fn lost(value: f64) -> Option<Flaw> {
    (value.abs() >= DIGITS_LOST).then_some(Flaw::Digits)
}

/// With 15 digits; larger ones as spreadsheets show them (`1.1E+17`).
fn shown(value: f64) -> String {
    let exact = format!("{value:.14e}");
    let (mantissa, exponent) = exact.split_once('e').unwrap_or((&exact, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |it| ("-", it));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return "0".into();
    }
    let mut text = String::from(sign);
    let places = usize::try_from(exponent + 1).unwrap_or_default();
    if !(-10..15).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        // Writing to a text cannot fail.
        let _ = write!(text, "{first}{point}{rest}E{exponent:+03}");
    } else if exponent < 0 {
        let zeros = usize::try_from(-exponent - 1).unwrap_or_default();
        text.extend(["0.", &"0".repeat(zeros), digits]);
    } else if digits.len() <= places {
        text.extend([digits, &"0".repeat(places - digits.len())]);
    } else {
        let (whole, fraction) = digits.split_at(places);
        text.extend([whole, ".", fraction]);
    }
    text
}

/// The day that a number stands for; the year 1900 has 29 February in spreadsheets, which is no day.
fn day(value: f64, from_1904: bool) -> Option<String> {
    if !(1.0..2_958_466.0).contains(&value) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within seven digits by the line above"
    )]
    let whole = value.floor() as i32;
    let first = match (from_1904, whole) {
        (true, _) => Date::new(1904, 1, 1),
        (false, 60) => return None,
        (false, ..60) => Date::new(1899, 12, 31),
        (false, _) => Date::new(1899, 12, 30),
    };
    let date = first
        .ok()?
        .checked_add(jiff::Span::new().days(whole))
        .ok()?;
    let seconds = ((value - value.floor()) * 86_400.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 0 to 86,400"
    )]
    let seconds = seconds as u32;
    let date = if seconds == 86_400 {
        date.tomorrow().ok()?
    } else {
        date
    };
    Some(match seconds % 86_400 {
        0 => date.to_string(),
        some => format!(
            "{date}T{:02}:{:02}:{:02}",
            some / 3600,
            some / 60 % 60,
            some % 60
        ),
    })
}
