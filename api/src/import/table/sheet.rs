//! Rows out of the cells of a sheet, as they come.
//!
//! Invariant: a row with something in it is a row of the table or stands above the header; columns
//! behind the header's and behind [`COLUMNS_MAX`] never take memory.

use super::columns::{COLUMNS_MAX, Columns, Missed, Search, too_wide};
use super::kind::{damaged, refused};
use super::number::{self, Style};
use super::rows::{self, Rows};
use super::{Field, Flaw, Named};
use crate::problem::Problem;

/// Most sheets looked at.
const SHEETS_MAX: usize = 200;

/// What a cell holds.
pub(super) enum Value<'a> {
    /// Text, or what is read as text.
    Text(&'a str),
    /// A number and how it is shown.
    Number(f64, Style),
    /// A day as ISO 8601 writes it.
    Day(&'a str),
    /// A formula without its result.
    Uncomputed,
    /// An error.
    Failed(&'a str),
}

/// A cell as kept until its row is whole.
struct Held {
    column: usize,
    text: String,
    flaw: Option<Flaw>,
}

/// A sheet as it is read.
pub(super) struct Sheet<'a> {
    search: Search<'a>,
    columns: Option<Columns>,
    rows: Rows,
    from_1904: bool,
    /// The row under way, from 1; 0 = none.
    row: u64,
    held: Vec<Held>,
    /// Only the header is wanted.
    probing: bool,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(named: &'a Named, from_1904: bool, probing: bool, file_bytes: usize) -> Self {
        Self {
            search: Search::new(named),
            columns: None,
            rows: Rows::of(file_bytes),
            from_1904,
            row: 0,
            held: Vec::new(),
            probing,
        }
    }

    /// Whether what was to be found is found, or cannot be.
    pub(super) fn is_settled(&self) -> bool {
        match &self.columns {
            Some(_) => self.probing,
            None => !self.search.goes_on(),
        }
    }

    /// Takes a cell; rows and columns from 0, rows in order.
    pub(super) fn cell(&mut self, row: u32, column: u32, value: &Value<'_>) -> Result<(), Problem> {
        let row = u64::from(row) + 1;
        if row < self.row {
            return Err(damaged());
        }
        if row > self.row {
            self.end_row()?;
            self.row = row;
        }
        let (text, flaw) = match value {
            Value::Text(text) => ((*text).to_owned(), None),
            Value::Number(value, style) => number::text(*value, *style, self.from_1904),
            Value::Day(text) => ((*text).to_owned(), Some(Flaw::Dated)),
            Value::Uncomputed => (String::new(), Some(Flaw::Uncomputed)),
            Value::Failed(text) => ((*text).to_owned(), Some(Flaw::Failed)),
        };
        if text.trim().is_empty() && flaw.is_none() {
            return Ok(());
        }
        let column = usize::try_from(column).map_err(Problem::internal)?;
        if column >= COLUMNS_MAX {
            return Err(refused(too_wide(column + 1)));
        }
        let beside = |columns: &Columns| column >= columns.headers.len();
        if !self.columns.as_ref().is_some_and(beside) {
            self.held.push(Held { column, text, flaw });
        }
        Ok(())
    }

    fn end_row(&mut self) -> Result<(), Problem> {
        let mut held = std::mem::take(&mut self.held);
        if held.is_empty() {
            return Ok(());
        }
        held.sort_by_key(|it| it.column);
        let Some(columns) = &self.columns else {
            let width = held.last().map_or(0, |it| it.column + 1);
            let mut cells = vec![String::new(); width];
            for it in held {
                if let Some(cell) = cells.get_mut(it.column) {
                    it.text.trim().clone_into(cell);
                }
            }
            if self.search.goes_on() {
                self.columns = self.search.look(cells);
            }
            return Ok(());
        };
        self.rows.begin(self.row, None)?;
        let mut held = held.into_iter().peekable();
        for column in 0..columns.headers.len() {
            let mut cell = None;
            while let Some(it) = held.next_if(|it| it.column <= column) {
                cell = Some(it);
            }
            match cell {
                None => self.rows.cell("", None)?,
                Some(it) => match it.flaw.and_then(|flaw| counts(flaw, columns.field(column))) {
                    // Sent back as text, it may not be taken for what was meant.
                    Some(flaw) if flaw != Flaw::Digits => {
                        self.rows.cell(&rows::marks(&it.text), Some(flaw))?;
                    }
                    Some(flaw) => self.rows.cell(&it.text, Some(flaw))?,
                    None => self.rows.judged(&it.text, columns)?,
                },
            }
        }
        Ok(())
    }

    /// The header's columns and the rows below, or why there is no header.
    pub(super) fn finish(mut self) -> Result<Result<(Columns, Rows), Missed>, Problem> {
        self.end_row()?;
        Ok(match self.columns {
            Some(columns) => Ok((columns, self.rows)),
            None => Err(self.search.missed()),
        })
    }
}

/// The flaw if it is one in a column of this meaning: a day belongs where days are asked for.
fn counts(flaw: Flaw, field: Option<Field>) -> Option<Flaw> {
    match (flaw, field?) {
        (Flaw::Dated, Field::CompletedOn) => None,
        (flaw, _) => Some(flaw),
    }
}

/// Refuses more sheets than are looked at.
pub(super) fn limit(sheets: usize) -> Result<(), Problem> {
    if sheets <= SHEETS_MAX {
        return Ok(());
    }
    Err(refused((
        format!("有 {sheets} 张可见的工作表，最多 {SHEETS_MAX} 张"),
        format!("{sheets} sheets can be seen; at most {SHEETS_MAX}"),
    )))
}

/// The one sheet with a header out of those that can be seen, by name.
pub(super) fn choose(probed: Vec<(String, Result<(), Missed>)>) -> Result<String, Problem> {
    let mut with_header = Vec::new();
    let mut best: Option<Missed> = None;
    for (name, found) in probed {
        match found {
            Ok(()) => with_header.push(name),
            Err(missed) if missed.wrong => return Err(missed.problem()),
            Err(missed) => {
                if best.as_ref().is_none_or(|best| missed.known > best.known) {
                    best = Some(missed);
                }
            }
        }
    }
    if with_header.len() > 1 {
        let zh = with_header.join("、");
        let en = with_header.join(", ");
        return Err(refused((
            format!("有多张工作表带表头：{zh}。请只留一张，或隐藏其余的"),
            format!("several sheets have a header: {en}. Keep one, or hide the others"),
        )));
    }
    match (with_header.pop(), best) {
        (Some(name), _) => Ok(name),
        (None, Some(missed)) => Err(missed.problem()),
        (None, None) => Err(refused((
            "工作簿里没有可见的工作表",
            "no sheet of the workbook can be seen",
        ))),
    }
}
