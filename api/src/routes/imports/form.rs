//! The multipart form in which a file is sent.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::Multipart;
use axum::http::StatusCode;

use crate::import::job::Told;
use crate::import::table::{Encoding, Field, Named, What};
use crate::problem::{Problem, Reason};

/// A file, and what was told about it.
pub(super) struct Sent {
    pub(super) name: String,
    pub(super) bytes: Bytes,
    pub(super) told: Told,
}

impl Sent {
    pub(super) async fn read(mut form: Multipart) -> Result<Self, Problem> {
        let unreadable = |error: axum::extract::multipart::MultipartError| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::of(Reason::ImportTooLarge)
            } else {
                Problem::of(Reason::BodyUnreadable)
                    .detail(("不是 multipart 表单", "not a multipart form"))
            }
        };
        let mut file = None;
        let mut told = Told::default();
        while let Some(field) = form.next_field().await.map_err(unreadable)? {
            match field.name() {
                Some("file") => {
                    let name = field.file_name().unwrap_or("unnamed").to_owned();
                    file = Some((name, field.bytes().await.map_err(unreadable)?));
                }
                Some("encoding") => {
                    let text = field.text().await.map_err(unreadable)?;
                    told.encoding = encoding(&text)?;
                }
                Some("columns") => {
                    let text = field.text().await.map_err(unreadable)?;
                    told.columns = columns(&text)?;
                }
                Some("what") => {
                    let text = field.text().await.map_err(unreadable)?;
                    told.what = what(&text)?;
                }
                _ => {}
            }
        }
        let (name, bytes) = file.ok_or_else(|| {
            Problem::of(Reason::BodyUnreadable)
                .detail(("表单中没有 `file` 字段", "the form has no field `file`"))
        })?;
        Ok(Self { name, bytes, told })
    }
}

/// The encoding told; an empty field tells none.
fn encoding(text: &str) -> Result<Option<Encoding>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|()| {
        let words = (
            "编码应为 utf-8、gb18030、utf-16le 或 utf-16be",
            "expected utf-8, gb18030, utf-16le or utf-16be",
        );
        Problem::invalid("/encoding", words)
    })
}

/// What the file lists; an empty field tells nothing.
fn what(text: &str) -> Result<Option<What>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|()| {
        let words = ("应为 outcomes 或 roster", "expected outcomes or roster");
        Problem::invalid("/what", words)
    })
}

/// What headers mean; an empty field tells nothing.
fn columns(text: &str) -> Result<Named, Problem> {
    let mut named = Named::default();
    if text.trim().is_empty() {
        return Ok(named);
    }
    let told: BTreeMap<String, Option<String>> = serde_json::from_str(text).map_err(|_| {
        let words = (
            "应为 JSON 对象：表头 → 字段名",
            "expected a JSON object: header to field name",
        );
        Problem::invalid("/columns", words)
    })?;
    for (header, name) in told {
        let name = name.filter(|name| !name.is_empty());
        let field = name.as_deref().map(|name| {
            Field::of(name).ok_or_else(|| {
                let words = ("没有这个字段", "there is no such field");
                Problem::invalid("/columns", words)
            })
        });
        named.add(&header, field.transpose()?);
    }
    Ok(named)
}
