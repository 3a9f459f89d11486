//! A clerk's file of outcomes about the learners of [`Land`](crate::province::Land), in each form in
//! which clerks send one.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use api::demo::province::Province;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

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
/// Columns that a spreadsheet keeps as numbers.
const NUMBERS: [usize; 4] = [6, 7, 9, 11];
const NAMESPACE: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

type Row = [String; HEADER.len()];

/// Rows about so many learners.
fn rows(learners: usize, rows: usize) -> impl Iterator<Item = Row> {
    let province = Province::generate(1, learners, learners).unwrap();
    let header = std::iter::once(HEADER.map(str::to_owned));
    header.chain((0..rows).map(move |n| {
        let learner = &province.learners[n % province.learners.len()];
        [
            learner.name.clone(),
            learner.resident_id.clone(),
            format!("X-{n}"),
            "course".into(),
            format!("CS{}", 100 + n % 800),
            "数据结构".into(),
            "32".into(),
            "2".into(),
            "cn-he".into(),
            "5".into(),
            "general".into(),
            (60 + n % 40).to_string(),
            format!("2026-06-{:02}", 1 + n % 28),
        ]
    }))
}

/// CSV in UTF-8.
pub(crate) fn utf8(learners: usize, count: usize) -> Vec<u8> {
    let mut text = String::new();
    for row in rows(learners, count) {
        writeln!(text, "{}", row.join(",")).unwrap();
    }
    text.into_bytes()
}

/// The same as a spreadsheet saves it in China.
pub(crate) fn gb18030(learners: usize, count: usize) -> Vec<u8> {
    let text = String::from_utf8(utf8(learners, count)).unwrap();
    let (bytes, _, lost) = encoding_rs::GB18030.encode(&text);
    assert!(!lost);
    bytes.into_owned()
}

/// The same as a workbook with shared texts.
pub(crate) fn xlsx(learners: usize, count: usize) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut part = |name: &str, content: &str| {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    };
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"{RELATIONS}/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |all: String| format!("<Relationships>{all}</Relationships>");
    let (mut texts, mut shared) = (HashMap::new(), String::new());
    let mut sheet = format!("<worksheet xmlns=\"{NAMESPACE}\"><sheetData>");
    for (line, row) in (1..).zip(rows(learners, count)) {
        write!(sheet, "<row r=\"{line}\">").unwrap();
        for ((at, column), text) in ('A'..).enumerate().zip(row) {
            if line > 1 && NUMBERS.contains(&at) {
                write!(sheet, "<c r=\"{column}{line}\"><v>{text}</v></c>").unwrap();
                continue;
            }
            let next = texts.len();
            let number = *texts.entry(text).or_insert_with_key(|text| {
                write!(shared, "<si><t>{text}</t></si>").unwrap();
                next
            });
            write!(sheet, "<c r=\"{column}{line}\" t=\"s\"><v>{number}</v></c>").unwrap();
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData></worksheet>");
    part("[Content_Types].xml", "<Types/>");
    let workbook = relation("a", "officeDocument", "xl/workbook.xml");
    part("_rels/.rels", &relations(workbook));
    part(
        "xl/workbook.xml",
        &format!(
            "<workbook xmlns=\"{NAMESPACE}\"><sheets><sheet name=\"成绩\" id=\"a\"/></sheets></workbook>"
        ),
    );
    let both = relation("a", "worksheet", "worksheets/sheet1.xml")
        + &relation("b", "sharedStrings", "sharedStrings.xml");
    part("xl/_rels/workbook.xml.rels", &relations(both));
    part("xl/worksheets/sheet1.xml", &sheet);
    part(
        "xl/sharedStrings.xml",
        &format!("<sst xmlns=\"{NAMESPACE}\">{shared}</sst>"),
    );
    zip.finish().unwrap().into_inner()
}
