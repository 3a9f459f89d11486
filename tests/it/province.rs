//! The seeded demo province: the same for everybody, with nobody's real number in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use api::demo::province::{Fault, Learner, Province, institutions, people};
use credentials::millicredits::{Level, Millicredits, Millihours, Stated};
use credentials::policy::{Category, OutcomeKind, Scheme, preset};
use identity::date as wire_date;
use identity::identifier::{Malformed, Warning, enrolment_number, resident_id, school_code};

const HEADER: [&str; 13] = [
    "姓名",
    "证件号",
    "记录号",
    "类型",
    "课程代码",
    "课程名称",
    "学时",
    "学分",
    "体系",
    "等级",
    "类别",
    "成绩",
    "完成日期",
];

/// The province of `make demo`.
static DEMO: LazyLock<Province> = LazyLock::new(|| Province::generate(1, 2_000, 20_000).unwrap());

/// One row of a file, by column name.
type Row = BTreeMap<&'static str, String>;

/// (file, line, row) of all files in order.
fn rows(province: &Province) -> Vec<(&str, usize, Row)> {
    let mut rows = Vec::new();
    for file in &province.imports {
        let mut reader = csv::Reader::from_reader(file.csv.as_slice());
        assert!(
            reader.headers().unwrap().iter().eq(HEADER),
            "{}",
            file.file_name
        );
        for (at, record) in reader.records().enumerate() {
            let cells = record.unwrap();
            let row = HEADER
                .into_iter()
                .zip(cells.iter().map(str::to_owned))
                .collect();
            rows.push((file.file_name.as_str(), at + 2, row));
        }
    }
    rows
}

/// Reads the three ways of writing a date.
fn day(text: &str) -> Option<jiff::civil::Date> {
    let parts: Vec<&str> = text
        .split(['-', '/', '年', '月', '日'])
        .filter(|part| !part.is_empty())
        .collect();
    let [year, month, day] = parts.as_slice() else {
        return None;
    };
    wire_date::parse(&format!("{year}-{month:0>2}-{day:0>2}"))
}

