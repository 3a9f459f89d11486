//! Sums against a naive recomputation from the leaves themselves, over random histories.

use std::collections::BTreeMap;

use credentials::account::outcome::Fields;
use identity::date::day_of;
use identity::did::IssuerNumber;
use ledger::commit::Commit;
use projections::Views;
use projections::transcripts::Totals;
use proptest::prelude::*;
use serde_json::Value;
use tests::support::world::{START_MS, World, course};
use uuid::Uuid;

use super::caught_up;

/// One thing that somebody asks for; half of them are refused or are so already.
#[derive(Debug, Clone)]
enum Step {
    Record {
        school: usize,
        person: usize,
        record: u8,
        variant: u8,
    },
    Correct {
        school: usize,
        person: usize,
        record: u8,
        variant: u8,
    },
    Revoke {
        school: usize,
        person: usize,
        record: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let at = (0..2_usize, 0..3_usize, 0..4_u8, 0..6_u8);
    prop_oneof![
        3 => at.clone().prop_map(|(school, person, record, variant)| Step::Record { school, person, record, variant }),
        2 => at.clone().prop_map(|(school, person, record, variant)| Step::Correct { school, person, record, variant }),
        1 => at.prop_map(|(school, person, record, _)| Step::Revoke { school, person, record }),
    ]
}

/// Fields that differ in everything a sum is by.
fn fields(variant: u8) -> Fields {
    let n = usize::from(variant);
    serde_json::from_value(serde_json::json!({
        "category": (["general", "elder", "vocational"][n % 3]),
        "completed_on": (["2025-06-30", "2026-01-15"][n % 2]),
        "credits": (["2", "0.125", "3.5", "1.001", "0", "7"][n]),
        "kind": (["course", "training"][n % 2]),
        "passed": n != 5,
        "scheme": if n == 2 { "ects" } else { "cn-he" },
    }))
    .unwrap()
}

/// One lot as the naive reader sees it.
#[derive(Debug, Clone)]
struct NaiveLot {
    outcome: String,
    milli: u64,
    scheme: String,
    state: &'static str,
}

#[derive(Debug, Default)]
struct Naive {
    /// outcome → (person, awarder, its open fields, revoked).
    outcomes: BTreeMap<String, (String, u64, Value, bool)>,
    lots: BTreeMap<String, NaiveLot>,
    commits: u64,
}

fn milli(text: &str) -> u64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    whole.parse::<u64>().unwrap() * 1_000 + format!("{fraction:0<3}").parse::<u64>().unwrap()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap().to_owned()
}

/// Reads the leaves as anybody could, with nothing but a JSON parser.
fn naive(world: &World) -> Naive {
    let mut model = Naive::default();
    for record in world.log.store().read(0, usize::MAX).unwrap() {
        let commit = Commit::decode(&record.leaf).unwrap();
        model.commits += 1;
        for fact in &commit.facts {
            let data = fact
                .data
                .as_deref()
                .unwrap_or(commit.assertion.data())
                .get();
            let data: Value = serde_json::from_str(data).unwrap();
            match &*fact.kind {
                "outcome.recorded.v1" => {
                    let row = (
                        text(&data, "person"),
                        data["awarder"].as_u64().unwrap(),
                        data["open"].clone(),
                        false,
                    );
                    assert!(model.outcomes.insert(text(&data, "outcome"), row).is_none());
                }
                "outcome.corrected.v1" => {
                    model
                        .outcomes
                        .get_mut(data["outcome"].as_str().unwrap())
                        .unwrap()
                        .2 = data["open"].clone();
                }
                "outcome.revoked.v1" => {
                    model
                        .outcomes
                        .get_mut(data["outcome"].as_str().unwrap())
                        .unwrap()
                        .3 = true;
                }
                "lot.deposited.v1" => {
                    let outcome = text(&data, "outcome");
                    let scheme = text(&model.outcomes[&outcome].2, "scheme");
                    let lot = NaiveLot {
                        outcome,
                        milli: milli(&text(&data, "credits")),
                        scheme,
                        state: "available",
                    };
                    model.lots.insert(text(&data, "lot"), lot);
                }
                "lot.superseded.v1" => {
                    model
                        .lots
                        .get_mut(data["lot"].as_str().unwrap())
                        .unwrap()
                        .state = "superseded";
                }
                "lot.revoked.v1" => {
                    model
                        .lots
                        .get_mut(data["lot"].as_str().unwrap())
                        .unwrap()
                        .state = "revoked";
                }
                _ => {}
            }
        }
    }
    model
}

impl Naive {
    fn sum(&self, of: impl Fn(&NaiveLot, &(String, u64, Value, bool)) -> bool) -> u64 {
        self.lots
            .values()
            .filter(|lot| of(lot, &self.outcomes[&lot.outcome]))
            .map(|lot| lot.milli)
            .sum()
    }
}

