//! Linking an account to a person: both sides in one ceremony, once, and never for somebody else.

mod coming_back;
mod officers;

use api::sign_in::ceremony;
use serde_json::{Value, json};
use tests::support::browser::Browser;
use tests::support::provider::Provider;
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::providers::{at_counter, element, field, own};

/// Two people who each sign in at `one`, and a second provider.
struct Two {
    one: Provider,
    other: Provider,
    stand: Stand,
    people: [Uuid; 2],
}

fn two() -> Two {
    let (one, other) = (Provider::start("one"), Provider::start("other"));
    let stand = Provider::stand(&[&one, &other]);
    let people = [1, 2].map(|i| stand.register(0, "王晓明", &resident_id(i)));
    at_counter(&stand, &one, people[0], "sub-0");
    at_counter(&stand, &one, people[1], "sub-1");
    Two {
        one,
        other,
        stand,
        people,
    }
}

impl Two {
    fn signed_in(&self, sub: &str) -> Browser {
        let browser = Browser::default();
        let answer = self.one.sign_in(&self.stand, &browser, sub, "");
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    /// What is to be sent to link the account `sub` of the second provider.
    fn proof(&self, browser: &Browser, sub: &str) -> Value {
        let shown = self.other.sign_in(&self.stand, browser, sub, "?link=true");
        assert_eq!(shown.status, 200, "{}", shown.text());
        assert_eq!(element(&shown, "whose"), "王*明");
        json!({ "ceremony": field(&shown, "ceremony"), "proof": field(&shown, "proof") })
    }

    fn opens(&self, sub: &str) -> bool {
        let answer = self
            .other
            .sign_in(&self.stand, &Browser::default(), sub, "");
        answer.status == 303
    }
}

#[test]
fn a_person_links_a_second_account_and_takes_it_away() {
    // Whoever loses the phone of one account could not come in by another; or a lost one stayed good.
    let two = two();
    let browser = two.signed_in("sub-0");
    let proof = two.proof(&browser, "x");
    assert!(!two.opens("x"));
    let linked = browser
        .write(&two.stand, "POST", "/v1/links", &proof)
        .is(201);
    let by_other = Browser::default();
    let answer = two.other.sign_in(&two.stand, &by_other, "x", "");
    assert_eq!(answer.status, 303);
    by_other.get(&two.stand, &own(two.people[0])).is(200);
    let path = format!("/v1/links/{}", linked["id"].as_str().unwrap());
    let thief = two.signed_in("sub-1");
    thief
        .write(&two.stand, "DELETE", &path, &json!({}))
        .refused(404, "link-unknown");
    browser
        .write(&two.stand, "DELETE", &path, &json!({}))
        .is(201);
    by_other
        .get(&two.stand, &own(two.people[0]))
        .refused(401, "session-over");
    browser.get(&two.stand, &own(two.people[0])).is(200);
    assert!(!two.opens("x"));
    // Let go of, it may become somebody else's.
    let proof = two.proof(&thief, "x");
    thief.write(&two.stand, "POST", "/v1/links", &proof).is(201);
    assert!(two.opens("x"));
    // The only one stays until there is another way back.
    let only = browser.get(&two.stand, "/v1/links").is(200);
    let path = format!("/v1/links/{}", only["items"][0]["id"].as_str().unwrap());
    browser
        .write(&two.stand, "DELETE", &path, &json!({}))
        .refused(409, "last-link");
}

#[test]
fn the_button_of_the_page_links_too() {
    // Who has a browser and no app could not add an account; or a page of somebody else's would add one.
    let two = two();
    let browser = two.signed_in("sub-0");
    let form = |proof: &Value| {
        let text = |name: &str| proof[name].as_str().unwrap().to_owned();
        format!("ceremony={}&proof={}", text("ceremony"), text("proof"))
    };
    let proof = two.proof(&browser, "x");
    let stranger = Browser::default().submit(&two.stand, "/login/link", &form(&proof));
    assert_eq!(stranger.status, 401);
    let answer = browser.submit(&two.stand, "/login/link", &form(&proof));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("Linked"));
    assert_eq!(
        browser
            .submit(&two.stand, "/login/link", &form(&proof))
            .status,
        403
    );
    assert!(two.opens("x"));
    let proof = two.proof(&browser, "y");
    two.stand.pass(301_000);
    let answer = browser.submit(&two.stand, "/login/link", &form(&proof));
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert!(!two.opens("y"));
}

