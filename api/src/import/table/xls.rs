//! Reading an .xls workbook of Excel 97 to 2003 (MS-XLS, BIFF8).
//!
//! Invariant: as for .xlsx; a workbook of an older Excel is refused by name, because its texts say
//! nothing certain of their encoding.

mod container;
mod records;

pub(super) use self::container::CONTAINER;
use self::container::{Container, f64_at, u16_at, u32_at};
use self::records::{Cursor, Record, Records};
use super::columns::Missed;
use super::kind::{damaged, encrypted, is_instead};
use super::number::Style;
use super::sheet::{self, Sheet, Value};
use super::texts::Texts;
use super::{Format, Found, Reading, Table};
use crate::problem::Problem;

const BOF: u16 = 0x0809;
const EOF: u16 = 0x000a;
const VERSION_8: u16 = 0x0600;

/// A sheet's name and where its records begin.
struct Listed {
    name: String,
    at: usize,
}

/// What the workbook says before its sheets.
#[derive(Default)]
struct Workbook {
    visible: Vec<Listed>,
    strings: Texts,
    styles: Vec<Style>,
    from_1904: bool,
}

/// Whether the container holds a workbook; else what it holds.
pub(super) fn kind(bytes: &[u8]) -> Result<(), Problem> {
    let container = Container::open(bytes)?;
    if container.has("EncryptedPackage") {
        return Err(encrypted());
    }
    let other = [
        ("Workbook", ""),
        ("Book", "Excel 5.0/95"),
        ("WordDocument", "Word"),
        ("PowerPoint Document", "PowerPoint"),
    ];
    match other.into_iter().find(|(stream, _)| container.has(stream)) {
        Some(("Workbook", _)) => Ok(()),
        Some((_, name)) => Err(is_instead(name)),
        None => Err(is_instead("OLE2")),
    }
}

/// Reads a workbook.
pub(super) fn read(bytes: &[u8], reading: &Reading) -> Result<Table, Problem> {
    let stream = Container::open(bytes)?
        .stream("Workbook")
        .ok_or_else(damaged)?;
    let workbook = Workbook::read(&stream)?;
    let take = |listed: &Listed, probing: bool| {
        let mut sheet = Sheet::new(&reading.columns, workbook.from_1904, probing, bytes.len());
        workbook.cells(Records::of(&stream, listed.at), &mut sheet)?;
        sheet.finish()
    };
    sheet::limit(workbook.visible.len())?;
    let probed = workbook.visible.iter().map(|listed| {
        let found = take(listed, true)?;
        Ok((listed.name.clone(), found.map(|_| ())))
    });
    let chosen = sheet::choose(probed.collect::<Result<Vec<_>, Problem>>()?)?;
    let listed = workbook.visible.iter().find(|it| it.name == chosen);
    let (columns, rows) = take(listed.ok_or_else(damaged)?, false)?.map_err(Missed::problem)?;
    Ok(Table {
        rows,
        columns,
        looked_at: 0,
        found: Found {
            format: Format::Xls,
            encoding: None,
            sheet: Some(chosen),
        },
    })
}

impl Workbook {
    fn read(stream: &[u8]) -> Result<Self, Problem> {
        let mut workbook = Self::default();
        let mut own: Vec<(u16, Style)> = Vec::new();
        for record in Records::of(stream, 0) {
            let data = record.data();
            match record.kind {
                BOF if u16_at(data, 0) != Some(VERSION_8) => {
                    return Err(is_instead("Excel 5.0/95"));
                }
                0x002f => return Err(encrypted()),
                0x0022 => workbook.from_1904 = u16_at(data, 0) == Some(1),
                0x041e => {
                    let id = u16_at(data, 0).ok_or_else(damaged)?;
                    let code = Cursor::of(&record, 2).text(2).ok_or_else(damaged)?;
                    own.push((id, Style::of_code(&code)));
                }
                0x00e0 => {
                    let id = u16_at(data, 2).ok_or_else(damaged)?;
                    let known = own.iter().find(|(own, _)| *own == id);
                    let style = known.map_or_else(|| Style::of_number(id), |(_, style)| *style);
                    workbook.styles.push(style);
                }
                0x0085 => workbook.visible.extend(listed(&record)?),
                0x00fc => workbook.strings = strings(&record)?,
                EOF => return Ok(workbook),
                _ => {}
            }
        }
        Err(damaged())
    }

    fn style(&self, data: &[u8], at: usize) -> Style {
        let style = u16_at(data, at).and_then(|style| self.styles.get(usize::from(style)));
        style.copied().unwrap_or_default()
    }

