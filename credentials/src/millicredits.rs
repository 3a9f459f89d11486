//! Amounts of learning: credits, hours and levels as integers, decimal strings on the wire.
//!
//! Invariant: no float anywhere; a text with a place too many is refused, never rounded; every
//! division rounds down to whole milli-credits. Each value has one printed form (no trailing zeros:
//! `2`, `2.5`, `3.125`) and may be read in others (`2.0`, `2.50`). Pure; a crash loses nothing.
//!
//! Rules: DOMAIN.md §3.1 and §3.2.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Largest amount of one value, in thousandths: a million credits or hours (P).
///
/// No outcome comes near (a policy sets its own `credits_max`); it keeps sums of billions of lots
/// inside 64 bits and each value inside the 2⁵³ of JSON.
pub const AMOUNT_MAX: u64 = 1_000_000_000;
/// Largest level in tenths: 99.9 (P). The largest framework known to us has 12 levels.
pub const LEVEL_MAX: u16 = 999;

/// Why a text is no amount, hours or level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing there.
    #[error("the amount is empty")]
    Empty,
    /// A minus sign.
    #[error("the amount is negative")]
    Negative,
    /// Something else than digits around at most one point: an exponent, a plus sign, a comma, a
    /// point without digits on both sides, leading zeros.
    #[error("not a decimal number as 2 or 2.5")]
    NotDecimal,
    /// More decimal places than the unit has.
    #[error("more than {places_max} decimal places")]
    TooPrecise {
        /// Places that there are: 3 for credits and hours, 1 for levels.
        places_max: u32,
    },
    /// Beyond [`AMOUNT_MAX`] or [`LEVEL_MAX`].
    #[error("the amount is absurdly large")]
    TooLarge,
}

/// An amount of credit in thousandths of a credit, at most [`AMOUNT_MAX`] when read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millicredits(u64);

/// A number of hours in thousandths of an hour; whether of teaching or of all work, and of how many
/// minutes, is the policy's to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millihours(u64);

/// A level of a qualifications framework in tenths: "4.5" is 45.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Level(u16);

/// Hours of work or teaching behind one credit; the scheme's or the school's to say.
pub type HoursPerCredit = NonZeroU32;

impl Millicredits {
    /// No credit.
    pub const ZERO: Self = Self(0);

    /// `mc` thousandths of a credit; `None` beyond [`AMOUNT_MAX`].
    pub fn new(mc: u64) -> Option<Self> {
        (mc <= AMOUNT_MAX).then_some(Self(mc))
    }

    /// Thousandths of a credit.
    pub fn get(self) -> u64 {
        self.0
    }

    /// `floor(hours × 1000 / hours_per_credit)`.
    pub fn from_hours(hours: Millihours, hours_per_credit: HoursPerCredit) -> Self {
        // Thousandths of an hour are the factor 1000 of the formula already.
        Self(hours.0 / u64::from(hours_per_credit.get()))
    }

    /// The sum; `None` if it does not fit 64 bits. A sum may pass [`AMOUNT_MAX`].
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference; `None` if it were negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, at most `u64::MAX`: for `evolve`, which is total.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, at least 0: for `evolve`, which is total.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `floor(self × bp / 10000)`: a share in basis points, at most `u64::MAX` milli-credits.
    #[must_use]
    pub fn share(self, bp: u16) -> Self {
        let part = u128::from(self.0) * u128::from(bp) / 10_000;
        Self(u64::try_from(part).unwrap_or(u64::MAX))
    }

    /// `floor(self × numerator / denominator)`, at most `u64::MAX` milli-credits.
    #[must_use]
    pub fn scaled(self, numerator: u32, denominator: NonZeroU32) -> Self {
        let product = u128::from(self.0) * u128::from(numerator) / u128::from(denominator.get());
        Self(u64::try_from(product).unwrap_or(u64::MAX))
    }
}

impl Millihours {
    /// `thousandths` of an hour; `None` beyond [`AMOUNT_MAX`].
    pub fn new(thousandths: u64) -> Option<Self> {
        (thousandths <= AMOUNT_MAX).then_some(Self(thousandths))
    }

    /// Thousandths of an hour.
    pub fn get(self) -> u64 {
        self.0
    }

