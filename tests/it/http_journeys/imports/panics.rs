//! An import whose worker panics: a fault of ours, which must cost nobody a row or a day.

use std::sync::Arc;

use api::import::control;
use api::master::MasterKey;
use api::vault::Vault;
use ledger::clock::Clock;
use ledger::side::Side;
use ledger::side::sqlite::SqliteSide;
use serde_json::{Value, json};
use tests::support::panicking_side::PanickingSide;
use tests::support::server::{Stand, resident_id};

use super::{checked, file, row, run};

const ROWS: usize = 2_300;

/// A stand whose vault panics on order while an import writes to it, and a file of [`ROWS`] rows.
fn stand() -> (Stand, PanickingSide, String) {
    let mut stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let time: Arc<dyn Clock> = Arc::clone(&stand.clock) as _;
    let mut ordered = None;
    stand.reopen(
        |_| {},
        |app| {
            let open = |path: &std::path::Path| -> Arc<dyn Side> {
                Arc::new(SqliteSide::open(path, Arc::clone(&time)).unwrap())
            };
            let values = PanickingSide::new(open(&app.dir.vault()), "import");
            let keys = open(&app.dir.vault_keys());
            let master = MasterKey::of_data_dir(app.dir.root()).unwrap();
            let vault = Vault::open(Arc::new(values.clone()), keys, master, Arc::clone(&time));
            app.vault = Arc::new(vault.unwrap());
            ordered = Some(values);
        },
    );
    let rows: Vec<_> = (0..ROWS).map(|at| row(1, &format!("R-{at}"))).collect();
    (stand, ordered.unwrap(), file(&rows))
}

fn counts(job: &Value) -> [u64; 4] {
    ["seen", "recorded", "already", "refused"].map(|name| job["counts"][name].as_u64().unwrap())
}

#[test]
fn an_import_that_panics_is_taken_up_again_and_counts_each_row_once() {
    // A clerk would look at "running" for days, until somebody restarts the server.
    let (stand, vault, text) = stand();
    let job = checked(&stand, "f.csv", text.as_bytes());
    let size = stand.app.ledger.head().size;
    // The second chunk panics as its values are stored.
    vault.order(1, 1);
    let id = job["id"].as_str().unwrap();
    let path = format!("/v1/imports/{id}/run");
    let token = stand.schools[0].token();
    stand.send("POST", &path, token, &[], Some(b"")).is(202);
    let done = stand.import_reaches(token, id, "done");
    assert_eq!(counts(&done), [2_300, 2_300, 0, 0]);
    // Every row once, and an envelope for each chunk.
    assert_eq!(stand.app.ledger.head().size, size + 2_303);
}

#[test]
fn an_import_that_panics_again_and_again_fails_with_a_reason_and_can_be_run() {
    // One file would hold up every other import, or be lost half recorded.
    let (stand, vault, text) = stand();
    let token = stand.schools[0].token();
    let job = checked(&stand, "f.csv", text.as_bytes());
    let id = job["id"].as_str().unwrap();
    let path = format!("/v1/imports/{id}/run");
    let size = stand.app.ledger.head().size;
    vault.order(1, usize::MAX);
    stand.send("POST", &path, token, &[], Some(b"")).is(202);
    let failed = stand.import_reaches(token, id, "failed");
    assert_eq!(failed["failure"], "internal");
    assert_eq!(counts(&failed), [1_000, 1_000, 0, 0], "what was recorded");
    assert_eq!(stand.app.ledger.head().size, size + 1_001);
    assert_eq!(
        control::resume(&stand.app).unwrap(),
        0,
        "a restart tries nothing"
    );
    // Those behind it are worked on, and it can be run when the fault is mended.
    vault.order(0, 0);
    let other = checked(&stand, "g.csv", file(&[row(1, "S-1")]).as_bytes());
    assert_eq!(counts(&run(&stand, &other)), [1, 1, 0, 0]);
    let done = run(&stand, &job);
    assert_eq!(counts(&done), [2_300, 2_300, 0, 0]);
    assert_eq!(done.get("failure"), None);
    assert_eq!(stand.app.ledger.head().size, size + 2_303 + 2);
}

#[test]
fn a_panic_behind_a_chunk_or_behind_the_end_changes_no_account() {
    // Rows would be counted twice, or as somebody else's.
    let (stand, _, text) = stand();
    let job = checked(&stand, "f.csv", text.as_bytes());
    let id = serde_json::from_value(job["id"].clone()).unwrap();
    let caller = stand.app.jobs.get(id).unwrap().unwrap().caller();
    let (begun, _) = control::begin(&stand.app, &caller, id, None).unwrap();
    let size = stand.app.ledger.head().size;
    // Each chunk is durable when it is told, and so is the end.
    let done = control::work(&stand.app, begun, &|_| panic!("as ordered"));
    assert_eq!(counts(&json!(done)), [2_300, 2_300, 0, 0]);
    assert_eq!(json!(done)["state"], "done");
    assert_eq!(stand.app.ledger.head().size, size + 2_303);
}