fn check(views: &Views, model: &Naive, people: &[Uuid]) {
    let (mut lines, mut standing) = (0, 0);
    for person in people {
        let shown = views.transcripts.of_person(&[*person]).unwrap();
        lines += shown.len();
        let id = person.to_string();
        for (scheme, totals) in &Totals::of(&shown, day_of(START_MS)).0 {
            let mine = |state: &'static str| {
                let id = &id;
                move |lot: &NaiveLot, row: &(String, u64, Value, bool)| {
                    lot.state == state && row.0 == *id && row.2["scheme"] == scheme.as_str()
                }
            };
            assert_eq!(totals.available.credit.get(), model.sum(mine("available")));
            assert_eq!(
                totals.usable, totals.available,
                "nothing expires in the first years"
            );
            assert_eq!(
                totals.superseded.credit.get(),
                model.sum(mine("superseded"))
            );
            assert_eq!(totals.revoked.credit.get(), model.sum(mine("revoked")));
            for (institution, sum) in &totals.by_institution {
                let of = |lot: &NaiveLot, row: &(String, u64, Value, bool)| {
                    mine("available")(lot, row) && row.1 == u64::from(institution.0)
                };
                assert_eq!(sum.credit.get(), model.sum(of));
            }
            for (category, sum) in &totals.by_category {
                let of = |lot: &NaiveLot, row: &(String, u64, Value, bool)| {
                    mine("available")(lot, row) && row.2["category"] == category.as_str()
                };
                assert_eq!(sum.credit.get(), model.sum(of));
            }
            for (year, sum) in &totals.by_year {
                let of = |lot: &NaiveLot, row: &(String, u64, Value, bool)| {
                    mine("available")(lot, row)
                        && text(&row.2, "completed_on").starts_with(&year.to_string())
                };
                assert_eq!(sum.credit.get(), model.sum(of));
            }
            let by_level: u64 = totals.by_level.values().map(|sum| sum.credit.get()).sum();
            assert_eq!(by_level, totals.available.credit.get());
            standing += totals.available.lots;
        }
    }
    assert_eq!(lines, model.outcomes.len());
    let live = model
        .lots
        .values()
        .filter(|lot| lot.state == "available")
        .count();
    assert_eq!(standing, live as u64);
    check_statistics(views, model);
}

fn check_statistics(views: &Views, model: &Naive) {
    let counts = views.statistics.counts().unwrap();
    assert_eq!(
        (counts.commits, counts.people, counts.institutions),
        (model.commits, 3, 3)
    );
    let revoked = model.outcomes.values().filter(|row| row.3).count() as u64;
    assert_eq!(
        (counts.outcomes, counts.revoked),
        (model.outcomes.len() as u64 - revoked, revoked)
    );
    assert_eq!(
        views
            .statistics
            .commits_by_kind()
            .unwrap()
            .values()
            .sum::<u64>(),
        model.commits
    );
    let cells = views.statistics.cells().unwrap();
    for (key, cell) in &cells {
        let here = model.outcomes.values().filter(|(_, awarder, open, _)| {
            *awarder == u64::from(key.institution.0)
                && open["kind"] == key.kind.as_str()
                && open["category"] == key.category.as_str()
                && open["scheme"] == key.scheme.as_str()
                && text(open, "completed_on").starts_with(&key.year.to_string())
        });
        let (ended, stand): (Vec<_>, Vec<_>) = here.partition(|row| row.3);
        assert_eq!(
            (cell.standing, cell.revoked),
            (stand.len() as u64, ended.len() as u64),
            "{key:?}"
        );
    }
    let mut sums: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for lot in model.lots.values() {
        *sums.entry((lot.scheme.clone(), lot.state)).or_default() += lot.milli;
    }
    let sum = |scheme: &str, of: fn(&projections::statistics::Cell) -> u64| -> u64 {
        cells
            .iter()
            .filter(|(key, _)| key.scheme.as_str() == scheme)
            .map(|(_, cell)| of(cell))
            .sum()
    };
    for scheme in ["cn-he", "ects"] {
        let expected = |state| {
            sums.get(&(scheme.to_owned(), state))
                .copied()
                .unwrap_or_default()
        };
        assert_eq!(sum(scheme, |cell| cell.available_mc), expected("available"));
        assert_eq!(
            sum(scheme, |cell| cell.superseded_mc),
            expected("superseded")
        );
        assert_eq!(sum(scheme, |cell| cell.revoked_mc), expected("revoked"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn sums_are_those_that_anybody_can_redo_from_the_leaves(steps in proptest::collection::vec(step(), 1..40)) {
        // If this failed, a learner's total would not be what the signed records add up to.
        let [log, data] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let mut world = World::new(log.path());
        let schools: [IssuerNumber; 2] =
            [world.admit("浙江大学", "4133010335"), world.admit("宁波大学", "4133011646")];
        let people = ["王晓明", "李秀英", "张伟"].map(|name| world.register(schools[0], name));
        world.record(schools[0], people[0], "always", &course()).unwrap();
        let views = super::open(&world, data.path());
        for step in steps {
            // Refusals are part of the history: they must leave no trace in any sum.
            let _refused = match step {
                Step::Record { school, person, record, variant } => {
                    world.record(schools[school], people[person], &format!("r{record}"), &fields(variant))
                }
                Step::Correct { school, person, record, variant } => {
                    world.correct(schools[school], people[person], &format!("r{record}"), &fields(variant))
                }
                Step::Revoke { school, person, record } => {
                    world.revoke(schools[school], people[person], &format!("r{record}"))
                }
            };
        }
        drop(views);
        let views = caught_up(&world, data.path());
        check(&views, &naive(&world), &people);
    }
}
