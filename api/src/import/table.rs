//! Reading a CSV file into rows of named fields.

mod lines;

use std::collections::HashMap;

use self::lines::{Lines, Part};
use crate::problem::{Problem, Reason};

/// Most rows of one file.
pub const ROWS_MAX: usize = 100_000;
/// Most columns looked at.
const COLUMNS_MAX: usize = 200;

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The person's number here.
    Learner,
    /// Name.
    Name,
    /// Resident ID.
    ResidentId,
    /// The awarder's own number for the outcome.
    Record,
    /// Kind of outcome.
    Kind,
    /// Course code.
    Code,
    /// Title.
    Title,
    /// Hours.
    Hours,
    /// Credits.
    Credits,
    /// Scheme.
    Scheme,
    /// Level.
    Level,
    /// Category.
    Category,
    /// Mark.
    Grade,
    /// Date of completion.
    CompletedOn,
}

/// Header words, both languages; compared without spaces, in lower case.
const HEADERS: &[(Field, &[&str])] = &[
    (Field::Learner, &["learner", "学习者编号", "人员编号"]),
    (Field::Name, &["姓名", "name", "学生姓名"]),
    (
        Field::ResidentId,
        &[
            "证件号",
            "证件号码",
            "身份证号",
            "身份证",
            "resident_id",
            "idnumber",
        ],
    ),
    (Field::Record, &["记录号", "record", "记录编号"]),
    (Field::Kind, &["类型", "kind", "成果类型"]),
    (Field::Code, &["课程代码", "code", "代码"]),
    (Field::Title, &["课程名称", "title", "名称", "成果名称"]),
    (Field::Hours, &["学时", "hours"]),
    (Field::Credits, &["学分", "credits"]),
    (Field::Scheme, &["体系", "scheme", "学分体系"]),
    (Field::Level, &["等级", "level", "资历等级"]),
    (Field::Category, &["类别", "category"]),
    (Field::Grade, &["成绩", "grade", "分数"]),
    (
        Field::CompletedOn,
        &["完成日期", "completed_on", "日期", "completedon"],
    ),
];

impl Field {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        HEADERS
            .iter()
            .find(|(field, _)| *field == self)
            .and_then(|(_, words)| words.first())
            .copied()
            .unwrap_or_default()
    }

    fn of(header: &str) -> Option<Self> {
        let header: String = header
            .chars()
            .filter(|c| !c.is_whitespace())
            .flat_map(char::to_lowercase)
            .collect();
        HEADERS
            .iter()
            .find(|(_, words)| words.contains(&header.as_str()))
            .map(|(field, _)| *field)
    }
}

/// One row: its line in the file and its cells by meaning; a cell that is not UTF-8 is an error.
pub struct Row<'a> {
    /// Line in the file, the header being 1.
    pub line: u64,
    cells: &'a csv::ByteRecord,
    columns: &'a HashMap<Field, usize>,
}

impl Row<'_> {
    /// The cell under `field`, trimmed; `None` = blank or no such column.
    pub fn cell(&self, field: Field) -> Result<Option<&str>, Field> {
        let Some(bytes) = self.columns.get(&field).and_then(|at| self.cells.get(*at)) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(bytes).map_err(|_| field)?.trim();
        Ok((!text.is_empty()).then_some(text))
    }
}

/// A file's rows.
pub struct Table {
    columns: HashMap<Field, usize>,
    records: Vec<(u64, Result<csv::ByteRecord, Broken>)>,
    looked_at: u64,
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
}

