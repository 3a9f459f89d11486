//! What was recorded is corrected or revoked, by two persons; and no door takes what it does not know.

use api::vault::{ASK_AFTER_MS, ORPHAN_AFTER_MS};
use identity::approval::decide::TERM_MS;
use identity::role::Role;
use serde_json::{Value, json};
use tests::support::server::answer::after;
use tests::support::server::{Stand, resident_id};

/// Enough that a view is behind for one of them.
const AT_ONCE: usize = 64;

/// A recorded course: its id and person.
fn recorded(stand: &Stand) -> (String, uuid::Uuid) {
    let person = stand.register(0, "王晓明", &resident_id(1));
    let body = Stand::outcome(person, "2026-CS-0001");
    let recorded = stand
        .post(stand.schools[0].token(), "/v1/outcomes", &body)
        .is(201);
    stand.get("", &after("/v1/institutions", &recorded)).is(200);
    (recorded["id"].as_str().unwrap().to_owned(), person)
}

#[test]
fn a_correction_needs_two_persons_and_keeps_the_history() {
    // One clerk alone could raise a mark, or the learner would not see that it was raised.
    let stand = Stand::open();
    let [clerk, second] = &stand.schools[0].officers;
    let (id, person) = recorded(&stand);
    let path = format!("/v1/outcomes/{id}");
    let body = json!({
        "reason": "mark_reviewed", "reason_text": "卷面重核", "kind": "course", "code": "CS101", "title": "数据结构",
        "hours": "32", "credits": "2.0", "scheme": "cn-he", "level": "5", "category": "general", "grade": "91",
        "completed_on": "2026-06-01",
    });
    let proposed = stand
        .post(&clerk.token, &format!("{path}/corrections"), &body)
        .is(202);
    let before = stand.get(&clerk.token, &after(&path, &proposed)).is(200);
    assert_eq!(
        (&before["grade"], &before["state"]),
        (&json!("85"), &json!("recorded"))
    );
    stand
        .approve(&clerk.token, &proposed["approval"])
        .refused(403, "same-person");
    let approved = stand.approve(&second.token, &proposed["approval"]).is(201);
    let own = stand.token(person, Role::Learner, None);
    let now = stand.get(&own, &after(&path, &approved)).is(200);
    assert_eq!(
        (&now["grade"], &now["state"]),
        (&json!("91"), &json!("corrected"))
    );
    assert_eq!(now["changed"], approved["position"]);
    assert_eq!(
        now["lots"].as_array().unwrap().len(),
        2,
        "the first lot stays in sight"
    );
    let credits = stand
        .get(&own, &format!("/v1/learners/{person}/credits"))
        .is(200);
    assert_eq!(credits[0]["credits"], "2", "counted once");
}

#[test]
fn what_a_dropped_proposal_said_is_kept_nowhere() {
    // A mark that was proposed by mistake, and refused, would lie in the vault for ever.
    let stand = Stand::open();
    let [clerk, second] = &stand.schools[0].officers;
    let (id, person) = recorded(&stand);
    let path = format!("/v1/outcomes/{id}");
    let propose = |grade: &str| {
        let body = json!({
            "reason": "mark_reviewed", "reason_text": "卷面重核", "kind": "course", "code": "CS101",
            "title": "数据结构", "hours": "32", "credits": "2.0", "scheme": "cn-he", "level": "5",
            "category": "general", "grade": grade, "completed_on": "2026-06-01",
        });
        let proposed = stand.post(&clerk.token, &format!("{path}/corrections"), &body);
        proposed.is(202)["approval"].clone()
    };
    let no = |token: &str, approval: &Value| {
        let path = format!("/v1/approvals/{}", approval.as_str().unwrap());
        stand
            .post(token, &path, &json!({ "decision": "reject" }))
            .is(201)
    };
    let settle = || {
        stand.pass(ASK_AFTER_MS);
        stand
            .app
            .vault
            .settle(&|id| stand.app.standing_of(id))
            .unwrap()
    };
    // The name and number of the learner, title and mark of the outcome.
    let before = settle();
    assert_eq!((before.reaped, before.waiting), (0, 0), "{before:?}");

    let (refused, taken_back, forgotten) = (propose("91"), propose("92"), propose("93"));
    let waiting = settle();
    assert_eq!((waiting.live, waiting.reaped, waiting.waiting), (0, 0, 3));
    no(&second.token, &refused);
    no(&clerk.token, &taken_back);
    assert_eq!(settle().reaped, 2);
    stand.pass(TERM_MS + ORPHAN_AFTER_MS);
    assert_eq!(settle().reaped, 1, "{forgotten} can be approved no more");

    // What is carried out stays, and so does what was said before.
    let carried_out = propose("94");
    assert_eq!(settle().waiting, 1);
    let approved = stand.approve(&second.token, &carried_out).is(201);
    let settled = settle();
    assert_eq!((settled.live, settled.reaped, settled.waiting), (1, 0, 0));
    let own = stand.token(person, Role::Learner, None);
    let now = stand.get(&own, &after(&path, &approved)).is(200);
    assert_eq!(
        (&now["title"], &now["grade"]),
        (&json!("数据结构"), &json!("94"))
    );
}

