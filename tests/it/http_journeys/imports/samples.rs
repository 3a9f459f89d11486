//! Sample files as institutions have them, each with what it must come to.
//!
//! Invariant: every file of the folder has an expectation and every expectation a file.

use std::collections::BTreeSet;
use std::path::PathBuf;

use api::extract::Caller;
use api::import::control;
use api::import::job::Told;
use api::import::row::{self, People};
use api::import::table::Table;
use serde_json::{Value, json};
use tests::support::server::{Stand, resident_id};

use super::{file, row};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/imports")
}

fn expected() -> serde_json::Map<String, Value> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// One who may import at the first school.
fn caller(stand: &Stand) -> Caller {
    let text = file(&[row(1, "R-0")]);
    let token = stand.schools[0].token();
    let sent = stand.upload(token, "f.csv", text.as_bytes()).is(202);
    let id = serde_json::from_value(sent["id"].clone()).unwrap();
    stand.app.jobs.get(id).unwrap().unwrap().caller()
}

/// Everything that a good row comes to, by name.
fn said(data: &Value, values: &[(&'static str, Value)]) -> serde_json::Map<String, Value> {
    let mut said = data.as_object().unwrap().clone();
    said.extend(data["open"].as_object().unwrap().clone());
    said.extend(
        values
            .iter()
            .map(|(name, it)| ((*name).to_owned(), it.clone())),
    );
    said
}

/// How a file differs from what it must come to.
fn differences(stand: &Stand, caller: &Caller, bytes: &[u8], expected: &Value) -> Vec<String> {
    let table = match (Table::read(bytes), expected.get("refused")) {
        (Err(problem), Some(says)) => {
            let says = says.as_str().unwrap();
            assert_eq!(problem.reason.slug(), "import-file-invalid");
            assert!(!problem.detail.zh.is_empty());
            let told = &problem.detail.en;
            return if told.contains(says) {
                vec![]
            } else {
                vec![format!("refused: {told}")]
            };
        }
        (Err(problem), None) => return vec![format!("refused: {}", problem.detail.en)],
        (Ok(_), Some(_)) => return vec!["taken in".into()],
        (Ok(table), None) => table,
    };
    let mut differ = Vec::new();
    let found = table.found();
    for (name, found) in [
        ("format", json!(found.format)),
        ("encoding", json!(found.encoding)),
        ("sheet", json!(found.sheet)),
    ] {
        if found != expected[name] {
            differ.push(format!("{name}: {found}"));
        }
    }
    let rows = expected["rows"].as_array().unwrap();
    if rows.len() != table.len() {
        differ.push(format!("{} rows", table.len()));
    }
    let people = People::default();
    for (index, expected) in rows.iter().enumerate() {
        let came = match table.row(index) {
            None => json!(null),
            Some(Err(broken)) => json!(row::Finding::broken(broken)),
            Some(Ok(row)) => match row::read(&stand.app, caller, &people, &row) {
                Err(Ok(finding)) => json!(finding),
                Err(Err(problem)) => json!(problem.reason.slug()),
                Ok(ready) => {
                    let mut said = said(&ready.asking.data, &ready.asking.values);
                    said.insert("line".into(), json!(row.line));
                    Value::Object(said)
                }
            },
        };
        for (name, value) in expected.as_object().unwrap() {
            let of = if name == "line" && came.get("row").is_some() {
                "row"
            } else {
                name
            };
            if came[of] != *value {
                differ.push(format!(
                    "line {}: {name} is not {value}: {came}",
                    expected["line"]
                ));
            }
        }
    }
    differ
}

#[test]
fn every_sample_comes_to_what_it_must() {
    // A school's file would be refused, or worse, be read as something else than stands in it.
    let stand = Stand::open();
    for serial in 1..=2 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let caller = caller(&stand);
    let expected = expected();
    let files: BTreeSet<String> = std::fs::read_dir(folder().join("files"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    let named: BTreeSet<String> = expected.keys().cloned().collect();
    assert_eq!(files, named, "files and expectations are not the same");
    assert!(files.len() >= 40);
    let mut wrong = Vec::new();
    for name in &files {
        let bytes = std::fs::read(folder().join("files").join(name)).unwrap();
        assert!(bytes.len() < 30_000, "{name} is large");
        for difference in differences(&stand, &caller, &bytes, &expected[name]) {
            wrong.push(format!("{name}: {difference}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_cut_sample_stops_the_server() {
    // A file cut off while it was sent would take the ledger down with it.
    let stand = Stand::open();
    let caller = caller(&stand);
    for name in expected().keys() {
        let bytes = std::fs::read(folder().join("files").join(name)).unwrap();
        for at in 1..40 {
            let mut cut = bytes.clone();
            cut.truncate(bytes.len() * at / 40);
            drop(Table::read(&cut));
            let mut turned = bytes.clone();
            if let Some(byte) = turned.get_mut(bytes.len() * at / 40) {
                *byte ^= 0xff;
            }
            drop(Table::read(&turned));
        }
    }
    let sent = file(&[row(1, "R-1")]);
    let sent = control::take_in(
        &stand.app,
        &caller,
        "f.csv",
        sent.as_bytes(),
        &Told::default(),
    );
    assert_eq!(sent.unwrap().counts.rows, 1);
}
