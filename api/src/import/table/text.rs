//! Reading CSV, TSV and semicolon-separated text.
//!
//! Invariant: every line that is not blank is a row, good or broken, or stands above the header.

use super::columns::{Columns, Missed, Search};
use super::encoding::{Encoded, Encoding};
use super::lines::{self, Lines, Part};
use super::rows::{Rows, marked};
use super::{Broken, Fault, Flaw, Format, Found, Reading, Table};
use crate::problem::{Problem, Reason};

/// What may stand between cells, the usual first.
const DELIMITERS: [(u8, Format); 3] = [
    (b',', Format::Csv),
    (b'\t', Format::Tsv),
    (b';', Format::Semicolon),
];

/// The header found, and the lines behind it.
struct Head<'a> {
    columns: Columns,
    lines: Lines<'a>,
    delimiter: u8,
    format: Format,
}

/// Reads a text file.
pub(super) fn read(bytes: &[u8], reading: &Reading) -> Result<Table, Problem> {
    let told = match reading.encoding {
        None if Encoded::may_be_utf16(bytes) => unmarked_utf16(bytes, reading)?,
        told => told,
    };
    let mut file = Encoded::of(bytes, told);
    if let std::borrow::Cow::Owned(fed) = lines::with_line_feeds(&file.bytes) {
        file.bytes = fed.into();
    }
    let head = find(&file, reading).map_err(Missed::problem)?;
    let Head {
        columns,
        mut lines,
        delimiter,
        format,
    } = head;
    let mut taking = Taking {
        file: &file,
        cells: columns.headers.len(),
        columns: &columns,
        delimiter,
        rows: Rows::of(bytes.len()),
    };
    while let Some(part) = lines.next_part(taking.cells) {
        match part {
            Part::Sound { bytes, line } => taking.lines(bytes, line)?,
            Part::Broken { bytes, broken } => taking.broken(bytes, broken)?,
        }
    }
    let rows = taking.rows;
    Ok(Table {
        rows,
        columns,
        looked_at: lines.looked_at,
        found: Found {
            format,
            encoding: Some(file.encoding),
            sheet: None,
        },
    })
}

/// Which kind of UTF-16 a file is that does not say so, if its header reads in one of them only.
fn unmarked_utf16(bytes: &[u8], reading: &Reading) -> Result<Option<Encoding>, Problem> {
    let mut read = [Encoding::Utf16Le, Encoding::Utf16Be]
        .into_iter()
        .filter(|encoding| find(&Encoded::of(bytes, Some(*encoding)), reading).is_ok());
    match (read.next(), read.next()) {
        (Some(encoding), None) => Ok(Some(encoding)),
        _ if zeroes_take_turns(bytes) => {
            Err(Problem::of(Reason::ImportFileInvalid).detail((
                "文件像是没有 BOM 的 UTF-16：请在 encoding 中写明 utf-16le 或 utf-16be，或另存为 UTF-8",
                "the file looks like UTF-16 without a byte order mark: say utf-16le or utf-16be in `encoding`, or save it as UTF-8",
            )))
        }
        _ => Ok(None),
    }
}

/// Whether most of a file's start has a zero as every second byte.
fn zeroes_take_turns(bytes: &[u8]) -> bool {
    let (pairs, _) = bytes
        .get(..bytes.len().min(4096))
        .unwrap_or_default()
        .as_chunks::<2>();
    let zero = pairs.iter().filter(|pair| pair.contains(&0)).count();
    zero > 0 && zero * 2 >= pairs.len()
}

