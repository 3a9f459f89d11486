//! How the cells of a workbook show their numbers.

use std::collections::HashMap;

use quick_xml::events::Event;

use crate::import::table::number::Style;
use crate::import::table::package::{Xml, attribute};
use crate::problem::Problem;

/// Styles by number.
#[derive(Default)]
pub(super) struct Styles(Vec<Style>);

impl Styles {
    pub(super) fn read(mut xml: Xml<'_, '_>) -> Result<Self, Problem> {
        let mut own: HashMap<u16, Style> = HashMap::new();
        let mut styles = Vec::new();
        let mut in_cells = false;
        loop {
            match xml.next()? {
                Event::Start(tag) => match tag.local_name().as_ref() {
                    "numFmt" => {
                        let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok());
                        if let (Some(id), Some(code)) = (id, attribute(&tag, "formatCode")) {
                            own.insert(id, Style::of_code(&code));
                        }
                    }
                    "cellXfs" => in_cells = true,
                    "xf" if in_cells => {
                        let id = attribute(&tag, "numFmtId").and_then(|id| id.parse().ok());
                        let id = id.unwrap_or_default();
                        let known = own.get(&id).copied();
                        styles.push(known.unwrap_or_else(|| Style::of_number(id)));
                    }
                    _ => {}
                },
                Event::End(tag) if tag.local_name().as_ref() == "cellXfs" => in_cells = false,
                Event::Eof => return Ok(Self(styles)),
                _ => {}
            }
        }
    }

    pub(super) fn get(&self, index: usize) -> Style {
        self.0.get(index).copied().unwrap_or_default()
    }
}
