//! Writes any JSON text again with sorted members.
//!
//! Invariant: nothing is lost silently; a duplicate or a float is an error, not a choice.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Flaw, NotCanonical};

/// The text of the same value with members sorted; number size, depth and NFC are left to `check`.
pub(super) fn sorted(text: &str) -> Result<String, NotCanonical> {
    let node: Node = serde_json::from_str(text).map_err(|_| Flaw::NotJson.at(0))?;
    let mut out = String::with_capacity(text.len());
    node.write(&mut out)?;
    Ok(out)
}

/// Order of two texts by UTF-16 code units.
pub(super) fn utf16_order(
    a: impl Iterator<Item = char>,
    b: impl Iterator<Item = char>,
) -> Ordering {
    units(a).cmp(units(b))
}

fn units(text: impl Iterator<Item = char>) -> impl Iterator<Item = u16> {
    text.flat_map(|c| {
        let mut buffer = [0; 2];
        let length = c.encode_utf16(&mut buffer).len();
        buffer.into_iter().take(length)
    })
}

/// A JSON value that keeps what serde_json's own would drop: duplicates and the float form.
enum Node {
    Null,
    Bool(bool),
    Integer(i128),
    Float,
    Text(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    fn write(self, out: &mut String) -> Result<(), NotCanonical> {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Self::Integer(value) => out.push_str(&value.to_string()),
            Self::Float => return Err(Flaw::Float.at(out.len())),
            Self::Text(text) => push_text(out, &text)?,
            Self::Array(items) => {
                out.push('[');
                for (i, item) in items.into_iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write(out)?;
                }
                out.push(']');
            }
            Self::Object(mut members) => {
                members.sort_by(|(a, _), (b, _)| utf16_order(a.chars(), b.chars()));
                if members.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                    return Err(Flaw::DuplicateMember.at(out.len()));
                }
                out.push('{');
                for (i, (name, value)) in members.into_iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    push_text(out, &name)?;
                    out.push(':');
                    value.write(out)?;
                }
                out.push('}');
            }
        }
        Ok(())
    }
}

/// Appends a JSON string; serde_json's escapes are those of RFC 8785 §3.2.2.2.
fn push_text(out: &mut String, text: &str) -> Result<(), NotCanonical> {
    let quoted = serde_json::to_string(text).map_err(|_| Flaw::Unwritable.at(out.len()))?;
    out.push_str(&quoted);
    Ok(())
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Integer(value.into()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Float)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Node::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some(member) = members.next_entry()? {
            object.push(member);
        }
        Ok(Node::Object(object))
    }
}
