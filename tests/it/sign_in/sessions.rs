//! Sessions in a browser: how long, where, ended by whom, and what cannot be done with a cookie alone.

use api::sign_in::session::{COOKIE, PER_PERSON_MAX};
use identity::role::Role;
use serde_json::json;
use tests::support::browser::Browser;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A demo, in which a token signs in, and a learner with a token.
fn demo() -> (Stand, Uuid, String) {
    let mut stand = Stand::open();
    let person = stand.register(0, "王晓明", &resident_id(1));
    let token = stand.token(person, Role::Learner, None);
    stand.reopen(|_| (), |app| app.demo = true);
    (stand, person, token)
}

fn own(person: Uuid) -> String {
    format!("/v1/learners/{person}")
}

#[test]
fn a_session_opens_ones_own_record_and_says_so_in_the_log() {
    // A learner could not read what stands of her, or the log would say that a token acted.
    let (stand, person, token) = demo();
    let browser = Browser::demo(&stand, &token);
    assert_eq!(browser.get(&stand, &own(person)).is(200)["name"], "王晓明");
    let other = stand.register(0, "李小红", &resident_id(2));
    browser.get(&stand, &own(other)).refused(403, "not-allowed");
    let body = json!({ "reason": "withdrawn" });
    let path = format!("/v1/learners/{person}/erasure");
    let asked = browser.write(&stand, "POST", &path, &body);
    assert!(asked.status < 300, "{}", asked.text());
    let position = asked.json()["position"].as_u64().unwrap();
    let commit = stand.app.ledger.commit(position).unwrap().unwrap();
    let act = commit.assertion.act().unwrap();
    assert_eq!(
        (act.person, act.by),
        (person, ledger::assertion::By::Session)
    );
}

#[test]
fn a_write_needs_more_than_the_cookie() {
    // A page of somebody else's would write in the name of whoever opens it.
    let (stand, person, token) = demo();
    let browser = Browser::demo(&stand, &token);
    let path = format!("/v1/learners/{person}/erasure");
    let before = stand.app.ledger.head().size;
    let another = Browser::demo(&stand, &token).csrf(&stand);
    let own_csrf = browser.csrf(&stand);
    for csrf in ["", "x", another.as_str(), &own_csrf[1..]] {
        for headers in [
            vec![("content-type", "application/json"), ("x-csrf-token", csrf)],
            vec![("content-type", "application/json")],
        ] {
            browser
                .send(
                    &stand,
                    "POST",
                    &path,
                    &headers,
                    Some(b"{\"reason\":\"withdrawn\"}"),
                )
                .refused(403, "csrf-missing");
        }
    }
    let keyed = [
        ("content-type", "application/json"),
        ("idempotency-key", "k"),
    ];
    browser
        .send(&stand, "POST", &path, &keyed, Some(b"{}"))
        .refused(403, "csrf-missing");
    browser
        .send(&stand, "DELETE", "/v1/sessions", &[], None)
        .refused(403, "csrf-missing");
    browser
        .send(&stand, "POST", "/logout", &[], Some(b""))
        .refused(403, "csrf-missing");
    assert_eq!(stand.app.ledger.head().size, before);
    browser.get(&stand, &own(person)).is(200);
}

#[test]
fn a_cookie_without_the_prefix_is_nothing() {
    // Another host of the same domain would set the session of its choice.
    let (stand, person, token) = demo();
    let browser = Browser::demo(&stand, &token);
    let secret = browser.cookie(COOKIE).unwrap();
    let bare = COOKIE.strip_prefix("__Host-").unwrap();
    for name in [
        bare,
        &format!("__Secure-{bare}"),
        "xf-demo",
        &COOKIE.to_lowercase(),
    ] {
        let thief = Browser::default();
        thief.plant(name, &secret);
        thief
            .get(&stand, &own(person))
            .refused(401, "not-signed-in");
    }
    for wrong in ["", "x", &secret[1..], &token] {
        let thief = Browser::default();
        thief.plant(COOKIE, wrong);
        thief.get(&stand, &own(person)).refused(401, "session-over");
    }
    // Nor is a session's text a token.
    stand
        .get(&secret, &own(person))
        .refused(401, "token-invalid");
}

