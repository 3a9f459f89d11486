//! What a reader is shown is what is so now: tags, cached texts, and views that are still folding.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use api::app::App;
use identity::role::Role;
use ledger::side::Side as _;
use ledger::side::sqlite::SqliteSide;
use ledger::store::{AppendError, ReadError, Record, Store};
use projections::Views;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Answer, Stand, resident_id};

/// What a transcript says, apart from how far the views are.
fn says(answer: &Answer) -> String {
    let mut body = answer.is(200);
    body["position"] = Value::Null;
    body.to_string()
}

#[test]
fn a_tag_stands_for_one_text() {
    // A learner's browser would keep a transcript without her newest course, and be told for ever
    // that nothing changed.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let path = format!("/v1/learners/{person}/transcript.json");
    let written = AtomicBool::new(false);
    let seen: Mutex<HashMap<String, String>> = Mutex::default();
    let mixed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !written.load(Ordering::Relaxed) {
                    let answer = stand.get(token, &path);
                    let tag = answer.header("etag").to_owned();
                    let says = says(&answer);
                    if tag.is_empty() {
                        continue;
                    }
                    let mut seen = seen.lock().unwrap();
                    if *seen.entry(tag.clone()).or_insert_with(|| says.clone()) != says {
                        mixed.lock().unwrap().push(tag);
                    }
                }
            });
        }
        for n in 0..150 {
            let body = Stand::outcome(person, &format!("R-{n}"));
            stand.post(token, "/v1/outcomes", &body).is(201);
        }
        written.store(true, Ordering::Relaxed);
    });
    let mut mixed = mixed.into_inner().unwrap();
    mixed.sort();
    mixed.dedup();
    assert_eq!(mixed, [""; 0], "tags with two bodies");
    // Once all is folded there is a tag, and it is known again in every form that HTTP has.
    let last = stand.app.ledger.head().size - 1;
    let path = format!("{path}?after={last}");
    let tag = stand.get(token, &path).header("etag").to_owned();
    assert!(!tag.is_empty());
    for known in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"other\", W/{tag}"),
        "*".into(),
    ] {
        let headers = [("if-none-match", known.as_str())];
        let answer = stand.send("GET", &path, token, &headers, None);
        assert_eq!(
            (answer.status, answer.header("etag")),
            (304, tag.as_str()),
            "{known}"
        );
    }
    let headers = [("if-none-match", "\"other\"")];
    assert_eq!(stand.send("GET", &path, token, &headers, None).status, 200);
}

#[test]
fn credit_that_expired_overnight_is_not_shown_as_usable() {
    // A school would accept credit that could no longer be used, because the page was rendered before.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let written = stand
        .post(token, "/v1/outcomes", &Stand::outcome(person, "R-1"))
        .is(201);
    let path = after(&format!("/v1/learners/{person}/transcript.json"), &written);
    let before = stand.get(token, &path);
    assert_eq!(before.is(200)["totals"][0]["usable"], "2");
    stand.pass(8 * 366 * 86_400_000);
    let headers = [("if-none-match", before.header("etag"))];
    for headers in [&headers[..], &[]] {
        let later = stand.send("GET", &path, token, headers, None);
        assert_eq!(later.is(200)["totals"][0]["usable"], "0", "{headers:?}");
    }
}

