//! A file of outcomes: dry run, run, what comes back, and files that were made to do harm.

mod controlled;
mod files;
mod hostile;
mod panics;
mod refused;
mod roster;
mod runs;
mod samples;
mod tables;
mod taking_over;

use serde_json::Value;
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
    // Three rows, and the envelope that vouches for them.
    assert_eq!(stand.app.ledger.head().size, before.0 + 4);
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
        let mut paths = walk(stand.dir());
        // Published each second.
        paths.retain(|path| !path.iter().any(|part| part == "tile"));
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
