//! The cells of a table, one behind the other in one text.
//!
//! Invariant: at most [`ROWS_MAX`] rows and [`TEXT_MAX`] bytes, whatever the file says of itself: a
//! workbook may point at one long text a million times. A cell whose bytes are no text is kept as a
//! mark that no reading takes for text.

use super::columns::Columns;
use super::{Broken, Flaw};
use crate::problem::{Problem, Reason};

/// Most rows of one file.
pub const ROWS_MAX: usize = 100_000;
/// Most bytes of all cells.
const TEXT_MAX: usize = 256 << 20;
/// Most bytes of all cells for each byte of the file, beyond [`TEXT_SMALL`]: workbooks of real tables
/// come to twenty.
const TEXT_RATIO: usize = 100;
/// Bytes of all cells that any file may have.
const TEXT_SMALL: usize = 16 << 20;
/// Bytes of an unreadable cell that are told.
const TOLD_BYTES: usize = 16;
/// What stands around the bytes of an unreadable cell in a list of errors.
const MARKS: [char; 2] = ['⟦', '⟧'];

/// A row's place.
struct Place {
    line: u64,
    /// Its first cell.
    cell: usize,
    broken: Option<Broken>,
}

/// Rows of cells.
pub(super) struct Rows {
    text: String,
    /// Most bytes of it.
    text_max: usize,
    /// Where each cell ends in the text.
    ends: Vec<u32>,
    places: Vec<Place>,
    /// Row, column and flaw, in this order.
    flaws: Vec<(u32, u16, Flaw)>,
}

impl Rows {
    /// No rows yet, of a file of so many bytes.
    pub(super) fn of(file_bytes: usize) -> Self {
        let text_max = file_bytes.saturating_mul(TEXT_RATIO).max(TEXT_SMALL);
        Self {
            text: String::new(),
            text_max: text_max.min(TEXT_MAX),
            ends: Vec::new(),
            places: Vec::new(),
            flaws: Vec::new(),
        }
    }

    /// Begins a row.
    pub(super) fn begin(&mut self, line: u64, broken: Option<Broken>) -> Result<(), Problem> {
        if self.places.len() == ROWS_MAX {
            return Err(Problem::of(Reason::ImportTooLarge).detail((
                format!("超过 {ROWS_MAX} 行"),
                format!("more than {ROWS_MAX} rows"),
            )));
        }
        self.places.push(Place {
            line,
            cell: self.ends.len(),
            broken,
        });
        Ok(())
    }

    /// Adds a cell to the row begun last.
    pub(super) fn cell(&mut self, text: &str, flaw: Option<Flaw>) -> Result<(), Problem> {
        if self.text.len() + text.len() > self.text_max {
            let mib = self.text_max >> 20;
            return Err(Problem::of(Reason::ImportTooLarge).detail((
                format!("单元格的文字共超过 {mib} MiB"),
                format!("the text of the cells is more than {mib} MiB"),
            )));
        }
        self.text.push_str(text);
        let at = self.places.last().map_or(0, |place| place.cell);
        let column = u16::try_from(self.ends.len() - at).unwrap_or(u16::MAX);
        self.ends
            .push(u32::try_from(self.text.len()).map_err(Problem::internal)?);
        if let Some(flaw) = flaw {
            let row = self.places.len().saturating_sub(1);
            let row = u32::try_from(row).map_err(Problem::internal)?;
            self.flaws.push((row, column, flaw));
        }
        Ok(())
    }

    /// Adds a cell with the flaw that its text has in its column, if there is one.
    pub(super) fn judged(&mut self, text: &str, columns: &Columns) -> Result<(), Problem> {
        let at = self.places.last().map_or(0, |place| place.cell);
        let known = columns.field(self.ends.len() - at).is_some();
        if text.contains('\0') {
            return self.unreadable(text.as_bytes(), Flaw::Nul);
        }
        self.cell(text, flaw_of(text, known))
    }

    /// Adds a cell that cannot be read, as a mark that tells its first bytes.
    pub(super) fn unreadable(&mut self, bytes: &[u8], flaw: Flaw) -> Result<(), Problem> {
        self.cell(&marked(bytes), Some(flaw))
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Where row `index` stands, and what is wrong with it as a whole.
    pub(super) fn place(&self, index: usize) -> Option<(u64, Option<Broken>)> {
        let place = self.places.get(index)?;
        Some((place.line, place.broken))
    }

    /// The first row at this line or behind it.
    pub(super) fn at_line(&self, line: u64) -> usize {
        self.places.partition_point(|place| place.line < line)
    }

    /// How many cells row `index` has.
    pub(super) fn width(&self, index: usize) -> usize {
        let begin = self.places.get(index).map_or(0, |place| place.cell);
        let next = self.places.get(index + 1);
        next.map_or(self.ends.len(), |place| place.cell) - begin
    }

    /// A cell; empty if there is none.
    pub(super) fn text(&self, index: usize, column: usize) -> &str {
        if column >= self.width(index) {
            return "";
        }
        let cell = self.places.get(index).map_or(0, |place| place.cell) + column;
        let end = |cell: usize| self.ends.get(cell).map_or(0, |end| *end as usize);
        let begin = cell.checked_sub(1).map_or(0, end);
        self.text.get(begin..end(cell)).unwrap_or_default()
    }

    /// The flaws of row `index` by column.
    pub(super) fn flaws(&self, index: usize) -> &[(u32, u16, Flaw)] {
        let row = u32::try_from(index).unwrap_or(u32::MAX);
        let begin = self.flaws.partition_point(|(at, ..)| *at < row);
        let rest = self.flaws.get(begin..).unwrap_or_default();
        let len = rest.partition_point(|(at, ..)| *at == row);
        rest.get(..len).unwrap_or_default()
    }
}

/// What is wrong with a text as it stands in a column that is read, or in another.
fn flaw_of(text: &str, read: bool) -> Option<Flaw> {
    let text = text.trim();
    if text.starts_with(MARKS[0]) && text.ends_with(MARKS[1]) {
        return Some(Flaw::Mark);
    }
    if !read || text.is_ascii() {
        return None;
    }
    text.chars().find_map(|c| match c {
        '\u{fffd}' => Some(Flaw::Replaced),
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => Some(Flaw::Private),
        _ => None,
    })
}

/// The mark of bytes that are no text.
pub(super) fn marked(bytes: &[u8]) -> String {
    let told: Vec<_> = bytes
        .iter()
        .take(TOLD_BYTES)
        .map(|byte| format!("{byte:02X}"))
        .collect();
    let more = if bytes.len() > TOLD_BYTES { " …" } else { "" };
    marks(&format!("{}{more}", told.join(" ")))
}

/// A text in the marks of what may not be taken for text.
pub(in crate::import) fn marks(text: &str) -> String {
    format!("{}{text}{}", MARKS[0], MARKS[1])
}