    /// Hands every cell to the sheet, until that has what it wants.
    fn cells(&self, records: Records<'_>, sheet: &mut Sheet<'_>) -> Result<(), Problem> {
        // Charts in a sheet have records of their own.
        let mut depth = 0_usize;
        let mut awaited: Option<(u32, u32)> = None;
        for record in records {
            if sheet.is_settled() {
                return Ok(());
            }
            match record.kind {
                BOF => depth += 1,
                _ if depth == 0 => return Err(damaged()),
                EOF if depth == 1 => return Ok(()),
                EOF => depth -= 1,
                _ if depth != 1 => {}
                0x0207 => {
                    if let Some((row, column)) = awaited.take() {
                        let text = Cursor::of(&record, 0).text(2).ok_or_else(damaged)?;
                        sheet.cell(row, column, &Value::Text(&text))?;
                    }
                }
                _ => {
                    if self.cell(&record, sheet)?.is_some_and(|awaits| awaits) {
                        awaited = place(record.data());
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a record if it is a cell; whether its text comes in the next record.
    fn cell(&self, record: &Record<'_>, sheet: &mut Sheet<'_>) -> Result<Option<bool>, Problem> {
        let data = record.data();
        let cells = [
            0x00fd, 0x0204, 0x00d6, 0x0203, 0x027e, 0x00bd, 0x0205, 0x0006,
        ];
        if !cells.contains(&record.kind) {
            return Ok(None);
        }
        let (row, column) = place(data).ok_or_else(damaged)?;
        let style = self.style(data, 4);
        let owned;
        let value = match record.kind {
            0x00fd => {
                let index = u32_at(data, 6).and_then(|it| usize::try_from(it).ok());
                let text = index.and_then(|index| self.strings.get(index));
                Value::Text(text.ok_or_else(damaged)?)
            }
            0x0204 | 0x00d6 => {
                owned = Cursor::of(record, 6).text(2).ok_or_else(damaged)?;
                Value::Text(&owned)
            }
            0x0203 => Value::Number(f64_at(data, 6).ok_or_else(damaged)?, style),
            0x027e => Value::Number(packed(u32_at(data, 6).ok_or_else(damaged)?), style),
            0x00bd => {
                let last = data.len().saturating_sub(2);
                let numbers = (4..last).step_by(6).zip(column..);
                for (at, column) in numbers {
                    let number = packed(u32_at(data, at + 2).ok_or_else(damaged)?);
                    sheet.cell(row, column, &Value::Number(number, self.style(data, at)))?;
                }
                return Ok(Some(false));
            }
            0x0205 => {
                let bytes = data.get(6..8).ok_or_else(damaged)?;
                truth_or_failure(bytes == [1, 0], bytes.last() == Some(&1))
            }
            _ => {
                let result = data.get(6..14).ok_or_else(damaged)?;
                match (result.get(6..), result.first(), result.get(2)) {
                    (Some([0xff, 0xff]), Some(0), _) => return Ok(Some(true)),
                    (Some([0xff, 0xff]), Some(3), _) => return Ok(Some(false)),
                    (Some([0xff, 0xff]), Some(kind), it) => {
                        truth_or_failure(it == Some(&1), *kind == 2)
                    }
                    _ => Value::Number(f64_at(result, 0).ok_or_else(damaged)?, style),
                }
            }
        };
        sheet.cell(row, column, &value)?;
        Ok(Some(false))
    }
}

fn truth_or_failure(truth: bool, failure: bool) -> Value<'static> {
    match (failure, truth) {
        (true, _) => Value::Failed("#ERROR"),
        (false, true) => Value::Text("TRUE"),
        (false, false) => Value::Text("FALSE"),
    }
}

/// Row and column of a cell.
fn place(data: &[u8]) -> Option<(u32, u32)> {
    Some((u32::from(u16_at(data, 0)?), u32::from(u16_at(data, 2)?)))
}

/// A sheet if it can be seen and holds cells.
fn listed(record: &Record<'_>) -> Result<Option<Listed>, Problem> {
    let data = record.data();
    let at = u32_at(data, 0).and_then(|at| usize::try_from(at).ok());
    let state = data.get(4..6).ok_or_else(damaged)?;
    let name = Cursor::of(record, 6).text(1).ok_or_else(damaged)?;
    let at = at.ok_or_else(damaged)?;
    let seen = state.first().is_some_and(|it| it.trailing_zeros() >= 2) && state.last() == Some(&0);
    Ok(seen.then_some(Listed { name, at }))
}

/// The texts that cells share.
fn strings(record: &Record<'_>) -> Result<Texts, Problem> {
    let count = u32_at(record.data(), 4).ok_or_else(damaged)?;
    let mut cursor = Cursor::of(record, 8);
    let mut texts = Texts::default();
    for _ in 0..count {
        texts.push(&cursor.text(2).ok_or_else(damaged)?)?;
    }
    Ok(texts)
}

/// A number in four bytes (`RkNumber`).
fn packed(bits: u32) -> f64 {
    let number = if bits & 2 == 0 {
        f64::from_bits(u64::from(bits & !3) << 32)
    } else {
        f64::from(bits.cast_signed() >> 2)
    };
    if bits & 1 == 0 {
        number
    } else {
        number / 100.0
    }
}
