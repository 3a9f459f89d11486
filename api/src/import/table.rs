//! Reading a file, whatever it is, into rows of named fields.
//!
//! Invariant: a file is read as what its bytes are, not as what its name says; what cannot be read
//! for certain comes back as a finding or refuses the file. Memory is bounded by [`ROWS_MAX`] and by
//! the text kept, never by a number that the file states.

mod columns;
mod encoding;
mod field;
mod kind;
mod lines;
mod number;
mod package;
mod rows;
mod sheet;
mod text;
mod texts;
mod what;
mod xls;
mod xlsx;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::columns::Columns;
pub use self::columns::Named;
pub use self::encoding::Encoding;
pub use self::field::Field;
use self::kind::Kind;
pub use self::rows::ROWS_MAX;
use self::rows::Rows;
pub(super) use self::rows::marks;
pub use self::what::What;
use crate::problem::Problem;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text, cells between commas.
    Csv,
    /// Text, cells between tabs.
    Tsv,
    /// Text, cells between semicolons.
    Semicolon,
    /// An Excel workbook since 2007.
    Xlsx,
    /// An Excel workbook of 97 to 2003.
    Xls,
}

/// As what a file was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub format: Format,
    /// Its encoding, if it is text.
    pub encoding: Option<Encoding>,
    /// The sheet read, if it is a workbook.
    pub sheet: Option<String>,
}

/// How a file is to be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its encoding, if that is not to be found.
    pub encoding: Option<Encoding>,
    /// What its headers mean.
    pub columns: Named,
}

/// Why a cell cannot be taken for what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Its bytes are no text in the file's encoding.
    Undecodable(Encoding),
    /// The same, in a file that has lines in another encoding.
    Mixed,
    /// A zero byte stands in it.
    Nul,
    /// It is our mark of an unreadable cell.
    Mark,
    /// It has U+FFFD: another program lost a character.
    Replaced,
    /// It has a character for private use, which looks otherwise elsewhere.
    Private,
    /// A number with more digits than a spreadsheet keeps.
    Digits,
    /// The spreadsheet took it for a date.
    Dated,
    /// A formula whose result was not saved.
    Uncomputed,
    /// An error such as `#N/A`.
    Failed,
}

/// One row: its line in the file and its cells by meaning.
pub struct Row<'a> {
    /// Line in the file, or row in the sheet, from 1.
    pub line: u64,
    table: &'a Table,
    index: usize,
}

impl<'a> Row<'a> {
    /// The cell under `field`, trimmed; `None` = blank or no such column.
    pub fn cell(&self, field: Field) -> Result<Option<&'a str>, (Field, Flaw)> {
        let Some(column) = self.table.columns.at.get(&field) else {
            return Ok(None);
        };
        let flaws = self.table.rows.flaws(self.index);
        if let Some((.., flaw)) = flaws.iter().find(|(_, at, _)| usize::from(*at) == *column) {
            return Err((field, *flaw));
        }
        let text = self.table.rows.text(self.index, *column).trim();
        Ok((!text.is_empty()).then_some(text))
    }

    /// Whether the table has a column for `field`.
    pub fn has(&self, field: Field) -> bool {
        self.table.columns.at.contains_key(&field)
    }

    /// A flaw in a column that means nothing here, with its header: the row may have more of them.
    pub fn flaw_elsewhere(&self) -> Option<(&'a str, Flaw)> {
        let flaws = self.table.rows.flaws(self.index).iter();
        let mut elsewhere = flaws.filter_map(|(_, at, flaw)| {
            let column = usize::from(*at);
            let header = self.table.columns.headers.get(column);
            let known = self.table.columns.field(column).is_some();
            (!known).then_some((header.map_or("", String::as_str), *flaw))
        });
        elsewhere.next()
    }

    /// Whether it stands in a sheet, where cells can be merged.
    pub fn is_in_sheet(&self) -> bool {
        self.table.found.sheet.is_some()
    }
}

/// A file's rows.
pub struct Table {
    rows: Rows,
    columns: Columns,
    looked_at: u64,
    found: Found,
}

/// A row that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Its first line.
    pub line: u64,
    /// Its last line.
    pub last: u64,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Why a row cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It has another number of cells than the header.
    Cells,
    /// A quote is opened and not closed on its line.
    QuoteOpen,
    /// A cell goes on behind the quote that closes it: what it says is anybody's guess.
    QuoteBehind,
    /// It is in another encoding than the other rows, or seems to be.
    Mixed,
}

impl Table {
    /// Reads a file by what it is; rows are kept, wrong ones too.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        Self::read_as(bytes, &Reading::default())
    }

    /// The same, with what was told of it.
    pub fn read_as(bytes: &[u8], reading: &Reading) -> Result<Self, Problem> {
        match Kind::of(bytes)? {
            Kind::Text => text::read(bytes, reading),
            Kind::Xlsx => xlsx::read(bytes, reading),
            Kind::Xls => xls::read(bytes, reading),
        }
    }

    /// As what it was read.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Names of the fields found, each with the header of its column.
    pub fn columns(&self) -> BTreeMap<String, String> {
        let named = self.columns.at.iter().filter_map(|(field, at)| {
            let header = self.columns.headers.get(*at)?;
            Some((field.key().to_owned(), header.clone()))
        });
        named.collect()
    }

    /// The header's cells.
    pub fn headers(&self) -> &[String] {
        &self.columns.headers
    }

    /// Where a field stands, by its name in messages or its header.
    pub fn column(&self, name: &str) -> Option<usize> {
        let mut fields = self.columns.at.iter();
        let field = fields.find(|(field, _)| field.name() == name);
        field.map(|(_, at)| *at).or_else(|| {
            let mut headers = self.columns.headers.iter();
            headers.position(|header| !name.is_empty() && header == name)
        })
    }

    /// A cell of row `index` as it is kept; a row that cannot be read is one cell.
    pub fn text(&self, index: usize, column: usize) -> &str {
        self.rows.text(index, column)
    }

    /// The row that stands at this line.
    pub fn at_line(&self, line: u64) -> Option<usize> {
        let at = self.rows.at_line(line);
        let found = self.rows.place(at).filter(|(found, _)| *found == line);
        found.map(|_| at)
    }

    /// Bytes of text looked at to find where rows end: at most three times the file's.
    pub fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// Rows in the file.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Row `index`, from 0; where it stands if it is broken.
    pub fn row(&self, index: usize) -> Option<Result<Row<'_>, Broken>> {
        let (line, broken) = self.rows.place(index)?;
        Some(match broken {
            Some(broken) => Err(broken),
            None => Ok(Row {
                line,
                table: self,
                index,
            }),
        })
    }
}
