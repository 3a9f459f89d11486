//! Policy documents: their hash, their numbers, and the arithmetic of §3.0 to §3.5.

use std::num::NonZeroU32;

use credentials::millicredits::{Level, Millicredits};
use credentials::policy::preset::{self, NoPreset};
use credentials::policy::scheme::{LevelError, NoSchemeRule};
use credentials::policy::validity::{first_unusable_day, notices, usable_on, years};
use credentials::policy::{
    Act, BadPolicy, Category, OutcomeKind, Policy, Rule, Scheme, Source, Terms,
};
use identity::date::{self as wire_date, day_of};
use jiff::civil::{Date, date};
use ledger::hash::Digest;
use proptest::prelude::*;

/// Hash of the shipped zhejiang-default 1; decisions name it, so it may never change.
const ZHEJIANG_1: &str = "VRwWOo0TkkHs_ieWhR-iG90m2B_eg6jWVr1r5Wtyv7I";

fn zhejiang() -> &'static Policy {
    preset::newest(preset::DEFAULT).unwrap()
}

fn mc(text: &str) -> Millicredits {
    text.parse().unwrap()
}

fn level(text: &str) -> Level {
    text.parse().unwrap()
}

/// The default terms with one change.
fn changed(change: impl FnOnce(&mut Terms)) -> Result<Policy, BadPolicy> {
    let mut terms = Terms::clone(zhejiang());
    change(&mut terms);
    Policy::new(&terms)
}

#[test]
fn the_shipped_policy_is_the_one_that_was_released() {
    // Old decisions would name a policy that nobody can show any more.
    let policy = zhejiang();
    assert_eq!(policy.hash().to_string(), ZHEJIANG_1);
    assert_eq!(policy.hash(), Digest::of(policy.canonical().as_bytes()));
    assert_eq!(Policy::new(policy).unwrap().hash(), policy.hash());
    assert_eq!(
        preset::find("zhejiang-default", 1, policy.hash())
            .unwrap()
            .hash(),
        policy.hash()
    );
}

#[test]
fn a_policy_is_found_only_under_its_own_name_and_hash() {
    // A decision would be recomputed under other rules than those it was made by.
    let hash = zhejiang().hash();
    assert!(matches!(
        preset::find("zhejiang-default", 2, hash),
        Err(NoPreset::Unknown { version: 2, .. })
    ));
    assert!(matches!(
        preset::find("nowhere", 1, hash),
        Err(NoPreset::Unknown { .. })
    ));
    let other = preset::find("zhejiang-default", 1, Digest([0; 32]));
    assert!(matches!(other, Err(NoPreset::OtherHash { shipped, .. }) if shipped == hash));
}

#[test]
fn the_hash_is_of_the_value_and_not_of_its_spelling() {
    // Two copies of one policy would be two policies, or a changed number would keep the hash.
    let policy = zhejiang();
    let spaced = policy.canonical().replace(',', " ,\n ");
    assert_eq!(Policy::parse(&spaced).unwrap().hash(), policy.hash());
    let other = changed(|terms| terms.params.reservation_days = 31).unwrap();
    assert_ne!(other.hash(), policy.hash());
}

#[test]
fn the_default_says_what_the_handbook_says() {
    // The province would run on other numbers than it published.
    let policy = zhejiang();
    let params = &policy.params;
    assert_eq!(
        (policy.id.as_str(), policy.version),
        ("zhejiang-default", 1)
    );
    assert_eq!(params.hours_per_credit.map(NonZeroU32::get), Some(16));
    assert_eq!(params.minutes_per_hour.map(NonZeroU32::get), Some(45));
    assert_eq!(
        (params.validity_cap_years, params.reservation_days),
        (Some(7), 30)
    );
    assert_eq!((params.level_count, params.scheme), (Some(7), Scheme::CnHe));
    assert_eq!(
        (params.attendance_min_bp, params.mark_min),
        (Some(8000), Some(60))
    );
    for act in [
        Act::Admit,
        Act::Appoint,
        Act::Correct,
        Act::Erase,
        Act::Export,
        Act::Merge,
        Act::Revoke,
    ] {
        assert!(policy.needs_two_officers(act), "{act:?}");
    }
    assert!(!policy.needs_two_officers(Act::Import));
}

#[test]
fn an_act_that_is_not_listed_needs_two_officers() {
    // Forgetting a line in a policy would let one person correct records alone.
    let policy = changed(|terms| terms.params.two_officers.clear()).unwrap();
    assert!(policy.needs_two_officers(Act::Correct) && policy.needs_two_officers(Act::Import));
}