#[test]
fn the_fixture_is_the_provinces_institutions() {
    // An institution would be missing from the province, or two would share a number.
    let all = institutions::all().unwrap();
    assert_eq!(all.len(), 107);
    let codes: BTreeSet<_> = all.iter().map(|one| one.school_code.as_str()).collect();
    let names: BTreeSet<_> = all.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((codes.len(), names.len()), (107, 107));
    for one in &all {
        assert_eq!(
            school_code::check(&one.school_code).unwrap().finding,
            None,
            "{}",
            one.name
        );
        assert!(one.school_code.starts_with("41330"), "{}", one.school_code);
        assert!(one.city.ends_with('市'), "{}", one.city);
        assert!(
            matches!(one.level.as_str(), "本科" | "专科"),
            "{}",
            one.level
        );
        assert!(one.disciplines().len() >= 2, "{}", one.name);
    }
    assert!(
        all.iter()
            .any(|one| one.school_code == "4133010335" && one.name == "浙江大学")
    );
    assert_eq!(
        all.iter()
            .map(|one| &one.city)
            .collect::<BTreeSet<_>>()
            .len(),
        11
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    // Nobody could show a fault of the demo to anybody else.
    let again = Province::generate(1, 2_000, 20_000).unwrap();
    assert!(*DEMO == again);
    let other = Province::generate(2, 2_000, 20_000).unwrap();
    assert_ne!(DEMO.learners, other.learners);
    assert_ne!(DEMO.imports, other.imports);
    let fewer = Province::generate(1, 2_000, 100).unwrap();
    assert_eq!(DEMO.learners, fewer.learners);
}

#[test]
fn the_bytes_are_those_of_every_other_machine() {
    // Two people with one seed would look at different provinces.
    let province = Province::generate(1, 150, 600).unwrap();
    let mut text = Vec::new();
    for learner in &province.learners {
        text.extend_from_slice(format!("{learner:?}\n").as_bytes());
    }
    for file in &province.imports {
        text.extend_from_slice(&file.csv);
    }
    assert_eq!(
        ledger::hash::Digest::of(&text).to_string(),
        "3XRYM3StdTfmZYDhV-_u3SLGlL1QqwG0fo9rTRs8PjU"
    );
}

#[test]
fn no_number_was_ever_issued_and_all_of_them_check() {
    // The demo would show a living person's number, or one our own door doubts.
    let mut seen = BTreeSet::new();
    for learner in &DEMO.learners {
        let checked = resident_id::check(&learner.resident_id).unwrap();
        assert_eq!(
            (checked.normalised.as_str(), checked.finding),
            (learner.resident_id.as_str(), None)
        );
        assert!(
            learner.resident_id.starts_with("3399"),
            "a region of Zhejiang"
        );
        assert_eq!(
            resident_id::birth_date(&learner.resident_id),
            Some(learner.birth_date)
        );
        assert!(people::BIRTH_YEARS.contains(&learner.birth_date.year()));
        assert!(seen.insert(&learner.resident_id), "twice");
        if let Some(number) = &learner.enrolment_number {
            assert_eq!(enrolment_number::check(number).unwrap().finding, None);
        }
    }
    assert_eq!(seen.len(), 2_000);
}

#[test]
fn learners_are_shaped_as_in_life() {
    // Screens would be tried with tidy names and a province of equal schools only.
    let learners = &DEMO.learners;
    for rare in ['昇', '𬭎'] {
        assert!(learners.iter().any(|one| one.name.contains(rare)), "{rare}");
    }
    assert!(learners.iter().any(|one| one.name.contains('·')));
    assert!(
        learners
            .iter()
            .all(|one| one.name.chars().count() >= 2 && one.name.trim() == one.name)
    );
    let elders = learners.iter().filter(|one| one.is_elder()).count();
    assert!((100..400).contains(&elders), "{elders}");
    let numbered = learners
        .iter()
        .filter(|one| one.enrolment_number.is_some())
        .count();
    assert!((600..1600).contains(&numbered), "{numbered}");
    let mut homes: BTreeMap<&str, usize> = BTreeMap::new();
    for learner in learners {
        *homes.entry(&learner.home).or_default() += 1;
    }
    assert_eq!(homes.len(), 107);
    let (most, least) = (homes.values().max().unwrap(), homes.values().min().unwrap());
    assert!(*most > 20 * *least, "{most} {least}");
    assert!(homes["4133010335"] * 2 > *most);
}

#[test]
fn the_counts_are_those_of_the_files() {
    // The loader would call a lossy import complete, or a complete one lossy.
    let counts = DEMO.counts;
    assert_eq!(counts.outcomes, 20_000);
    assert_eq!(
        (counts.repeated, counts.already_recorded, counts.bad),
        (200, 48, 80)
    );
    assert_eq!(
        counts.rows,
        counts.outcomes + counts.repeated + counts.already_recorded + counts.bad
    );
    let rows = rows(&DEMO);
    assert_eq!(rows.len(), counts.rows);
    assert_eq!(
        DEMO.imports.iter().map(|file| file.rows).sum::<usize>(),
        counts.rows
    );

    let bad: BTreeSet<(&str, usize)> = DEMO
        .bad_rows
        .iter()
        .map(|bad| (bad.file_name.as_str(), bad.line))
        .collect();
    assert_eq!(bad.len(), counts.bad);
    let school: BTreeMap<&str, &str> = DEMO
        .imports
        .iter()
        .map(|file| (file.file_name.as_str(), file.school_code.as_str()))
        .collect();
    // (school, record) → the file and row that were first.
    let mut first: BTreeMap<(&str, &str), (&str, &Row)> = BTreeMap::new();
    let (mut repeated, mut again) = (0, 0);
    for (file, line, row) in &rows {
        if bad.contains(&(*file, *line)) {
            continue;
        }
        match first.entry((school[file], row["记录号"].as_str())) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert((file, row));
            }
            std::collections::btree_map::Entry::Occupied(taken) => {
                assert_eq!(taken.get().1, row, "same record, other content");
                if taken.get().0 == *file {
                    repeated += 1;
                } else {
                    again += 1;
                }
            }
        }
    }
    assert_eq!(
        (first.len(), repeated, again),
        (counts.outcomes, counts.repeated, counts.already_recorded)
    );
    for bad in &DEMO.bad_rows {
        assert!(!first.contains_key(&(school[bad.file_name.as_str()], bad.record.as_str())));
    }
}

#[test]
fn good_rows_are_good() {
    // Rows meant to be recorded would come back, and the demo would open half empty.
    let people: BTreeMap<&str, &Learner> = DEMO
        .learners
        .iter()
        .map(|one| (one.resident_id.as_str(), one))
        .collect();
    let bad: BTreeSet<(&str, usize)> = DEMO
        .bad_rows
        .iter()
        .map(|bad| (bad.file_name.as_str(), bad.line))
        .collect();
    let policy = preset::newest(preset::DEFAULT).unwrap();
    let (mut mismatches, mut seen, mut kinds) = (0, BTreeSet::new(), BTreeSet::new());
    for (file, line, row) in rows(&DEMO) {
        if bad.contains(&(file, line)) {
            continue;
        }
        assert_eq!(people[row["证件号"].as_str()].name, row["姓名"]);
        let kind: OutcomeKind = row["类型"].parse().unwrap();
        let scheme: Scheme = row["体系"].parse().unwrap();
        let _: Category = row["类别"].parse().unwrap();
        let hours: Millihours = row["学时"].parse().unwrap();
        let credits: Option<Millicredits> = Some(&row["学分"])
            .filter(|text| !text.is_empty())
            .map(|text| text.parse().unwrap());
        if scheme == Scheme::None {
            assert!(credits.is_none() && row["等级"].is_empty());
        } else {
            assert!(policy.has_level(row["等级"].parse::<Level>().unwrap()));
            let stated = Stated::new(credits, Some(hours), policy.params.hours_per_credit).unwrap();
            assert!(
                stated.amount > Millicredits::ZERO && stated.amount <= policy.params.credits_max
            );
            // Repeated rows are no outcomes of their own.
            if seen.insert((file[..10].to_owned(), row["记录号"].clone())) {
                mismatches += usize::from(stated.hours_mismatch.is_some());
            }
        }
        if matches!(kind, OutcomeKind::Course | OutcomeKind::OpenCourse) {
            assert!((60..=100).contains(&row["成绩"].parse::<u32>().unwrap()));
        }
        let day = day(&row["完成日期"]).unwrap();
        assert!(
            day >= jiff::civil::date(2016, 1, 1) && day <= jiff::civil::date(2026, 6, 30),
            "{day}"
        );
        assert!(
            !row["课程代码"].is_empty() && !row["课程名称"].is_empty() && !row["记录号"].is_empty()
        );
        kinds.insert(kind);
    }
    assert_eq!(mismatches, DEMO.counts.hours_mismatch);
    assert!(mismatches > 100);
    // All kinds but migrated, which institutions do not send as their own.
    assert_eq!(kinds.len(), 9);
}

