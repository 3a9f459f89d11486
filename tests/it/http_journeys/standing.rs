//! A learner whose phone was stolen, and one who died.

use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

fn at(learner: Uuid, part: &str) -> String {
    format!("/v1/learners/{learner}/{part}")
}

fn agreed(stand: &Stand, path: &str, body: &Value) -> Value {
    let proposed = stand.post(&stand.registrar.token, path, body).is(202);
    let second = &stand.registrar2.token;
    stand.approve(second, &proposed["approval"]).is(201)
}

#[test]
fn a_stolen_phone_is_stopped_at_once_and_let_in_by_two() {
    // The thief would read on with the session that the phone holds, or its card open doors.
    let stand = Stand::open();
    let school = stand.schools[0].token();
    let learner = stand.register(0, "林昇", &resident_id(1));
    let token = stand.token(learner, Role::Learner, None);
    let scan = |text: &Value| stand.post(school, "/v1/codes/scan", &json!({ "code": text }));
    let shown = stand.post(&token, &at(learner, "code"), &json!({})).is(200);
    let body = json!({ "reason": "device_lost", "reason_text": "手机丢失" });
    let counter = stand.register_plainly(0, "柜员", 7);
    let desk = json!({ "person": counter, "role": "counter" });
    stand.post(school, "/v1/officers", &desk).is(201);
    let counter = stand.token(counter, Role::Counter, Some(stand.schools[0].number));
    stand
        .post(&counter, &at(learner, "suspension"), &body)
        .is(201);
    stand
        .get(&token, &at(learner, "transcript.json"))
        .refused(401, "token-invalid");
    let later = stand.token(learner, Role::Learner, None);
    stand
        .get(&later, &at(learner, "transcript.json"))
        .refused(403, "person-barred");
    scan(&shown["code"]).refused(422, "code-invalid");
    let card = stand
        .post(&counter, &at(learner, "card"), &json!({}))
        .is(201);
    scan(&card["card"]).refused(422, "code-invalid");
    // Another school does not know whom it would stop.
    stand
        .post(stand.schools[1].token(), &at(learner, "suspension"), &body)
        .refused(403, "not-allowed");
    let seen = stand
        .get(school, &format!("/v1/learners/{learner}"))
        .is(200);
    assert_eq!(seen["standing"], "suspended");
    let settled = json!({ "reason": "settled", "reason_text": "本人持证件到窗口" });
    let proposed = stand
        .post(&counter, &at(learner, "reinstatement"), &settled)
        .is(202);
    stand
        .approve(&counter, &proposed["approval"])
        .refused(403, "same-person");
    agreed(&stand, &at(learner, "reinstatement"), &settled);
    stand.get(&later, &at(learner, "transcript.json")).is(200);
    // What the thief held stays dead.
    stand
        .get(&token, &at(learner, "transcript.json"))
        .refused(401, "token-invalid");
    scan(&card["card"]).is(200);
    stand
        .post(&counter, &at(learner, "reinstatement"), &settled)
        .refused(409, "not-suspended");
}

#[test]
fn what_the_dead_learned_stays_and_nobody_acts_for_them() {
    // A credential would fail at the gate of an heir, or an account of the dead be used.
    let stand = Stand::open();
    let school = stand.schools[0].token();
    let learner = stand.register(0, "林昇", &resident_id(1));
    let token = stand.token(learner, Role::Learner, None);
    let outcome = Stand::outcome(learner, "R-1");
    let recorded = stand.post(school, "/v1/outcomes", &outcome).is(201);
    let key = json!({ "fragment": "credential-1", "use": "credential" });
    stand.post(school, "/v1/institutions/1/keys", &key).is(201);
    let issue = json!({ "learner": learner, "outcome": recorded["id"] });
    let issued = stand.post(school, "/v1/credentials", &issue).is(201);
    let path = format!("/v1/credentials/{}", issued["id"].as_str().unwrap());
    let document = stand.get(school, &after(&path, &issued)).text();
    let wrong = json!({ "died_on": "2026-02-30", "reason_text": "证明" });
    stand
        .post(&stand.registrar.token, &at(learner, "death"), &wrong)
        .refused(422, "body-invalid");
    let body = json!({ "died_on": "2026-05-04", "reason_text": "家属持死亡医学证明办理" });
    let died = agreed(&stand, &at(learner, "death"), &body);
    stand
        .get(&token, &at(learner, "transcript.json"))
        .refused(401, "token-invalid");
    let later = stand.token(learner, Role::Learner, None);
    stand
        .get(&later, &at(learner, "transcript.json"))
        .refused(403, "person-barred");
    let read = stand
        .get(school, &after(&at(learner, "transcript.json"), &died))
        .is(200);
    assert_eq!(read["outcomes"][0]["lots"][0]["state"], "available");
    let headers = [("content-type", "application/json")];
    let report = stand
        .send(
            "POST",
            "/v1/verify",
            "",
            &headers,
            Some(document.as_bytes()),
        )
        .is(200);
    assert_eq!(report["result"], "valid");
    let error = json!({ "reason_text": "同名登记有误" });
    agreed(&stand, &at(learner, "death/withdrawal"), &error);
    stand.get(&later, &at(learner, "transcript.json")).is(200);
    let none = stand.post(
        &stand.registrar.token,
        &at(learner, "death/withdrawal"),
        &error,
    );
    none.refused(409, "death-not-recorded");
}
