//! The texts that the cells of a workbook share.

use quick_xml::events::Event;

use crate::import::table::kind::damaged;
use crate::import::table::package::Xml;
use crate::import::table::texts::Texts;
use crate::problem::Problem;

/// Reads the part that holds them.
pub(super) fn read(mut xml: Xml<'_, '_>) -> Result<Texts, Problem> {
    let mut texts = Texts::default();
    let mut one = String::new();
    loop {
        match xml.next()? {
            Event::Start(tag) if tag.local_name().as_ref() == "si" => {
                one.clear();
                item(&mut xml, &mut one)?;
                texts.push(&one)?;
            }
            Event::Eof => return Ok(texts),
            _ => {}
        }
    }
}

/// The text of the `si` or `is` element that was begun last: its runs, without what is only a reading
/// aid.
pub(super) fn item(xml: &mut Xml<'_, '_>, into: &mut String) -> Result<(), Problem> {
    let (mut depth, mut aid) = (0_usize, None);
    let mut run = String::new();
    loop {
        let mut is_text = false;
        match xml.next()? {
            Event::Start(tag) => {
                depth += 1;
                match tag.local_name().as_ref() {
                    "rPh" => aid = aid.or(Some(depth)),
                    "t" => is_text = true,
                    _ => {}
                }
            }
            Event::End(_) if depth == 0 => return Ok(()),
            Event::End(_) => {
                if aid == Some(depth) {
                    aid = None;
                }
                depth -= 1;
            }
            Event::Eof => return Err(damaged()),
            _ => {}
        }
        if is_text {
            run.clear();
            xml.text(&mut run)?;
            depth -= 1;
            if aid.is_none() {
                unescape(&run, into);
            }
        }
    }
}

/// `_x000A_` is a line feed (ECMA-376 §22.9.2.19), and `_x005F_` the line before such a text.
pub(super) fn unescape(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("_x") {
        into.push_str(before);
        let code = behind
            .get(..4)
            .filter(|_| behind.as_bytes().get(4) == Some(&b'_'));
        let c = code
            .filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        if let Some(c) = c {
            into.push(c);
            rest = behind.get(5..).unwrap_or_default();
        } else {
            into.push_str("_x");
            rest = behind;
        }
    }
    into.push_str(rest);
}
