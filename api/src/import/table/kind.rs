//! What a file is by its first bytes, and the name of what it is instead.
//!
//! Invariant: nothing is read as a table that says it is something else.

use super::{package, xls};
use crate::problem::{Problem, Reason, Words};

/// What can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Xlsx,
    Xls,
}

/// First bytes of what is no table, with its name.
const OTHERS: &[(&[u8], &str)] = &[
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"{\\rtf", "RTF"),
    (b"SQLite format 3", "SQLite"),
    (b"MIME-Version:", "MHTML"),
    (b"PAR1", "Parquet"),
    // A workbook without a container, of Excel 4 and before.
    (b"\x09\x00\x04\x00", "Excel 2"),
    (b"\x09\x02\x06\x00", "Excel 3"),
    (b"\x09\x04\x06\x00", "Excel 4"),
];

impl Kind {
    /// What these bytes are.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Problem> {
        if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
            return package::kind(bytes).map(|()| Self::Xlsx);
        }
        if bytes.starts_with(xls::CONTAINER) {
            return xls::kind(bytes).map(|()| Self::Xls);
        }
        if let Some((_, name)) = OTHERS.iter().find(|(start, _)| bytes.starts_with(start)) {
            return Err(is_instead(name));
        }
        match marked_up(bytes) {
            Some(name) => Err(is_instead(name)),
            None => Ok(Self::Text),
        }
    }
}

/// Markup that calls itself a spreadsheet.
fn marked_up(bytes: &[u8]) -> Option<&'static str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // In UTF-16 every second byte is left out of what is looked at.
    let start: Vec<u8> = bytes
        .iter()
        .take(2048)
        .filter(|byte| !matches!(byte, 0 | 0xfe | 0xff))
        .map(u8::to_ascii_lowercase)
        .collect();
    let start = start.trim_ascii_start();
    let has = |text: &[u8]| start.windows(text.len()).any(|it| it == text);
    if !start.starts_with(b"<") {
        return None;
    }
    let html: [&[u8]; 5] = [b"<html", b"<table", b"<!doctype html", b"<meta", b"<body"];
    if has(b"urn:schemas-microsoft-com:office:spreadsheet") && !has(b"<html") {
        Some("XML Spreadsheet 2003")
    } else if html.iter().any(|tag| has(tag)) {
        Some("HTML")
    } else if start.starts_with(b"<?xml") {
        Some("XML")
    } else {
        None
    }
}

/// The refusal of a file that is something else.
pub(super) fn is_instead(name: &str) -> Problem {
    refused((
        format!("文件是 {name}，不是 .xlsx、.xls 或 CSV：请用表格软件另存为 .xlsx 或 CSV"),
        format!(
            "the file is {name}, not .xlsx, .xls or CSV: save it as .xlsx or CSV with a spreadsheet program"
        ),
    ))
}

/// The refusal of a workbook that is damaged.
pub(super) fn damaged() -> Problem {
    refused((
        "工作簿已损坏，无法读取：请用表格软件打开后另存为 .xlsx",
        "the workbook is damaged and cannot be read: open it in a spreadsheet program and save it as .xlsx",
    ))
}

/// The refusal of a workbook that only opens with a password.
pub(super) fn encrypted() -> Problem {
    refused((
        "工作簿有打开密码：请去掉密码后再上传",
        "the workbook opens with a password only: remove it and send the file again",
    ))
}

/// The refusal of a file as a whole.
pub(super) fn refused(why: impl Into<Words>) -> Problem {
    Problem::of(Reason::ImportFileInvalid).detail(why)
}
