//! Somebody whose phone is gone: back at a counter, back with the printed sheet, and a thief who tries.

use identity::role::Role;
use serde_json::{Value, json};
use tests::support::browser::Browser;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

const HOUR_MS: i64 = 3_600_000;

fn at(learner: Uuid, part: &str) -> String {
    format!("/v1/learners/{learner}/{part}")
}

fn begins(stand: &Stand, who: Uuid) -> Value {
    let body = json!({ "reason_text": "出示身份证原件，人证一致；手机丢失" });
    let proposed = stand
        .post(&stand.registrar.token, &at(who, "recoveries"), &body)
        .is(202);
    let second = &stand.registrar2.token;
    stand.approve(second, &proposed["approval"]).is(201);
    proposed["id"].clone()
}

fn part(recovery: &Value, what: &str) -> String {
    format!("recoveries/{}/{what}", recovery.as_str().unwrap())
}

#[test]
fn a_counter_opens_an_account_after_three_days() {
    // Who lost the phone would lose the record, or one officer could hand it to a stranger.
    let stand = Stand::open();
    let learner = stand.register(0, "林昇", &resident_id(1));
    let thief = stand.token(learner, Role::Learner, None);
    let counter = stand.register_plainly(0, "柜员", 7);
    let counter = stand.at_desk(0, counter, Role::Counter);
    let body = json!({ "reason_text": "出示身份证原件" });
    let proposed = stand
        .post(&counter, &at(learner, "recoveries"), &body)
        .is(202);
    stand
        .approve(&counter, &proposed["approval"])
        .refused(403, "same-person");
    let recovery = begins(&stand, learner);
    let finish = at(learner, &part(&recovery, "completion"));
    stand
        .post(&counter, &finish, &json!({}))
        .refused(409, "recovery-too-soon");
    let seen = stand.get(&thief, &at(learner, "recoveries")).is(200);
    assert_eq!(seen["items"][0]["state"], "waiting");
    stand.pass(72 * HOUR_MS);
    let other = stand.register_plainly(1, "柜员", 8);
    let other = stand.at_desk(1, other, Role::Counter);
    stand
        .post(&other, &finish, &json!({}))
        .refused(403, "not-allowed");
    stand.post(&counter, &finish, &json!({})).is(201);
    // Whoever holds the old phone is out.
    stand
        .get(&thief, &at(learner, "transcript.json"))
        .refused(401, "token-invalid");
    stand.post(&counter, &finish, &json!({})).is(200);
}

#[test]
fn an_elder_does_not_wait_and_nobody_only_says_so() {
    // An elder would make two journeys, or an officer let anybody in at once by calling him old.
    let stand = Stand::open();
    let body = json!({
        "name": "王桂英", "birth_date": "1950-03-04",
        "identifiers": [{ "type": "staff_number", "value": Stand::staff_number(1) }],
    });
    let made = stand
        .post(stand.schools[0].token(), "/v1/learners", &body)
        .is(201);
    let elder: Uuid = serde_json::from_value(made["id"].clone()).unwrap();
    let recovery = begins(&stand, elder);
    let finish = at(elder, &part(&recovery, "completion"));
    stand
        .post(&stand.registrar.token, &finish, &json!({}))
        .is(201);
}

#[test]
fn whoever_is_signed_in_says_no() {
    // A thief who got past a counter would have the account although the owner was told.
    let stand = Stand::open();
    let learner = stand.register(0, "林昇", &resident_id(1));
    let own = stand.token(learner, Role::Learner, None);
    let recovery = begins(&stand, learner);
    let veto = at(learner, &part(&recovery, "veto"));
    let stranger = stand.register(0, "周恒", &resident_id(2));
    let stranger = stand.token(stranger, Role::Learner, None);
    stand
        .post(&stranger, &veto, &json!({}))
        .refused(403, "not-allowed");
    stand.post(&own, &veto, &json!({})).is(201);
    stand.pass(72 * HOUR_MS);
    stand
        .post(
            &stand.registrar.token,
            &at(learner, &part(&recovery, "completion")),
            &json!({}),
        )
        .refused(409, "recovery-vetoed");
    stand.get(&own, &at(learner, "transcript.json")).is(200);
}

#[test]
fn the_sheet_opens_the_account_with_the_same_code_twice() {
    // The paper in the drawer would be worth nothing, or open the account to a glance at it.
    let stand = Stand::open();
    let learner = stand.register(0, "林昇", &resident_id(1));
    let own = stand.token(learner, Role::Learner, None);
    let sheet = at(learner, "recovery-sheet");
    let first = stand.post(&own, &sheet, &json!({})).is(201);
    let second = stand.post(&own, &sheet, &json!({})).is(201);
    let tries = |code: &str| stand.post("", "/v1/recoveries", &json!({ "code": code }));
    let (first, second) = (
        first["code"].as_str().unwrap(),
        second["code"].as_str().unwrap(),
    );
    assert_eq!(second.len(), 34);
    tries(first).refused(409, "sheet-invalid");
    // Typed by hand: small letters, no dashes, O for 0.
    let typed = second.to_lowercase().replace('-', " ").replace('0', "o");
    let begun = tries(&typed).is(200);
    assert_eq!(
        (&begun["way"], &begun["state"]),
        (&json!("sheet"), &json!("waiting"))
    );
    assert_eq!(tries(second).is(200)["state"], "waiting");
    stand.pass(72 * HOUR_MS);
    let browser = Browser::default();
    let code = json!({ "code": second }).to_string();
    let headers = [("content-type", "application/json")];
    let opened = browser.send(
        &stand,
        "POST",
        "/v1/recoveries",
        &headers,
        Some(code.as_bytes()),
    );
    assert_eq!(opened.is(200)["state"], "completed");
    // Whoever came back is signed in, long enough to link an account; who was before is not.
    browser.get(&stand, &at(learner, "transcript.json")).is(200);
    let sessions = browser.get(&stand, "/v1/sessions").is(200);
    assert_eq!(sessions["items"][0]["by"], "recovery-sheet");
    assert_eq!(sessions["items"].as_array().unwrap().len(), 1);
    stand
        .get(&own, &at(learner, "transcript.json"))
        .refused(401, "token-invalid");
    tries(second).refused(409, "sheet-invalid");
}

#[test]
fn who_guesses_a_code_learns_nothing_and_has_to_rest() {
    // A robot would try codes until one opens, or find out which accounts have a sheet.
    let stand = Stand::open();
    let learner = stand.register(0, "林昇", &resident_id(1));
    let own = stand.token(learner, Role::Learner, None);
    let printed = stand
        .post(&own, &at(learner, "recovery-sheet"), &json!({}))
        .is(201);
    let code = printed["code"].as_str().unwrap();
    let tries = |code: &str| stand.post("", "/v1/recoveries", &json!({ "code": code }));
    let other = if code.ends_with('7') { '8' } else { '7' };
    let wrong = format!("{}{other}", &code[..code.len() - 1]);
    let there = tries(&wrong).refused(409, "sheet-invalid");
    let nowhere = tries("ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ-ZZZZ").refused(409, "sheet-invalid");
    assert_eq!(there["detail"], nowhere["detail"]);
    tries("short").refused(409, "sheet-invalid");
    for _ in 0..4 {
        tries(&wrong).refused(409, "sheet-invalid");
    }
    tries(code).refused(503, "too-busy");
    stand.pass(15 * 60_000);
    tries(code).is(200);
}