#[test]
fn a_revocation_needs_two_persons_and_takes_the_credit_back() {
    // Credit won by cheating would go on counting, or one clerk alone could take it away.
    let stand = Stand::open();
    let [clerk, second] = &stand.schools[0].officers;
    let (id, person) = recorded(&stand);
    let path = format!("/v1/outcomes/{id}");
    let body = json!({ "reason": "misconduct", "reason_text": "替考" });
    let proposed = stand
        .post(&clerk.token, &format!("{path}/revocations"), &body)
        .is(202);
    let approved = stand.approve(&second.token, &proposed["approval"]).is(201);
    let own = stand.token(person, Role::Learner, None);
    let now = stand.get(&own, &after(&path, &approved)).is(200);
    assert_eq!(now["state"], "revoked");
    let credits = stand
        .get(&own, &format!("/v1/learners/{person}/credits"))
        .is(200);
    assert!(
        credits
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["usable"] == "0" && it["credits"] == "0"),
        "{credits}"
    );
    let refused = stand.post(
        &clerk.token,
        &format!("{path}/corrections"),
        &json!({
            "reason": "other", "kind": "course", "credits": "2.0", "completed_on": "2026-06-01",
        }),
    );
    refused.refused(409, "outcome-revoked");
    let again = stand.post(
        &clerk.token,
        "/v1/outcomes",
        &Stand::outcome(person, "2026-CS-0001"),
    );
    again.refused(409, "record-revoked");
}

#[test]
fn a_rejected_correction_changes_nothing() {
    // A no of the second person would raise a mark.
    let stand = Stand::open();
    let [clerk, second] = &stand.schools[0].officers;
    let (id, _) = recorded(&stand);
    let path = format!("/v1/outcomes/{id}");
    let before = stand.get(&clerk.token, &path).is(200);
    let body = json!({ "reason": "mark_reviewed", "kind": "course", "credits": "9.0", "completed_on": "2026-06-01" });
    let proposed = stand
        .post(&clerk.token, &format!("{path}/corrections"), &body)
        .is(202);
    let approval = format!("/v1/approvals/{}", proposed["approval"].as_str().unwrap());
    let rejected = stand
        .post(&second.token, &approval, &json!({ "decision": "reject" }))
        .is(201);
    assert_eq!(
        stand.get(&clerk.token, &after(&path, &rejected)).is(200),
        before
    );
}

#[test]
fn a_body_with_an_unknown_member_is_refused_at_every_door() {
    // A misspelt member (`grades`) would be dropped silently, and its mark with it.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let (id, person) = recorded(&stand);
    let approval = ledger::clock::uuid_v4();
    let doors = [
        (
            "/v1/institutions".to_owned(),
            &stand.registrar.token as &str,
            json!({ "name": "n", "level": "school", "scope": [] }),
        ),
        (
            "/v1/institutions/1/keys".to_owned(),
            token,
            json!({ "fragment": "key-9" }),
        ),
        ("/v1/learners".to_owned(), token, json!({ "name": "n" })),
        (
            format!("/v1/learners/{person}/identifiers"),
            token,
            json!({ "type": "passport", "value": "E1" }),
        ),
        (
            "/v1/learners/search".to_owned(),
            token,
            json!({ "identifier": { "type": "passport", "value": "E1" } }),
        ),
        (
            "/v1/outcomes".to_owned(),
            token,
            Stand::outcome(person, "R-9"),
        ),
        (
            format!("/v1/outcomes/{id}/corrections"),
            token,
            json!({ "reason": "other", "kind": "course", "completed_on": "2026-06-01", "credits": "1" }),
        ),
        (
            format!("/v1/outcomes/{id}/revocations"),
            token,
            json!({ "reason": "other" }),
        ),
        (
            format!("/v1/approvals/{approval}"),
            token,
            json!({ "decision": "approve" }),
        ),
    ];
    let size = stand.app.ledger.head().size;
    for (path, token, mut body) in doors {
        body["grades"] = json!("99");
        stand.post(token, &path, &body).refused(422, "body-invalid");
    }
    assert_eq!(stand.app.ledger.head().size, size);
}

#[test]
fn what_was_just_recorded_can_be_revoked_at_once() {
    // The views are a moment behind: a clerk who sees her slip would be told that there is no such outcome.
    let stand = Stand::open();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let token = stand.schools[0].token();
    for serial in 0..AT_ONCE {
        let body = Stand::outcome(person, &format!("R-{serial}"));
        let recorded = stand.post(token, "/v1/outcomes", &body).is(201);
        let path = format!(
            "/v1/outcomes/{}/revocations",
            recorded["id"].as_str().unwrap()
        );
        stand
            .post(token, &path, &json!({ "reason": "entry_error" }))
            .is(202);
    }
    let nobody = format!("/v1/outcomes/{}/revocations", uuid::Uuid::max());
    stand
        .post(token, &nobody, &json!({ "reason": "entry_error" }))
        .refused(404, "outcome-unknown");
}

#[test]
fn a_precondition_is_kept_or_refused_and_never_passed_over() {
    // Who corrects what she saw last week would overwrite what was corrected since.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let (id, person) = recorded(&stand);
    let path = format!("/v1/outcomes/{id}");
    let correction = json!({
        "reason": "mark_reviewed", "kind": "course", "code": "CS101", "title": "数据结构", "hours": "32",
        "credits": "2.0", "scheme": "cn-he", "level": "5", "grade": "91", "completed_on": "2026-06-01",
    });
    let revocation = json!({ "reason": "misconduct" });
    let size = stand.app.ledger.head().size;
    let with = |revision: &str, path: &str, body: &Value| {
        stand.post_with(token, path, &[("if-match", revision)], body)
    };
    let doors = [
        (format!("{path}/corrections"), correction),
        (format!("{path}/revocations"), revocation),
    ];
    for (door, body) in &doors {
        with("\"r0\"", door, body).refused(412, "precondition");
        with("nonsense", door, body).refused(400, "body-unreadable");
    }
    let another = Stand::outcome(person, "R-2");
    with("\"r0\"", "/v1/outcomes", &another).refused(412, "precondition");
    assert_eq!(stand.app.ledger.head().size, size, "nothing was written");
    // Recording stated two facts of the account: the outcome and its lot.
    for (door, body) in &doors {
        with("\"r2\"", door, body).is(202);
    }
}