#[test]
fn cve_2026_7507_a_planted_session_never_becomes_the_persons() {
    // Whoever put a cookie into somebody's browser would be signed in as that person afterwards.
    let (stand, person, token) = demo();
    let planted = Browser::demo(&stand, &token).cookie(COOKIE).unwrap();
    let other = stand.register(0, "李小红", &resident_id(2));
    let hers = stand.token(other, Role::Learner, None);
    let browser = Browser::default();
    for secret in [planted.as_str(), "AAAA"] {
        browser.plant(COOKIE, secret);
        let answer = browser.get(&stand, &format!("/login?token={hers}"));
        assert_eq!(answer.status, 303);
        let now = browser.cookie(COOKIE).unwrap();
        assert_ne!(now, secret);
        browser.get(&stand, &own(other)).is(200);
        let thief = Browser::default();
        thief.plant(COOKIE, secret);
        thief.get(&stand, &own(other)).slug();
        thief.get(&stand, &own(person)).slug();
    }
}

#[test]
fn a_person_sees_and_ends_where_it_is_signed_in() {
    // A phone that is lost would stay signed in, and nobody would know.
    let (stand, person, token) = demo();
    let [phone, home, lost] = [(); 3].map(|()| {
        stand.pass(MINUTE_MS);
        Browser::demo(&stand, &token)
    });
    let listing = |browser: &Browser| browser.get(&stand, "/v1/sessions").is(200)["items"].clone();
    let listed = listing(&phone);
    assert_eq!(listed.as_array().unwrap().len(), 3);
    let current: Vec<bool> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["current"] == true)
        .collect();
    assert_eq!(current.iter().filter(|it| **it).count(), 1);
    assert_eq!(listed[0]["agent"], "phone");
    let found = listing(&lost);
    let found = found
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["current"] == true);
    let name = found.unwrap()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/sessions/{name}");
    // Of somebody else it ends nothing.
    let other = stand.register(0, "李小红", &resident_id(2));
    let hers = Browser::demo(&stand, &stand.token(other, Role::Learner, None));
    hers.write(&stand, "DELETE", &path, &json!({}))
        .refused(404, "not-found");
    lost.get(&stand, &own(person)).is(200);
    phone.write(&stand, "DELETE", &path, &json!({})).is(200);
    lost.get(&stand, &own(person)).refused(401, "session-over");
    phone
        .write(&stand, "DELETE", &path, &json!({}))
        .refused(404, "not-found");
    let ended = phone
        .write(&stand, "DELETE", "/v1/sessions?others=true", &json!({}))
        .is(200);
    assert_eq!(ended["ended"], 1);
    home.get(&stand, &own(person)).refused(401, "session-over");
    phone.get(&stand, &own(person)).is(200);
    hers.get(&stand, &own(other)).is(200);
    phone
        .write(&stand, "DELETE", "/v1/sessions", &json!({}))
        .is(200);
    phone.get(&stand, &own(person)).refused(401, "session-over");
}

#[test]
fn signing_out_ends_the_session_at_once() {
    // Whoever kept the cookie of a shared computer would go on being somebody else.
    let (stand, person, token) = demo();
    let browser = Browser::demo(&stand, &token);
    let secret = browser.cookie(COOKIE).unwrap();
    let form = format!("csrf_token={}", browser.csrf(&stand));
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let answer = browser.send(&stand, "POST", "/logout", &kind, Some(form.as_bytes()));
    assert_eq!((answer.status, answer.header("location")), (303, "/"));
    assert_eq!(browser.cookie(COOKIE), None);
    browser.plant(COOKIE, &secret);
    browser
        .get(&stand, &own(person))
        .refused(401, "session-over");
}

