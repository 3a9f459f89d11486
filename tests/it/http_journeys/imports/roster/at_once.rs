//! Rosters that come together, and rosters that are killed: whom each of them counts as its own.

use api::import::{JobState, control};
use serde_json::{Value, json};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::{checked, counts, enrolment, found, person};

/// Asks for the run of a checked roster, and leaves it where it is.
fn begun(stand: &Stand, job: &Value) -> Uuid {
    let id = serde_json::from_value(job["id"].clone()).unwrap();
    let caller = stand.app.jobs.get(id).unwrap().unwrap().caller();
    assert!(control::begin(&stand.app, &caller, id, None).unwrap().1);
    id
}

/// Works on a roster that was asked to run.
fn worked(stand: &Stand, id: Uuid) -> Value {
    let job = stand.app.jobs.get(id).unwrap().unwrap();
    let done = control::work(&stand.app, job, &|_| {});
    assert_eq!(done.state, JobState::Done, "{:?}", done.failure);
    json!(done)
}

#[test]
fn two_clerks_with_one_roster_count_each_person_once() {
    // A school would report twice as many new learners as it has.
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let rows: Vec<_> = (1..=1_030)
        .map(|at| {
            if at <= 40 {
                person(at)
            } else {
                // No person: the rows behind them only fill the chunk.
                format!("学生{at},,,")
            }
        })
        .chain((41..=60).map(person))
        .collect();
    let jobs = [0, 1].map(|_| checked(&stand, 0, &rows));
    assert_eq!(counts(&jobs[0]), [59, 0, 0, 1, 990]);
    // Both are asked to run before either has registered anybody.
    let [one, other] = jobs.each_ref().map(|job| begun(&stand, job));
    let size = stand.app.ledger.head().size;
    assert_eq!(counts(&worked(&stand, one)), [59, 0, 0, 1, 990]);
    assert_eq!(counts(&worked(&stand, other)), [0, 0, 0, 60, 990]);
    // One registration each, and an envelope for each chunk.
    assert_eq!(stand.app.ledger.head().size, size + 61);
}

#[test]
fn two_clerks_with_one_list_of_numbers_bind_each_once() {
    // Two accounts would both say that they had bound the year's new numbers.
    let stand = Stand::open();
    for serial in 1..=5 {
        stand.register(0, &format!("学生{serial}"), &resident_id(serial));
    }
    let rows: Vec<_> = (1..=5)
        .map(|serial| {
            format!(
                "学生{serial},{},{},",
                resident_id(serial),
                enrolment(serial)
            )
        })
        .collect();
    let jobs = [0, 1].map(|_| checked(&stand, 0, &rows));
    let [one, other] = jobs.each_ref().map(|job| begun(&stand, job));
    let before = stand.app.jobs.get(one).unwrap().unwrap();
    assert_eq!(counts(&worked(&stand, one)), [5, 0, 0, 0, 0]);
    assert_eq!(counts(&worked(&stand, other)), [0, 0, 0, 5, 0]);
    // A crash between the commits and their account makes them nobody else's.
    let again = control::work(&stand.app, before, &|_| {});
    assert_eq!(counts(&json!(again)), [5, 0, 0, 0, 0]);
}

#[test]
fn one_roster_sent_twice_at_once_makes_nobody_twice() {
    // Two secretaries press the same button, and every learner has two accounts.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let rows: Vec<_> = (1..=200).map(person).collect();
    let jobs = [checked(&stand, 0, &rows), checked(&stand, 0, &rows)];
    let size = stand.app.ledger.head().size;
    // And a counter registers one of them meanwhile.
    let body = json!({
        "name": "学生200", "birth_date": "2001-02-03",
        "identifiers": [{ "type": "resident_id", "value": resident_id(200) }],
    });
    let counter = std::thread::scope(|scope| {
        for job in &jobs {
            let path = format!("/v1/imports/{}/run", job["id"].as_str().unwrap());
            let stand = &stand;
            scope.spawn(move || stand.send("POST", &path, token, &[], Some(b"")).is(202));
        }
        let counter = scope.spawn(|| stand.post(token, "/v1/learners", &body).status);
        counter.join().unwrap()
    });
    let done = jobs.map(|job| {
        let id = job["id"].as_str().unwrap().to_owned();
        stand.import_reaches(token, &id, "done")
    });
    let sum = |name: &str| -> u64 {
        done.iter()
            .map(|job| job["counts"][name].as_u64().unwrap())
            .sum()
    };
    assert_eq!(sum("refused"), 0, "{done:?}");
    // Each person is new in one account only.
    let new = if counter == 201 { 199 } else { 200 };
    assert_eq!(
        (sum("recorded"), sum("already")),
        (new, 400 - new),
        "{done:?}"
    );
    let people: std::collections::HashSet<_> = (1..=200)
        .map(|serial| found(&stand, "resident_id", &resident_id(serial)).unwrap())
        .collect();
    assert_eq!(people.len(), 200);
    // One registration each, and an envelope or two.
    let grown = stand.app.ledger.head().size - size;
    assert!((201..=202).contains(&grown), "{grown}");
}

#[test]
fn whom_a_killed_roster_registered_is_its_own_and_one_person() {
    // After a power cut a school would read that others had registered its people, or have them twice.
    let stand = Stand::open();
    stand.register(0, "学生1", &resident_id(1));
    let rows: Vec<_> = (1..=40).map(person).collect();
    let checked = checked(&stand, 0, &rows);
    let id = serde_json::from_value(checked["id"].clone()).unwrap();
    let caller = stand.app.jobs.get(id).unwrap().unwrap().caller();
    control::begin(&stand.app, &caller, id, None).unwrap();
    // It is killed between the commits of its chunk and their account.
    let begun = stand.app.jobs.get(id).unwrap().unwrap();
    control::work(&stand.app, begun.clone(), &|_| {});
    let size = stand.app.ledger.head().size;
    let again = control::work(&stand.app, begun, &|_| {});
    assert_eq!(again.state, JobState::Done);
    assert_eq!((again.counts.recorded, again.counts.already), (39, 1));
    assert_eq!(stand.app.ledger.head().size, size);
    assert_eq!(again.position, Some(size - 1));
}
