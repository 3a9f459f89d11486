//! What a personal value must be, by the name of its member: the same for every door.
//!
//! Invariant: a value that was accepted can be shown on a page and read back; no error repeats it.

use jiff::civil::Date;
use serde_json::Value;
use unicode_normalization::is_nfc;

/// Longest text of each member, in characters.
const CHARS_MAX: &[(&str, usize)] = &[
    ("name", 100),
    ("birth_date", 10),
    ("phone", 20),
    ("email", 254),
    ("died_on", 10),
    ("resident_id", 64),
    ("enrolment_number", 64),
    ("passport", 64),
    ("staff_number", 64),
    ("institution_card", 64),
    ("title", 200),
    ("grade", 40),
    ("teacher", 100),
    ("place", 200),
    ("remarks", 1_000),
    ("source", 43),
    ("evidence", 1_000),
    ("reason_text", 1_000),
    // An account at a provider (OpenID Connect Core §2: at most 255 characters).
    ("iss", 255),
    ("sub", 255),
    // What a credential commits to: the text of its document, and its holder's key.
    ("document", 6_000),
    ("subject_key", 64),
];
/// Earliest date of birth: everybody born before has long been dead.
const BIRTH_MIN: Date = Date::constant(1_800, 1, 1);

/// Why a value is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// No member of this name is known.
    #[error("there is no member of this name")]
    Unknown,
    /// Not text.
    #[error("it must be text")]
    NotText,
    /// Nothing in it, or blank at an end.
    #[error("it must not be empty, nor begin or end with a blank")]
    Blank,
    /// Too long.
    #[error("at most {0} characters")]
    TooLong(usize),
    /// Text in a form that looks the same in other bytes.
    #[error("it must be in NFC")]
    NotNfc,
    /// Characters that have no shape or turn the text around.
    #[error("it must have no control or direction characters")]
    Invisible,
    /// Not a number that a message can be sent to.
    #[error(
        "it must be a mobile number, digits only, with + and the country before it if it is abroad"
    )]
    Phone,
    /// Not an address that a mail can be sent to.
    #[error("it must be a mail address")]
    Email,
    /// Not a date, or not one on which somebody whom this concerns was born or died.
    #[error("it must be a date from 1800-01-01 to today")]
    BirthDate,
}

/// Checks the value of the member `name`; `today` bounds a date of birth or death.
pub fn check(name: &str, value: &Value, today: Date) -> Result<(), BadValue> {
    let text = value.as_str().ok_or(BadValue::NotText)?;
    let chars_max = CHARS_MAX.iter().find(|(member, _)| *member == name);
    let (_, chars_max) = chars_max.ok_or(BadValue::Unknown)?;
    if text.is_empty() || text.trim() != text {
        return Err(BadValue::Blank);
    }
    if text.chars().count() > *chars_max {
        return Err(BadValue::TooLong(*chars_max));
    }
    if !is_nfc(text) {
        return Err(BadValue::NotNfc);
    }
    if text.chars().any(is_invisible) {
        return Err(BadValue::Invisible);
    }
    if name == "phone" && !is_phone(text) {
        return Err(BadValue::Phone);
    }
    if name == "email" && !is_email(text) {
        return Err(BadValue::Email);
    }
    if matches!(name, "birth_date" | "died_on") {
        let date: Date = text.parse().map_err(|_| BadValue::BirthDate)?;
        if date.to_string() != text || date < BIRTH_MIN || date > today {
            return Err(BadValue::BirthDate);
        }
    }
    Ok(())
}

/// A mobile number of this country (eleven digits behind 1), or one abroad in the form of E.164.
fn is_phone(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    match text.strip_prefix('+') {
        Some(abroad) => (7..=15).contains(&abroad.len()) && digits(abroad),
        None => text.len() == 11 && text.starts_with('1') && digits(text),
    }
}

/// One @ between a name and a domain, nothing that a mail program reads as more than one address.
fn is_email(text: &str) -> bool {
    let plain = |c: char| {
        c.is_ascii_graphic() && !matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')' | '\\')
    };
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty()
            && name.chars().all(plain)
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
            && domain
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    })
}

/// Control characters, and those that only set the direction of what follows.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
