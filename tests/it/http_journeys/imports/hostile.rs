//! Files that were made to take the server's memory or time.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::time::Duration;

use api::import::table::{ROWS_MAX, Table};
use api::problem::{Problem, Reason};
use ledger::clock::Stopwatch;
use tests::support::process;
use tests::support::seeded::Seeded;
use tests::support::server::Stand;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::HEADER;

const RELS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn refused(bytes: &[u8]) -> Problem {
    Table::read(bytes).err().expect("a refusal")
}

/// An .xlsx of one sheet, whose XML is written by `sheet`; it may add `xl/strings.xml`.
fn workbook(sheet: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"a\" Type=\"{RELS}/{kind}\" Target=\"{target}\"/><Relationship Id=\"b\" Type=\"{RELS}/sharedStrings\" Target=\"strings.xml\"/></Relationships>"
        )
    };
    for (name, content) in [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        (
            "xl/_rels/workbook.xml.rels",
            relation("worksheet", "sheet.xml"),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"s\" id=\"a\"/></sheets></workbook>".into(),
        ),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.start_file("xl/sheet.xml", options).unwrap();
    sheet(&mut zip);
    zip.finish().unwrap().into_inner()
}

fn cells(texts: impl Iterator<Item = String>) -> String {
    let cells = texts.map(|text| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>"));
    format!("<row>{}</row>", cells.collect::<String>())
}

/// 70 MB of blanks in 70 kB.
fn bomb() -> Vec<u8> {
    workbook(|zip| {
        let blanks = vec![b' '; 1 << 20];
        zip.write_all(b"<worksheet><sheetData>").unwrap();
        for _ in 0..70 {
            zip.write_all(&blanks).unwrap();
        }
    })
}

#[test]
fn what_was_made_to_harm_is_refused_at_the_door() {
    // What the reader refuses would be kept all the same, or be answered as our own failure.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let before = crate::http_trace::trace(&stand);
    stand
        .upload(token, "f.xlsx", &bomb())
        .refused(413, "import-too-large");
    let wide = format!("{HEADER}{}\n", ",x".repeat(10_000 - 13));
    stand
        .upload(token, "f.csv", wide.as_bytes())
        .refused(422, "import-file-invalid");
    let wide = workbook(|zip| {
        let row = cells((0..10_000).map(|at| format!("c{at}")));
        write!(zip, "<worksheet><sheetData>{row}</sheetData></worksheet>").unwrap();
    });
    stand
        .upload(token, "f.xlsx", &wide)
        .refused(422, "import-file-invalid");
    assert_eq!(crate::http_trace::trace(&stand), before);
}

#[test]
fn a_bomb_is_not_inflated() {
    // A file of 70 kB would fill the memory and stop the ledger for everybody.
    let bomb = bomb();
    assert!(bomb.len() < 1 << 20);
    let problem = refused(&bomb);
    assert_eq!(
        problem.reason,
        Reason::ImportTooLarge,
        "{}",
        problem.detail.en
    );
    // One text of two million characters is no cell.
    let long = workbook(|zip| {
        let text = "字".repeat(2 << 20);
        let row = cells(std::iter::once(text));
        write!(zip, "<worksheet><sheetData>{row}</sheetData></worksheet>").unwrap();
    });
    assert_eq!(refused(&long).reason, Reason::ImportFileInvalid);
}

#[test]
fn a_hundred_thousand_columns_are_too_many() {
    // A sheet that somebody pressed End in would be read for minutes.
    let header = format!("{HEADER}{}", ",x".repeat(100_000));
    let problem = refused(format!("{header}\n").as_bytes());
    assert!(
        problem.detail.en.contains("at most 200"),
        "{}",
        problem.detail.en
    );
    let wide = workbook(|zip| {
        let row = cells((0..100_000).map(|at| format!("c{at}")));
        write!(zip, "<worksheet><sheetData>{row}</sheetData></worksheet>").unwrap();
    });
    assert!(refused(&wide).detail.en.contains("at most 200"));
}

#[test]
fn rows_are_counted_in_every_format() {
    // The limit would hold for CSV and let a workbook through that takes hours.
    let header = cells(HEADER.split(',').map(str::to_owned));
    let many = |rows: usize| {
        workbook(|zip| {
            write!(zip, "<worksheet><sheetData>{header}").unwrap();
            for at in 0..rows {
                // Of different lengths, so that it is no bomb.
                write!(
                    zip,
                    "<row><c><v>{}</v></c></row>",
                    at.wrapping_mul(2_654_435_761) % 999_983
                )
                .unwrap();
            }
            zip.write_all(b"</sheetData></worksheet>").unwrap();
        })
    };
    let table = Table::read(&many(ROWS_MAX)).map_err(|problem| problem.detail);
    assert_eq!(table.unwrap().len(), ROWS_MAX);
    assert_eq!(refused(&many(ROWS_MAX + 1)).reason, Reason::ImportTooLarge);
}

#[test]
fn a_small_file_does_not_become_much_text() {
    // A file of a few kilobytes would take a quarter of a gigabyte each time that it is read.
    let header = cells(HEADER.split(',').map(str::to_owned));
    let long = "长".repeat(10_000);
    let pointing = |rows: usize, photo: usize| {
        workbook(|zip| {
            let rows = "<row><c t=\"s\"><v>0</v></c></row>".repeat(rows);
            write!(
                zip,
                "<worksheet><sheetData>{header}{rows}</sheetData></worksheet>"
            )
            .unwrap();
            let options = SimpleFileOptions::default();
            zip.start_file("xl/strings.xml", options).unwrap();
            write!(zip, "<sst><si><t>{long}</t></si></sst>").unwrap();
            // What does not compress: the file is larger, and its text may be.
            zip.start_file("xl/media/photo.png", options).unwrap();
            zip.write_all(&Seeded::new(7).bytes(photo)).unwrap();
        })
    };
    let too_large = |bytes: &[u8], mib: usize| {
        let problem = refused(bytes);
        assert_eq!(problem.reason, Reason::ImportTooLarge);
        let told = format!("more than {mib} MiB");
        assert!(problem.detail.en.contains(&told), "{}", problem.detail.en);
    };
    // 21 MB of text, from 20 kB and from 300 kB.
    let small = pointing(700, 0);
    assert!(small.len() < 20_000, "{}", small.len());
    too_large(&small, 16);
    let large = pointing(700, 300_000);
    let table = Table::read(&large).map_err(|problem| problem.detail);
    assert_eq!(table.unwrap().len(), 700);
    // 90 MB are too much for those, too.
    let more = pointing(3_000, 300_000);
    too_large(&more, (more.len() * 100) >> 20);
}

#[test]
fn sixty_megabytes_of_open_quotes_come_back_line_by_line() {
    // A broken export would keep the import busy for hours, and the good rows in it be lost.
    const ROWS: usize = 90_000;
    if std::env::var_os("XF_LARGE_FILES").is_none() {
        say(
            "SKIPPED: 60 MB of open quotes; with XF_LARGE_FILES=1 and XF_BIN naming a release build it runs",
        );
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("province");
    let path = dir.to_str().unwrap();
    process::run(&["demo", "--once", "--learners", "5", "--data-dir", path]).unwrap();
    let demo = std::fs::read(dir.join("demo.json")).unwrap();
    let demo: serde_json::Value = serde_json::from_slice(&demo).unwrap();
    let server = process::Server::start(&dir);
    let client = process::Client::new(
        &server.base,
        demo["tokens"]["institution"].as_str().unwrap(),
    );
    let learner = demo["learners"][0]["id"].as_str().unwrap();
    let remark = "备".repeat(210);
    let mut text = String::from("学习者编号,记录号,课程名称,学分,完成日期,备注\n");
    for at in 0..ROWS {
        let open = if at % 100 == 0 { "" } else { "\"" };
        writeln!(
            text,
            "{learner},R-{at},数据结构,2.0,2026-06-01,{open}{remark}"
        )
        .unwrap();
    }
    assert!((60 << 20..64 << 20).contains(&text.len()), "{}", text.len());
    let watch = Stopwatch::start();
    let sent = client.upload("f.csv", text.as_bytes()).unwrap();
    assert_eq!(sent.status, 202, "{}", sent.text);
    let taken_s = watch.elapsed().as_secs_f64();
    let path = format!("/v1/imports/{}", sent.json()["id"].as_str().unwrap());
    let job = loop {
        let job = client.get(&path).unwrap().json();
        if job["state"] != "checking" {
            break job;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(job["state"], "checked");
    let counts = ["recorded", "refused"].map(|name| job["counts"][name].as_u64().unwrap());
    assert_eq!(counts, [900, 89_100]);
    let page = client.get(&format!("{path}/errors")).unwrap().json();
    assert_eq!(page["errors"][0]["row"], 3, "the first row is good");
    assert_eq!(page["errors"][99]["row"], 103, "and the hundred and first");
    let checked_s = watch.elapsed().as_secs_f64();
    say(&format!(
        "open quotes: {} bytes taken in after {taken_s:.1} s, checked after {checked_s:.1} s, peak {}",
        text.len(),
        peak(server.id())
    ));
}

/// Said past the test harness.
fn say(line: &str) {
    let _gone = writeln!(std::io::stderr(), "{line}");
}

/// The most memory that a process had, where the kernel tells.
fn peak(process: u32) -> String {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    line.unwrap_or("unknown").to_owned()
}