#[test]
fn a_session_ends_by_itself() {
    // A forgotten session would be open for ever; an elder would have to sign in every month.
    let (stand, person, token) = demo();
    let learner = Browser::demo(&stand, &token);
    let body = json!({ "name": "赵大爷", "birth_date": "1950-02-03",
        "identifiers": [{ "type": "staff_number", "value": Stand::staff_number(7) }] });
    let made = stand
        .post(stand.schools[0].token(), "/v1/learners", &body)
        .is(201);
    let elder: Uuid = serde_json::from_value(made["id"].clone()).unwrap();
    let old = Browser::demo(&stand, &stand.token(elder, Role::Learner, None));
    for _ in 0..29 {
        stand.pass(DAY_MS);
        learner.get(&stand, &own(person)).is(200);
    }
    stand.pass(DAY_MS - 1);
    learner.get(&stand, &own(person)).is(200);
    stand.pass(1);
    learner
        .get(&stand, &own(person))
        .refused(401, "session-over");
    stand.pass(60 * DAY_MS - 1);
    old.get(&stand, &own(elder)).is(200);
    stand.pass(1);
    old.get(&stand, &own(elder)).refused(401, "session-over");
}

#[test]
fn an_officer_who_walked_away_is_signed_out() {
    // Whoever sits down at a counter's computer would serve as the officer who left it.
    let (stand, ..) = demo();
    let token = stand.schools[0].token();
    let browser = Browser::demo(&stand, token);
    let at = |_: i64| browser.get(&stand, "/v1/officers");
    for _ in 0..31 {
        stand.pass(15 * MINUTE_MS - 1);
        at(0).is(200);
    }
    stand.pass(14 * MINUTE_MS);
    at(0).is(200);
    stand.pass(2 * MINUTE_MS);
    at(0).refused(401, "session-over");
    let again = Browser::demo(&stand, token);
    again.get(&stand, "/v1/officers").is(200);
    stand.pass(15 * MINUTE_MS);
    again
        .get(&stand, "/v1/officers")
        .refused(401, "session-over");
}

