//! The cells of one sheet, in the order of the file.

use quick_xml::events::{BytesStart, Event};

use super::strings::{item, unescape};
use super::styles::Styles;
use crate::import::table::kind::damaged;
use crate::import::table::package::{Xml, attribute};
use crate::import::table::sheet::{Sheet, Value};
use crate::import::table::texts::Texts;
use crate::problem::Problem;

/// A cell's attributes.
struct Tag {
    row: u32,
    column: u32,
    style: usize,
    kind: &'static str,
}

/// What stood in a cell.
#[derive(Default)]
struct Body {
    text: String,
    formula: bool,
    value: bool,
    inline: bool,
}

/// The cells of a sheet.
pub(super) struct Cells<'x, 'p, 'a> {
    xml: Xml<'p, 'a>,
    strings: &'x Texts,
    styles: &'x Styles,
    row: u32,
    column: u32,
}

impl<'x, 'p, 'a> Cells<'x, 'p, 'a> {
    pub(super) fn new(xml: Xml<'p, 'a>, strings: &'x Texts, styles: &'x Styles) -> Self {
        Self {
            xml,
            strings,
            styles,
            row: 0,
            column: 0,
        }
    }

    /// Hands every cell to the sheet, until that has what it wants.
    pub(super) fn read(mut self, sheet: &mut Sheet<'_>) -> Result<(), Problem> {
        let mut body = Body::default();
        // Rows that say nothing of their number follow one another.
        let mut next_row = 0_u32;
        while !sheet.is_settled() {
            let tag = match self.xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "row" => {
                        let told = attribute(&tag, "r").and_then(|row| row.parse::<u32>().ok());
                        self.row = told.map_or(next_row, |row| row.saturating_sub(1));
                        next_row = self.row.saturating_add(1);
                        self.column = 0;
                        None
                    }
                    "c" => {
                        let tag = tag_of(&tag, self.row, self.column).ok_or_else(damaged)?;
                        self.column = tag.column.saturating_add(1);
                        Some(tag)
                    }
                    _ => None,
                },
                Event::End(tag) if tag.local_name().as_ref() == "sheetData" => return Ok(()),
                Event::Eof => return Ok(()),
                _ => None,
            };
            if let Some(tag) = tag {
                self.body(&mut body)?;
                self.hand_over(&tag, &body, sheet)?;
            }
        }
        Ok(())
    }

    /// What stands in the cell that was begun last.
    fn body(&mut self, body: &mut Body) -> Result<(), Problem> {
        body.text.clear();
        (body.formula, body.value, body.inline) = (false, false, false);
        let mut skipped = String::new();
        loop {
            let name = match self.xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "v" => 'v',
                    "is" => 'i',
                    "f" => 'f',
                    _ => ' ',
                },
                Event::End(_) => return Ok(()),
                Event::Eof => return Err(damaged()),
                _ => continue,
            };
            match name {
                'v' if !body.inline => {
                    body.text.clear();
                    self.xml.text(&mut body.text)?;
                    body.value = true;
                }
                'i' => {
                    body.text.clear();
                    item(&mut self.xml, &mut body.text)?;
                    body.inline = true;
                }
                name => {
                    body.formula |= name == 'f';
                    skipped.clear();
                    self.xml.text(&mut skipped)?;
                }
            }
        }
    }

    fn hand_over(&self, tag: &Tag, body: &Body, sheet: &mut Sheet<'_>) -> Result<(), Problem> {
        let text = body.text.as_str();
        let number = || text.trim().parse::<f64>().ok().filter(|it| it.is_finite());
        let mut unescaped = String::new();
        let value = match tag.kind {
            _ if body.inline => Value::Text(text),
            // A formula may well give no text.
            "str" if body.value => {
                unescape(text, &mut unescaped);
                Value::Text(&unescaped)
            }
            _ if text.is_empty() && body.formula => Value::Uncomputed,
            _ if text.is_empty() => return Ok(()),
            "s" => {
                let index = text.trim().parse().map_err(|_| damaged())?;
                Value::Text(self.strings.get(index).ok_or_else(damaged)?)
            }
            "b" => Value::Text(if text.trim() == "1" { "TRUE" } else { "FALSE" }),
            "e" => Value::Failed(text),
            "d" => Value::Day(text),
            _ => match number() {
                Some(number) => Value::Number(number, self.styles.get(tag.style)),
                None => Value::Text(text),
            },
        };
        sheet.cell(tag.row, tag.column, &value)
    }
}

/// Types of cells (ECMA-376 §18.18.11); numbers say `n` or nothing.
const KINDS: [&str; 5] = ["s", "str", "b", "e", "d"];

/// A cell's attributes; it stands at this place if it names no other.
fn tag_of(tag: &BytesStart<'_>, row: u32, column: u32) -> Option<Tag> {
    let mut read = Tag {
        row,
        column,
        style: 0,
        kind: "n",
    };
    for attribute in tag.attributes().with_checks(false).flatten() {
        let value = attribute.value.as_ref();
        match attribute.key.local_name().as_ref() {
            "r" => (read.row, read.column) = place_of(value)?,
            "s" => read.style = value.parse().unwrap_or_default(),
            "t" => read.kind = KINDS.into_iter().find(|it| *it == value).unwrap_or("n"),
            _ => {}
        }
    }
    Some(read)
}

/// Row and column of `B7`, from 0.
fn place_of(text: &str) -> Option<(u32, u32)> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = text.split_at(digits);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let letter = letter.to_ascii_uppercase();
        if !letter.is_ascii_uppercase() {
            return None;
        }
        column = column
            .checked_mul(26)?
            .checked_add(u32::from(letter - b'A') + 1)?;
    }
    let row: u32 = digits.parse().ok()?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}
