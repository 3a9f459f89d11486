//! Which column is which: told by the institution, or read from the header.
//!
//! Invariant: a field has at most one column, a column at most one field; a row is the header only
//! if it names every column without which nothing can be recorded.

use std::collections::{BTreeMap, HashMap};

use super::field::{Field, plain};
use super::what::What;
use crate::problem::{Problem, Reason, Words};

/// Most columns looked at.
pub(super) const COLUMNS_MAX: usize = 200;
/// Rows in which the header is looked for: titles often stand above it.
pub(super) const HEADER_ROWS: usize = 10;

/// What header texts mean at an institution, whatever else they might; `None` = nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// By plain text of the header.
    by_text: BTreeMap<String, Option<Field>>,
    /// Other headers mean nothing.
    only: bool,
    /// In a file of what.
    what: What,
}

impl Named {
    /// Adds a header's meaning; a later one counts.
    pub fn add(&mut self, header: &str, field: Option<Field>) {
        self.by_text.insert(plain(header), field);
    }

    /// Adds many.
    pub fn add_all(&mut self, told: BTreeMap<String, Option<Field>>) {
        for (header, field) in told {
            self.add(&header, field);
        }
    }

    /// The same in a file of `what`.
    #[must_use]
    pub fn in_file_of(mut self, what: What) -> Self {
        self.what = what;
        self
    }

    /// The headers with their meanings.
    pub fn to_map(&self) -> BTreeMap<String, Option<Field>> {
        self.by_text.clone()
    }

    /// Exactly these columns, as a file was read before.
    pub fn exactly(columns: &BTreeMap<String, String>) -> Self {
        let mut named = Self {
            only: !columns.is_empty(),
            ..Self::default()
        };
        for (field, header) in columns {
            named.add(header, Field::of(field));
        }
        named
    }

    /// The field of a header, and whether that was told.
    fn of(&self, header: &str) -> (Option<Field>, bool) {
        let (field, told) = match self.by_text.get(&plain(header)) {
            Some(told) => (*told, true),
            None if self.only => (None, false),
            None => (Field::of(header), false),
        };
        (field.filter(|field| self.what.has(*field)), told)
    }
}

/// The columns of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// Where each field stands.
    pub(super) at: HashMap<Field, usize>,
    /// What each column means.
    fields: Vec<Option<Field>>,
    /// The header's cells.
    pub(super) headers: Vec<String>,
}

/// A row that is no header.
pub(super) struct Missed {
    /// Columns that it names all the same.
    pub(super) known: usize,
    /// Why not.
    pub(super) why: Words,
    /// It is the header, and wrong.
    pub(super) wrong: bool,
}

impl Missed {
    /// The refusal of a file that has no better row.
    pub(super) fn problem(self) -> Problem {
        Problem::of(Reason::ImportFileInvalid).detail(self.why)
    }
}

impl Columns {
    /// The columns if these are a header's cells.
    pub(super) fn of(headers: Vec<String>, named: &Named) -> Result<Self, Missed> {
        let mut at: HashMap<Field, (usize, bool)> = HashMap::new();
        let mut twice = None;
        for (column, header) in headers.iter().enumerate() {
            let (Some(field), told) = named.of(header) else {
                continue;
            };
            match at.get(&field) {
                Some((_, true)) if !told => {}
                Some((_, known)) if *known == told => twice = Some(field),
                _ => {
                    at.insert(field, (column, told));
                }
            }
        }
        let known = at.len();
        let missed = |why: Words, wrong| Missed { known, why, wrong };
        if let Some(field) = named.what.missing(&at) {
            let (name, key) = (field.name(), field.key());
            return Err(missed(
                (
                    format!("前 {HEADER_ROWS} 行中没有表头：缺少“{name}”列"),
                    format!("no header in the first {HEADER_ROWS} rows: no column {key} ({name})"),
                )
                    .into(),
                false,
            ));
        }
        if let Some(field) = twice {
            let (name, key) = (field.name(), field.key());
            return Err(missed(
                (
                    format!("有两列都表示“{name}”：请删去一列，或在 columns 中说明"),
                    format!("two columns mean {key} ({name}): remove one, or say in `columns` which counts"),
                )
                    .into(),
                true,
            ));
        }
        if headers.len() > COLUMNS_MAX {
            let len = headers.len();
            return Err(missed(too_wide(len), true));
        }
        let mut fields = vec![None; headers.len()];
        for (field, (column, _)) in &at {
            if let Some(means) = fields.get_mut(*column) {
                *means = Some(*field);
            }
        }
        let at = at.into_iter().map(|(field, (column, _))| (field, column));
        Ok(Self {
            at: at.collect(),
            fields,
            headers,
        })
    }

    /// The field of a column.
    pub(super) fn field(&self, column: usize) -> Option<Field> {
        self.fields.get(column).copied().flatten()
    }
}

/// More columns than are looked at.
pub(super) fn too_wide(columns: usize) -> Words {
    (
        format!("共 {columns} 列，最多 {COLUMNS_MAX} 列"),
        format!("{columns} columns; at most {COLUMNS_MAX}"),
    )
        .into()
}

/// The search for the header over the first rows.
pub(super) struct Search<'a> {
    named: &'a Named,
    rows: usize,
    best: Option<Missed>,
}

impl<'a> Search<'a> {
    pub(super) fn new(named: &'a Named) -> Self {
        Self {
            named,
            rows: 0,
            best: None,
        }
    }

    /// Whether there is still a row to look at.
    pub(super) fn goes_on(&self) -> bool {
        self.rows < HEADER_ROWS && !self.best.as_ref().is_some_and(|best| best.wrong)
    }

    /// Looks at a row that is not blank.
    pub(super) fn look(&mut self, cells: Vec<String>) -> Option<Columns> {
        self.rows += 1;
        match Columns::of(cells, self.named) {
            Ok(columns) => Some(columns),
            Err(missed) => {
                let better = |best: &Missed| missed.wrong || missed.known > best.known;
                if self.best.as_ref().is_none_or(better) {
                    self.best = Some(missed);
                }
                None
            }
        }
    }

    /// What the best row missed.
    pub(super) fn missed(self) -> Missed {
        self.best.unwrap_or_else(|| Missed {
            known: 0,
            why: ("文件里没有一行内容", "there is no row in the file").into(),
            wrong: false,
        })
    }
}