#[test]
fn each_bad_row_has_the_fault_it_is_listed_with() {
    // The demo would promise reasons that nobody gets to see.
    let all = rows(&DEMO);
    let by_place: BTreeMap<(&str, usize), &Row> = all
        .iter()
        .map(|(file, line, row)| ((*file, *line), row))
        .collect();
    let people: BTreeSet<&str> = DEMO
        .learners
        .iter()
        .map(|one| one.resident_id.as_str())
        .collect();
    for bad in &DEMO.bad_rows {
        let row = by_place[&(bad.file_name.as_str(), bad.line)];
        assert_eq!(row["记录号"], bad.record);
        let number = resident_id::check(&row["证件号"]);
        let fault = match bad.fault {
            Fault::MissingIdentifier => row["证件号"].is_empty(),
            Fault::MissingDate => row["完成日期"].is_empty(),
            Fault::CheckDigit => {
                number.is_ok_and(|number| number.finding == Some(Warning::CheckDigit))
            }
            Fault::UnknownPerson => {
                number.is_ok_and(|number| number.finding.is_none())
                    && !people.contains(row["证件号"].as_str())
            }
            Fault::Spreadsheet => number == Err(Malformed::Spreadsheet),
            Fault::NegativeCredits | Fault::FourDecimals => {
                row["学分"].parse::<Millicredits>().is_err()
            }
            Fault::FutureDate => day(&row["完成日期"]).is_some_and(|day| day.year() == 2126),
            Fault::ImpossibleDate => !row["完成日期"].is_empty() && day(&row["完成日期"]).is_none(),
        };
        assert!(fault, "{bad:?} {row:?}");
    }
    let faults: BTreeSet<Fault> = DEMO.bad_rows.iter().map(|bad| bad.fault).collect();
    assert_eq!(faults.len(), Fault::ALL.len());
    let codes: BTreeSet<&str> = faults.iter().map(|fault| fault.row_code()).collect();
    assert_eq!(
        codes,
        BTreeSet::from(["I01", "I02", "I03", "I05", "I06", "I08"])
    );
}

#[test]
fn corrections_change_outcomes_that_were_recorded() {
    // The demo would try to correct what is not there, or to change nothing.
    let all = rows(&DEMO);
    let recorded: BTreeMap<(&str, &str), &Row> = all
        .iter()
        .map(|(file, _, row)| ((&file[..10], row["记录号"].as_str()), row))
        .collect();
    let mut seen = BTreeSet::new();
    assert_eq!(DEMO.corrections.len(), 100);
    for one in &DEMO.corrections {
        let row = recorded[&(one.school_code.as_str(), one.record.as_str())];
        assert!(seen.insert((&one.school_code, &one.record)), "twice");
        match (&one.grade, &one.credits) {
            (Some(grade), None) => assert_ne!(*grade, row["成绩"]),
            (None, Some(credits)) => {
                assert_ne!(
                    credits.parse::<Millicredits>().unwrap(),
                    row["学分"].parse().unwrap()
                );
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn small_provinces_work_too() {
    // `--learners 1` on a laptop would fail where the large demo works.
    let empty = Province::generate(7, 0, 50).unwrap();
    assert_eq!(
        (empty.learners.len(), empty.imports.len(), empty.counts.rows),
        (0, 0, 0)
    );
    let one = Province::generate(7, 1, 5).unwrap();
    assert_eq!((one.learners.len(), one.counts.outcomes), (1, 5));
    assert_eq!(
        one.imports.iter().map(|file| file.rows).sum::<usize>(),
        one.counts.rows
    );
    let nobody_learns = Province::generate(7, 3, 0).unwrap();
    assert_eq!(
        (nobody_learns.imports.len(), nobody_learns.corrections.len()),
        (0, 0)
    );
}
