//! Who signs in as an officer: two security administrators say it, each shown the account.

use serde_json::json;
use tests::support::browser::Browser;
use tests::support::provider::Provider;
use tests::support::server::resident_id;
use uuid::Uuid;

use super::super::providers::{at_counter, element, own};

#[test]
fn security_says_by_two_who_signs_in_as_an_officer() {
    // One administrator would sign in as another officer, and agree with himself.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let code = |sub: &str| {
        let shown = provider.sign_in(&stand, &Browser::default(), sub, "");
        json!({ "code": element(&shown, "code") })
    };
    let officer = stand.registrar.person;
    let path = format!("/v1/officers/{officer}/links");
    let security = &stand.security.token;
    let proposed = stand.post(security, &path, &code("r")).is(202);
    let approval = format!("/v1/approvals/{}", proposed["approval"].as_str().unwrap());
    let as_registrar = |sub: &str| {
        let browser = Browser::default();
        provider
            .sign_in(&stand, &browser, sub, "?role=registrar")
            .status
    };
    assert_eq!(as_registrar("r"), 403);
    // As long as there is one security administrator, all three administrators stand in for two.
    let blind = json!({ "decision": "approve" });
    let shown = |sub: &str| json!({ "decision": "approve", "code": code(sub)["code"] });
    let (system, audit) = (&stand.system.token, &stand.audit.token);
    // Each agrees to the account that is shown now, and to no commitment that nobody can read.
    for other in [blind, shown("another")] {
        stand
            .post(system, &approval, &other)
            .refused(403, "link-proof-invalid");
    }
    stand.post(system, &approval, &shown("r")).is(201);
    assert_eq!(as_registrar("r"), 403);
    // What waits for a second person is kept from others meanwhile.
    let learner = stand.register(0, "周恒", &resident_id(3));
    stand
        .post(
            &stand.registrar.token,
            &format!("{}/links", own(learner)),
            &code("r"),
        )
        .refused(409, "link-taken");
    stand.post(audit, &approval, &shown("r")).is(201);
    assert_eq!(as_registrar("r"), 303);
    stand
        .get(security, &format!("/v1/officers/{learner}/links"))
        .refused(404, "not-found");
    let listed = stand.get(security, &path).is(200);
    let link = format!("{path}/{}", listed["items"][0]["id"].as_str().unwrap());
    stand
        .send("DELETE", &link, stand.schools[0].token(), &[], None)
        .refused(403, "not-allowed");
    let taking = stand.send("DELETE", &link, security, &[], None).is(202);
    assert_eq!(as_registrar("r"), 303, "one administrator shuts nobody out");
    let approval = format!("/v1/approvals/{}", taking["approval"].as_str().unwrap());
    let agrees = json!({ "decision": "approve" });
    for token in [system, audit] {
        stand.post(token, &approval, &agrees).is(201);
    }
    let left = stand.app.sign_in.sessions.of(officer).ok().unwrap();
    assert!(left.is_empty(), "what the account began goes with it");
    assert_eq!(as_registrar("r"), 403);
    // An institution's officer links its own clerk, alone, and no learner of others whom it calls its clerk.
    let school = &stand.schools[0];
    let theirs = stand.register(1, "李小红", &resident_id(2));
    let clerk = Uuid::from_u128(0x5_0000_0079);
    for (person, status) in [(clerk, 201), (theirs, 403)] {
        let role = json!({ "person": person, "role": "clerk" });
        stand.post(school.token(), "/v1/officers", &role).is(201);
        let path = format!("/v1/officers/{person}/links");
        let answer = stand.post(school.token(), &path, &code(&person.to_string()));
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let as_clerk = format!("?role=clerk&institution={}", school.number);
    let browser = Browser::default();
    let answer = provider.sign_in(&stand, &browser, &clerk.to_string(), &as_clerk);
    assert_eq!(answer.status, 303, "{}", answer.text());
    // In that school's roles alone: else its officer would come into whose record, or the province's role.
    let as_learner = provider.sign_in(&stand, &Browser::default(), &clerk.to_string(), "");
    as_learner.refused(403, "not-allowed");
    // A counter sees and ends what signs its learner in.
    let learner = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, learner, "w");
    let path = format!("{}/links", own(learner));
    let listed = stand.get(&stand.registrar.token, &path).is(200);
    let link = format!("{path}/{}", listed["items"][0]["id"].as_str().unwrap());
    stand
        .send("DELETE", &link, &stand.registrar.token, &[], None)
        .is(201);
    let answer = provider.sign_in(&stand, &Browser::default(), "w", "");
    assert_eq!(answer.status, 403);
}
