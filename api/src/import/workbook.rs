//! The rows that came back as a workbook: the file's columns, then why and what to do.
//!
//! Invariant: every cell is written as text, so that no formula runs and no number is cut off; what
//! could not be read stands in marks that no reading takes for text. Sent back as a file it is read
//! like any other. Only the compressed workbook is held in memory.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::advice;
use super::finding::Finding;
use super::job::Job;
use super::table::{self, Table};
use crate::app::App;
use crate::problem::{Language, Problem};

/// Characters of a cell at most.
const CELL_MAX: usize = 32_767;
/// Of a longer one, so many are told.
const TOLD: usize = 1_000;
/// Findings read at once.
const PAGE: usize = 1_000;
/// Headers of the last two columns, Chinese and English.
const ADDED: [[&str; 2]; 2] = [["原因", "怎么改"], ["reason", "how to fix"]];

/// The look of a cell, one of [`STYLES`].
#[derive(Clone, Copy)]
enum Look {
    Plain,
    Header,
    Failing,
}

const PARTS: [(&str, &str); 4] = [
    (
        "[Content_Types].xml",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>"#,
    ),
    (
        "_rels/.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
    ),
    (
        "xl/_rels/workbook.xml.rels",
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#,
    ),
    ("xl/styles.xml", STYLES),
];

/// Text everywhere (format 49); the header bold, what fails on yellow.
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFFFEB9C"/><bgColor indexed="64"/></patternFill></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/><xf numFmtId="49" fontId="0" fillId="2" borderId="0" xfId="0" applyNumberFormat="1" applyFill="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>"#;

const SHEET_HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="16384" width="20" style="1" customWidth="1"/></cols><sheetData>"#;

/// The rows of a job that came back.
pub fn errors(app: &App, job: &Job, language: Language) -> Result<Vec<u8>, Problem> {
    let bytes = super::file::get(app, job.file())?;
    let table = Table::read_as(&bytes, &job.reading())?;
    drop(bytes);
    let mut page = Vec::new().into_iter();
    let mut after = None;
    let findings = std::iter::from_fn(|| {
        if page.len() == 0 {
            match app.jobs.errors(job.id, after, PAGE) {
                Ok(found) => page = found.into_iter(),
                Err(problem) => return Some(Err(problem)),
            }
        }
        let finding = page.next()?;
        after = Some(finding.row);
        Some(Ok(finding))
    });
    write(&table, findings, language)
}

/// The workbook of a table's findings, which come by row.
fn write(
    table: &Table,
    findings: impl Iterator<Item = Result<Finding, Problem>>,
    language: Language,
) -> Result<Vec<u8>, Problem> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for (name, content) in PARTS {
        zip.start_file(name, options).map_err(Problem::internal)?;
        zip.write_all(content.as_bytes())
            .map_err(Problem::internal)?;
    }
    let title = match language {
        Language::Zh => "退回的行",
        Language::En => "rows",
    };
    zip.start_file("xl/workbook.xml", options)
        .map_err(Problem::internal)?;
    let workbook = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="{title}" sheetId="1" r:id="rId1"/></sheets></workbook>"#
    );
    zip.write_all(workbook.as_bytes())
        .map_err(Problem::internal)?;
    zip.start_file("xl/worksheets/sheet1.xml", options)
        .map_err(Problem::internal)?;
    zip.write_all(SHEET_HEAD.as_bytes())
        .map_err(Problem::internal)?;
    let headers = own_headers(table.headers());
    let mut line = String::new();
    begin(&mut line, 1);
    let added = match language {
        Language::Zh => ADDED[0],
        Language::En => ADDED[1],
    };
    for header in headers.iter().map(String::as_str).chain(added) {
        cell(&mut line, header, Look::Header);
    }
    end(&mut line);
    for (number, finding) in (2_u64..).zip(findings) {
        let finding = finding?;
        begin(&mut line, number);
        row(&mut line, table, headers.len(), &finding);
        cell(&mut line, &reason(&finding, language), Look::Plain);
        let column = table.column(&finding.field);
        let header = column.and_then(|at| table.headers().get(at));
        let header = header.map_or(&*finding.field, String::as_str);
        let advice = advice::of(&finding, header, language);
        cell(&mut line, &advice, Look::Plain);
        end(&mut line);
        zip.write_all(line.as_bytes()).map_err(Problem::internal)?;
        line.clear();
    }
    line.push_str("</sheetData></worksheet>");
    zip.write_all(line.as_bytes()).map_err(Problem::internal)?;
    Ok(zip.finish().map_err(Problem::internal)?.into_inner())
}

