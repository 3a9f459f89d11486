//! The closed schemas of the documents we verify, and the part of JSON Schema 2020-12 they use.
//!
//! Invariant: a member that a schema does not define is told apart from every other breach, because
//! eddsa-jcs-2022 does not look at JSON-LD and an undefined member has no meaning (STANDARDS §14). The
//! same files are read by the TypeScript engine.
//!
//! Keywords: type, const, enum, properties, required, additionalProperties (false), items, prefixItems,
//! minItems, maxItems, minLength, maxLength, format (date-time, uri).

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// An Open Badges 3.0 achievement credential.
    Achievement,
    /// A status list.
    StatusList,
}

/// What of a document does not fit its schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breaches {
    /// JSON Pointers of members that the schema does not define.
    pub undefined: Vec<String>,
    /// JSON Pointers of everything else, and what is wrong there.
    pub other: Vec<(String, &'static str)>,
}

static ACHIEVEMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../schemas/achievement.schema.json"))
        .unwrap_or(Value::Null)
});
static STATUS_LIST: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../schemas/status-list.schema.json"))
        .unwrap_or(Value::Null)
});

impl Shape {
    /// Its schema.
    pub fn schema(self) -> &'static Value {
        match self {
            Self::Achievement => &ACHIEVEMENT,
            Self::StatusList => &STATUS_LIST,
        }
    }

    /// What of `document` does not fit.
    pub fn check(self, document: &Value) -> Breaches {
        let mut breaches = Breaches::default();
        walk(self.schema(), document, &mut String::new(), &mut breaches);
        breaches
    }
}

/// Seconds since 1970 of a `dateTimeStamp`: `2026-11-22T06:00:00`, perhaps `.` and up to 9 digits that
/// are passed over, then `Z` or `+08:00`; years 1000 to 9998. No other form, since two readers would
/// differ on it.
pub fn instant(text: &str) -> Option<i64> {
    let (seconds, rest) = text.split_at_checked(19)?;
    let zone = match rest.strip_prefix('.') {
        None => rest,
        Some(behind) => {
            let zone = behind.trim_start_matches(|c: char| c.is_ascii_digit());
            let digits = behind.len() - zone.len();
            (1..=9).contains(&digits).then_some(zone)?
        }
    };
    let fits = |text: &str, form: &str| {
        text.len() == form.len()
            && text.bytes().zip(form.bytes()).all(|(is, like)| match like {
                b'0' => is.is_ascii_digit(),
                _ => is == like,
            })
    };
    let below = |from: usize, end: &str| text.get(from..from + 2).is_some_and(|two| two < end);
    let offset = |form| fits(zone, form) && &zone[1..3] < "24" && &zone[4..] < "60";
    let good = fits(seconds, "0000-00-00T00:00:00")
        && ("1000".."9999").contains(&&seconds[..4])
        && below(11, "24")
        && below(17, "60")
        && (zone == "Z" || offset("+00:00") || offset("-00:00"));
    let parsed: Timestamp = good.then(|| format!("{seconds}{zone}").parse().ok())??;
    Some(parsed.as_second())
}

/// An address with a scheme (RFC 3986), by its characters alone.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !rest.is_empty()
        && rest
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
}

fn walk(schema: &Value, value: &Value, at: &mut String, out: &mut Breaches) {
    let Some(schema) = schema.as_object() else {
        out.other.push((at.clone(), "there is no schema for it"));
        return;
    };
    let mut wrong = |what| out.other.push((at.clone(), what));
    if let Some(wanted) = schema.get("type").and_then(Value::as_str)
        && !is(value, wanted)
    {
        return wrong("of another type");
    }
    if schema.get("const").is_some_and(|wanted| wanted != value) {
        wrong("another value than the only one");
    }
    if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
        && !allowed.contains(value)
    {
        wrong("none of the allowed values");
    }
    match value {
        Value::String(text) => string(schema, text, wrong),
        Value::Array(items) => array(schema, items, at, out),
        Value::Object(members) => object(schema, members, at, out),
        _ => {}
    }
}

fn is(value: &Value, wanted: &str) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => false,
    }
}

fn limit(schema: &Map<String, Value>, name: &str) -> Option<usize> {
    let limit = schema.get(name)?.as_u64()?;
    usize::try_from(limit).ok()
}

fn string(schema: &Map<String, Value>, text: &str, mut wrong: impl FnMut(&'static str)) {
    let length = text.chars().count();
    if limit(schema, "minLength").is_some_and(|min| length < min)
        || limit(schema, "maxLength").is_some_and(|max| length > max)
    {
        wrong("too short or too long");
    }
    match schema.get("format").and_then(Value::as_str) {
        Some("date-time") if instant(text).is_none() => wrong("no date and time with a zone"),
        Some("uri") if !is_uri(text) => wrong("no address with a scheme"),
        _ => {}
    }
}

fn array(schema: &Map<String, Value>, items: &[Value], at: &mut String, out: &mut Breaches) {
    if limit(schema, "minItems").is_some_and(|min| items.len() < min)
        || limit(schema, "maxItems").is_some_and(|max| items.len() > max)
    {
        out.other.push((at.clone(), "too few or too many items"));
    }
    let first = schema.get("prefixItems").and_then(Value::as_array);
    for (n, item) in items.iter().enumerate() {
        let of = first
            .and_then(|first| first.get(n))
            .or_else(|| schema.get("items"));
        if let Some(of) = of.filter(|of| of.is_object()) {
            within(at, &n.to_string(), |at| walk(of, item, at, out));
        }
    }
}

fn object(
    schema: &Map<String, Value>,
    members: &Map<String, Value>,
    at: &mut String,
    out: &mut Breaches,
) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
    for (name, value) in members {
        match properties.and_then(|known| known.get(name)) {
            Some(of) => within(at, name, |at| walk(of, value, at, out)),
            None if closed => within(at, name, |at| out.undefined.push(at.clone())),
            None => {}
        }
    }
    let required = schema.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !members.contains_key(name) {
            within(at, name, |at| out.other.push((at.clone(), "missing")));
        }
    }
}

/// Runs `inner` with `name` behind the pointer.
fn within(at: &mut String, name: &str, inner: impl FnOnce(&mut String)) {
    let length = at.len();
    at.push('/');
    at.push_str(&name.replace('~', "~0").replace('/', "~1"));
    inner(at);
    at.truncate(length);
}
