//! The shared vectors under tests/fixtures/vectors: `BLESS=1` writes them, both engines are held to them.
//!
//! Invariant: what stands in a file is judged again from the file's own bytes, as the other engine
//! judges it, and comes to what the file says.

pub(crate) mod small;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use credentials::trust::Bundle;
use credentials::verify::{self, Context, Report};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tests::support::issuing::signed;

use super::cases::{Book, Case, book};

const SOURCE: &str = "made by tests/it/vc with BLESS=1; rules: docs/VERIFY.md; test keys only: seeds are SHA-256 of \
    ASCII `xuefen test registrar`, `… log`, `… witness`, `… institution` and others, and the published key pair of \
    W3C vc-di-eddsa";

#[derive(Serialize, Deserialize)]
struct VerifyFile {
    source: String,
    bundles: BTreeMap<String, Value>,
    lists: BTreeMap<String, Value>,
    cases: Vec<VerifyCase>,
}

#[derive(Serialize, Deserialize)]
struct VerifyCase {
    name: String,
    input: String,
    value: String,
    bundle: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lists: Vec<String>,
    now: i64,
    expect: Expect,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Expect {
    result: String,
    state: String,
    code: String,
    findings: Vec<String>,
    age: String,
    facts: Option<Map<String, Value>>,
}

impl Expect {
    fn of(report: &Report) -> Self {
        let said = serde_json::to_value(report).unwrap();
        let text = |pointer: &str| said.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let findings = said["findings"].as_array().unwrap();
        Self {
            result: text("/result"),
            state: text("/state"),
            code: text("/code"),
            findings: findings
                .iter()
                .map(|it| it["code"].as_str().unwrap().into())
                .collect(),
            age: text("/asOf/age"),
            facts: said
                .get("facts")
                .map(|facts| facts.as_object().unwrap().clone()),
        }
    }
}

/// Where a file of vectors lies.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/vectors")
        .join(name)
}

/// JSON with a line for each entry of its members, so that a changed case is a changed line.
fn by_lines(value: &Value) -> String {
    let members = value.as_object().unwrap().iter().map(|(name, value)| {
        let lines: Vec<String> = match value {
            Value::Array(items) => items.iter().map(Value::to_string).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
                .collect(),
            other => return format!("\"{name}\":{other}"),
        };
        let (open, close) = if value.is_array() {
            ('[', ']')
        } else {
            ('{', '}')
        };
        format!("\"{name}\":{open}\n{}\n{close}", lines.join(",\n"))
    });
    format!("{{\n{}\n}}\n", members.collect::<Vec<_>>().join(",\n"))
}

/// Writes the file with `BLESS=1`; else it must be there, byte for byte.
pub(crate) fn hold(name: &str, value: &impl Serialize) -> String {
    let text = by_lines(&serde_json::to_value(value).unwrap());
    let file = path(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &text).unwrap();
    }
    let stored = fs::read_to_string(&file).unwrap_or_default();
    let differs = stored.lines().zip(text.lines()).find(|(a, b)| a != b);
    assert!(
        stored == text,
        "{} is stale: BLESS=1 rewrites it; first difference: {differs:?}",
        file.display()
    );
    stored
}

fn written(book: &Book, case: &Case) -> VerifyCase {
    VerifyCase {
        name: case.name.clone(),
        input: if case.is_text { "text" } else { "json" }.into(),
        value: case.value.clone(),
        bundle: case.world.bundle.into(),
        lists: case
            .world
            .lists
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        now: case.world.now_s,
        expect: Expect::of(&book.check(case)),
    }
}

#[test]
fn the_pipeline_is_held_to_its_vectors() {
    // If this fails, the browser and the server do not say the same of one credential.
    let book = book();
    let made = VerifyFile {
        source: SOURCE.into(),
        bundles: book
            .bundles
            .iter()
            .map(|(name, bundle)| ((*name).to_owned(), signed(bundle)))
            .collect(),
        lists: book
            .lists
            .iter()
            .map(|(name, list)| ((*name).to_owned(), list.clone()))
            .collect(),
        cases: book.cases.iter().map(|case| written(&book, case)).collect(),
    };
    let text = hold("verify.json", &made);
    assert!(text.len() < 1_700_000, "{} bytes", text.len());
    let file: VerifyFile = serde_json::from_str(&text).unwrap();
    assert!(file.cases.len() >= 80, "{} cases", file.cases.len());
    for case in &file.cases {
        let bundle = Bundle::open(&file.bundles[&case.bundle].to_string()).unwrap();
        let lists: Vec<Value> = case
            .lists
            .iter()
            .map(|name| file.lists[name].clone())
            .collect();
        let context = Context {
            bundle: &bundle,
            lists: &lists,
            ledger: None,
            now_s: case.now,
        };
        let report = match case.input.as_str() {
            "text" => verify::text(&case.value, &context),
            _ => verify::document(case.value.as_bytes(), &context),
        };
        assert_eq!(Expect::of(&report), case.expect, "{}", case.name);
    }
}
