//! An elder and somebody trusted, a child and the guardian: acting in another's name.

use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

const DAY_MS: i64 = 24 * 3_600_000;

fn at(learner: Uuid, part: &str) -> String {
    format!("/v1/learners/{learner}/{part}")
}

fn born(stand: &Stand, name: &str, birth_date: &str, serial: u32) -> Uuid {
    let body = json!({
        "name": name, "birth_date": birth_date,
        "identifiers": [{ "type": "staff_number", "value": Stand::staff_number(serial) }],
    });
    let made = stand
        .post(stand.schools[0].token(), "/v1/learners", &body)
        .is(201);
    serde_json::from_value(made["id"].clone()).unwrap()
}

fn documented(stand: &Stand, who: Uuid) {
    let body = json!({ "method": "document", "reason_text": "出示身份证原件" });
    stand
        .post(&stand.registrar.token, &at(who, "assurance"), &body)
        .is(201);
}

fn lets(agent: Uuid) -> Value {
    json!({ "agent": agent, "unpressed": true, "until": "2026-12-31" })
}

#[test]
fn an_elder_lets_a_granddaughter_look_and_ends_it_with_one_tap() {
    // The elder's password would be shared, and nobody could tell who looked, or make it stop.
    let stand = Stand::open();
    let elder = born(&stand, "王桂英", "1950-03-04", 1);
    let helper = born(&stand, "王小梅", "1998-05-06", 2);
    let school = stand.schools[0].token();
    stand
        .post(school, "/v1/outcomes", &Stand::outcome(elder, "E-1"))
        .is(201);
    let own = stand.token(elder, Role::Learner, None);
    let proxy = stand.token(helper, Role::Proxy, None);
    let transcript = at(elder, "transcript.json");
    stand.get(&proxy, &transcript).refused(403, "not-allowed");
    // Who they are must be sure first.
    let path = at(elder, "delegations");
    stand
        .post(&own, &path, &lets(helper))
        .refused(409, "level-too-low");
    documented(&stand, elder);
    documented(&stand, helper);
    let shown = stand.get(&own, &at(elder, "assurance")).is(200);
    assert_eq!(shown["level"], 3);
    let mut pressed = lets(helper);
    pressed["unpressed"] = json!(false);
    stand.post(&own, &path, &pressed).refused(409, "pressed");
    let mut forever = lets(helper);
    forever["until"] = json!("2030-01-01");
    stand
        .post(&own, &path, &forever)
        .refused(422, "delegation-invalid");
    let given = stand.post(&own, &path, &lets(helper)).is(201);

    let read = stand.get(&proxy, &transcript).is(200);
    assert_eq!(read["learner"]["name"], "王桂英");
    assert_eq!(read["outcomes"].as_array().unwrap().len(), 1);
    let whom = stand.get(&proxy, &after("/v1/delegations", &given)).is(200);
    let item = &whom["items"][0];
    assert_eq!(
        (&item["person"], &item["name"], &item["state"]),
        (&json!(elder), &json!("王*英"), &json!("live"))
    );
    let whom = stand.get(&own, &path).is(200);
    assert_eq!(
        (&whom["items"][0]["agent"], &whom["items"][0]["name"]),
        (&json!(helper), &json!("王*梅"))
    );
    // Looking is all: nothing is asked or said in the elder's name.
    let erase = json!({ "reason": "不用了" });
    stand
        .post(&proxy, &at(elder, "erasure"), &erase)
        .refused(403, "not-delegated");
    let yes = json!({ "use": "contact", "given": true });
    stand
        .post(&proxy, &at(elder, "consents"), &yes)
        .refused(403, "not-delegated");
    stand
        .post(&proxy, &path, &lets(helper))
        .refused(403, "not-allowed");

    let id = given["id"].as_str().unwrap();
    let revocation = at(elder, &format!("delegations/{id}/revocation"));
    let stranger = stand.token(Uuid::from_u128(0x77), Role::Learner, None);
    stand
        .post(&stranger, &revocation, &json!({}))
        .refused(403, "not-allowed");
    let ended = stand.post(&own, &revocation, &json!({})).is(201);
    stand.get(&proxy, &transcript).refused(403, "not-allowed");
    let whom = stand.get(&proxy, &after("/v1/delegations", &ended)).is(200);
    assert_eq!(whom["items"], json!([]));
    let whom = stand.get(&own, &path).is(200);
    assert_eq!(whom["items"][0]["state"], "over");
}

