//! Files as spreadsheets save them, from the upload to what is recorded.

use std::io::{Cursor, Read as _, Write as _};

use api::import::table::Table;
use serde_json::{Value, json};
use tests::support::server::answer::Answer;
use tests::support::server::{Stand, resident_id};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::{HEADER, checked, errors, file, row, run};

/// A sample of the folder that has it.
fn sample(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/imports/files");
    std::fs::read(std::path::Path::new(folder).join(name)).unwrap()
}

fn stand() -> Stand {
    let stand = Stand::open();
    for serial in 1..=3 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    stand
}

fn count(job: &Value, name: &str) -> u64 {
    job["counts"][name].as_u64().unwrap()
}

fn workbook(stand: &Stand, job: &Value, language: &str) -> Answer {
    let path = format!("/v1/imports/{}/errors.xlsx", job["id"].as_str().unwrap());
    let token = stand.schools[0].token();
    stand.send("GET", &path, token, &[("accept-language", language)], None)
}

/// The only sheet's XML.
pub(super) fn sheet(workbook: &[u8]) -> String {
    let mut archive = ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut text = String::new();
    let mut entry = archive.by_name("xl/worksheets/sheet1.xml").unwrap();
    entry.read_to_string(&mut text).unwrap();
    text
}

/// The workbook with cells changed, as somebody corrects it.
fn corrected(workbook: &[u8], changes: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        if name.ends_with("sheet1.xml") {
            for (wrong, right) in changes {
                assert!(text.contains(wrong), "{wrong} is not in {text}");
                text = text.replace(wrong, right);
            }
        }
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_file_in_gbk_is_recorded_as_it_reads() {
    // The CSV that Excel saves in China would be refused, or names be recorded as other characters.
    let stand = stand();
    let job = checked(&stand, "成绩.csv", &sample("gbk.csv"));
    assert_eq!(
        (&job["format"], &job["encoding"]),
        (&json!("csv"), &json!("gb18030"))
    );
    assert_eq!(job["columns"]["completed_on"], "完成日期");
    let done = run(&stand, &job);
    assert_eq!(count(&done, "recorded"), 2, "{done}");
    let again = run(&stand, &checked(&stand, "成绩.csv", &sample("utf8.csv")));
    assert_eq!(
        (count(&again, "already"), count(&again, "recorded")),
        (2, 0)
    );
}

#[test]
fn a_workbook_is_recorded_as_it_shows() {
    // A school would have to make a CSV of every workbook, and lose its dates on the way.
    let stand = stand();
    for (name, sheet) in [("plain.xlsx", "xlsx"), ("plain.xls", "xls")] {
        let job = checked(&stand, "成绩.csv", &sample(name));
        assert_eq!(
            (&job["format"], &job["sheet"]),
            (&json!(sheet), &json!("成绩"))
        );
        assert!(job.get("encoding").is_none());
        let done = run(&stand, &job);
        assert_eq!(
            count(&done, "recorded") + count(&done, "already"),
            2,
            "{done}"
        );
    }
    let job = checked(&stand, "日期.xlsx", &sample("dates-of-1900.xlsx"));
    let told = errors(&stand, &job);
    let codes: Vec<_> = told.iter().map(|it| [&it["row"], &it["code"]]).collect();
    assert_eq!(json!(codes), json!([[4, "I03"], [5, "I06"], [6, "I06"]]));
}

#[test]
fn what_came_back_is_corrected_in_the_workbook_and_sent_again() {
    // Forty rows of ten thousand would have to be looked for in the file by hand, and typed again.
    let stand = stand();
    let number = resident_id(2);
    let quoted = row(3, "R-6").replace("数据结构", "\"=1+1,\"\"_x0041_\"\"\"");
    let rows = [
        row(1, "R-1"),
        row(2, "R-2").replace(&number, "3.30102E+17"),
        row(3, "R-3").replace("2026-06-01", "03/05/2026"),
        row(3, "R-4").replace("2.0", "两分"),
        row(1, "R-5").replace("数据结构", "数据\u{fffd}构"),
        quoted.replace("2026-06-01", "昨天"),
        "学生1,x".into(),
    ];
    let done = run(&stand, &checked(&stand, "成绩.csv", file(&rows).as_bytes()));
    assert_eq!((count(&done, "recorded"), count(&done, "refused")), (1, 6));
    let answer = workbook(&stand, &done, "zh-CN");
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-type")
            .ends_with("spreadsheetml.sheet")
    );
    let text = sheet(&answer.body);
    assert!(
        text.contains("原因") && text.contains("怎么改") && !text.contains("<f>"),
        "{text}"
    );
    assert_eq!(
        text.matches("<c s=\"3\"").count(),
        5 + HEADER.split(',').count()
    );
    let english = sheet(&workbook(&stand, &done, "en").body);
    assert!(english.contains("how to fix") && english.contains("could be two days"));
    // As it is, nothing of it is recorded, and the list of its errors is the same workbook.
    let same = checked(&stand, "errors.xlsx", &answer.body);
    assert_eq!(
        (count(&same, "recorded"), count(&same, "refused")),
        (0, 6),
        "{same}"
    );
    let headers = |bytes: &[u8]| {
        let table = Table::read(bytes)
            .map_err(|problem| problem.detail)
            .unwrap();
        table.headers().to_vec()
    };
    let again = workbook(&stand, &same, "zh-CN").body;
    assert_eq!(headers(&again), headers(&answer.body));
    // Corrected, all of it is.
    let fixed = corrected(
        &answer.body,
        &[
            (">3.30102E+17<", &format!(">{number}<")),
            (">03/05/2026<", ">2026-05-03<"),
            (">两分<", ">2.0<"),
            (">数据\u{fffd}构<", ">数据结构<"),
            (">昨天<", ">2026年6月1日<"),
        ],
    );
    let done = run(&stand, &checked(&stand, "errors.xlsx", &fixed));
    assert_eq!(
        (count(&done, "recorded"), count(&done, "refused")),
        (5, 1),
        "{done}"
    );
    let told = errors(&stand, &done);
    assert_eq!(
        (&told[0]["code"], told.len()),
        (&json!("I01"), 1),
        "a row in one cell"
    );
    let last = Table::read(&fixed)
        .map_err(|problem| problem.detail)
        .unwrap();
    assert_eq!(last.text(4, 5), "=1+1,\"_x0041_\"");
    // Another school does not see it.
    let path = format!("/v1/imports/{}/errors.xlsx", done["id"].as_str().unwrap());
    stand
        .get(stand.schools[1].token(), &path)
        .refused(404, "not-found");
    stand
        .get(&stand.registrar.token, &path)
        .refused(403, "not-allowed");
}