/// The headers without those that an earlier list of errors added.
fn own_headers(headers: &[String]) -> &[String] {
    match headers.split_last_chunk::<2>() {
        Some((own, last)) if ADDED.iter().any(|added| last.iter().eq(added.iter())) => own,
        _ => headers,
    }
}

/// The cells of a row, the failing ones marked: all of them where none is named.
fn row(line: &mut String, table: &Table, width: usize, finding: &Finding) {
    let index = table.at_line(finding.row);
    let failing = table.column(&finding.field);
    let warns = matches!(&*finding.code, "I10" | "I12");
    for column in 0..width {
        let text = index.map_or("", |index| table.text(index, column));
        let fails = !warns && failing.is_none_or(|failing| failing == column);
        let look = if fails { Look::Failing } else { Look::Plain };
        cell(line, text, look);
    }
}

fn reason(finding: &Finding, language: Language) -> String {
    let told = finding.clone().told(language);
    let between = if told.field.is_empty() { "" } else { " " };
    let (row, code, field, detail) = (told.row, told.code, told.field, told.detail);
    match language {
        Language::Zh => format!("第 {row} 行 {code}{between}{field}：{detail}"),
        Language::En => format!("row {row} {code}{between}{field}: {detail}"),
    }
}

fn begin(line: &mut String, number: u64) {
    line.push_str(r#"<row r=""#);
    line.push_str(&number.to_string());
    line.push_str(r#"">"#);
}

fn end(line: &mut String) {
    line.push_str("</row>");
}

fn cell(line: &mut String, text: &str, look: Look) {
    line.push_str(match look {
        Look::Plain => r#"<c s="1""#,
        Look::Header => r#"<c s="2""#,
        Look::Failing => r#"<c s="3""#,
    });
    if text.is_empty() {
        line.push_str("/>");
        return;
    }
    line.push_str(r#" t="inlineStr"><is><t xml:space="preserve">"#);
    if text.encode_utf16().count() > CELL_MAX {
        let told: String = text.chars().take(TOLD).collect();
        escape(line, &table::marks(&format!("{told} …")));
    } else {
        escape(line, text);
    }
    line.push_str("</t></is></c>");
}

/// XML's own characters, those that XML cannot hold (`_x0001_`), and texts that look like the latter.
fn escape(line: &mut String, text: &str) {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let behind = rest.get(c.len_utf8()..).unwrap_or_default();
        match c {
            '&' => line.push_str("&amp;"),
            '<' => line.push_str("&lt;"),
            '>' => line.push_str("&gt;"),
            '_' if is_escape(rest) => line.push_str("_x005F_"),
            '\n' | '\t' => line.push(c),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => {
                // Writing to a text cannot fail.
                let _ = write!(line, "_x{:04X}_", u32::from(c));
            }
            c => line.push(c),
        }
        rest = behind;
    }
}

/// `_x0041_` and the like.
fn is_escape(text: &str) -> bool {
    matches!(text.as_bytes(), [b'_', b'x', code @ .., ] if code.len() >= 5
        && code.iter().take(4).all(u8::is_ascii_hexdigit)
        && code.get(4) == Some(&b'_'))
}
