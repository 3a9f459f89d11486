//! Reading a CSV file into rows of named fields.

use std::collections::HashMap;

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
    records: Vec<(u64, Result<csv::ByteRecord, ()>)>,
}

impl Table {
    /// Reads CSV with a header row; rows are kept, wrong ones too.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let wrong = |what: String| Problem::of(Reason::ImportFileInvalid).detail(what);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(true)
            .from_reader(bytes);
        let headers = reader
            .byte_headers()
            .map_err(|error| wrong(error.to_string()))?
            .clone();
        if headers.len() > COLUMNS_MAX {
            return Err(wrong(format!(
                "{} columns; at most {COLUMNS_MAX}",
                headers.len()
            )));
        }
        let mut columns = HashMap::new();
        for (at, header) in headers.iter().enumerate() {
            let header = std::str::from_utf8(header)
                .map_err(|_| wrong("the header row is not UTF-8".into()))?;
            if let Some(field) = Field::of(header)
                && columns.insert(field, at).is_some()
            {
                return Err(wrong(format!("two columns mean {}", field.name())));
            }
        }
        for needed in [Field::Record, Field::CompletedOn] {
            if !columns.contains_key(&needed) {
                return Err(wrong(format!("no column {}", needed.name())));
            }
        }
        if !columns.contains_key(&Field::Learner) && !columns.contains_key(&Field::ResidentId) {
            return Err(wrong(format!("no column {}", Field::ResidentId.name())));
        }
        let mut records = Vec::new();
        let mut line = 1;
        for record in reader.into_byte_records() {
            line = record
                .as_ref()
                .ok()
                .and_then(csv::ByteRecord::position)
                .map_or(line + 1, csv::Position::line);
            let whole = record.map_err(|_| ()).and_then(|cells| {
                let broken = cells.len() != headers.len()
                    || cells
                        .iter()
                        .any(|cell| cell.contains(&b'\n') || cell.contains(&b'\r'));
                if broken { Err(()) } else { Ok(cells) }
            });
            records.push((line, whole));
            if records.len() > ROWS_MAX {
                return Err(Problem::of(Reason::ImportTooLarge)
                    .detail(format!("more than {ROWS_MAX} rows")));
            }
        }
        Ok(Self { columns, records })
    }

    /// Rows in the file.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Row `index`, from 0; the line number alone if the row is broken.
    pub fn row(&self, index: usize) -> Option<Result<Row<'_>, u64>> {
        let (line, record) = self.records.get(index)?;
        Some(match record {
            Ok(cells) => Ok(Row {
                line: *line,
                cells,
                columns: &self.columns,
            }),
            Err(()) => Err(*line),
        })
    }
}
