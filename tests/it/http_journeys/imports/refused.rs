//! Rows and files that come back, and what the reader is told of them.

use api::import::Finding;
use api::problem::Language;
use serde_json::json;
use tests::support::server::{Stand, resident_id};

use super::files::sheet;
use super::{checked, errors, file, row, run};

#[test]
fn broken_rows_come_back_with_line_and_column() {
    // A row would vanish without a word, or a wrong one be recorded.
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let good = row(1, "R-1");
    let number = resident_id(1);
    let cases = [
        ("I01", "记录号", good.replace("R-1", "")),
        ("I01", "完成日期", good.replace("2026-06-01", "")),
        ("I02", "证件号", good.replace(&number, "330102200102030011")),
        ("I03", "证件号", good.replace(&number, "3.30102E+17")),
        ("I05", "学分", good.replace("2.0", "-2")),
        ("I05", "学分", good.replace("2.0", "两分")),
        ("I05", "学分", good.replace("2.0", "4000")),
        ("I06", "完成日期", good.replace("2026-06-01", "2026-13-01")),
        ("I06", "完成日期", good.replace("2026-06-01", "2026-07-09")),
        ("I07", "类型", good.replace("course", "seminar")),
        ("I08", "证件号", good.replace(&number, &resident_id(77))),
        ("I11", "记录号", good.replace("R-1", &number)),
        ("I04", "", "a,b".into()),
    ];
    let rows: Vec<String> = cases.iter().map(|(.., row)| row.clone()).collect();
    let before = crate::http_trace::trace(&stand);
    let mut bytes = file(&rows).into_bytes();
    // GBK for 学生1 in a file of UTF-8.
    bytes.extend_from_slice(b"\xd1\xa7\xc9\xfa1,");
    bytes.extend_from_slice(good.split_once(',').unwrap().1.as_bytes());
    bytes.push(b'\n');
    let job = checked(&stand, "broken.csv", &bytes);
    assert_eq!(job["counts"]["refused"], json!(cases.len() + 1));
    let done = run(&stand, &job);
    assert_eq!(done["counts"]["recorded"], 0);
    assert_eq!(crate::http_trace::trace(&stand), before);
    let found = errors(&stand, &done);
    for (at, (code, field, row)) in cases.iter().enumerate().take(cases.len() - 1) {
        assert_eq!(found[at]["row"], json!(at + 2), "{row}");
        assert_eq!(
            (found[at]["code"].as_str(), found[at]["field"].as_str()),
            (Some(*code), Some(*field)),
            "{row} {}",
            found[at]
        );
    }
    assert_eq!(found[cases.len() - 1]["code"], "I04", "a row of two cells");
    assert_eq!(found[cases.len()]["code"], "I04");
}

