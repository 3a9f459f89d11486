//! The package (ZIP) of an .xlsx file.
//!
//! Invariant: before a part is read, every entry has been inflated and counted, whatever the archive
//! says of its sizes; together they have at most [`INFLATED_MAX`] bytes. Reading XML holds one piece
//! of at most [`PIECE_MAX`] bytes.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::rc::Rc;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use zip::ZipArchive;
use zip::read::ZipFile;

use super::kind::{damaged, encrypted, is_instead, refused};
use crate::problem::{Problem, Reason};

/// Most bytes of all entries.
const INFLATED_MAX: u64 = 1 << 30;
/// Most bytes that are inflated before a file must have some size itself.
const INFLATED_FREE: u64 = 64 << 20;
/// How many bytes one byte of the file may become: tables of one row over and over come to 300.
const RATIO_MAX: u64 = 500;
/// Most entries.
const ENTRIES_MAX: usize = 10_000;
/// Longest tag or text: a cell holds 32,767 characters.
const PIECE_MAX: usize = 1 << 20;

/// The archive.
pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
}

/// Whether the archive is an .xlsx; else what it is.
pub(super) fn kind(bytes: &[u8]) -> Result<(), Problem> {
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let has = |start: &str| {
        let mut names = archive.file_names_raw();
        names.any(|name| name.starts_with(start.as_bytes()))
    };
    let name = if has("xl/workbook.bin") {
        "XLSB"
    } else if has("Index/") || has("Index.zip") {
        "Numbers"
    } else if has("mimetype") || has("content.xml") {
        "ODS (OpenDocument)"
    } else if has("word/") {
        "Word"
    } else if has("ppt/") {
        "PowerPoint"
    } else if has("[Content_Types].xml") || has("_rels/") {
        return Ok(());
    } else {
        "ZIP"
    };
    Err(is_instead(name))
}

impl<'a> Package<'a> {
    /// Opens the archive and counts what is in it.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Problem> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
        if archive.len() > ENTRIES_MAX {
            let len = archive.len();
            return Err(refused((
                format!("压缩包里有 {len} 个文件，最多 {ENTRIES_MAX} 个"),
                format!("{len} entries in the package; at most {ENTRIES_MAX}"),
            )));
        }
        let free = (bytes.len() as u64).saturating_mul(RATIO_MAX);
        let most = INFLATED_MAX.min(free.max(INFLATED_FREE));
        let mut left = most;
        for index in 0..archive.len() {
            let entry = archive.by_index(index).map_err(|error| match error {
                zip::result::ZipError::UnsupportedArchive(
                    zip::result::ZipError::PASSWORD_REQUIRED,
                ) => encrypted(),
                _ => damaged(),
            })?;
            let mut counted = entry.take(left + 1);
            let read = io::copy(&mut counted, &mut io::sink()).map_err(|_| damaged())?;
            left = left.checked_sub(read).ok_or_else(|| {
                let mib = most >> 20;
                Problem::of(Reason::ImportTooLarge).detail((
                    format!("解压后超过 {mib} MiB"),
                    format!("more than {mib} MiB once inflated"),
                ))
            })?;
        }
        Ok(Self { archive })
    }

    /// A part of the package; `None` = there is none of this name.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Xml<'_, 'a>>, Problem> {
        let name = name.trim_start_matches('/');
        let index = self.archive.index_for_name(name).or_else(|| {
            let found = self
                .archive
                .file_names_raw()
                .position(|it| it.eq_ignore_ascii_case(name.as_bytes()))?;
            Some(found)
        });
        let Some(index) = index else {
            return Ok(None);
        };
        let entry = self.archive.by_index(index).map_err(|_| damaged())?;
        Ok(Some(Xml::of(entry)))
    }
}

/// Bytes of which only some may be read before the next piece begins.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.left.set(self.left.get().saturating_sub(read));
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left.get() == 0 {
            return Err(io::Error::other("a piece of XML is too long"));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.left.set(self.left.get().saturating_sub(amount));
        self.inner.consume(amount);
    }
}

type Source<'p, 'a> = Bounded<BufReader<ZipFile<'p, Cursor<&'a [u8]>>>>;

/// The XML of a part.
pub(super) struct Xml<'p, 'a> {
    reader: Reader<Source<'p, 'a>>,
    left: Rc<Cell<usize>>,
    buffer: Vec<u8>,
}

impl<'p, 'a> Xml<'p, 'a> {
    fn of(entry: ZipFile<'p, Cursor<&'a [u8]>>) -> Self {
        let left = Rc::new(Cell::new(PIECE_MAX));
        let mut reader = Reader::from_reader(Bounded {
            inner: BufReader::with_capacity(64 << 10, entry),
            left: left.clone(),
        });
        reader.config_mut().expand_empty_elements = true;
        Self {
            reader,
            left,
            buffer: Vec::new(),
        }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Problem> {
        self.buffer.clear();
        self.left.set(PIECE_MAX);
        let read = self.reader.read_event_into(&mut self.buffer);
        read.map_err(|_| damaged())
    }

    /// Adds the text up to the end of the element that was begun last to `into`.
    pub(super) fn text(&mut self, into: &mut String) -> Result<(), Problem> {
        let mut depth = 0_usize;
        loop {
            match self.next()? {
                Event::Text(text) => into.push_str(&text.xml10_content()),
                Event::CData(text) => into.push_str(&text.xml10_content()),
                Event::GeneralRef(name) => {
                    let c = name.resolve_char_ref().map_err(|_| damaged())?;
                    match (c, name.as_ref()) {
                        (Some(c), _) => into.push(c),
                        (None, name) => into.push_str(
                            quick_xml::escape::resolve_xml_entity(name).ok_or_else(damaged)?,
                        ),
                    }
                }
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => return Ok(()),
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(damaged()),
                _ => {}
            }
            if into.len() > PIECE_MAX {
                return Err(damaged());
            }
        }
    }
}

/// An attribute by the local part of its name.
pub(super) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut all = tag.attributes();
    let mut all = all.with_checks(false).flatten();
    let found = all.find(|it| it.key.local_name().as_ref() == name)?;
    let value = found.normalized_value(XmlVersion::Implicit1_0);
    value.ok().map(std::borrow::Cow::into_owned)
}