#[test]
fn what_headers_mean_is_told_once() {
    // A school whose system calls its columns otherwise would rename them in every file.
    let stand = stand();
    let token = stand.schools[0].token();
    let own = file(&[row(1, "R-1")])
        .replace("记录号", "业务主键")
        .replace("完成日期", "时间")
        .replace("等级", "总成绩");
    let sent = |fields: &[(&str, &str)]| stand.upload_with(token, "f.csv", own.as_bytes(), fields);
    sent(&[]).refused(422, "import-file-invalid");
    let map = r#"{"业务主键":"record","时间 ":"completed_on","总成绩":null}"#;
    let job = sent(&[("columns", map)]).is(202);
    let columns = json!({"record": "业务主键", "completed_on": "时间", "name": "姓名"});
    for (field, header) in columns.as_object().unwrap() {
        assert_eq!(job["columns"][field], *header, "{job}");
    }
    assert_eq!(job["columns"]["grade"], "成绩", "null is no column");
    let job = stand.import_reaches(token, job["id"].as_str().unwrap(), "checked");
    assert_eq!(count(&job, "recorded"), 1, "{job}");
    // The next file needs no telling; another school's does.
    let next = checked(&stand, "f.csv", own.as_bytes());
    assert_eq!(next["columns"], job["columns"]);
    assert_eq!(count(&run(&stand, &next), "recorded"), 1);
    stand
        .upload(stand.schools[1].token(), "f.csv", own.as_bytes())
        .refused(422, "import-file-invalid");
    for map in ["[]", "{\"a\":\"b\"}", "{\"a\":1}"] {
        let told = sent(&[("columns", map)]).refused(422, "body-invalid");
        assert_eq!(told["errors"][0]["pointer"], "/columns", "{told}");
    }
}

#[test]
fn an_encoding_that_is_told_counts() {
    // A file of few characters that is valid in two encodings could never be read rightly.
    let stand = stand();
    let token = stand.schools[0].token();
    // 学生1 in UTF-16 without a mark, under a header that reads in neither way alone.
    let bytes: Vec<u8> = file(&[row(1, "R-1")])
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let job = stand
        .upload_with(token, "f.csv", &bytes, &[("encoding", "UTF-16BE")])
        .is(202);
    assert_eq!(job["encoding"], "utf-16be");
    let job = stand.import_reaches(token, job["id"].as_str().unwrap(), "checked");
    assert_eq!(count(&run(&stand, &job), "recorded"), 1);
    // Told wrongly, its names come back; the file is not looked at again.
    let header = "name,resident_id,record,completed_on";
    let text = format!("{header}\n学生1,{},R-2,2026-06-01\n", resident_id(1));
    let wrong = stand
        .upload_with(token, "f.csv", text.as_bytes(), &[("encoding", "gbk")])
        .is(202);
    let wrong = stand.import_reaches(token, wrong["id"].as_str().unwrap(), "checked");
    assert_eq!(count(&wrong, "refused"), 1, "{wrong}");
    stand
        .upload_with(token, "f.csv", text.as_bytes(), &[("encoding", "big5")])
        .refused(422, "body-invalid");
}

