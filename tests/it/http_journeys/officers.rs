//! Who holds which role: given, seen, taken back.

use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::Stand;
use tests::support::server::answer::after;
use uuid::Uuid;

fn roles(stand: &Stand, token: &str, written: &Value) -> Vec<(String, String)> {
    let shown = stand.get(token, &after("/v1/officers", written)).is(200);
    let items = shown["items"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    items
        .map(|it| (text(&it["person"]), text(&it["role"])))
        .collect()
}

#[test]
fn a_second_security_officer_agrees_to_a_role_and_to_its_end() {
    // One administrator could make registrars, or a dismissed one would go on with an old token.
    let stand = Stand::open();
    let second = Uuid::from_u128(0x6666_0000_0000_4000_8000_0000_0000_0001);
    let new = Uuid::from_u128(0x7777_0000_0000_4000_8000_0000_0000_0001);
    let ask = |path: &str, person: Uuid, role: &str| {
        let body = json!({ "person": person, "role": role });
        stand.post(&stand.security.token, path, &body)
    };
    let proposed = ask("/v1/officers", second, "security").is(202);
    // No second security officer is there yet: the three administrators stand in for the pair.
    for token in [&stand.system.token, &stand.audit.token] {
        stand.approve(token, &proposed["approval"]).is(201);
    }
    let second = stand.token(second, Role::Security, None);
    let proposed = ask("/v1/officers", new, "registrar").is(202);
    let given = stand.approve(&second, &proposed["approval"]).is(201);
    let held = (new.to_string(), "registrar".to_owned());
    assert!(roles(&stand, &stand.audit.token, &given).contains(&held));
    let token = stand.token(new, Role::Registrar, None);
    stand.get(&token, "/v1/approvals").is(200);

    let proposed = ask("/v1/officers/removals", new, "registrar").is(202);
    stand.get(&token, "/v1/approvals").is(200);
    let ended = stand.approve(&second, &proposed["approval"]).is(201);
    assert!(!roles(&stand, &stand.audit.token, &ended).contains(&held));
    stand
        .get(&token, "/v1/approvals")
        .refused(403, "not-allowed");
    ask("/v1/officers/removals", new, "registrar").refused(409, "role-not-held");
    let last = json!({ "person": stand.audit.person, "role": "audit" });
    let refused = stand.post(&stand.security.token, "/v1/officers/removals", &last);
    refused.refused(409, "last-holder");
}

#[test]
fn an_institution_chooses_its_own_clerks() {
    // A school would wait for the province with each clerk, or could look into another's desk.
    let stand = Stand::open();
    let school = &stand.schools[0];
    let clerk = Uuid::from_u128(0x8888_0000_0000_4000_8000_0000_0000_0001);
    let body = json!({ "person": clerk, "role": "clerk" });
    let given = stand.post(school.token(), "/v1/officers", &body).is(201);
    let held = (clerk.to_string(), "clerk".to_owned());
    assert!(roles(&stand, school.token(), &given).contains(&held));
    stand.post(school.token(), "/v1/officers", &body).is(200);
    let other = format!("/v1/officers?institution={}", stand.schools[1].number);
    stand
        .get(school.token(), &other)
        .refused(403, "not-allowed");
    let elsewhere =
        json!({ "person": clerk, "role": "clerk", "institution": stand.schools[1].number });
    let refused = stand.post(school.token(), "/v1/officers", &elsewhere);
    refused.refused(403, "not-allowed");
    let more = json!({ "person": clerk, "role": "institution" });
    stand
        .post(school.token(), "/v1/officers", &more)
        .refused(422, "role-scope");
    let token = stand.token(clerk, Role::Clerk, Some(school.number));
    let search = json!({ "identifier": { "type": "passport", "value": "E12345678" } });
    stand.post(&token, "/v1/learners/search", &search).is(200);
    stand
        .post(school.token(), "/v1/officers/removals", &body)
        .is(201);
    let gone = stand.post(&token, "/v1/learners/search", &search);
    gone.refused(403, "not-allowed");
}
