//! In which encoding a text file is written, and reading it strictly.
//!
//! Invariant: never a guess. What the file's first bytes say, or what the whole file is (UTF-8), or
//! GB18030, in which Chinese spreadsheets save CSV without saying so; a line that may be of the
//! other kind comes back. Bytes that are no text stay bytes: none becomes `?` or U+FFFD.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a text file is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Encoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB18030, with GBK and GB2312 in it.
    #[serde(rename = "gb18030")]
    Gb18030,
    /// UTF-16, the lower byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, the upper byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
}

impl Encoding {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Gb18030 => "GB18030",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
        }
    }

    /// The first bytes that say so.
    fn mark(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\xef\xbb\xbf",
            Self::Gb18030 => b"\x84\x31\x95\x33",
            Self::Utf16Le => b"\xff\xfe",
            Self::Utf16Be => b"\xfe\xff",
        }
    }

    /// What the first bytes say.
    fn marked(bytes: &[u8]) -> Option<Self> {
        let all = [Self::Utf8, Self::Gb18030, Self::Utf16Le, Self::Utf16Be];
        all.into_iter().find(|it| bytes.starts_with(it.mark()))
    }
}

impl std::str::FromStr for Encoding {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Ok(match text.to_ascii_lowercase().replace('_', "-").as_str() {
            "utf-8" | "utf8" => Self::Utf8,
            "gb18030" | "gbk" | "gb2312" => Self::Gb18030,
            "utf-16le" => Self::Utf16Le,
            "utf-16be" => Self::Utf16Be,
            _ => return Err(()),
        })
    }
}

/// A file whose rows can be cut at ASCII bytes: UTF-16 is turned into UTF-8.
pub(super) struct Encoded<'a> {
    /// As found or told.
    pub(super) encoding: Encoding,
    /// Without the mark. In no encoding that stands here is a comma, tab, semicolon, quote or line
    /// feed part of another character.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Some lines are of the other kind.
    pub(super) mixed: bool,
}

impl<'a> Encoded<'a> {
    /// The file in the encoding told, or in the one it has.
    pub(super) fn of(bytes: &'a [u8], told: Option<Encoding>) -> Self {
        let marked = Encoding::marked(bytes);
        let (encoding, mixed) = match told.or(marked) {
            Some(encoding) => (encoding, false),
            None => judged(bytes),
        };
        let text = bytes.strip_prefix(encoding.mark()).unwrap_or(bytes);
        let bytes = match encoding {
            Encoding::Utf8 | Encoding::Gb18030 => Cow::Borrowed(text),
            Encoding::Utf16Le => Cow::Owned(from_utf16(text, u16::from_le_bytes)),
            Encoding::Utf16Be => Cow::Owned(from_utf16(text, u16::from_be_bytes)),
        };
        Self {
            encoding,
            bytes,
            mixed,
        }
    }

    /// Whether it may be UTF-16 without saying so: every second byte of its ASCII is zero.
    pub(super) fn may_be_utf16(bytes: &[u8]) -> bool {
        Encoding::marked(bytes).is_none() && bytes.contains(&0)
    }

    /// A cell's text; `None` = it has none in this encoding.
    pub(super) fn text<'b>(&self, cell: &'b [u8]) -> Option<Cow<'b, str>> {
        match self.encoding {
            Encoding::Gb18030 if !cell.is_ascii() => {
                encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(cell)
            }
            _ => std::str::from_utf8(cell).ok().map(Cow::Borrowed),
        }
    }

    /// Whether a row in a file of mixed encodings may be of the other one, and reads well in this:
    /// a line in UTF-8 is often one of other characters in GB18030.
    pub(super) fn is_other(&self, row: &[u8]) -> bool {
        self.mixed
            && self.encoding == Encoding::Gb18030
            && !row.is_ascii()
            && std::str::from_utf8(row).is_ok()
    }
}

/// The encoding that the lines speak for, and whether some speak for another.
fn judged(bytes: &[u8]) -> (Encoding, bool) {
    if std::str::from_utf8(bytes).is_ok() {
        return (Encoding::Utf8, false);
    }
    let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r'));
    let (mut utf8, mut other) = (0_usize, 0_usize);
    for line in lines.filter(|line| !line.is_ascii()) {
        if std::str::from_utf8(line).is_ok() {
            utf8 += 1;
        } else {
            other += 1;
        }
    }
    // Of as many, those in UTF-8 hardly are so by chance.
    if other > utf8 {
        (Encoding::Gb18030, utf8 > 0)
    } else {
        (Encoding::Utf8, other > 0)
    }
}

/// UTF-8 of UTF-16. Half a pair, or half a unit at the end, becomes bytes that are no UTF-8, so that
/// its cell is told.
fn from_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Vec<u8> {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut text = Vec::with_capacity(bytes.len() / 2 * 3);
    for read in char::decode_utf16(units.iter().map(|pair| unit(*pair))) {
        match read {
            Ok(c) => text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(half) => {
                let [upper, lower] = half.unpaired_surrogate().to_be_bytes();
                text.extend_from_slice(&[0xff, upper, lower]);
            }
        }
    }
    if !rest.is_empty() {
        text.push(0xff);
    }
    text
}