#[test]
fn documents_that_contradict_themselves_are_refused() {
    // A policy nobody can apply would be signed into force.
    assert!(matches!(
        changed(|t| t.id = "Zhejiang".into()),
        Err(BadPolicy::Id)
    ));
    assert!(matches!(
        changed(|t| t.version = 0),
        Err(BadPolicy::Version)
    ));
    assert!(matches!(
        changed(|t| t.effective_to = Some(date(2025, 12, 31))),
        Err(BadPolicy::Dates)
    ));
    let one = |t: &mut Terms| t.approved_by = vec!["officer-1".into()];
    assert!(matches!(changed(one), Err(BadPolicy::Approvers)));
    let same = |t: &mut Terms| t.approved_by = vec!["officer-1".into(), "officer-1".into()];
    assert!(matches!(changed(same), Err(BadPolicy::Approvers)));
    let two = |t: &mut Terms| t.approved_by = vec!["officer-1".into(), "officer-2".into()];
    assert!(changed(two).is_ok());
    let above = |t: &mut Terms| {
        t.rules[0] = Rule::Ceiling {
            source: Source::Own,
            bp: 10_001,
        }
    };
    assert!(matches!(changed(above), Err(BadPolicy::Share)));
    let twice = |t: &mut Terms| t.rules.push(t.rules[0].clone());
    assert!(matches!(changed(twice), Err(BadPolicy::TwoRules(_))));
    let text = zhejiang().canonical();
    assert!(matches!(
        Policy::parse(&text.replace("\"mark_min\"", "\"mark_mim\"")),
        Err(BadPolicy::Json(_))
    ));
    assert!(matches!(
        Policy::parse(&text.replace("\"mark_min\":60", "\"mark_min\":60.5")),
        Err(BadPolicy::Json(_))
    ));
    let two_versions = text.replace("\"version\":1", "\"version\":1,\"version\":1");
    assert!(matches!(
        Policy::parse(&two_versions),
        Err(BadPolicy::Json(_))
    ));
    assert!(matches!(
        Policy::parse(&text.replace("2026-01-01", "20260101")),
        Err(BadPolicy::Json(_))
    ));
}

#[test]
fn a_policy_is_in_force_from_its_first_to_its_last_day() {
    // Requests on the day of a change would be decided under no policy, or under two.
    let policy = changed(|t| t.effective_to = Some(date(2026, 12, 31))).unwrap();
    let on = |y, m, d| policy.in_force(date(y, m, d));
    assert!(!on(2025, 12, 31) && on(2026, 1, 1) && on(2026, 12, 31) && !on(2027, 1, 1));
    assert!(zhejiang().in_force(date(9999, 12, 31)));
}

#[test]
fn ceilings_are_shares_rounded_down() {
    // Receivers would accept more credit from outside than they published.
    let cap = |source, base| zhejiang().ceiling(source, mc(base)).unwrap();
    assert_eq!(cap(Source::SelfStudyExam, "80.0"), mc("32"));
    assert_eq!(cap(Source::OtherUniversity, "80.0"), mc("40"));
    assert_eq!(cap(Source::Central, "40.0"), mc("14"));
    assert_eq!(cap(Source::Central, "42.5"), mc("14.875"));
    assert_eq!(cap(Source::Central, "12.345"), mc("4.32"));
    assert_eq!(
        changed(|t| t.rules.clear())
            .unwrap()
            .ceiling(Source::Own, mc("80")),
        None
    );
}

#[test]
fn schemes_are_joined_by_named_rules_only() {
    // Teaching hours would be sold as all work, and credit would grow by crossing a border.
    let policy = zhejiang();
    let (cn, ects) = (Scheme::CnHe, Scheme::Ects);
    assert_eq!(policy.convert(mc("4"), cn, ects, "cn-ects-v1"), Ok(mc("6")));
    assert_eq!(
        policy.convert(mc("3.333"), cn, ects, "cn-ects-v1"),
        Ok(mc("4.999"))
    );
    assert_eq!(
        policy.convert(mc("4"), cn, ects, "cn-ects-v2"),
        Err(NoSchemeRule { from: cn, to: ects })
    );
    assert_eq!(
        policy.convert(mc("6"), ects, cn, "cn-ects-v1"),
        Err(NoSchemeRule { from: ects, to: cn })
    );
    assert_eq!(
        policy.convert(mc("6"), cn, Scheme::Scqf, "cn-ects-v1"),
        Err(NoSchemeRule {
            from: cn,
            to: Scheme::Scqf
        })
    );
    assert_eq!(policy.convert(mc("6"), cn, cn, "cn-ects-v1"), Ok(mc("6")));
}

#[test]
fn a_replacement_is_at_least_of_the_level_it_replaces() {
    // A lower course would stand in for a higher one, or a framework be guessed from its numbers.
    let policy = zhejiang();
    let (cn, ects) = (Scheme::CnHe, Scheme::Ects);
    assert_eq!(policy.reaches(level("5"), cn, level("5"), cn), Ok(()));
    let below = LevelError::Below {
        level: level("4.5"),
        target: level("5"),
    };
    assert_eq!(policy.reaches(level("4.5"), cn, level("5"), cn), Err(below));
    let no_map = LevelError::NoLevelMap {
        level: level("7"),
        from: ects,
        to: cn,
    };
    assert_eq!(
        policy.reaches(level("7"), ects, level("5"), cn),
        Err(no_map)
    );
    let map = Rule::LevelMap {
        id: "m-v1".into(),
        from: ects,
        to: cn,
        levels: vec![(level("6"), level("5"))],
    };
    let mapped = changed(|t| t.rules.push(map)).unwrap();
    assert_eq!(mapped.reaches(level("6"), ects, level("5"), cn), Ok(()));
    assert!(mapped.reaches(level("7"), ects, level("5"), cn).is_err());
    for (text, there) in [
        ("1", true),
        ("4.5", true),
        ("7", true),
        ("7.5", false),
        ("0.5", false),
        ("4.3", false),
    ] {
        assert_eq!(policy.has_level(level(text)), there, "{text}");
    }
}

