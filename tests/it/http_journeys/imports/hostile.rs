//! Files that were made to take the server's memory or time.

use std::io::{Cursor, Write as _};

use api::import::table::{ROWS_MAX, Table};
use api::problem::{Problem, Reason};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::HEADER;

const RELS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn refused(bytes: &[u8]) -> Problem {
    Table::read(bytes).err().expect("a refusal")
}

/// An .xlsx of one sheet, whose XML is written by `sheet`.
fn workbook(sheet: impl FnOnce(&mut ZipWriter<Cursor<Vec<u8>>>)) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"a\" Type=\"{RELS}/{kind}\" Target=\"{target}\"/></Relationships>"
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

#[test]
fn a_bomb_is_not_inflated() {
    // A file of 70 kB would fill the memory and stop the ledger for everybody.
    let bomb = workbook(|zip| {
        let zeroes = vec![b' '; 1 << 20];
        zip.write_all(b"<worksheet><sheetData>").unwrap();
        for _ in 0..70 {
            zip.write_all(&zeroes).unwrap();
        }
    });
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
