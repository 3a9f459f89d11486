//! The open fields of an outcome through outcome.record: DOMAIN §3.1 to §3.3 and the allow-list.

use credentials::account::outcome::{FieldError, Fields, check_record};
use credentials::account::record_outcome::RecordOutcomeError;
use credentials::account::{Account, wire};
use credentials::policy::{Policy, Scheme, preset, validity};
use credentials::rulebook::Refusal;
use identity::identifier::resident_id;
use jiff::civil::{Date, date};
use serde_json::json;
use tests::support::asking::person;
use tests::support::given::{Given, Written};
use tests::support::said;

use super::rules_coverage::{refused, saw};

pub(crate) const REFUSALS: &[fn()] = &[
    records_and_codes_are_short_and_not_personal,
    award_dates_are_plausible,
    levels_are_those_of_the_framework,
    amounts_are_given_and_plausible,
    hours_alone_need_a_rate,
];

fn ready() -> Given {
    Given::genesis().admitted(1).registered(person(100))
}

fn amounts(credits: Option<&str>, hours: Option<&str>) -> Fields {
    let mut fields = said::course();
    fields.credits = credits.map(|text| text.parse().unwrap());
    fields.hours = hours.map(|text| text.parse().unwrap());
    fields
}

fn field(error: FieldError) -> Refusal {
    RecordOutcomeError::Field(error).into()
}

fn deposited(fields: Fields) -> Written {
    ready().makes(&said::record(1, person(100), "R1", fields))
}

/// Hours would be counted at another rate than the policy's, or rounded up (DOMAIN §3.1).
#[test]
fn hours_count_by_the_rate_and_round_down() {
    for (credits, hours, expected, mismatch) in [
        (None, Some("48"), "3", false),
        (None, Some("50"), "3.125", false),
        (None, Some("40"), "2.5", false),
        (None, Some("33.333"), "2.083", false),
        (Some("2.5"), Some("32"), "2.5", true),
        (Some("2.0"), Some("32"), "2", false),
        (Some("3"), None, "3", false),
        (Some("0"), None, "0", false),
    ] {
        let written = deposited(amounts(credits, hours));
        assert_eq!(
            written.member("lot.deposited.v1", "credits"),
            json!(expected),
            "{credits:?} {hours:?}"
        );
        let warnings = written.member("lot.deposited.v1", "warnings");
        let expected = if mismatch {
            json!(["HOURS_MISMATCH"])
        } else {
            json!(null)
        };
        assert_eq!(warnings, expected, "{credits:?} {hours:?}");
    }
}

/// Failing would earn credit, or a scheme without credit would hold some.
#[test]
fn only_what_was_passed_counts() {
    for (passed, expected) in [(Some(true), "4"), (None, "4"), (Some(false), "0")] {
        let mut fields = said::course();
        fields.passed = passed;
        assert_eq!(
            deposited(fields).member("lot.deposited.v1", "credits"),
            json!(expected)
        );
    }
    let mut none = amounts(None, Some("32"));
    none.scheme = Scheme::None;
    assert_eq!(
        deposited(none).member("lot.deposited.v1", "credits"),
        json!("0")
    );
}

/// Credit would stay usable for ever, or end a day early (DOMAIN §3.3).
#[test]
fn credit_is_usable_for_the_years_of_the_policy() {
    for (awarded, first_unusable) in [
        (date(2020, 6, 30), "2027-06-30"),
        (date(2020, 2, 29), "2027-02-28"),
        (date(2026, 6, 30), "2033-06-30"),
    ] {
        let mut fields = said::course();
        fields.completed_on = awarded;
        let written = deposited(fields);
        assert_eq!(
            written.member("lot.deposited.v1", "usable_before"),
            json!(first_unusable)
        );
    }
    let mut given = ready();
    given.makes(&said::record(1, person(100), "R1", said::course()));
    let account: Account = given.state(&wire::stream(person(100)));
    let end = account.lots[0].usable_before;
    assert!(validity::usable_on(date(2033, 5, 31), end));
    assert!(!validity::usable_on(date(2033, 6, 1), end));
}

