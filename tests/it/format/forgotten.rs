//! The second reader over a log in which somebody was forgotten and a clerk dismissed.

use identity::person::erasure::COPIES_LIFE_MS;
use identity::role::Role;
use serde_json::json;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::reader::accepted;

#[test]
fn another_language_reads_an_erasure_to_its_end() {
    // A log could no longer be checked by anybody else once one person had asked to be forgotten.
    let stand = Stand::open();
    let school = stand.schools[0].token();
    let clerk = Uuid::from_u128(0xc1e);
    stand.at_desk(0, clerk, Role::Clerk);
    let role = json!({ "person": clerk, "role": "clerk" });
    stand.post(school, "/v1/officers/removals", &role).is(201);
    let person = stand.register(0, "忘者", &resident_id(71));
    let course = Stand::outcome(person, "R-1");
    stand.post(school, "/v1/outcomes", &course).is(201);
    let locks = json!([{ "purpose": "study-record", "until": "2026-07-10" }]);
    let body = json!({ "reason": "注销", "locks": locks });
    let path = format!("/v1/learners/{person}/erasure");
    let asked = stand.post(&stand.registrar.token, &path, &body).is(202);
    stand
        .approve(&stand.registrar2.token, &asked["approval"])
        .is(201);
    for days in [0, 11, 31] {
        stand.pass(days * 86_400_000);
        stand.app.carry_on_erasures().unwrap();
    }
    stand.pass(COPIES_LIFE_MS);
    stand.app.carry_on_erasures().unwrap();
    let shown = stand.get(&stand.audit.token, &path).is(200);
    assert_eq!(shown["items"][0]["stage"], "certified", "{shown}");
    stand.app.ledger.publish().unwrap();
    let said = accepted(stand.app.dir.root(), &[]);
    assert!(said.contains("OK"), "{said}");
}
