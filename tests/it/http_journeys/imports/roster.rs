//! A roster: people registered, found again, or come back to be looked at.

mod at_once;

use serde_json::{Value, json};
use tests::support::server::{Stand, resident_id};

use super::{errors, file as outcomes, row as outcome, run};

const HEADER: &str = "姓名,证件号,学籍号,出生日期";

fn roster(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn person(serial: u16) -> String {
    format!("学生{serial},{},,2001-02-03", resident_id(serial))
}

fn enrolment(serial: u16) -> String {
    format!("G{}", resident_id(serial))
}

/// Uploads a roster and waits for the end of its dry run.
fn checked(stand: &Stand, school: usize, rows: &[String]) -> Value {
    let token = stand.schools[school].token();
    let text = roster(rows);
    let sent = stand.upload_with(token, "名单.csv", text.as_bytes(), &[("what", "roster")]);
    let job = sent.is(202);
    assert_eq!(job["what"], "roster");
    stand.import_reaches(token, job["id"].as_str().unwrap(), "checked")
}

fn counts(job: &Value) -> [u64; 5] {
    ["recorded", "warned", "repeated", "already", "refused"]
        .map(|name| job["counts"][name].as_u64().unwrap())
}

/// Row, code and column of what is told.
fn told(stand: &Stand, job: &Value) -> Vec<(u64, String, String)> {
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    let found = errors(stand, job);
    let found = found.iter().map(|it| {
        let row = it["row"].as_u64().unwrap();
        (row, text(&it["code"]), text(&it["field"]))
    });
    found.collect()
}

fn found(stand: &Stand, r#type: &str, value: &str) -> Option<String> {
    let body = json!({ "identifier": { "type": r#type, "value": value } });
    let token = stand.schools[0].token();
    let answer = stand.post(token, "/v1/learners/search", &body).is(200);
    answer["matches"][0]["id"].as_str().map(str::to_owned)
}

#[test]
fn a_roster_is_checked_then_registered_then_known() {
    // A school would type thirty people in by hand, or have each of them twice.
    let stand = Stand::open();
    let rows: Vec<_> = (1..=30).map(person).collect();
    let before = crate::http_trace::trace(&stand);
    let job = checked(&stand, 0, &rows);
    assert_eq!(crate::http_trace::trace(&stand), before, "a dry run");
    assert_eq!(counts(&job), [30, 0, 0, 0, 0], "{:?}", errors(&stand, &job));
    assert_eq!(job["totals"]["learners"], 30);
    assert_eq!(found(&stand, "resident_id", &resident_id(7)), None);
    let done = run(&stand, &job);
    assert_eq!(
        counts(&done),
        [30, 0, 0, 0, 0],
        "{:?}",
        errors(&stand, &done)
    );
    // Thirty people, and the envelope that vouches for them.
    let size = stand.app.ledger.head().size;
    assert_eq!(size, before.0 + 31);
    let id = found(&stand, "resident_id", &resident_id(7)).unwrap();
    let shown = stand.get(stand.schools[0].token(), &format!("/v1/learners/{id}"));
    let shown = shown.is(200);
    assert_eq!(shown["name"], "学生7");
    assert_eq!(shown["birth_date"], "2001-02-03");
    let again = checked(&stand, 0, &rows);
    assert_eq!(counts(&again), [0, 0, 0, 30, 0]);
    assert_eq!(counts(&run(&stand, &again)), [0, 0, 0, 30, 0]);
    assert_eq!(stand.app.ledger.head().size, size);
    // What they achieved can be recorded at once.
    let marks: Vec<_> = (1..=30)
        .map(|serial| outcome(serial, &format!("R-{serial}")))
        .collect();
    let dry = super::checked(&stand, "成绩.csv", outcomes(&marks).as_bytes());
    assert_eq!(dry["what"], "outcomes");
    assert_eq!(counts(&run(&stand, &dry)), [30, 0, 0, 0, 0]);
}

#[test]
fn what_does_not_agree_comes_back_to_be_looked_at() {
    // Two learners would become one, or one be locked out, because of a typing error.
    let stand = Stand::open();
    let one = stand.register(0, "王晓明", &resident_id(1));
    stand.register(0, "李小红", &resident_id(2));
    let body = json!({ "type": "enrolment_number", "value": enrolment(2) });
    let token = stand.schools[0].token();
    let path = format!(
        "/v1/learners/{}/identifiers",
        found(&stand, "resident_id", &resident_id(2)).unwrap()
    );
    stand.post(token, &path, &body).is(201);
    let size = stand.app.ledger.head().size;
    let number = resident_id;
    let rows = [
        // Somebody else's number.
        format!("王大明,{},,", number(1)),
        // Two people's numbers.
        format!("王晓明,{},{},", number(1), enrolment(2)),
        // A second resident ID.
        format!("李小红,{},{},", number(3), enrolment(2)),
        // Good.
        format!("张三,{},,", number(4)),
        // The same number under another name in this file, then the same person again.
        format!("张四,{},,", number(4)),
        format!("张 三,{},,", number(4)),
        // The same enrolment number, two resident IDs.
        format!("赵六,{},{},", number(5), enrolment(5)),
        format!("赵六,{},{},", number(6), enrolment(5)),
        // A birth date that is not the number's.
        format!("孙七,{},,2001-02-04", number(7)),
        format!("孙七,{},,2001年2月3日", number(7)),
        // Two people of this file.
        format!("张三,{},{},", number(4), enrolment(5)),
        // Known, by a name in other spelling.
        format!("王 晓·明,{},,2001-02-03", number(1)),
    ];
    let job = checked(&stand, 0, &rows);
    let expected = [
        (2, "I08", "姓名"),
        (3, "I08", "学籍号"),
        (4, "I08", "证件号"),
        (6, "I08", "姓名"),
        (7, "I09", ""),
        (9, "I08", "证件号"),
        (10, "I06", "出生日期"),
        (12, "I08", "学籍号"),
    ];
    let expected = expected.map(|(row, code, field)| (row, code.to_owned(), field.to_owned()));
    assert_eq!(told(&stand, &job), expected);
    assert_eq!(counts(&job), [3, 0, 1, 1, 7]);
    let done = run(&stand, &job);
    assert_eq!(told(&stand, &done), expected, "as the dry run said");
    assert_eq!(done["counts"], job["counts"]);
    assert_eq!(stand.app.ledger.head().size, size + 4);
    for error in errors(&stand, &done) {
        let detail = error["detail"].as_str().unwrap();
        assert!(
            !detail.contains("33010") && !detail.contains('王'),
            "{detail}"
        );
    }
    // Nobody was touched.
    assert_eq!(
        found(&stand, "resident_id", &number(1)),
        Some(one.to_string())
    );
    for free in [number(3), number(6)] {
        assert_eq!(found(&stand, "resident_id", &free), None);
    }
    let shown = stand.get(token, &format!("/v1/learners/{one}")).is(200);
    assert_eq!(shown["name"], "王晓明");
    assert_eq!(shown["identifiers"].as_array().unwrap().len(), 1);
}

#[test]
fn numbers_that_cannot_be_are_the_registrys() {
    // A clerk would register a typing error as somebody's number for life.
    let stand = Stand::open();
    let before = crate::http_trace::trace(&stand);
    let good = resident_id(1);
    let last = if good.ends_with('1') { '2' } else { '1' };
    let wrong = format!("{}{last}", &good[..17]);
    let rows = [
        format!("甲,{wrong},,"),
        "乙,3.30102E+17,,".to_owned(),
        "丙,330102200102030000,,".to_owned(),
        "丁,33010220010203,,".to_owned(),
        format!("戊,,G{wrong},"),
        "己,,,".to_owned(),
        format!(",{good},,"),
        format!("庚,{good},,05/06/2001"),
        format!("辛\u{fffd},{good},,"),
    ];
    let job = checked(&stand, 0, &rows);
    let expected = [
        (2, "I02", "证件号"),
        (3, "I03", "证件号"),
        (4, "I03", "证件号"),
        (5, "I02", "证件号"),
        (6, "I02", "学籍号"),
        (7, "I01", "证件号"),
        (8, "I01", "姓名"),
        (9, "I06", "出生日期"),
        (10, "I04", "姓名"),
    ];
    let expected = expected.map(|(row, code, field)| (row, code.to_owned(), field.to_owned()));
    assert_eq!(told(&stand, &job), expected);
    let done = run(&stand, &job);
    assert_eq!(told(&stand, &done), expected);
    assert_eq!(crate::http_trace::trace(&stand), before);
    let first = &errors(&stand, &done)[0];
    assert!(
        first["detail"].as_str().unwrap().contains("登记机构"),
        "{first}"
    );
    // As a workbook it can be corrected and sent again.
    let path = format!("/v1/imports/{}/errors.xlsx", done["id"].as_str().unwrap());
    let token = stand.schools[0].token();
    let workbook = stand.get(token, &path);
    assert_eq!(workbook.status, 200);
    let sent = stand.upload_with(token, "e.xlsx", &workbook.body, &[("what", "roster")]);
    let job = sent.is(202);
    let again = stand.import_reaches(token, job["id"].as_str().unwrap(), "checked");
    assert_eq!(counts(&again), [0, 0, 0, 0, 9]);
}

#[test]
fn a_further_number_is_bound_by_who_registered_the_person() {
    // A school would have to enter a year's new enrolment numbers one by one.
    let stand = Stand::open();
    let rows = |born: &str| [format!("甲,{},{},{born}", resident_id(1), enrolment(1))];
    stand.register(0, "甲", &resident_id(1));
    // Another institution is told, and may not.
    let other = checked(&stand, 1, &rows(""));
    assert_eq!(counts(&other), [0, 1, 0, 1, 0]);
    let dry = checked(&stand, 0, &rows(""));
    assert_eq!(counts(&dry), [1, 0, 0, 0, 0]);
    assert_eq!(found(&stand, "enrolment_number", &enrolment(1)), None);
    assert_eq!(counts(&run(&stand, &dry)), [1, 0, 0, 0, 0]);
    let by = |r#type, number: String| found(&stand, r#type, &number).unwrap();
    let person = by("resident_id", resident_id(1));
    assert_eq!(by("enrolment_number", enrolment(1)), person);
    assert_eq!(counts(&checked(&stand, 0, &rows(""))), [0, 0, 0, 1, 0]);
    // By the new number alone.
    let alone = [format!("甲,,{},", enrolment(1))];
    assert_eq!(counts(&checked(&stand, 1, &alone)), [0, 0, 0, 1, 0]);
}

#[test]
fn rare_names_and_names_with_dots_are_kept_and_found() {
    // People with rare or long names would not exist, or exist twice.
    let stand = Stand::open();
    let names = ["昇", "王𬭎", "买买提·艾力", "Ａnna Müller"];
    let rows = |names: [&str; 4]| -> Vec<String> {
        let rows = names.iter().zip(1..);
        rows.map(|(name, serial)| format!("{name},{},,", resident_id(serial)))
            .collect()
    };
    let job = checked(&stand, 0, &rows(names));
    assert_eq!(counts(&run(&stand, &job)), [4, 0, 0, 0, 0]);
    for (name, serial) in names.iter().zip(1..) {
        let id = found(&stand, "resident_id", &resident_id(serial)).unwrap();
        let shown = stand.get(stand.schools[0].token(), &format!("/v1/learners/{id}"));
        assert_eq!(shown.is(200)["name"], *name);
    }
    let otherwise = ["昇", "王 𬭎", "买买提艾力", "anna MU\u{308}LLER"];
    let again = checked(&stand, 0, &rows(otherwise));
    assert_eq!(
        counts(&again),
        [0, 0, 0, 4, 0],
        "{:?}",
        errors(&stand, &again)
    );
    // 昇 is no 升: that is for somebody to look at, not to guess.
    let again = checked(&stand, 0, &[format!("升,{},,", resident_id(1))]);
    assert_eq!(counts(&again), [0, 0, 0, 0, 1]);
}

#[test]
fn a_number_that_a_crash_left_reserved_is_free_after_the_start() {
    // After a power cut a thousand learners could not be registered for an hour.
    use ledger::clock::{uuid_v4, uuid_v7};
    let mut stand = Stand::open();
    let rows: Vec<_> = (1..=3).map(person).collect();
    let reserve = |stand: &Stand, serial: u16| {
        let id = uuid_v7(stand.app.now_ms());
        let number = resident_id(serial);
        let vault = &stand.app.vault;
        let held = vault.lookup_reserve("resident_id", &number, uuid_v4(), id);
        assert_eq!(held.unwrap(), api::vault::Reserved::Held);
    };
    // Reserved by who may still be about to register it.
    reserve(&stand, 2);
    stand.pass(1_000);
    let done = run(&stand, &checked(&stand, 0, &rows));
    assert_eq!(counts(&done), [2, 0, 0, 0, 1]);
    let expected = [(3, "I08".to_owned(), "证件号".to_owned())];
    assert_eq!(told(&stand, &done), expected);
    // Nobody who was before the start is.
    stand.reopen(|_| {}, |_| {});
    let done = run(&stand, &checked(&stand, 0, &rows));
    assert_eq!(
        counts(&done),
        [1, 0, 0, 2, 0],
        "{:?}",
        errors(&stand, &done)
    );
    assert!(found(&stand, "resident_id", &resident_id(2)).is_some());
}

#[test]
fn a_roster_is_a_roster_and_outcomes_are_outcomes() {
    // A file of marks would be taken for a list of people, or the reverse.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let text = roster(&[person(1)]);
    let refused = stand.upload(token, "f.csv", text.as_bytes());
    refused.refused(422, "import-file-invalid");
    let nameless = format!("证件号\n{}\n", resident_id(1));
    let fields: &[(&str, &str)] = &[("what", "roster")];
    let refused = stand.upload_with(token, "f.csv", nameless.as_bytes(), fields);
    refused.refused(422, "import-file-invalid");
    let wrong = stand.upload_with(token, "f.csv", text.as_bytes(), &[("what", "people")]);
    wrong.refused(422, "body-invalid");
    let job = checked(&stand, 0, &[person(1)]);
    let path = format!("/v1/imports/{}/file", job["id"].as_str().unwrap());
    let marks = outcomes(&[outcome(1, "R-1")]);
    let file = ("f.csv", marks.as_bytes());
    let swapped = stand.send_file("PUT", &path, token, file, &[("what", "outcomes")]);
    swapped.refused(422, "body-invalid");
    // What is not told stays as it was.
    let rows = roster(&[person(1), person(2)]);
    let put = stand.send_file("PUT", &path, token, ("g.csv", rows.as_bytes()), &[]);
    assert_eq!(put.is(202)["what"], "roster");
    let job = stand.import_reaches(token, job["id"].as_str().unwrap(), "checked");
    assert_eq!(counts(&job), [2, 0, 0, 0, 0]);
    // The workbook is of the file that lies there now.
    let path = format!("/v1/imports/{}/errors.xlsx", job["id"].as_str().unwrap());
    assert_eq!(stand.get(token, &path).status, 200);
}