/// A store that gives nothing out until it is let.
struct Gate {
    store: Arc<dyn Store>,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Store for Gate {
    fn append_at(&self, position: u64, records: &[Record]) -> Result<(), AppendError> {
        self.store.append_at(position, records)
    }

    fn read(&self, from: u64, limit: usize) -> Result<Vec<Record>, ReadError> {
        let open = self.open.lock().unwrap();
        drop(self.opened.wait_while(open, |open| !*open).unwrap());
        self.store.read(from, limit)
    }

    fn head(&self) -> u64 {
        self.store.head()
    }
}

/// Opens the gate when it goes: a follower that waits for it could not be stopped.
struct Opener(Arc<Gate>);

impl Drop for Opener {
    fn drop(&mut self) {
        *self.0.open.lock().unwrap() = true;
        self.0.opened.notify_all();
    }
}

#[test]
fn a_view_that_is_still_folding_says_so_and_shows_nothing() {
    // After a restore every learner's record would look empty, and a browser would keep it so.
    let mut stand = Stand::open();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let token = stand.schools[0].token().to_owned();
    stand
        .post(&token, "/v1/outcomes", &Stand::outcome(person, "R-1"))
        .is(201);
    let mut gate = None;
    let folded_again = tempfile::tempdir().unwrap();
    stand.reopen(
        |_| {},
        |app| {
            let closed = Arc::new(Gate {
                store: Arc::clone(app.ledger.store()),
                open: Mutex::new(false),
                opened: Condvar::new(),
            });
            gate = Some(Opener(Arc::clone(&closed)));
            let tail = Arc::clone(app.ledger.tail());
            app.views = Views::open(folded_again.path(), closed, tail).unwrap();
        },
    );
    let learner = stand.token(person, Role::Learner, None);
    let paths = [
        format!("/v1/learners/{person}/transcript.json"),
        format!("/v1/learners/{person}/transcript.html"),
        format!("/v1/learners/{person}/credits"),
        "/v1/outcomes".into(),
    ];
    for path in &paths {
        stand.get(&learner, path).refused(503, "view-behind");
    }
    for path in ["/v1/institutions", "/trust/bundle"] {
        stand.get("", path).refused(503, "view-behind");
    }
    let ready = stand.get("", "/readyz");
    assert_eq!((ready.status, ready.text().as_str()), (503, "FAIL views\n"));
    drop(gate);
    let last = stand.app.ledger.head().size - 1;
    let page = stand.get(&learner, &format!("/v1/outcomes?after={last}"));
    assert_eq!(page.is(200)["items"][0]["record"], json!("R-1"));
    for path in &paths {
        assert_eq!(stand.get(&learner, path).status, 200, "{path}");
    }
    assert_eq!(stand.get("", "/readyz").status, 200);
}

#[test]
fn a_start_without_the_values_is_refused() {
    // Every name and mark of the province would be gone, and nobody told until somebody looked.
    let mut stand = Stand::open();
    stand.register(0, "王晓明", &resident_id(1));
    let mut config = stand.app.config.clone();
    stand.reopen(
        |copy| {
            config.ledger.data_dir = copy.with_file_name("without");
            let without = &config.ledger.data_dir;
            std::process::Command::new("cp")
                .arg("-r")
                .args([copy, without])
                .status()
                .unwrap();
            for file in ["vault.db", "vault.db-wal", "vault.db-shm"] {
                let _absent = std::fs::remove_file(without.join(file));
            }
        },
        |_| {},
    );
    let refused = App::open(config, Arc::clone(&stand.clock) as _)
        .err()
        .unwrap()
        .to_string();
    assert!(
        refused.contains("vault.db") && refused.contains("backup"),
        "{refused}"
    );
}

#[test]
fn an_import_that_does_not_open_stops_nothing_else() {
    // One bad byte in a file that is no record would keep the whole ledger from starting.
    let mut stand = Stand::open();
    let token = stand.schools[0].token().to_owned();
    let file = "record,resident_id,completed_on\nR-1,x,2026-06-01\n";
    let jobs = [(); 2].map(|()| {
        let job = stand.upload(&token, "f.csv", file.as_bytes()).is(202);
        stand.import_reaches(&token, job["id"].as_str().unwrap(), "checked")
    });
    let good: uuid::Uuid = serde_json::from_value(jobs[0]["id"].clone()).unwrap();
    let bad: uuid::Uuid = serde_json::from_value(jobs[1]["id"].clone()).unwrap();
    let caller = stand.app.jobs.get(good).unwrap().unwrap().caller();
    api::import::control::begin(&stand.app, &caller, good, None).unwrap();
    let clock = Arc::clone(&stand.clock);
    stand.reopen(
        |copy| {
            let side = SqliteSide::open(&copy.join("side.db"), clock).unwrap();
            let mut bytes = side.get("import", bad.as_bytes()).unwrap().unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            let put = side.write(&mut |tx| tx.put("import", bad.as_bytes(), &bytes, None));
            put.unwrap();
        },
        |_| {},
    );
    assert_eq!(
        api::import::control::resume(&stand.app).map_err(|it| it.internal),
        Ok(1)
    );
    stand.import_reaches(&token, &good.to_string(), "done");
}
