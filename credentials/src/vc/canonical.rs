//! JSON of other people, read strictly and written canonically (RFC 8785, docs/VERIFY.md "Strict JSON").
//!
//! Invariant: a value that was read here came from a text with one meaning: no duplicate member, no
//! number that a double cannot hold, no lone surrogate, depth ≤ 64. Unlike `ledger::canonical` fractions
//! are allowed, because credentials have them.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: usize = 64;
/// Magnitude from which on doubles skip integers.
const NUMBER_END: u64 = 1 << 53;

/// Why a text is not one value with one meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not strict JSON: {0}")]
pub struct NotStrict(pub String);

/// Whether `null` may stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Null {
    /// A credential has none.
    Refused,
    /// A trust bundle says "none" with it.
    Allowed,
}

/// Reads `text`.
pub fn parse(text: &str, null: Null) -> Result<Value, NotStrict> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let strict = Strict { depth: 0, null };
    let value = strict
        .deserialize(&mut reader)
        .map_err(|error| NotStrict(error.to_string()))?;
    reader.end().map_err(|error| NotStrict(error.to_string()))?;
    Ok(value)
}

/// The canonical bytes of a value.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, NotStrict> {
    serde_json_canonicalizer::to_vec(value).map_err(|error| NotStrict(error.to_string()))
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
    null: Null,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom("nested deeper than 64"));
        }
        Ok(Self {
            depth: self.depth + 1,
            null: self.null,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        match self.null {
            Null::Allowed => Ok(Value::Null),
            Null::Refused => Err(E::custom("null")),
        }
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value < NUMBER_END {
            Ok(value.into())
        } else {
            Err(E::custom("a number of 2^53 or more"))
        }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() < NUMBER_END {
            Ok(value.into())
        } else {
            Err(E::custom("a number of 2^53 or more"))
        }
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // Exact: 2^53 is a double.
        if value.abs() >= 9_007_199_254_740_992.0 {
            return Err(E::custom("a number of 2^53 or more"));
        }
        // One value, one form: 2.0 is 2 and -0 is 0, as RFC 8785 prints them.
        if value.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
            return Ok(Value::from(value as i64));
        }
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a duplicate member"));
            }
        }
        Ok(Value::Object(object))
    }
}
