//! A file of outcomes: dry run, run, what comes back, and files that were made to do harm.

mod tables;

use api::import::Finding;
use api::problem::Language;
use serde_json::{Value, json};
use tests::support::process;
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};

const HEADER: &str =
    "姓名,证件号,记录号,类型,课程代码,课程名称,学时,学分,体系,等级,类别,成绩,完成日期";

/// A file of `rows` below the header.
fn file(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

fn row(serial: u16, record: &str) -> String {
    format!(
        "学生{serial},{},{record},course,CS101,数据结构,32,2.0,cn-he,5,general,85,2026-06-01",
        resident_id(serial)
    )
}

/// Uploads and waits for the end of the dry run.
fn checked(stand: &Stand, name: &str, file: &[u8]) -> Value {
    let token = stand.schools[0].token();
    let job = stand.upload(token, name, file).is(202);
    stand.import_reaches(token, job["id"].as_str().unwrap(), "checked")
}

fn errors(stand: &Stand, job: &Value) -> Vec<Value> {
    let path = format!("/v1/imports/{}/errors", job["id"].as_str().unwrap());
    let page = stand.get(stand.schools[0].token(), &path).is(200);
    page["errors"].as_array().unwrap().clone()
}

/// Runs a checked job to its end.
fn run(stand: &Stand, job: &Value) -> Value {
    let token = stand.schools[0].token();
    let id = job["id"].as_str().unwrap();
    let path = format!("/v1/imports/{id}/run");
    stand.send("POST", &path, token, &[], Some(b"")).is(202);
    let done = stand.import_reaches(token, id, "done");
    assert_eq!(
        stand.send("POST", &path, token, &[], Some(b"")).is(200)["state"],
        "done"
    );
    done
}

#[test]
fn a_dry_run_tells_what_the_run_will_come_to() {
    // A clerk would trust a check that calls a contradiction a repetition, and lose the second row.
    let stand = Stand::open();
    for serial in 1..=2 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let rows = [
        row(1, "R-1"),
        row(1, "R-1").replace("2.0", "2.5"),
        row(1, "R-1").replace(",85,", ",90,"),
        row(1, "R-1"),
        row(2, "R-2").replace("2026-06-01", "2126-06-01"),
        row(2, "R-2"),
        row(2, "R-2").replace(",85,", ",90,"),
    ];
    let dry = checked(&stand, "成绩.csv", file(&rows).as_bytes());
    let told = errors(&stand, &dry);
    let done = run(&stand, &dry);
    assert_eq!(dry["counts"], done["counts"]);
    let found = |errors: &[Value]| -> Vec<_> {
        errors
            .iter()
            .map(|it| [&it["row"], &it["code"], &it["problem"]].map(Value::to_string))
            .collect()
    };
    assert_eq!(found(&told), found(&errors(&stand, &done)));
    let differs: Vec<_> = told
        .iter()
        .filter(|it| it["problem"] == "record-differs")
        .map(|it| it["row"].as_u64().unwrap())
        .collect();
    assert_eq!(differs, [3, 4, 8]);
    let counts = ["recorded", "repeated", "refused"].map(|it| done["counts"][it].as_u64().unwrap());
    assert_eq!(counts, [2, 1, 4]);
}

#[test]
fn a_file_is_checked_then_recorded_then_known() {
    // A clerk would record what she only wanted to check, or everything twice when she sends it again.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let people: Vec<_> = (1..=3)
        .map(|serial| stand.register(0, &format!("学生{serial}"), &resident_id(serial)))
        .collect();
    let rows = [
        row(1, "R-1"),
        row(2, "R-2"),
        row(3, "R-3").replace("2.0", "99999"),
        row(1, "R-1"),
        row(3, "R-4").replace(",32,", ",1,"),
    ];
    let text = file(&rows);
    let before = crate::http_trace::trace(&stand);
    let job = checked(&stand, "成绩.csv", text.as_bytes());
    assert_eq!(
        crate::http_trace::trace(&stand),
        before,
        "a dry run records nothing"
    );
    let counts = |job: &Value| {
        [
            "rows", "recorded", "warned", "repeated", "already", "refused",
        ]
        .map(|name| job["counts"][name].as_u64().unwrap())
    };
    assert_eq!(counts(&job), [5, 3, 1, 1, 0, 1]);
    let done = run(&stand, &job);
    assert_eq!(counts(&done), [5, 3, 1, 1, 0, 1]);
    assert_eq!(stand.app.ledger.head().size, before.0 + 3);
    let found: Vec<_> = errors(&stand, &done)
        .iter()
        .map(|it| {
            (
                it["row"].as_u64().unwrap(),
                it["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [(4, "I05".into()), (5, "I09".into()), (6, "I12".into())]
    );
    let path = after(
        &format!("/v1/learners/{}/transcript.json", people[0]),
        &done,
    );
    let transcript = stand.get(token, &path).is(200);
    assert_eq!(transcript["outcomes"][0]["grade"], "85");
    assert_eq!(transcript["outcomes"].as_array().unwrap().len(), 1);
    // The same file again: everything is known, and nothing is added.
    let size = stand.app.ledger.head().size;
    let good = file(&[row(1, "R-1"), row(2, "R-2")]);
    let again = checked(&stand, "成绩.csv", good.as_bytes());
    assert_eq!(counts(&again), [2, 0, 0, 0, 2, 0]);
    assert_eq!(counts(&run(&stand, &again)), [2, 0, 0, 0, 2, 0]);
    assert_eq!(stand.app.ledger.head().size, size);
    // Another school does not see the import.
    let id = job["id"].as_str().unwrap();
    for path in [
        format!("/v1/imports/{id}"),
        format!("/v1/imports/{id}/errors"),
    ] {
        stand
            .get(stand.schools[1].token(), &path)
            .refused(404, "not-found");
        stand
            .get(&stand.registrar.token, &path)
            .refused(403, "not-allowed");
    }
}

#[test]
fn the_name_of_a_file_is_shown_and_never_followed() {
    // A file called ../../etc/passwd would be written over that one.
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let text = file(&[row(1, "R-1")]);
    let names = [
        ("../../etc/passwd", "passwd"),
        ("..\\\\..\\\\windows\\\\win.ini", "win.ini"),
        ("/", "unnamed"),
        ("..", "unnamed"),
        // Shown from right to left it would seem to be a table.
        ("a\u{202e}vsc.exe", "avsc.exe"),
    ];
    let files = |stand: &Stand| {
        let mut paths: Vec<_> = walk(stand.dir()).into_iter().collect();
        paths.sort();
        paths
    };
    let before = files(&stand);
    for (name, shown) in names {
        let job = checked(&stand, name, text.as_bytes());
        assert_eq!(job["file_name"], shown, "{name:?}");
    }
    assert_eq!(files(&stand), before);
}

/// Every file below `dir`, but the log's, which grows by itself.
pub(crate) fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}

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
    // GBK for 学生1: not UTF-8.
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
fn an_import_waits_while_the_ledger_is_busy_and_goes_on_after_a_stop() {
    // A clerk's file would fail half recorded because the ledger was busy or about to restart.
    let mut config = api::config::Config::default();
    config.ledger.queue_max = 1;
    let stand = Stand::with(config);
    stand.register(0, "学生1", &resident_id(1));
    let rows: Vec<_> = (0..64).map(|at| row(1, &format!("R-{at}"))).collect();
    let job = checked(&stand, "f.csv", file(&rows).as_bytes());
    let done = run(&stand, &job);
    let counts = &done["counts"];
    assert_eq!(counts["recorded"], 64, "{counts}");
    assert_eq!(counts["seen"], 64, "{counts}");
    let job = checked(&stand, "g.csv", file(&[row(1, "S-1")]).as_bytes());
    let id = serde_json::from_value(job["id"].clone()).unwrap();
    let mut job = stand.app.jobs.get(id).unwrap().unwrap();
    api::import::job::begin(&stand.app, &mut job).unwrap();
    stand.app.ledger.close();
    api::import::job::work(&stand.app, job, &|_| {});
    let kept = stand.app.jobs.get(id).unwrap().unwrap();
    assert_eq!(kept.state, api::import::JobState::Running);
    assert_eq!((kept.next_row, kept.failure), (0, None));
}

#[test]
fn an_interrupted_dry_run_comes_to_what_one_that_ran_through_does() {
    // A restart would make a check forget the rows before it, and call contradictions good.
    use api::import::{JobState, job};
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let other = |record: &str| row(1, record).replace("2.0", "2.5");
    // The first chunk ends between what is said and what contradicts it.
    let mut rows: Vec<_> = (0..1_030).map(|at| row(1, &format!("R-{at}"))).collect();
    rows[5] = other("R-4");
    rows.extend([other("R-1"), row(1, "R-2"), other("R-4")]);
    let text = file(&rows);
    let through = checked(&stand, "f.csv", text.as_bytes());
    let id = serde_json::from_value(through["id"].clone()).unwrap();
    let caller = stand.app.jobs.get(id).unwrap().unwrap().caller();
    let cut = job::take_in(&stand.app, &caller, "f.csv", text.as_bytes()).unwrap();
    let id = cut.id;
    // The import ends behind its first chunk, and all that it held in memory with it.
    let work = || job::work(&stand.app, cut, &|_| panic!("the import is cut off here"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
    let kept = stand.app.jobs.get(id).unwrap().unwrap();
    assert_eq!(kept.state, JobState::Checking);
    assert!(kept.next_row > 6 && kept.next_row < 1_030, "{kept:?}");
    let done = job::work(&stand.app, kept, &|_| {});
    assert_eq!(done.state, JobState::Checked);
    assert_eq!(json!(done.counts), through["counts"]);
    let found = errors(&stand, &json!(done));
    assert_eq!(found, errors(&stand, &through));
    let said: Vec<_> = found
        .iter()
        .map(|it| (it["row"].as_u64().unwrap(), it["code"].as_str().unwrap()))
        .collect();
    let expected = [(7, "I11"), (1_032, "I11"), (1_033, "I09"), (1_034, "I11")];
    assert_eq!(said, expected);
}

#[test]
fn a_dry_run_refuses_every_value_that_the_run_refuses() {
    // A clerk would be promised six outcomes, and one be recorded.
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let titled = |record: &str, title: &str| row(1, record).replace("数据结构", title);
    let rows = [
        row(1, "R-1"),
        titled("R-2", &"长".repeat(201)),
        titled("R-3", "数据\u{0}结构"),
        titled("R-4", "数据\u{202e}结构"),
        row(1, "R-5").replace(",85,", &format!(",{},", "优".repeat(41))),
    ];
    let dry = checked(&stand, "f.csv", file(&rows).as_bytes());
    let told = errors(&stand, &dry);
    let done = run(&stand, &dry);
    assert_eq!(done["counts"]["recorded"], 1);
    assert_eq!(dry["counts"], done["counts"]);
    assert_eq!(told, errors(&stand, &done));
}

#[test]
fn two_people_who_press_run_at_once_run_it_once() {
    // The account of an import would say that its own rows had been there before.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    stand.register(0, "学生1", &resident_id(1));
    let rows: Vec<_> = (0..200).map(|at| row(1, &format!("R-{at}"))).collect();
    let job = checked(&stand, "f.csv", file(&rows).as_bytes());
    let id = job["id"].as_str().unwrap();
    let path = format!("/v1/imports/{id}/run");
    let mut answers: Vec<u16> = std::thread::scope(|scope| {
        let press = || stand.send("POST", &path, token, &[], Some(b"")).status;
        let pressed: Vec<_> = (0..8).map(|_| scope.spawn(press)).collect();
        pressed.into_iter().map(|it| it.join().unwrap()).collect()
    });
    answers.sort_unstable();
    assert_eq!(answers, [200, 200, 200, 200, 200, 200, 200, 202]);
    let done = stand.import_reaches(token, id, "done");
    let counts = ["recorded", "already"].map(|name| done["counts"][name].as_u64().unwrap());
    assert_eq!((counts, done["position"].is_u64()), ([200, 0], true));
}

#[test]
fn what_a_killed_import_recorded_is_its_own() {
    // Who imports would read that somebody else had recorded hundreds of her rows before.
    use api::import::{JobState, job};
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    // Recorded before: this one was there already.
    let early = checked(&stand, "e.csv", file(&[row(1, "R-0")]).as_bytes());
    run(&stand, &early);
    let rows: Vec<_> = (0..40).map(|at| row(1, &format!("R-{at}"))).collect();
    let checked = checked(&stand, "f.csv", file(&rows).as_bytes());
    let id = serde_json::from_value(checked["id"].clone()).unwrap();
    let mut job = stand.app.jobs.get(id).unwrap().unwrap();
    job::begin(&stand.app, &mut job).unwrap();
    // It is killed between the commits of its chunk and their account.
    let begun = stand.app.jobs.get(id).unwrap().unwrap();
    job::work(&stand.app, begun.clone(), &|_| {});
    let again = job::work(&stand.app, begun, &|_| {});
    assert_eq!(again.state, JobState::Done);
    assert_eq!((again.counts.recorded, again.counts.already), (39, 1));
    assert_eq!(again.position, Some(stand.app.ledger.head().size - 1));
}

#[test]
fn a_file_in_another_encoding_is_refused_as_a_file() {
    // A clerk would get a hundred thousand findings that say the same, and none what to do.
    let stand = Stand::open();
    let header = "name,resident_id,record,completed_on";
    // 学生1 in GB18030.
    let line = [
        b"\xd1\xa7\xc9\xfa1,".as_slice(),
        resident_id(1).as_bytes(),
        b",R-1,2026-06-01\n",
    ]
    .concat();
    let bytes = [header.as_bytes(), b"\n", &line, &line].concat();
    let token = stand.schools[0].token();
    let refused = stand
        .upload(token, "f.csv", &bytes)
        .refused(422, "import-file-invalid");
    assert!(
        refused["detail"].as_str().unwrap().contains("UTF-8"),
        "{refused}"
    );
    // One such line among others is that line's fault.
    let mixed = [
        header.as_bytes(),
        b"\n",
        &line,
        "学生2,x,R-2,2026-06-01\n".as_bytes(),
    ]
    .concat();
    stand.upload(token, "f.csv", &mixed).is(202);
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
fn many_files_at_once_are_read_by_few_threads() {
    // A hundred uploads would take the memory and the threads of the whole server.
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("province");
    let path = dir.to_str().unwrap();
    process::run(&["demo", "--once", "--learners", "5", "--data-dir", path]).unwrap();
    let demo = std::fs::read(dir.join("demo.json")).unwrap();
    let demo: serde_json::Value = serde_json::from_slice(&demo).unwrap();
    // A process of its own: other tests of this one import, too.
    let server = process::Server::start(&dir);
    let token = demo["tokens"]["institution"].as_str().unwrap();
    let client = process::Client::new(&server.base, token);
    let rows: Vec<_> = (0..1_000).map(|at| row(1, &format!("R-{at}"))).collect();
    let text = file(&rows);
    for _ in 0..20 {
        let answer = client.upload("f.csv", text.as_bytes()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.text);
    }
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.id())).unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    let threads = names.filter(|name| name.trim() == "import").count();
    assert!(threads <= 1, "{threads} threads");
}