#[test]
fn a_file_without_record_numbers_gets_them_and_is_known_again() {
    // A school whose system numbers nothing could not upload, or would double everything.
    let stand = Stand::open();
    for serial in 1..=2 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let header = "姓名,证件号,课程代码,课程名称,学分,成绩,完成日期";
    let line = |serial: u16, code: &str, mark: &str, day: &str| {
        let id = resident_id(serial);
        format!("学生{serial},{id},{code},数据结构,2.0,{mark},{day}")
    };
    let file = |lines: &[String]| format!("{header}\n{}\n", lines.join("\n"));
    let lines = [
        line(1, "CS101", "85", "2026-06-01"),
        line(2, "CS101", "85", "2026-06-01"),
        line(1, "CS102", "85", "2026-06-01"),
        line(1, "CS101", "85", "2026-06-02"),
        line(1, "CS101", "85", "2026-06-01"),
    ];
    let job = checked(&stand, "f.csv", file(&lines).as_bytes());
    assert_eq!(
        (&job["counts"]["recorded"], &job["counts"]["repeated"]),
        (&json!(4), &json!(1))
    );
    let done = run(&stand, &job);
    assert_eq!(done["counts"]["recorded"], 4);
    // In another order, with another mark in one row: three are known, the fourth says otherwise.
    let lines = [
        line(1, "CS101", "85", "2026/6/2"),
        line(1, "CS102", "85", "2026-06-01"),
        line(2, "CS101", "90", "2026-06-01"),
        line(1, "CS101", "85", "2026-06-01"),
    ];
    let again = checked(&stand, "g.csv", file(&lines).as_bytes());
    assert_eq!(
        (&again["counts"]["already"], &again["counts"]["refused"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(errors(&stand, &again)[0]["problem"], "record-differs");
    // The number tells nothing and is no person's.
    let learner = &job["totals"]["learner"]["outcomes"][0]["record"];
    let record = learner.as_str().unwrap().strip_prefix("auto-").unwrap();
    assert!(
        record.len() == 24 && record.bytes().all(|it| it.is_ascii_lowercase()),
        "{record}"
    );
}

#[test]
fn records_of_an_old_system_are_shown_for_what_they_are_and_not_usable() {
    // Credits that nobody signed for would pass for the school's own, and be spent.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let person = stand.register(0, "学生1", &resident_id(1));
    let old = row(1, "OLD-1").replace(",course,", ",migrated,");
    let done = run(
        &stand,
        &checked(&stand, "旧.csv", file(&[old, row(1, "R-1")]).as_bytes()),
    );
    assert_eq!(done["counts"]["recorded"], 2);
    let position = done["position"].as_u64().unwrap();
    let path = |form: &str| format!("/v1/learners/{person}/transcript.{form}?after={position}");
    let transcript = stand.get(token, &path("json")).is(200);
    let lines = transcript["outcomes"].as_array().unwrap();
    let old = lines.iter().find(|it| it["record"] == "OLD-1").unwrap();
    assert_eq!(
        (&old["kind"], &old["lots"][0]["state"]),
        (&json!("migrated"), &json!("unrecognised"))
    );
    let totals = &transcript["totals"][0];
    assert_eq!(
        (&totals["credits"], &totals["usable"]),
        (&json!("4"), &json!("2"))
    );
    let page = stand.get(token, &path("html")).text();
    assert!(page.contains("旧系统转入，原机构未签名"));
    // It commits to the file, under a salt of its own; the other one does not.
    let school = format!("{}&disclosures=true", path("json"));
    let lines = stand.get(token, &school).is(200)["outcomes"].clone();
    let told = |record: &str| -> Vec<String> {
        let line = lines
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["record"] == record);
        let disclosures = line.unwrap()["disclosures"].as_array().unwrap().clone();
        let opened = disclosures.iter().enumerate().map(|(at, it)| {
            let disclosure = identity::erasable::Disclosure::parse(it.as_str().unwrap(), at);
            let disclosure = disclosure.unwrap();
            let value = disclosure.opened().expose_text().unwrap_or_default();
            format!("{}={value}", disclosure.opened().name())
        });
        opened.collect()
    };
    let source = format!("source={}", done["basis"]["file"].as_str().unwrap());
    assert!(told("OLD-1").contains(&source), "{:?}", told("OLD-1"));
    assert!(!told("R-1").iter().any(|it| it.starts_with("source=")));
    // In another file the record is the same one.
    let old = row(1, "OLD-1").replace(",course,", ",migrated,");
    let again = checked(&stand, "又.csv", file(&[old]).as_bytes());
    assert_eq!(again["counts"]["already"], 1);
}
