//! One pass over a text that decides whether it is canonical.
//!
//! Invariant: no allocation unless a string needs the full NFC test; nesting is bounded, so the
//! stack is too.

use std::cmp::Ordering;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::{DEPTH_MAX, Flaw, NUMBER_MAX, NotCanonical};

/// Checks a whole document.
pub(super) fn document(text: &str) -> Result<(), NotCanonical> {
    let mut scan = Scan { text, at: 0 };
    scan.value(0)?;
    match scan.peek() {
        None => Ok(()),
        Some(b) if is_space(b) => Err(scan.flaw(Flaw::Whitespace)),
        Some(_) => Err(scan.flaw(Flaw::Trailing)),
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// What stands between two quotes: its text with escapes, and whether it is ASCII without any.
#[derive(Clone, Copy)]
struct Text<'a> {
    raw: &'a str,
    plain: bool,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn flaw(&self, what: Flaw) -> NotCanonical {
        what.at(self.at)
    }

    /// The flaw of a token that does not belong here.
    fn unexpected(&self) -> NotCanonical {
        self.flaw(match self.peek() {
            Some(b) if is_space(b) => Flaw::Whitespace,
            _ => Flaw::NotJson,
        })
    }

    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn expect(&mut self, byte: u8) -> Result<(), NotCanonical> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn value(&mut self, depth: usize) -> Result<(), NotCanonical> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{' | b'[') if depth == DEPTH_MAX => Err(self.flaw(Flaw::TooDeep)),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.literal("true"),
            Some(b'f') => self.literal("false"),
            Some(b'n') => self.literal("null"),
            _ => Err(self.unexpected()),
        }
    }

    fn literal(&mut self, word: &str) -> Result<(), NotCanonical> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(self.flaw(Flaw::NotJson));
        }
        self.at += word.len();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.expect(b'[')?;
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if !self.eat(b',') {
                return self.expect(b']');
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.expect(b'{')?;
        if self.eat(b'}') {
            return Ok(());
        }
        let mut before: Option<Text<'a>> = None;
        loop {
            let at = self.at;
            let name = self.string()?;
            match before.map_or(Ordering::Less, |before| order(before, name)) {
                Ordering::Less => before = Some(name),
                Ordering::Equal => return Err(Flaw::DuplicateMember.at(at)),
                Ordering::Greater => return Err(Flaw::NotSorted.at(at)),
            }
            self.expect(b':')?;
            self.value(depth)?;
            if !self.eat(b',') {
                return self.expect(b'}');
            }
        }
    }

    fn number(&mut self) -> Result<(), NotCanonical> {
        let start = self.at;
        let negative = self.eat(b'-');
        let digits_at = self.at;
        let mut magnitude = 0_u64;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            magnitude = magnitude
                .saturating_mul(10)
                .saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - digits_at;
        let leading_zero = self.text.as_bytes().get(digits_at) == Some(&b'0');
        let flaw = match self.peek() {
            _ if digits == 0 => Flaw::NotJson,
            _ if digits > 1 && leading_zero => Flaw::LeadingZero,
            Some(b'.' | b'e' | b'E') => Flaw::Float,
            _ if negative && magnitude == 0 => Flaw::NegativeZero,
            _ if magnitude > NUMBER_MAX => Flaw::NumberTooLarge,
            _ => return Ok(()),
        };
        Err(flaw.at(start))
    }

    fn string(&mut self) -> Result<Text<'a>, NotCanonical> {
        self.expect(b'"')?;
        let start = self.at;
        let mut ascii = true;
        let mut escaped = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at += plain_prefix(rest);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(b) if b >= 0x80 => {
                    ascii = false;
                    self.at += 1;
                }
                // A control character must be escaped.
                _ => return Err(self.flaw(Flaw::NotJson)),
            }
        }
        let raw = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        if !ascii && !is_nfc(raw) {
            return Err(Flaw::NotNfc.at(start));
        }
        Ok(Text {
            raw,
            plain: ascii && !escaped,
        })
    }

    /// One escape, in the only form RFC 8785 §3.2.2.2 gives each character.
    fn escape(&mut self) -> Result<(), NotCanonical> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = match rest {
            [_, b'"' | b'\\' | b'b' | b't' | b'n' | b'f' | b'r', ..] => 2,
            [_, b'u', hex @ ..] => {
                let hex = hex.get(..4).unwrap_or_default();
                if hex.len() < 4 || !hex.iter().all(u8::is_ascii_hexdigit) {
                    return Err(self.flaw(Flaw::NotJson));
                }
                match hex {
                    [b'0', b'0', b'0', b'8' | b'9' | b'a' | b'c' | b'd'] => {
                        return Err(self.flaw(Flaw::Escaping));
                    }
                    [b'0', b'0', b'0' | b'1', b'0'..=b'9' | b'a'..=b'f'] => 6,
                    [b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', _, _] => {
                        return Err(self.flaw(Flaw::Surrogate));
                    }
                    _ => return Err(self.flaw(Flaw::Escaping)),
                }
            }
            [_, b'/', ..] => return Err(self.flaw(Flaw::Escaping)),
            _ => return Err(self.flaw(Flaw::NotJson)),
        };
        self.at += length;
        Ok(())
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// ASCII that stands for itself inside a string.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0x20;
    while byte < 0x80 {
        plain[byte] = true;
        byte += 1;
    }
    plain[b'"' as usize] = false;
    plain[b'\\' as usize] = false;
    plain
};

/// How many bytes stand for themselves before the next quote, escape, control or non-ASCII byte.
fn plain_prefix(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|byte| !PLAIN[usize::from(*byte)])
        .unwrap_or(bytes.len())
}

/// Order by UTF-16 code units of what the names mean (RFC 8785 §3.2.3).
fn order(a: Text<'_>, b: Text<'_>) -> Ordering {
    if a.plain && b.plain {
        return a.raw.cmp(b.raw);
    }
    super::write::utf16_order(characters(a.raw), characters(b.raw))
}

/// The characters that a checked string means.
fn characters(raw: &str) -> impl Iterator<Item = char> + Clone + '_ {
    Characters(raw.chars())
}

#[derive(Clone)]
struct Characters<'a>(std::str::Chars<'a>);

impl Iterator for Characters<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.0.next()? {
            '\\' => match self.0.next()? {
                'b' => Some('\u{8}'),
                't' => Some('\t'),
                'n' => Some('\n'),
                'f' => Some('\u{c}'),
                'r' => Some('\r'),
                'u' => {
                    let code = self
                        .0
                        .by_ref()
                        .take(4)
                        .filter_map(|digit| digit.to_digit(16))
                        .fold(0, |code, digit| code * 16 + digit);
                    char::from_u32(code)
                }
                other => Some(other),
            },
            other => Some(other),
        }
    }
}

/// Whether the text that `raw` means is in normal form C.
///
/// Escapes are read first: a combining mark behind an escaped line feed must not be taken for one
/// behind the letter n.
fn is_nfc(raw: &str) -> bool {
    match is_nfc_quick(characters(raw)) {
        IsNormalized::Yes => true,
        IsNormalized::No => false,
        IsNormalized::Maybe => characters(raw).eq(characters(raw).nfc()),
    }
}
