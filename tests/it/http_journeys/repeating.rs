//! `Idempotency-Key`: who asks twice gets one answer.

use api::token::Tokens;
use serde_json::json;
use tests::support::server::{Stand, resident_id};

#[test]
fn a_repeated_request_is_answered_again_and_not_carried_out_again() {
    // A client that lost the answer would register a second person.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let body = json!({ "name": "王晓明" });
    let send = |key: &str, body: &serde_json::Value| {
        stand.post_with(token, "/v1/learners", &[("idempotency-key", key)], body)
    };
    let first = send("k-1", &body);
    let made = first.is(201);
    let size = stand.app.ledger.head().size;
    let again = send("k-1", &body);
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("xf-position"), made["position"].to_string());
    assert_eq!(first.header("idempotency-replayed"), "");
    send("k-1", &json!({ "name": "王晓朋" })).refused(409, "idempotency-conflict");
    // Another address is another request too.
    let other = stand.post_with(
        token,
        "/v1/learners/search",
        &[("idempotency-key", "k-1")],
        &body,
    );
    other.refused(409, "idempotency-conflict");
    assert_eq!(stand.app.ledger.head().size, size);
    // Another caller's key is another key; another key is another request.
    let theirs = stand
        .post_with(
            stand.schools[1].token(),
            "/v1/learners",
            &[("idempotency-key", "k-1")],
            &body,
        )
        .is(201);
    assert_ne!(theirs["id"], made["id"]);
    send("", &body).refused(400, "body-unreadable");
    send(&"k".repeat(256), &body).refused(400, "body-unreadable");
}

#[test]
fn a_refusal_is_decided_anew() {
    // A request refused for a typing error would be refused for a week after it was corrected.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    let headers = [("idempotency-key", "k-1")];
    stand
        .post_with(token, "/v1/learners", &headers, &json!({ "name": "" }))
        .refused(422, "name-invalid");
    stand
        .post_with(
            token,
            "/v1/learners",
            &headers,
            &json!({ "name": "王晓明" }),
        )
        .is(201);
}

#[test]
fn a_revoked_token_opens_no_answer_given_before() {
    // Who lost the right to ask would still be told what was answered before.
    let stand = Stand::open();
    let token = stand.schools[0].token();
    stand.register(0, "王晓明", &resident_id(1));
    let body = json!({ "identifier": { "type": "resident_id", "value": resident_id(1) } });
    let headers = [("idempotency-key", "k-1")];
    let send = || stand.post_with(token, "/v1/learners/search", &headers, &body);
    send().is(200);
    assert_eq!(send().header("idempotency-replayed"), "true");
    stand
        .app
        .tokens
        .revoke(Tokens::id_of(token).unwrap())
        .unwrap();
    send().refused(401, "token-invalid");
}

#[test]
fn a_renewed_token_repeats_what_the_old_one_sent() {
    // A client whose token was renewed between request and answer would register a second person.
    let stand = Stand::open();
    let clerk = &stand.schools[0].officers[0];
    let body = json!({ "name": "王晓明" });
    let send =
        |token: &str| stand.post_with(token, "/v1/learners", &[("idempotency-key", "k-1")], &body);
    let made = send(&clerk.token);
    made.is(201);
    let grant = stand.app.tokens.find(&clerk.token).unwrap().unwrap();
    let renewed = stand.app.tokens.create(&grant).unwrap();
    let again = send(&renewed);
    assert_eq!((again.status, &again.body), (made.status, &made.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    // Another person asks for himself, and the same person elsewhere holds no office.
    let theirs = send(&stand.schools[0].officers[1].token);
    assert_ne!(theirs.is(201)["id"], made.json()["id"]);
    assert_eq!(theirs.header("idempotency-replayed"), "");
    let elsewhere = stand.token(clerk.person, grant.role, Some(2));
    send(&elsewhere).refused(403, "actor-not-allowed");
}

#[test]
fn of_two_requests_at_once_under_one_key_one_is_carried_out() {
    // A double click would register two people.
    let stand = Stand::open();
    let size = stand.app.ledger.head().size;
    let body = json!({ "name": "王晓明" });
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let headers = [("idempotency-key", "k-1")];
                    stand.post_with(stand.schools[0].token(), "/v1/learners", &headers, &body)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let mut ids = std::collections::BTreeSet::new();
    for answer in &answers {
        if answer.status == 409 {
            answer.refused(409, "idempotency-running");
        } else {
            ids.insert(answer.is(201)["id"].to_string());
        }
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(stand.app.ledger.head().size, size + 1);
}