/// A clerk's slip would put a resident number into a commit that nobody can erase.
#[test]
fn records_and_codes_are_short_and_not_personal() {
    let mut given = ready();
    let long = "R".repeat(65);
    for record in ["", " R1", "R1 ", "R\n1", &long] {
        let asking = said::record(1, person(100), record, said::course());
        refused(&mut given, &asking, field(FieldError::Record));
        let mut fields = said::course();
        fields.code = Some(record.into());
        let asking = said::record(1, person(100), "R1", fields);
        refused(&mut given, &asking, field(FieldError::Code));
    }
    let body = "33010219900307001";
    let resident = format!("{body}{}", resident_id::check_character(body).unwrap());
    for record in [
        resident.clone(),
        format!("G{resident}"),
        format!("CS-{resident}"),
        "No.13800138000".into(),
        "2026-13812345678".into(),
        // Signs between the digits hide nothing.
        "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X".into(),
        "110105.19491231.002X".into(),
        "CS(110105)19491231/002x".into(),
        "A138-1234-5678".into(),
        "+86 138 1234 5678".into(),
        "1.3.8.1.2.3.4.5.6.7.8".into(),
    ] {
        let asking = said::record(1, person(100), &record, said::course());
        refused(&mut given, &asking, field(FieldError::RecordIsIdentifier));
        let mut fields = said::course();
        fields.code = Some(record);
        let asking = said::record(1, person(100), "R1", fields);
        refused(&mut given, &asking, field(FieldError::Code));
    }
    for name in ["王晓明", "Wáng"] {
        let asking = said::record(1, person(100), name, said::course());
        refused(&mut given, &asking, field(FieldError::Record));
    }
    // The page from which others write their programs says the same of both.
    let page = include_str!("../../docs/FORMAT.md");
    assert!(page.contains("| `code`? | as `record`: 王晓明 is none |"));
    let longest = "号".repeat(64);
    // Eleven digits that nobody would call are a record's number.
    for fine in [
        "1",
        "2026-春-0001",
        longest.as_str(),
        body,
        "2026-0630-001",
        "1506-2026-001",
        "138-20260001",
        "202613812345678",
    ] {
        assert_eq!(check_record(fine), Ok(()));
        given.makes(&said::record(1, person(100), fine, said::course()));
    }
}

/// A course of next year, or of 1900, would count.
#[test]
fn award_dates_are_plausible() {
    let mut given = ready();
    let today = date(2026, 6, 30);
    let on = |day: Date| {
        let mut fields = said::course();
        fields.completed_on = day;
        fields
    };
    let tomorrow = date(2026, 7, 1);
    let refusal = field(FieldError::InFuture {
        completed_on: tomorrow,
        today,
    });
    refused(
        &mut given,
        &said::record(1, person(100), "R1", on(tomorrow)),
        refusal,
    );
    let before = date(1949, 9, 30);
    refused(
        &mut given,
        &said::record(1, person(100), "R1", on(before)),
        field(FieldError::TooOld(before)),
    );
    given.makes(&said::record(1, person(100), "R1", on(today)));
    given.makes(&said::record(1, person(100), "R2", on(date(1949, 10, 1))));
    // The day is that of UTC+8: at 16:00 UTC the next one has begun.
    let mut given = given.at(1_782_835_200_000);
    given.makes(&said::record(1, person(100), "R3", on(tomorrow)));
    let mut given = given.at(1_782_835_200_000 - 1);
    let refusal = field(FieldError::InFuture {
        completed_on: tomorrow,
        today,
    });
    refused(
        &mut given,
        &said::record(1, person(100), "R4", on(tomorrow)),
        refusal,
    );
}

/// A level of another country's framework would be taken for ours (DOMAIN §3.2).
#[test]
fn levels_are_those_of_the_framework() {
    let mut given = ready();
    let at = |text: &str| {
        let mut fields = said::course();
        fields.level = Some(text.parse().unwrap());
        fields
    };
    for level in ["0", "0.5", "4.3", "7.5", "12"] {
        let refusal = field(FieldError::Level(level.parse().unwrap()));
        refused(
            &mut given,
            &said::record(1, person(100), "R1", at(level)),
            refusal,
        );
    }
    for (n, level) in ["1", "4.5", "5", "7"].into_iter().enumerate() {
        given.makes(&said::record(1, person(100), &format!("R{n}"), at(level)));
    }
}

/// An outcome would hold no credit unnoticed, or a typing error would make a degree of one course.
#[test]
fn amounts_are_given_and_plausible() {
    let mut given = ready();
    let ask = |fields: Fields| said::record(1, person(100), "R1", fields);
    refused(
        &mut given,
        &ask(amounts(None, None)),
        field(FieldError::AmountMissing("cn-he")),
    );
    let mut uncounted = amounts(Some("1"), None);
    uncounted.scheme = Scheme::None;
    refused(
        &mut given,
        &ask(uncounted),
        field(FieldError::AmountNotCounted),
    );
    for (credits, hours, credit) in [
        (Some("240.001"), None, "240.001"),
        (None, Some("3841"), "240.062"),
    ] {
        let (credit, max) = (credit.parse().unwrap(), "240".parse().unwrap());
        refused(
            &mut given,
            &ask(amounts(credits, hours)),
            field(FieldError::AmountAbsurd { credit, max }),
        );
    }
    given.makes(&ask(amounts(Some("240"), None)));
}

/// Hours would be counted at a rate that nobody set: the shipped policy has one, another may not.
#[test]
fn hours_alone_need_a_rate() {
    let mut terms: credentials::policy::Terms =
        (**preset::newest(preset::DEFAULT).unwrap()).clone();
    terms.params.hours_per_credit = None;
    let policy = Policy::new(&terms).unwrap();
    let today = date(2026, 6, 30);
    let error = amounts(None, Some("32")).check(&policy, today).unwrap_err();
    assert_eq!(error, FieldError::NoRate);
    saw(&field(error));
    let both = amounts(Some("2.5"), Some("32"))
        .check(&policy, today)
        .unwrap();
    assert_eq!(
        (both.credit.get(), both.hours_mismatch),
        (2_500, false),
        "without a rate nothing disagrees"
    );
}