#[test]
fn a_helper_gives_it_back_and_an_elder_cuts_it_down() {
    // Somebody would stay responsible for an elder against the own will, or keep more than is wanted.
    let stand = Stand::open();
    let elder = born(&stand, "王桂英", "1950-03-04", 1);
    let helper = born(&stand, "王小梅", "1998-05-06", 2);
    documented(&stand, elder);
    documented(&stand, helper);
    let own = stand.token(elder, Role::Learner, None);
    let proxy = stand.token(helper, Role::Proxy, None);
    let path = at(elder, "delegations");
    let given = stand.post(&own, &path, &lets(helper)).is(201);
    let id = given["id"].as_str().unwrap();
    let narrowing = at(elder, &format!("delegations/{id}/narrowing"));
    let sooner = json!({ "scopes": ["view"], "until": "2026-07-10" });
    stand.post(&own, &narrowing, &sooner).is(201);
    let later = json!({ "scopes": ["view"], "until": "2026-12-31" });
    stand
        .post(&own, &narrowing, &later)
        .refused(422, "delegation-invalid");
    stand.get(&proxy, &at(elder, "transcript.json")).is(200);
    stand.pass(10 * DAY_MS);
    stand
        .get(&proxy, &at(elder, "transcript.json"))
        .refused(403, "not-allowed");
    let again = stand.post(&own, &path, &lets(helper)).is(201);
    let id = again["id"].as_str().unwrap();
    let revocation = at(elder, &format!("delegations/{id}/revocation"));
    stand.post(&proxy, &revocation, &json!({})).is(201);
    stand
        .get(&proxy, &at(elder, "transcript.json"))
        .refused(403, "not-allowed");
}

#[test]
fn a_guardian_acts_until_the_fourteenth_birthday_and_not_a_day_longer() {
    // A young person's record would stay open to the parents, or the log tell the birthday.
    let stand = Stand::open();
    let child = born(&stand, "李小宝", "2012-07-15", 1);
    let parent = born(&stand, "李大明", "1985-01-02", 2);
    let grown = born(&stand, "李大宝", "2010-01-02", 3);
    documented(&stand, parent);
    let counter = stand.at_desk(0, born(&stand, "柜员", "1990-01-01", 4), Role::Counter);
    let own = stand.token(child, Role::Learner, None);
    let guardian = stand.token(parent, Role::Proxy, None);
    let body = json!({
        "agent": parent, "basis": "guardian", "unpressed": true, "reason_text": "户口簿，父子",
        "scopes": ["view", "consent", "erase"],
    });
    stand
        .post(&own, &at(child, "delegations"), &body)
        .refused(422, "body-invalid");
    stand
        .post(&counter, &at(grown, "delegations"), &body)
        .refused(422, "body-invalid");
    let given = stand
        .post(&counter, &at(child, "delegations"), &body)
        .is(201);
    // What the log has is a month, not the day.
    let position = given["position"].as_u64().unwrap();
    let commit = stand.app.ledger.commit(position).unwrap().unwrap();
    let said = commit.assertion.data().get();
    assert!(
        said.contains("2026-08-01") && !said.contains("07-15"),
        "{said}"
    );

    stand.get(&guardian, &at(child, "transcript.json")).is(200);
    // What is held of the child is the guardian's to ask for, as long as it is a child.
    let copy = stand.get(&guardian, &at(child, "export")).is(200);
    assert_eq!(copy["export"]["person"], json!(child));
    let yes = json!({ "use": "contact", "given": true });
    stand
        .post(&own, &at(child, "consents"), &yes)
        .refused(409, "guardian-needed");
    let agreed = stand.post(&guardian, &at(child, "consents"), &yes).is(201);
    let position = agreed["position"].as_u64().unwrap();
    let commit = stand.app.ledger.commit(position).unwrap().unwrap();
    let act = commit.assertion.act().unwrap();
    assert_eq!(
        (act.person, act.on_behalf_of, act.role.as_str()),
        (parent, Some(child), "proxy")
    );
    let erase = json!({ "reason": "家长申请" });
    stand.post(&guardian, &at(child, "erasure"), &erase).is(202);

    // 2026-07-14, 23:59; then the day itself.
    stand.pass(14 * DAY_MS + 12 * 3_600_000 - 60_000);
    stand.get(&guardian, &at(child, "transcript.json")).is(200);
    stand.pass(60_000);
    stand
        .get(&guardian, &at(child, "transcript.json"))
        .refused(403, "not-allowed");
    stand
        .get(&guardian, &at(child, "export"))
        .refused(403, "not-allowed");
    let no = json!({ "use": "contact", "given": false });
    stand
        .post(&guardian, &at(child, "consents"), &no)
        .refused(403, "not-delegated");
    // The house ends it, so that every other reader of the log knows too.
    stand.app.carry_on_house().unwrap();
    let seen = stand.get(&own, &at(child, "delegations")).is(200);
    assert_eq!(seen["items"][0]["state"], "over");
    stand.post(&own, &at(child, "consents"), &no).is(201);
    stand.post(&own, &at(child, "consents"), &yes).is(201);
    let said = stand.get(&own, &at(child, "consents")).is(200);
    assert_eq!(said["items"][0]["given"], true);
}

#[test]
fn nobody_runs_a_farm_of_elders() {
    // One helper would collect the points of a whole village.
    let stand = Stand::open();
    let helper = stand.register(0, "张三", &resident_id(1));
    documented(&stand, helper);
    for n in 0..6 {
        let elder = born(&stand, "王桂英", "1950-03-04", 10 + n);
        documented(&stand, elder);
        let own = stand.token(elder, Role::Learner, None);
        let answer = stand.post(&own, &at(elder, "delegations"), &lets(helper));
        if n < 5 {
            answer.is(201);
        } else {
            answer.refused(409, "delegation-limit");
        }
    }
}