#[test]
fn an_account_is_one_persons() {
    // One account would open two people's records (I5).
    let two = two();
    let (browser, other) = (two.signed_in("sub-0"), two.signed_in("sub-1"));
    let (first, second) = (two.proof(&browser, "x"), two.proof(&other, "x"));
    let shown = two.other.sign_in(&two.stand, &Browser::default(), "x", "");
    let code = json!({ "code": element(&shown, "code") });
    browser
        .write(&two.stand, "POST", "/v1/links", &first)
        .is(201);
    other
        .write(&two.stand, "POST", "/v1/links", &second)
        .refused(409, "link-taken");
    let third = two.stand.register(0, "李小红", &resident_id(3));
    let path = format!("{}/links", own(third));
    two.stand
        .post(&two.stand.registrar.token, &path, &code)
        .refused(409, "link-taken");
    // Who shows both may ask for a merge, and links nothing by that.
    let shown = two.other.sign_in(&two.stand, &other, "x", "?link=true");
    assert!(shown.text().contains("/login/merge"), "{}", shown.text());
    let asked = json!({ "ceremony": field(&shown, "ceremony"), "proof": field(&shown, "proof") });
    other
        .write(&two.stand, "POST", "/v1/links", &asked)
        .refused(403, "link-proof-invalid");
    let links = other.get(&two.stand, "/v1/links").is(200);
    assert_eq!(links["items"].as_array().unwrap().len(), 1);
}

#[test]
fn cve_2026_9087_a_proof_is_of_one_account() {
    // The proof of one's own account would link another's, put in its place.
    let two = two();
    let browser = two.signed_in("sub-0");
    let (mine, hers) = (two.proof(&browser, "mine"), two.proof(&browser, "hers"));
    let crossed = json!({ "ceremony": hers["ceremony"], "proof": mine["proof"] });
    browser
        .write(&two.stand, "POST", "/v1/links", &crossed)
        .refused(403, "link-proof-invalid");
    for (member, value) in [("sub", json!("hers")), ("iss", json!(two.one.issuer))] {
        let mut bent = hers.clone();
        bent[member] = value;
        browser
            .write(&two.stand, "POST", "/v1/links", &bent)
            .refused(422, "body-invalid");
    }
    assert!(!two.opens("mine") && !two.opens("hers"));
}

#[test]
fn cve_2026_82968_a_proof_is_of_one_person_and_session() {
    // Whoever reads a proof would link the account of its owner to itself, or its own to the owner.
    let two = two();
    let (browser, thief) = (two.signed_in("sub-0"), two.signed_in("sub-1"));
    let proof = two.proof(&browser, "x");
    thief
        .write(&two.stand, "POST", "/v1/links", &proof)
        .refused(403, "link-proof-invalid");
    let proof = two.proof(&browser, "x");
    // The same person, in another session.
    two.signed_in("sub-0")
        .write(&two.stand, "POST", "/v1/links", &proof)
        .refused(403, "link-proof-invalid");
    // A browser that begins as one and comes back as another.
    let url = two.other.begin(&two.stand, &browser, "?link=true");
    two.one.sign_in(&two.stand, &browser, "sub-1", "");
    let cookie = browser.cookie(ceremony::COOKIE);
    assert_eq!(cookie, None, "the later sign-in took its cookie");
    let back = two.other.authorize(&two.stand, &url, "x");
    browser.get(&two.stand, &back).refused(400, "sign-in-state");
    Browser::default()
        .get(&two.stand, "/login/other?link=true")
        .refused(401, "not-signed-in");
    assert!(!two.opens("x"));
}

#[test]
fn cve_2026_92358_a_proof_dies_with_use_change_sign_out_and_time() {
    // An account that was taken away would come back by a proof made before.
    let two = two();
    let browser = two.signed_in("sub-0");
    let refused = |browser: &Browser, proof: &Value| {
        browser
            .write(&two.stand, "POST", "/v1/links", proof)
            .refused(403, "link-proof-invalid");
    };
    let (used, before_link) = (two.proof(&browser, "x"), two.proof(&browser, "y"));
    let linked = browser
        .write(&two.stand, "POST", "/v1/links", &used)
        .is(201);
    refused(&browser, &used);
    refused(&browser, &before_link);
    let before_unlink = two.proof(&browser, "y");
    let path = format!("/v1/links/{}", linked["id"].as_str().unwrap());
    browser
        .write(&two.stand, "DELETE", &path, &json!({}))
        .is(201);
    refused(&browser, &before_unlink);
    let before_sign_out = two.proof(&browser, "y");
    browser
        .write(&two.stand, "DELETE", "/v1/sessions", &json!({}))
        .is(200);
    let browser = two.signed_in("sub-0");
    refused(&browser, &before_sign_out);
    let late = two.proof(&browser, "y");
    two.stand.pass(ceremony::LASTS_MS);
    let answer = two.one.sign_in(&two.stand, &browser, "sub-0", "");
    assert_eq!(answer.status, 303);
    refused(&browser, &late);
    assert!(!two.opens("x") && !two.opens("y"));
}

