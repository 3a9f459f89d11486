//! Reading an .xlsx workbook (ECMA-376), one cell at a time.
//!
//! Invariant: sheets that are hidden are not read; a number is what the file writes, not what a
//! formula would give; what the file says about sizes and counts is not believed.

mod cells;
mod strings;
mod styles;

use std::collections::{HashMap, HashSet};

use quick_xml::events::Event;

use self::cells::Cells;
use self::styles::Styles;
use super::kind::damaged;
use super::package::{Package, Xml, attribute};
use super::sheet::{self, Sheet};
use super::{Format, Found, Reading, Table};
use crate::problem::Problem;

/// A sheet of the workbook.
struct Listed {
    name: String,
    relation: String,
    visible: bool,
}

/// What the workbook says of its parts.
#[derive(Default)]
struct Workbook {
    sheets: Vec<Listed>,
    from_1904: bool,
}

/// A relation: its number, the last word of its type, the part it leads to.
struct Relation {
    id: String,
    kind: String,
    part: String,
}

/// Reads a workbook.
pub(super) fn read(bytes: &[u8], reading: &Reading) -> Result<Table, Problem> {
    let mut package = Package::open(bytes)?;
    let main = relations(&mut package, "")?;
    let main = main.into_iter().find(|it| it.kind == "officeDocument");
    let main = main.ok_or_else(damaged)?.part;
    let relations = relations(&mut package, &main)?;
    let workbook = workbook(package.part(&main)?.ok_or_else(damaged)?)?;
    let part = |kind: &str| {
        relations
            .iter()
            .find(|it| it.kind == kind)
            .map(|it| it.part.as_str())
    };
    let strings = match part("sharedStrings") {
        Some(name) => package.part(name)?.map(strings::read).transpose()?,
        None => None,
    }
    .unwrap_or_default();
    let styles = match part("styles") {
        Some(name) => package.part(name)?.map(Styles::read).transpose()?,
        None => None,
    }
    .unwrap_or_default();
    sheet::limit(workbook.sheets.iter().filter(|it| it.visible).count())?;
    let worksheets = relations.iter().filter(|it| it.kind == "worksheet");
    let worksheets: HashMap<&str, &str> = worksheets
        .map(|it| (it.id.as_str(), it.part.as_str()))
        .collect();
    let visible: Vec<(&str, &str)> = workbook
        .sheets
        .iter()
        .filter(|sheet| sheet.visible)
        .filter_map(|sheet| {
            let part = worksheets.get(sheet.relation.as_str())?;
            Some((sheet.name.as_str(), *part))
        })
        .collect();
    let parts: HashSet<&str> = visible.iter().map(|(_, part)| *part).collect();
    if parts.len() < visible.len() {
        // Each part is read once for its header, however many sheets there are.
        return Err(damaged());
    }
    let mut take = |part: &str, probing: bool| {
        let mut sheet = Sheet::new(&reading.columns, workbook.from_1904, probing, bytes.len());
        let xml = package.part(part)?.ok_or_else(damaged)?;
        Cells::new(xml, &strings, &styles).read(&mut sheet)?;
        sheet.finish()
    };
    let probed = visible.iter().map(|(name, part)| {
        let found = take(part, true)?;
        Ok(((*name).to_owned(), found.map(|_| ())))
    });
    let probed = probed.collect::<Result<Vec<_>, Problem>>()?;
    let chosen = sheet::choose(probed)?;
    let part = visible.iter().find(|(name, _)| *name == chosen);
    let (_, part) = part.ok_or_else(damaged)?;
    let (columns, rows) = take(part, false)?.map_err(super::columns::Missed::problem)?;
    Ok(Table {
        rows,
        columns,
        looked_at: 0,
        found: Found {
            format: Format::Xlsx,
            encoding: None,
            sheet: Some(chosen),
        },
    })
}

/// The relations of a part, or of the package.
fn relations(package: &mut Package<'_>, part: &str) -> Result<Vec<Relation>, Problem> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let path = format!("{folder}/_rels/{name}.rels");
    let Some(mut xml) = package.part(&path)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                let of = |name| attribute(&tag, name).unwrap_or_default();
                let (kind, target) = (of("Type"), of("Target"));
                found.push(Relation {
                    id: of("Id"),
                    kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                    part: beside(folder, &target),
                });
            }
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The path of a target that is named from a folder.
fn beside(folder: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut path: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
    for step in target.split('/') {
        match step {
            "." | "" => {}
            ".." => {
                path.pop();
            }
            step => path.push(step),
        }
    }
    path.join("/")
}

fn workbook(mut xml: Xml<'_, '_>) -> Result<Workbook, Problem> {
    let mut workbook = Workbook::default();
    loop {
        match xml.next()? {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "sheet" => {
                    let of = |name| attribute(&tag, name).unwrap_or_default();
                    workbook.sheets.push(Listed {
                        name: of("name"),
                        relation: of("id"),
                        visible: matches!(of("state").as_str(), "" | "visible"),
                    });
                }
                "workbookPr" => {
                    if let Some(flag) = attribute(&tag, "date1904") {
                        workbook.from_1904 = matches!(flag.as_str(), "1" | "true");
                    }
                }
                _ => {}
            },
            Event::Eof => return Ok(workbook),
            _ => {}
        }
    }
}