/// Finds the header: the first row in which one of the delimiters makes the needed columns.
fn find<'a>(file: &'a Encoded<'_>, reading: &Reading) -> Result<Head<'a>, Missed> {
    let mut best: Option<Missed> = None;
    for (delimiter, format) in DELIMITERS {
        let mut lines = Lines::of(&file.bytes, delimiter);
        match header(file, &mut lines, delimiter, reading) {
            Ok(columns) => {
                return Ok(Head {
                    columns,
                    lines,
                    delimiter,
                    format,
                });
            }
            Err(missed) => {
                let better = |best: &Missed| missed.known > best.known;
                if best.as_ref().is_none_or(better) {
                    best = Some(missed);
                }
            }
        }
    }
    Err(best.unwrap_or_else(|| Search::new(&reading.columns).missed()))
}

fn header(
    file: &Encoded<'_>,
    lines: &mut Lines<'_>,
    delimiter: u8,
    reading: &Reading,
) -> Result<Columns, Missed> {
    let mut search = Search::new(&reading.columns);
    let mut unreadable = false;
    while search.goes_on() {
        let Some(row) = lines.header() else {
            let missed = search.missed();
            let open = Missed {
                known: 0,
                why: (
                    "表头中有引号没有闭合",
                    "a quote in the header row is not closed",
                )
                    .into(),
                wrong: true,
            };
            return Err(if missed.known > 0 { missed } else { open });
        };
        if row.trim_ascii().is_empty() {
            break;
        }
        let cells = lines::cells(row, delimiter).unwrap_or_default();
        let cells = cells.iter().map(|cell| {
            let text = file.text(cell);
            unreadable |= text.is_none();
            text.map_or_else(|| marked(cell), |text| text.trim().to_owned())
        });
        if let Some(columns) = search.look(cells.collect()) {
            return Ok(columns);
        }
    }
    let mut missed = search.missed();
    if unreadable && !missed.wrong {
        let name = file.encoding.name();
        missed.why = (
            format!("表头不是 {name} 编码：请在 encoding 中写明编码，或另存为 UTF-8"),
            format!("the header row is not {name}: say in `encoding` what it is, or save the file as UTF-8"),
        )
            .into();
    }
    Err(missed)
}

/// The rows of a file as they are taken.
struct Taking<'a> {
    file: &'a Encoded<'a>,
    columns: &'a Columns,
    /// Cells of the header.
    cells: usize,
    delimiter: u8,
    rows: Rows,
}

impl Taking<'_> {
    /// Adds rows that stand on a line each; lines and rows without anything are none.
    fn lines(&mut self, bytes: &[u8], first: u64) -> Result<(), Problem> {
        for (line, bytes) in (first..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let broken = |fault| Broken {
                line,
                last: line,
                fault,
            };
            let Some(record) = lines::cells(bytes, self.delimiter) else {
                continue;
            };
            let fits = record.len() == self.cells;
            if fits && record.iter().all(|cell| cell.trim_ascii().is_empty()) {
                continue;
            }
            if self.file.is_other(bytes) {
                self.broken(bytes, broken(Fault::Mixed))?;
            } else if fits {
                self.rows.begin(line, None)?;
                for cell in &record {
                    self.cell(cell)?;
                }
            } else {
                self.broken(bytes, broken(Fault::Cells))?;
            }
        }
        Ok(())
    }

    fn cell(&mut self, cell: &[u8]) -> Result<(), Problem> {
        match self.file.text(cell) {
            Some(text) => self.rows.judged(&text, self.columns),
            None if self.file.mixed => self.rows.unreadable(cell, Flaw::Mixed),
            None => self
                .rows
                .unreadable(cell, Flaw::Undecodable(self.file.encoding)),
        }
    }

    /// Adds a row that cannot be read, as one cell.
    fn broken(&mut self, bytes: &[u8], broken: Broken) -> Result<(), Problem> {
        self.rows.begin(broken.line, Some(broken))?;
        let bytes = bytes.trim_ascii_end();
        let text = match broken.fault {
            Fault::Mixed => std::str::from_utf8(bytes).ok().map(Into::into),
            _ => self.file.text(bytes),
        };
        match text {
            Some(text) if !text.contains('\0') => self.rows.cell(&text, None),
            _ => self.rows.cell(&marked(bytes), None),
        }
    }
}