#[test]
fn grave_acts_ask_again_who_acts() {
    // A stolen session would erase, merge, appoint, and change keys.
    let (stand, person, token) = demo();
    let other = stand.register(0, "李小红", &resident_id(2));
    let officer = Browser::demo(&stand, stand.schools[0].token());
    let registrar = Browser::demo(&stand, &stand.registrar.token);
    let learner = Browser::demo(&stand, &token);
    let appointing = json!({ "person": Uuid::from_u128(0x5_0000_0001), "role": "clerk" });
    let acts = [
        (
            &learner,
            "POST",
            format!("/v1/learners/{person}/erasure"),
            json!({ "reason": "withdrawn" }),
        ),
        (&officer, "POST", "/v1/officers".into(), appointing.clone()),
        (
            &officer,
            "POST",
            "/v1/institutions/1/keys".into(),
            json!({ "fragment": "key-9" }),
        ),
        (
            &officer,
            "DELETE",
            "/v1/institutions/1/keys/key-9".into(),
            json!({}),
        ),
        (
            &officer,
            "POST",
            "/v1/institutions/1/keys/rotation".into(),
            json!({}),
        ),
        (
            &registrar,
            "POST",
            format!("/v1/learners/{person}/merges"),
            json!({ "absorbed": other }),
        ),
        (
            &registrar,
            "POST",
            format!("/v1/approvals/{person}"),
            json!({ "decision": "approve" }),
        ),
    ];
    stand.pass(5 * MINUTE_MS + 1);
    for (browser, method, path, body) in &acts {
        let answer = browser.write(&stand, method, path, body);
        let problem = answer.refused(401, "step-up-needed");
        assert!(
            problem["detail"].as_str().unwrap().contains("/login"),
            "{problem}"
        );
        assert!(
            answer
                .header("www-authenticate")
                .contains("insufficient_user_authentication")
        );
    }
    // What is not grave goes on; so does a plain token, which cannot show anything anew.
    officer.get(&stand, "/v1/officers").is(200);
    stand
        .post(stand.schools[0].token(), "/v1/officers", &appointing)
        .is(201);
    let secret = officer.cookie(COOKIE).unwrap();
    let answer = officer.get(
        &stand,
        &format!("/login?token={}", stand.schools[0].token()),
    );
    assert_eq!(answer.status, 303);
    assert_ne!(officer.cookie(COOKIE).unwrap(), secret, "the text changes");
    let appointing = json!({ "person": Uuid::from_u128(0x5_0000_0002), "role": "clerk" });
    officer
        .write(&stand, "POST", "/v1/officers", &appointing)
        .is(201);
    // Showing again who acts makes no session longer.
    let listed = officer.get(&stand, "/v1/sessions").is(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[test]
fn who_may_not_act_any_more_is_signed_out_everywhere() {
    // A thief would go on after the phone was reported, and the dead would go on spending.
    let (stand, person, token) = demo();
    let counter = stand.at_desk(0, Uuid::from_u128(0x5_0000_0009), Role::Counter);
    let browser = Browser::demo(&stand, &token);
    let secret = browser.cookie(COOKIE).unwrap();
    let path = format!("/v1/learners/{person}/suspension");
    let body = json!({ "reason": "device_lost" });
    stand.post(&counter, &path, &body).is(201);
    browser
        .get(&stand, &own(person))
        .refused(401, "session-over");
    stand
        .get(&token, &own(person))
        .refused(401, "token-invalid");
    assert_eq!(stand.app.sign_in.sessions.of(person).unwrap().len(), 0);
    browser.plant(COOKIE, &secret);
    let again = stand.token(person, Role::Learner, None);
    browser
        .get(&stand, &format!("/login?token={again}"))
        .refused(403, "person-barred");
}

#[test]
fn a_dismissed_officer_is_nobody() {
    // An officer who was dismissed this morning would serve until the evening.
    let (stand, ..) = demo();
    let person = Uuid::from_u128(0x5_0000_0009);
    let token = stand.at_desk(0, person, Role::Clerk);
    let browser = Browser::demo(&stand, &token);
    browser.get(&stand, "/v1/sessions").is(200);
    let removal = json!({ "person": person, "role": "clerk" });
    stand
        .post(stand.schools[0].token(), "/v1/officers/removals", &removal)
        .is(201);
    browser
        .get(&stand, "/v1/approvals")
        .refused(403, "not-allowed");
    // Nor does somebody sign in as an officer who never was one.
    let pretender = stand.token(Uuid::from_u128(0x5_0000_0010), Role::Registrar, None);
    let browser = Browser::default();
    browser
        .get(&stand, &format!("/login?token={pretender}"))
        .refused(403, "not-allowed");
}

#[test]
fn nobody_fills_the_store_with_sessions() {
    // A loop of sign-ins would make the list, and the store, grow without end.
    let (stand, person, token) = demo();
    let first = Browser::demo(&stand, &token);
    for _ in 0..PER_PERSON_MAX {
        stand.pass(1);
        Browser::demo(&stand, &token);
    }
    assert_eq!(
        stand.app.sign_in.sessions.of(person).unwrap().len(),
        PER_PERSON_MAX
    );
    first.get(&stand, &own(person)).refused(401, "session-over");
    stand.pass(31 * DAY_MS);
    stand.app.side.sweep().unwrap();
    assert_eq!(stand.app.sign_in.sessions.of(person).unwrap().len(), 0);
    assert!(
        stand
            .app
            .side
            .scan("session-of", person.as_bytes(), None, 9)
            .unwrap()
            .is_empty()
    );
}