#[test]
fn a_stray_quote_breaks_its_own_line() {
    // One quote in a remark would swallow every row behind it, and only the first be named.
    let stand = Stand::open();
    for serial in 1..=4 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let rows = [
        row(1, "R-1"),
        row(2, "R-2").replace("数据结构", "\"数据结构"),
        row(3, "R-3"),
        row(1, "R-4").replace("数据结构", "\"数据,\"\"结构\"\"\""),
        row(1, "R-5").replace("数据结构", "\"数据\n结构\""),
        row(4, "R-6"),
        row(4, "R-7").replace("数据结构", "\"数据结构"),
    ];
    let job = checked(&stand, "引号.csv", file(&rows).as_bytes());
    let done = run(&stand, &job);
    assert_eq!(
        (&done["counts"]["recorded"], &done["counts"]["refused"]),
        (&json!(4), &json!(3))
    );
    let found: Vec<_> = errors(&stand, &done)
        .iter()
        .map(|it| {
            (
                it["row"].as_u64().unwrap(),
                it["detail"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 6, 9], "{found:?}");
    assert!(found[0].1.contains("引号"), "{found:?}");
    assert!(found[1].1.contains("第 6 至 7 行"), "{found:?}");
}

#[test]
fn findings_speak_the_readers_language() {
    // A clerk would read English beside a Chinese table, or a foreign auditor Chinese.
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let rows = [
        row(1, "R-1").replace("R-1", ""),
        row(1, "R-2").replace("2.0", "4000"),
        row(1, "R-3").replace(",32,", ",1,"),
        row(1, "R-4").replace("学生1", "别人"),
        row(1, "R-5").replace("course", "seminar"),
    ];
    let job = checked(&stand, "f.csv", file(&rows).as_bytes());
    let path = format!("/v1/imports/{}/errors", job["id"].as_str().unwrap());
    let told = |language: &str| -> Vec<String> {
        let headers = [("accept-language", language)];
        let page = stand.send("GET", &path, stand.schools[0].token(), &headers, None);
        let page = page.is(200);
        assert!(page["errors"][0].get("detail_zh").is_none(), "{page}");
        let errors = page["errors"].as_array().unwrap().iter();
        errors
            .map(|it| it["detail"].as_str().unwrap().to_owned())
            .collect()
    };
    let chinese = |text: &String| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    assert_eq!(told("zh-CN").len(), rows.len());
    assert!(told("zh-CN").iter().all(chinese), "{:?}", told("zh-CN"));
    assert!(!told("en").iter().any(chinese), "{:?}", told("en"));
    // One stored before there were Chinese words is still read.
    let old = r#"{"row":2,"code":"I01","field":"","detail":"missing"}"#;
    let old: Finding = serde_json::from_str(old).unwrap();
    assert_eq!(old.clone().told(Language::En).detail, "missing");
    let zh = old.told(Language::Zh).detail;
    assert_eq!(zh, "较早的检查结果，只有英文（missing）");
}

#[test]
fn a_file_that_is_no_table_is_refused_whole() {
    // Half a file would be taken in, or a picture be searched for courses.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let before = crate::http_trace::trace(&stand);
    let files: [&[u8]; 5] = [
        b"",
        b"a,b,c\n1,2,3\n",
        "姓名,证件号,完成日期\n".as_bytes(),
        b"\xd0\xd5\xc3\xfb,\xd6\xa4\xbc\xfe\xba\xc5\n",
        "记录号,记录号,证件号,完成日期\n".as_bytes(),
    ];
    for file in files {
        stand
            .upload(token, "f.csv", file)
            .refused(422, "import-file-invalid");
    }
    let mut long = String::from("记录号,证件号,完成日期\n");
    long.push_str(&"r,1,2026-06-01\n".repeat(100_001));
    stand
        .upload(token, "f.csv", long.as_bytes())
        .refused(413, "import-too-large");
    stand
        .send(
            "POST",
            "/v1/imports",
            token,
            &[("content-type", "text/csv")],
            Some(b"x"),
        )
        .refused(400, "body-unreadable");
    stand
        .send(
            "POST",
            "/v1/imports",
            token,
            &[("content-type", "multipart/form-data; boundary=x")],
            Some(b"--x--"),
        )
        .refused(400, "body-unreadable");
    stand
        .upload(&stand.registrar.token, "f.csv", file(&[]).as_bytes())
        .refused(403, "not-allowed");
    assert_eq!(crate::http_trace::trace(&stand), before);
}

#[test]
fn a_date_is_read_only_as_people_write_dates() {
    // A typing error would become another day's record.
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let on = |record: &str, day: &str| row(1, record).replace("2026-06-01", day);
    let dates = [
        "2026-6-1",
        "2026/06/01",
        "2026年6月1日",
        "2日026-6-1",
        "2026-+6-+1",
        "2026年6-1",
        "2026-6月1",
        "2026-006-1",
        "2026/6-1",
        "2026-6-1日",
    ];
    let rows: Vec<_> = dates
        .iter()
        .enumerate()
        .map(|(at, day)| on(&format!("R-{at}"), day))
        .collect();
    let job = checked(&stand, "f.csv", file(&rows).as_bytes());
    let bad: Vec<_> = errors(&stand, &job)
        .iter()
        .map(|it| dates[usize::try_from(it["row"].as_u64().unwrap()).unwrap() - 2])
        .collect();
    assert_eq!(bad, dates[3..]);
}

#[test]
fn advice_about_a_person_names_the_cell_and_what_to_write() {
    // A clerk would be told to check number and name of a hundred rows, and not which of the two is wrong.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    for serial in 1..=2 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let body = json!({ "type": "enrolment_number", "value": format!("G{}", resident_id(2)) });
    let search = json!({ "identifier": { "type": "resident_id", "value": resident_id(2) } });
    let found = stand.post(token, "/v1/learners/search", &search).is(200);
    let id = found["matches"][0]["id"].as_str().unwrap();
    let path = format!("/v1/learners/{id}/identifiers");
    stand.post(token, &path, &body).is(201);
    // What is advised for each row, in both languages, as the workbook of errors has it.
    let last_of = |book: &[u8]| {
        let (mut found, mut cells) = (Vec::new(), Vec::new());
        for line in sheet(book).split("<row ").skip(2) {
            cells.clear();
            cells.extend(line.split("</t>").filter_map(|it| it.rsplit_once('>')));
            found.push(cells[cells.len() - 2].1.to_owned());
        }
        found
    };
    let advised = |file: &str, what: &str| {
        let sent = stand.upload_with(token, "f.csv", file.as_bytes(), &[("what", what)]);
        let id = sent.is(202)["id"].as_str().unwrap().to_owned();
        stand.import_reaches(token, &id, "checked");
        let path = format!("/v1/imports/{id}/errors.xlsx");
        ["zh-CN", "en"].map(|language| {
            let headers = [("accept-language", language)];
            last_of(&stand.send("GET", &path, token, &headers, None).body)
        })
    };
    let [one, two] = [1, 2].map(resident_id);
    let nobody = resident_id(77);
    let outcomes = format!(
        "人员编号,学生姓名,身份证号码,记录号,学分,课程名称,完成日期\n\
         ,学生1,{nobody},R-1,2.0,数据结构,2026-06-01\n\
         ,学生2,{one},R-2,2.0,数据结构,2026-06-01\n\
         七,学生1,{one},R-3,2.0,数据结构,2026-06-01\n\
         00000000-0000-4000-8000-000000000000,,,R-4,2.0,数据结构,2026-06-01\n"
    );
    let roster = format!(
        "学生姓名,身份证号码,学籍号\n\
         别人,{one},\n\
         学生1,{one},G{two}\n\
         学生2,{nobody},G{two}\n\
         甲,{},\n\
         乙,{},\n",
        resident_id(5),
        resident_id(5)
    );
    let expected = [
        ("身份证号码", "没有登记过", "never registered"),
        ("学生姓名", "登记的姓名不同", "not the one registered"),
        ("人员编号", "36 位", "36 characters"),
        ("人员编号", "查无此人", "nobody has the number"),
        ("学生姓名", "登记的姓名不同", "not the one registered"),
        ("学籍号", "另一个人的号码", "somebody else's"),
        ("身份证号码", "已有的证件号不同", "not the resident ID that"),
        ("学生姓名", "前面同一号码的行", "earlier row"),
    ];
    let [zh, en] = advised(&outcomes, "outcomes");
    let [more_zh, more_en] = advised(&roster, "roster");
    let told: Vec<_> = zh.iter().chain(&more_zh).collect();
    let told_en: Vec<_> = en.iter().chain(&more_en).collect();
    assert_eq!((told.len(), told_en.len()), (8, 8), "{told:?}");
    for ((cell, zh, en), (told, told_en)) in expected.into_iter().zip(told.into_iter().zip(told_en))
    {
        let named = format!("“{cell}”");
        assert!(told.contains(&named) && told.contains(zh), "{told}");
        assert!(
            told_en.contains(&named) && told_en.contains(en),
            "{told_en}"
        );
        // Nothing of anybody is told.
        for personal in [one.as_str(), two.as_str(), nobody.as_str(), "学生1"] {
            assert!(
                !told.contains(personal) && !told_en.contains(personal),
                "{told}"
            );
        }
    }
}
