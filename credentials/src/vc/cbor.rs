//! Deterministic CBOR (RFC 8949 §4.2.1), the part that XF-QR/1 uses: integers, byte and text
//! strings, arrays, maps, and tag 18 in front.
//!
//! Invariant: `encode(decode(b)) == b`: a text has one encoding, so a signature over the bytes is one
//! over the value. No floats, no simple values, nothing of indefinite length, nothing behind the item.

use std::cmp::Ordering;

/// Deepest nesting of arrays and maps.
const DEPTH_MAX: usize = 8;
/// COSE_Sign1.
pub const TAG_SIGN1: u64 = 18;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// 0 and up.
    Uint(u64),
    /// −1 − n.
    Nint(u64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// UTF-8 text.
    Text(String),
    /// A list.
    Array(Vec<Item>),
    /// Pairs, ascending by the bytes of their keys.
    Map(Vec<(Item, Item)>),
    /// COSE_Sign1 (tag 18) around an item; outermost only.
    Sign1(Box<Item>),
}

/// Bytes that are not the one encoding of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not deterministic CBOR: {what} at byte {at}")]
pub struct NotDeterministic {
    /// What is wrong.
    pub what: &'static str,
    /// Where.
    pub at: usize,
}

impl Item {
    /// The item of an integer.
    pub fn int(value: i64) -> Self {
        u64::try_from(value).map_or_else(|_| Self::Nint(value.unsigned_abs() - 1), Self::Uint)
    }

    /// The integer, if it is one that fits.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Uint(n) => i64::try_from(*n).ok(),
            Self::Nint(n) => i64::try_from(*n).ok().map(|n| -1 - n),
            _ => None,
        }
    }

    /// The unsigned integer.
    pub fn as_uint(&self) -> Option<u64> {
        match self {
            Self::Uint(n) => Some(*n),
            _ => None,
        }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Its encoding; maps are sorted here.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write(self, &mut out);
        out
    }
}

fn head(major: u8, value: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    let bytes = value.to_be_bytes();
    match value {
        0..=23 => out.push(major | bytes[7]),
        24..=0xff => out.extend([major | 0x18, bytes[7]]),
        0x100..=0xffff => {
            out.push(major | 0x19);
            out.extend(&bytes[6..]);
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 0x1a);
            out.extend(&bytes[4..]);
        }
        _ => {
            out.push(major | 0x1b);
            out.extend(bytes);
        }
    }
}

fn write(item: &Item, out: &mut Vec<u8>) {
    match item {
        Item::Uint(n) => head(0, *n, out),
        Item::Nint(n) => head(1, *n, out),
        Item::Bytes(bytes) => {
            head(2, bytes.len() as u64, out);
            out.extend(bytes);
        }
        Item::Text(text) => {
            head(3, text.len() as u64, out);
            out.extend(text.as_bytes());
        }
        Item::Array(items) => {
            head(4, items.len() as u64, out);
            for item in items {
                write(item, out);
            }
        }
        Item::Map(pairs) => {
            let mut encoded: Vec<(Vec<u8>, &Item)> = pairs
                .iter()
                .map(|(key, value)| (key.encode(), value))
                .collect();
            encoded.sort_by(|(a, _), (b, _)| a.cmp(b));
            head(5, encoded.len() as u64, out);
            for (key, value) in encoded {
                out.extend(key);
                write(value, out);
            }
        }
        Item::Sign1(inner) => {
            head(6, TAG_SIGN1, out);
            write(inner, out);
        }
    }
}

/// Reads the one item that `bytes` are.
pub fn decode(bytes: &[u8]) -> Result<Item, NotDeterministic> {
    let mut reader = Reader { bytes, at: 0 };
    let item = if bytes.first() == Some(&0xd2) {
        reader.at = 1;
        Item::Sign1(Box::new(reader.item(0)?))
    } else {
        reader.item(0)?
    };
    if reader.at == bytes.len() {
        Ok(item)
    } else {
        Err(reader.wrong("bytes behind the item"))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, what: &'static str) -> NotDeterministic {
        NotDeterministic { what, at: self.at }
    }

    fn take(&mut self, count: u64) -> Result<&[u8], NotDeterministic> {
        let end = usize::try_from(count)
            .ok()
            .and_then(|count| self.at.checked_add(count));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        match (taken, end) {
            (Some(taken), Some(end)) => {
                self.at = end;
                Ok(taken)
            }
            _ => Err(self.wrong("cut short")),
        }
    }

    /// Major type and value of a head in its shortest form.
    fn head(&mut self) -> Result<(u8, u64), NotDeterministic> {
        let first = self.take(1)?.first().copied().unwrap_or_default();
        let (major, short) = (first >> 5, first & 31);
        let (count, least) = match short {
            0..=23 => return Ok((major, u64::from(short))),
            24 => (1, 24),
            25 => (2, 0x100),
            26 => (4, 0x1_0000),
            27 => (8, 0x1_0000_0000),
            _ => return Err(self.wrong("an indefinite or reserved length")),
        };
        let value = self
            .take(count)?
            .iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte));
        if value < least {
            return Err(self.wrong("a head that is not the shortest"));
        }
        Ok((major, value))
    }

    fn item(&mut self, depth: usize) -> Result<Item, NotDeterministic> {
        if depth > DEPTH_MAX {
            return Err(self.wrong("nested too deep"));
        }
        let (major, value) = self.head()?;
        match major {
            0 => Ok(Item::Uint(value)),
            1 => Ok(Item::Nint(value)),
            2 => Ok(Item::Bytes(self.take(value)?.to_vec())),
            3 => {
                let at = self.at;
                let text =
                    std::str::from_utf8(self.take(value)?).map_err(|_| NotDeterministic {
                        what: "text that is not UTF-8",
                        at,
                    })?;
                Ok(Item::Text(text.into()))
            }
            4 => {
                let mut items = Vec::new();
                for _ in 0..value {
                    items.push(self.item(depth + 1)?);
                }
                Ok(Item::Array(items))
            }
            5 => self.map(value, depth),
            6 => Err(self.wrong("a tag inside, or another than 18")),
            _ => Err(self.wrong("a float or simple value")),
        }
    }

    fn map(&mut self, count: u64, depth: usize) -> Result<Item, NotDeterministic> {
        let mut pairs: Vec<(Item, Item)> = Vec::new();
        let mut before: &[u8] = &[];
        for n in 0..count {
            let from = self.at;
            let key = self.item(depth + 1)?;
            let encoded = self.bytes.get(from..self.at).unwrap_or_default();
            if n > 0 && before.cmp(encoded) != Ordering::Less {
                return Err(self.wrong("a key that is repeated or out of order"));
            }
            before = encoded;
            pairs.push((key, self.item(depth + 1)?));
        }
        Ok(Item::Map(pairs))
    }
}
