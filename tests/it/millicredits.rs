//! Amounts of credit, hours and levels: exact reading, printing and counting.

use std::num::NonZeroU32;

use credentials::millicredits::{
    AMOUNT_MAX, AmountError, AmountMissing, Level, Millicredits, Millihours, Stated,
};
use proptest::prelude::*;

fn mc(text: &str) -> Millicredits {
    text.parse().unwrap()
}

fn hours(text: &str) -> Millihours {
    text.parse().unwrap()
}

fn per(hours: u32) -> NonZeroU32 {
    NonZeroU32::new(hours).unwrap()
}

#[test]
fn decimal_strings_are_read_exactly() {
    // A learner's 2.5 credits would be recorded as something else.
    for (text, value) in [
        ("2", 2000),
        ("2.0", 2000),
        ("2.50", 2500),
        ("0.001", 1),
        ("0", 0),
        ("3.125", 3125),
        ("1000000", AMOUNT_MAX),
    ] {
        assert_eq!(mc(text).get(), value, "{text}");
    }
}

#[test]
fn what_is_no_amount_is_refused_with_its_reason() {
    // A spreadsheet's rounding, a sign or a slipped key would become credit.
    for (text, reason) in [
        ("", AmountError::Empty),
        ("-2.0", AmountError::Negative),
        ("−2", AmountError::Negative),
        ("2.0001", AmountError::TooPrecise { places_max: 3 }),
        ("2.0000", AmountError::TooPrecise { places_max: 3 }),
        ("1000000.001", AmountError::TooLarge),
        ("99999999999999999999999", AmountError::TooLarge),
        ("18446744073709551615", AmountError::TooLarge),
        ("2e3", AmountError::NotDecimal),
        ("1.1E+17", AmountError::NotDecimal),
        ("+2", AmountError::NotDecimal),
        (".5", AmountError::NotDecimal),
        ("5.", AmountError::NotDecimal),
        ("2,5", AmountError::NotDecimal),
        ("1.2.3", AmountError::NotDecimal),
        ("02", AmountError::NotDecimal),
        (" 2", AmountError::NotDecimal),
        ("２", AmountError::NotDecimal),
        ("NaN", AmountError::NotDecimal),
        ("-", AmountError::NotDecimal),
        (".", AmountError::NotDecimal),
    ] {
        assert_eq!(text.parse::<Millicredits>(), Err(reason), "{text:?}");
    }
}

#[test]
fn json_numbers_are_no_amounts() {
    // A client's float would enter the ledger rounded.
    assert!(serde_json::from_str::<Millicredits>("2.5").is_err());
    assert_eq!(
        serde_json::from_str::<Millicredits>("\"2.50\"").unwrap(),
        mc("2.5")
    );
    assert_eq!(serde_json::to_string(&mc("2.50")).unwrap(), "\"2.5\"");
}

#[test]
fn hours_become_credits_as_in_the_handbook() {
    // Every course counted by hours would be credited wrongly.
    for (text, rate, value) in [
        ("48", 16, 3000),
        ("50", 16, 3125),
        ("50", 15, 3333),
        ("40", 16, 2500),
        ("150", 10, 15_000),
        ("150", 25, 6000),
        ("150", 30, 5000),
    ] {
        assert_eq!(
            Millicredits::from_hours(hours(text), per(rate)).get(),
            value,
            "{text} / {rate}"
        );
    }
    assert_eq!(hours("48").minutes(per(45)), 2160);
    assert_eq!(hours("36").minutes(per(60)), 2160);
}

#[test]
fn credits_win_over_hours_and_a_mismatch_is_told() {
    // The awarder's own figure would be overruled, or a contradiction would go unseen.
    let rate = Some(per(16));
    let both = Stated::new(Some(mc("2.5")), Some(hours("32")), rate).unwrap();
    assert_eq!(
        (both.amount.get(), both.hours_mismatch),
        (2500, Some(mc("2.0")))
    );
    let agree = Stated::new(Some(mc("2")), Some(hours("32")), rate).unwrap();
    assert_eq!((agree.amount.get(), agree.hours_mismatch), (2000, None));
    let alone = Stated::new(None, Some(hours("50")), rate).unwrap();
    assert_eq!((alone.amount.get(), alone.hours_mismatch), (3125, None));
    assert_eq!(Stated::new(None, None, rate), Err(AmountMissing::Neither));
    assert_eq!(
        Stated::new(None, Some(hours("50")), None),
        Err(AmountMissing::NoRate)
    );
    assert_eq!(
        Stated::new(Some(mc("1")), Some(hours("50")), None)
            .unwrap()
            .hours_mismatch,
        None
    );
}

#[test]
fn levels_are_tenths() {
    // 4.5 would pass as 5, and a course be replaced by a lower one.
    for (text, tenths) in [("5", 50), ("4.5", 45), ("5.0", 50), ("12", 120)] {
        assert_eq!(text.parse::<Level>().unwrap().tenths(), tenths);
    }
    assert_eq!(
        "4.55".parse::<Level>(),
        Err(AmountError::TooPrecise { places_max: 1 })
    );
    assert_eq!("100".parse::<Level>(), Err(AmountError::TooLarge));
    assert_eq!(Level::new(45).unwrap().to_string(), "4.5");
}

#[test]
fn sums_never_wrap() {
    // A replay would crash, or a balance would turn from much to little.
    let max = (0..64).fold(mc("1000000"), |sum, _| sum.saturating_add(sum));
    assert_eq!(max.get(), u64::MAX);
    assert_eq!(max.checked_add(mc("0.001")), None);
    assert_eq!(
        Millicredits::ZERO.saturating_sub(mc("1")),
        Millicredits::ZERO
    );
    assert_eq!(Millicredits::ZERO.checked_sub(mc("1")), None);
    assert_eq!(max.scaled(3, per(2)).get(), u64::MAX);
    assert_eq!(max.share(10_000), max);
}

proptest! {
    #[test]
    fn each_amount_has_one_printed_form(value in 0..=AMOUNT_MAX) {
        // The same credit would hash differently in two places.
        let amount = Millicredits::new(value).unwrap();
        let text = amount.to_string();
        prop_assert_eq!(text.parse(), Ok(amount));
        prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']), "{}", text);
        let full = format!("{}.{:03}", value / 1000, value % 1000);
        prop_assert_eq!(full.parse(), Ok(amount));
    }

    #[test]
    fn reading_is_total_and_never_rounds(text in "[-+0-9.eE,]{0,16}") {
        // A strange cell would stop an import, or count as a number it does not say.
        if let Ok(amount) = text.parse::<Millicredits>() {
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let padded = format!("{whole}{fraction:0<3}");
            prop_assert_eq!(padded.parse(), Ok(amount.get()));
        }
    }

    #[test]
    fn hours_never_give_more_than_they_are_worth(value in 0..=AMOUNT_MAX, rate in 1_u32..100) {
        // Rounding up would make credit out of nothing, a little in each of millions of rows.
        let credit = Millicredits::from_hours(Millihours::new(value).unwrap(), per(rate)).get();
        let rate = u64::from(rate);
        prop_assert!(credit * rate <= value && value < (credit + 1) * rate);
    }
}