impl Table {
    /// Reads CSV with a header row; rows are kept, wrong ones too.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if is_other_encoding(bytes) {
            return Err(Problem::of(Reason::ImportFileInvalid).detail((
                "文件不是 UTF-8 编码：请另存为 UTF-8",
                "the file is not UTF-8: save it as UTF-8",
            )));
        }
        let bytes = lines::with_line_feeds(bytes);
        let mut lines = Lines::of(&bytes);
        let header = lines.header().ok_or_else(|| {
            Problem::of(Reason::ImportFileInvalid).detail((
                "表头中有引号没有闭合",
                "a quote in the header row is not closed",
            ))
        })?;
        let (columns, cells) = columns_of(header)?;
        let mut table = Self {
            columns,
            records: Vec::new(),
            looked_at: 0,
        };
        while let Some(part) = lines.next_part(cells) {
            match part {
                Part::Sound { bytes, line } => table.take(bytes, line, cells)?,
                Part::Broken(broken) => table.push(broken.line, Err(broken))?,
            }
        }
        table.looked_at = lines.looked_at;
        Ok(table)
    }

    /// Adds rows that stand on a line each; blank lines are none.
    fn take(&mut self, bytes: &[u8], first: u64, cells: usize) -> Result<(), Problem> {
        for (line, bytes) in (first..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            let mut records = lines::reader(bytes).into_byte_records();
            let Some(record) = records.next() else {
                continue;
            };
            let whole = record.ok().filter(|record| record.len() == cells);
            let broken = Broken {
                line,
                last: line,
                fault: Fault::Cells,
            };
            self.push(line, whole.ok_or(broken))?;
        }
        Ok(())
    }

    fn push(&mut self, line: u64, row: Result<csv::ByteRecord, Broken>) -> Result<(), Problem> {
        self.records.push((line, row));
        if self.records.len() > ROWS_MAX {
            return Err(Problem::of(Reason::ImportTooLarge).detail((
                format!("超过 {ROWS_MAX} 行"),
                format!("more than {ROWS_MAX} rows"),
            )));
        }
        Ok(())
    }

    /// Bytes looked at to find where rows end: at most three times the file's.
    pub fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// Rows in the file.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Row `index`, from 0; where it stands if it is broken.
    pub fn row(&self, index: usize) -> Option<Result<Row<'_>, Broken>> {
        let (line, record) = self.records.get(index)?;
        Some(match record {
            Ok(cells) => Ok(Row {
                line: *line,
                cells,
                columns: &self.columns,
            }),
            Err(broken) => Err(*broken),
        })
    }
}

/// Whether no line that says more than ASCII says it in UTF-8: then the file is to blame, not a row.
fn is_other_encoding(bytes: &[u8]) -> bool {
    let beyond_ascii = bytes
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .filter(|line| !line.is_ascii());
    let mut readable = beyond_ascii.map(|line| std::str::from_utf8(line).is_ok());
    readable.next() == Some(false) && !readable.any(|is_utf8| is_utf8)
}

/// What the columns mean, and how many there are.
fn columns_of(header: &[u8]) -> Result<(HashMap<Field, usize>, usize), Problem> {
    let wrong = |en: String, zh: String| Problem::of(Reason::ImportFileInvalid).detail((zh, en));
    let headers = lines::reader(header).into_byte_records().next();
    let headers = headers.transpose().ok().flatten().unwrap_or_default();
    if headers.len() > COLUMNS_MAX {
        return Err(wrong(
            format!("{} columns; at most {COLUMNS_MAX}", headers.len()),
            format!("共 {} 列，最多 {COLUMNS_MAX} 列", headers.len()),
        ));
    }
    let mut columns = HashMap::new();
    for (at, header) in headers.iter().enumerate() {
        let header = std::str::from_utf8(header).map_err(|_| {
            wrong(
                "the header row is not UTF-8".into(),
                "表头不是 UTF-8 编码：请另存为 UTF-8".into(),
            )
        })?;
        if let Some(field) = Field::of(header)
            && columns.insert(field, at).is_some()
        {
            let name = field.name();
            return Err(wrong(
                format!("two columns mean {name}"),
                format!("有两列都表示“{name}”"),
            ));
        }
    }
    let none = |field: Field| {
        let name = field.name();
        wrong(format!("no column {name}"), format!("缺少“{name}”列"))
    };
    for needed in [Field::Record, Field::CompletedOn] {
        if !columns.contains_key(&needed) {
            return Err(none(needed));
        }
    }
    if !columns.contains_key(&Field::Learner) && !columns.contains_key(&Field::ResidentId) {
        return Err(none(Field::ResidentId));
    }
    Ok((columns, headers.len()))
}