    /// Whole minutes, where an hour has `minutes_per_hour` (45 for 学时), rounded down.
    pub fn minutes(self, minutes_per_hour: NonZeroU32) -> u64 {
        let minutes = u128::from(self.0) * u128::from(minutes_per_hour.get()) / 1000;
        u64::try_from(minutes).unwrap_or(u64::MAX)
    }
}

impl Level {
    /// `tenths` of a level; `None` beyond [`LEVEL_MAX`].
    pub fn new(tenths: u16) -> Option<Self> {
        (tenths <= LEVEL_MAX).then_some(Self(tenths))
    }

    /// Tenths of a level.
    pub fn tenths(self) -> u16 {
        self.0
    }
}

/// An amount as a body states it, in credits, in hours or in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stated {
    /// What it counts.
    pub amount: Millicredits,
    /// `HOURS_MISMATCH` (a warning): what the hours would have given.
    pub hours_mismatch: Option<Millicredits>,
}

/// Neither credits nor hours that could be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountMissing {
    /// Neither stands in the body.
    #[error("neither credits nor hours are given")]
    Neither,
    /// Hours alone, in a scheme that names no hours per credit.
    #[error("hours alone, but the policy gives no hours per credit")]
    NoRate,
}

impl Stated {
    /// The credits win; hours alone follow the formula; both that differ are a warning.
    pub fn new(
        credits: Option<Millicredits>,
        hours: Option<Millihours>,
        hours_per_credit: Option<HoursPerCredit>,
    ) -> Result<Self, AmountMissing> {
        let computed = hours
            .zip(hours_per_credit)
            .map(|(hours, rate)| Millicredits::from_hours(hours, rate));
        match (credits, hours, computed) {
            (Some(amount), _, computed) => Ok(Self {
                amount,
                hours_mismatch: computed.filter(|&other| other != amount),
            }),
            (None, _, Some(amount)) => Ok(Self {
                amount,
                hours_mismatch: None,
            }),
            (None, Some(_), None) => Err(AmountMissing::NoRate),
            (None, None, None) => Err(AmountMissing::Neither),
        }
    }
}

/// Reads digits and at most `places` decimals into units of 10^−places, at most `max`.
fn parse(text: &str, places: u32, max: u64) -> Result<u64, AmountError> {
    if text.is_empty() {
        return Err(AmountError::Empty);
    }
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let magnitude = whole.strip_prefix(['-', '\u{2212}']).unwrap_or(whole);
    if !digits(magnitude) || !fraction.is_none_or(digits) {
        return Err(AmountError::NotDecimal);
    }
    if magnitude != whole {
        return Err(AmountError::Negative);
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(AmountError::NotDecimal);
    }
    let fraction = fraction.unwrap_or_default();
    let mut value: u64 = whole.parse().map_err(|_| AmountError::TooLarge)?;
    let mut decimals = fraction.bytes();
    for _ in 0..places {
        let digit = decimals.next().map_or(0, |b| u64::from(b - b'0'));
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(digit))
            .ok_or(AmountError::TooLarge)?;
    }
    if decimals.next().is_some() {
        return Err(AmountError::TooPrecise { places_max: places });
    }
    if value > max {
        Err(AmountError::TooLarge)
    } else {
        Ok(value)
    }
}

/// Writes `value` units of 10^−places in its one form.
fn print(f: &mut fmt::Formatter<'_>, value: u64, places: u32) -> fmt::Result {
    let unit = 10_u64.pow(places);
    let (whole, rest) = (value / unit, value % unit);
    if rest == 0 {
        return write!(f, "{whole}");
    }
    let width = usize::try_from(places).unwrap_or_default();
    let fraction = format!("{rest:0width$}");
    write!(f, "{whole}.{}", fraction.trim_end_matches('0'))
}

/// The text form of a unit, and the same in JSON.
macro_rules! decimal_text {
    ($unit:ident, $places:literal, $max:expr) => {
        impl FromStr for $unit {
            type Err = AmountError;
            fn from_str(text: &str) -> Result<Self, AmountError> {
                let value = parse(text, $places, u64::from($max))?;
                value
                    .try_into()
                    .map(Self)
                    .map_err(|_| AmountError::TooLarge)
            }
        }

        impl fmt::Display for $unit {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                print(f, self.0.into(), $places)
            }
        }

        impl Serialize for $unit {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $unit {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

decimal_text!(Millicredits, 3, AMOUNT_MAX);
decimal_text!(Millihours, 3, AMOUNT_MAX);
decimal_text!(Level, 1, LEVEL_MAX);