#[test]
fn validity_ends_as_in_the_handbook() {
    // A learner would lose credit a day early, or spend it a day late.
    let ends = |awarded: Date, awarder, receiver, cap| {
        first_unusable_day(awarded, years(awarder, receiver, cap))
    };
    let end = ends(date(2020, 6, 30), Some(10), Some(6), Some(7));
    assert_eq!(end, Some(date(2026, 6, 30)));
    assert!(usable_on(date(2026, 6, 29), end) && !usable_on(date(2026, 6, 30), end));
    assert_eq!(
        ends(date(2020, 2, 29), None, None, Some(7)),
        Some(date(2027, 2, 28))
    );
    assert_eq!(
        ends(date(2020, 2, 29), Some(4), None, Some(7)),
        Some(date(2024, 2, 29))
    );
    assert_eq!(ends(date(2020, 6, 30), None, None, None), None);
    assert!(usable_on(date(9999, 12, 31), None));
    assert_eq!(ends(date(9999, 1, 1), None, None, Some(7)), None);
    assert_eq!(
        notices(date(2026, 6, 30), &[90, 30]),
        [date(2026, 4, 1), date(2026, 5, 31)]
    );
}

#[test]
fn days_are_those_of_utc_plus_eight() {
    // The same credit would expire on another day on a server in another time zone.
    let ms = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    assert_eq!(day_of(ms("2026-06-29T15:59:59.999Z")), date(2026, 6, 29));
    assert_eq!(day_of(ms("2026-06-29T16:00:00Z")), date(2026, 6, 30));
    assert!(day_of(i64::MAX) > date(9999, 1, 1) && day_of(i64::MIN) < date(-9998, 12, 31));
}

#[test]
fn closed_lists_keep_their_wire_names() {
    // Stored outcomes would come back as another kind, scheme or category, or not at all.
    let kinds = "course open_course certificate training teacher_training elder_course study_tour community volunteering migrated";
    for (kind, name) in OutcomeKind::ALL.into_iter().zip(kinds.split(' ')) {
        assert_eq!(
            (kind.as_str(), serde_json::to_string(&kind).unwrap()),
            (name, format!("\"{name}\""))
        );
        assert_eq!(name.parse(), Ok(kind));
    }
    for (scheme, name) in Scheme::ALL
        .into_iter()
        .zip("cn-he ects scqf ncrf kr-acbs none".split(' '))
    {
        assert_eq!(
            (scheme.as_str(), serde_json::to_string(&scheme).unwrap()),
            (name, format!("\"{name}\""))
        );
        assert_eq!(name.parse(), Ok(scheme));
    }
    for (category, name) in Category::ALL
        .into_iter()
        .zip("general vocational achievement elder community".split(' '))
    {
        assert_eq!(
            (category.as_str(), serde_json::to_string(&category).unwrap()),
            (name, format!("\"{name}\""))
        );
        assert_eq!(name.parse(), Ok(category));
    }
    assert!("points".parse::<Scheme>().is_err());
}

proptest! {
    #[test]
    fn converting_makes_no_credit_of_nothing(value in 0_u64..1_000_000_000, bp in 0_u16..=10_000) {
        // Splitting a lot before converting it would pay.
        let whole = Millicredits::new(value).unwrap();
        let half = Millicredits::new(value / 2).unwrap();
        let rest = whole.checked_sub(half).unwrap();
        let rule = |amount| zhejiang().convert(amount, Scheme::CnHe, Scheme::Ects, "cn-ects-v1").unwrap();
        prop_assert!(rule(half).checked_add(rule(rest)).unwrap() <= rule(whole));
        prop_assert!(whole.share(bp) <= whole);
    }

    #[test]
    fn a_longer_validity_never_ends_sooner(days in 0_i32..40_000, a in 0_u16..50, b in 0_u16..50) {
        // Credit awarded on an odd day would expire before it was earned.
        let awarded = date(1950, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
        let (short, long) = (a.min(b), a.max(b));
        let end = first_unusable_day(awarded, Some(short)).unwrap();
        prop_assert!(end <= first_unusable_day(awarded, Some(long)).unwrap());
        prop_assert!(end >= awarded);
        prop_assert_eq!(wire_date::parse(&end.to_string()), Some(end));
    }
}
