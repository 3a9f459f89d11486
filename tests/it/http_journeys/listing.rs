//! Lists of what was learned, and how they page.

use identity::role::Role;
use ledger::clock;
use serde_json::Value;
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

/// The awarders' numbers that a page lists.
fn records(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|it| it["record"].as_str().unwrap())
        .collect()
}

/// A learner with of school 0 and B-1 of school 1, all of it to be read.
fn taught(stand: &Stand) -> Uuid {
    let person = stand.register(0, "王晓明", &resident_id(1));
    let mut last = Value::Null;
    for (school, record) in [(0, "R-1"), (1, "B-1"), (0, "R-2"), (0, "R-3")] {
        let token = stand.schools[school].token();
        let body = Stand::outcome(person, record);
        last = stand.post(token, "/v1/outcomes", &body).is(201);
    }
    stand.get("", &after("/v1/institutions", &last)).is(200);
    person
}

#[test]
fn a_list_has_what_the_reader_awarded_or_learned() {
    // A school would read from a list what other schools taught, or a learner miss a course.
    let stand = Stand::open();
    let person = taught(&stand);
    let get = |token: &str, query: &str| stand.get(token, &format!("/v1/outcomes{query}")).is(200);
    let own = stand.token(person, Role::Learner, None);
    assert_eq!(records(&get(&own, "")), ["R-1", "B-1", "R-2", "R-3"]);
    let of = format!("?learner={person}");
    assert_eq!(records(&get(&own, &of)).len(), 4);
    assert_eq!(records(&get(&own, "?record=B-1")), ["B-1"]);
    for (school, expected) in [(0, vec!["R-1", "R-2", "R-3"]), (1, vec!["B-1"])] {
        let token = stand.schools[school].token();
        assert_eq!(records(&get(token, &of)), expected);
    }
    let home = stand.schools[0].token();
    assert_eq!(records(&get(home, &format!("{of}&record=R-2"))), ["R-2"]);
    assert!(records(&get(home, &format!("{of}&record=B-1"))).is_empty());
    // Whom it never taught and who does not exist look the same to a school.
    let other = stand.register(0, "李小红", &resident_id(2));
    for nobody in [other, clock::uuid_v4()] {
        let page = get(stand.schools[1].token(), &format!("?learner={nobody}"));
        assert!(records(&page).is_empty());
    }
}

#[test]
fn a_list_is_for_learners_and_awarders() {
    // Whoever holds some role would read everybody's courses through the list.
    let stand = Stand::open();
    let person = taught(&stand);
    let path = format!("/v1/outcomes?learner={person}");
    stand.get("", &path).refused(401, "not-signed-in");
    let stranger = stand.token(clock::uuid_v4(), Role::Learner, None);
    let counter = stand.at_desk(0, clock::uuid_v4(), Role::Counter);
    let verifier = stand.token(clock::uuid_v4(), Role::Verifier, None);
    for other in [&stranger, &counter, &verifier] {
        stand.get(other, &path).refused(403, "not-allowed");
    }
    for officer in [
        &stand.registrar,
        &stand.audit,
        &stand.security,
        &stand.system,
    ] {
        stand.get(&officer.token, &path).refused(403, "not-allowed");
    }
    let home = stand.schools[0].token();
    stand.get(home, "/v1/outcomes").refused(422, "body-invalid");
    stand
        .get(home, &format!("{path}&cursor=nonsense"))
        .refused(400, "body-unreadable");
}

#[test]
fn pages_of_a_list_join_without_gap() {
    // A course would be missing between two pages, or stand on both.
    let stand = Stand::open();
    let person = taught(&stand);
    let home = stand.schools[0].token();
    let path = format!("/v1/outcomes?learner={person}&limit=1");
    let mut found = Vec::new();
    let mut page = stand.get(home, &path).is(200);
    loop {
        assert!(records(&page).len() <= 1);
        found.extend(records(&page).into_iter().map(str::to_owned));
        assert!(found.len() <= 3, "{found:?}");
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = stand.get(home, &format!("{path}&cursor={next}")).is(200);
    }
    assert_eq!(found, ["R-1", "R-2", "R-3"]);
}

#[test]
fn every_proposal_that_waits_is_in_some_page() {
    // The fifty-first proposal would wait until it expired, because nobody ever saw it.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let own = stand.token(taught(&stand), Role::Learner, None);
    let page = stand.get(&own, "/v1/outcomes").is(200);
    let outcome = page["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/outcomes/{outcome}/revocations");
    let body = serde_json::json!({ "reason": "misconduct" });
    let mut proposed: Vec<String> = Vec::new();
    let mut last = Value::Null;
    for _ in 0..64 {
        last = stand.post(token, &path, &body).is(202);
        proposed.push(last["approval"].as_str().unwrap().to_owned());
    }
    let path = after("/v1/approvals", &last);
    let mut page = stand.get(token, &path).is(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 50);
    assert!(page["position"].as_u64() > last["position"].as_u64());
    let mut found = Vec::new();
    loop {
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|it| it["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        page = stand.get(token, &format!("{path}&cursor={next}")).is(200);
    }
    assert_eq!(found, proposed);
}