#[test]
fn cve_2026_15571_a_proof_cannot_be_guessed() {
    // What is made of known things is made by others too.
    let two = two();
    let browser = two.signed_in("sub-0");
    let proofs: Vec<Value> = (0..4).map(|_| two.proof(&browser, "x")).collect();
    let texts: std::collections::BTreeSet<&str> = proofs
        .iter()
        .map(|it| it["proof"].as_str().unwrap())
        .collect();
    assert_eq!(texts.len(), 4);
    assert!(texts.iter().all(|it| it.len() == 43), "256 bits");
    let ceremony = &proofs[0]["ceremony"];
    for guess in [
        "",
        "x",
        "sub-0",
        ceremony.as_str().unwrap(),
        &two.people[0].to_string(),
    ] {
        let body = json!({ "ceremony": ceremony, "proof": guess });
        browser
            .write(&two.stand, "POST", "/v1/links", &body)
            .refused(403, "link-proof-invalid");
    }
}

#[test]
fn cve_2026_18963_a_session_left_open_links_nothing() {
    // Whoever sits down at an open browser would stay in for good, by an account of its own.
    let two = two();
    let browser = two.signed_in("sub-0");
    two.stand.pass(301_000);
    let proof = two.proof(&browser, "thief");
    browser
        .write(&two.stand, "POST", "/v1/links", &proof)
        .refused(401, "step-up-needed");
    let listed = browser.get(&two.stand, "/v1/links").is(200);
    let path = format!("/v1/links/{}", listed["items"][0]["id"].as_str().unwrap());
    browser
        .write(&two.stand, "DELETE", &path, &json!({}))
        .refused(401, "step-up-needed");
    assert!(!two.opens("thief"));
}

#[test]
fn a_code_at_the_counter_is_good_once_for_ten_minutes() {
    // A code read over a shoulder would link the account of one to the record of another later.
    let two = two();
    let registrar = &two.stand.registrar.token;
    let person = two.stand.register(0, "李小红", &resident_id(3));
    let path = format!("{}/links", own(person));
    let code = || {
        let shown = two.other.sign_in(&two.stand, &Browser::default(), "x", "");
        json!({ "code": element(&shown, "code") })
    };
    let wrong = |body: &Value| {
        two.stand
            .post(registrar, &path, body)
            .refused(403, "link-proof-invalid");
    };
    wrong(&json!({ "code": "0000 0000 0000" }));
    wrong(&json!({ "code": "" }));
    let late = code();
    two.stand.pass(ceremony::LASTS_MS);
    wrong(&late);
    let good = code();
    // Neither the person itself, nor a school that did not register it, nor a clerk.
    let learner = two.stand.token(person, identity::role::Role::Learner, None);
    two.stand
        .post(&learner, &path, &good)
        .refused(403, "not-allowed");
    two.stand
        .post(two.stand.schools[0].token(), &path, &good)
        .refused(403, "not-allowed");
    two.stand.post(registrar, &path, &good).is(201);
    wrong(&good);
    assert!(two.opens("x"));
    // One officer alone makes no second way into an account: that is what a recovery is for.
    let shown = two.other.sign_in(&two.stand, &Browser::default(), "y", "");
    let second = json!({ "code": element(&shown, "code") });
    two.stand
        .post(registrar, &path, &second)
        .refused(409, "linked-before");
    // Nobody links an account to a record that is the own, as an officer.
    let shown = two.other.sign_in(&two.stand, &Browser::default(), "z", "");
    let body = json!({ "code": element(&shown, "code") });
    let own = format!("/v1/learners/{}/links", two.stand.registrar.person);
    let answer = two.stand.post(registrar, &own, &body);
    assert!(matches!(answer.status, 403 | 404), "{}", answer.text());
}

#[test]
fn who_is_barred_is_not_signed_in_by_any_account() {
    // A stolen phone would go on after its owner had it stopped.
    let two = two();
    let browser = two.signed_in("sub-0");
    let path = format!("{}/suspension", own(two.people[0]));
    let body = json!({ "reason": "device_lost" });
    two.stand
        .post(&two.stand.registrar.token, &path, &body)
        .is(201);
    browser
        .get(&two.stand, &own(two.people[0]))
        .refused(401, "session-over");
    two.one
        .sign_in(&two.stand, &browser, "sub-0", "")
        .refused(403, "person-barred");
    let shown = two.other.sign_in(&two.stand, &Browser::default(), "x", "");
    let code = json!({ "code": element(&shown, "code") });
    let path = format!("{}/links", own(two.people[0]));
    two.stand
        .post(&two.stand.registrar.token, &path, &code)
        .refused(403, "person-barred");
}
