//! Signing in at a provider that keeps to the standard: who is let in, as whom, and how well assured.

use api::sign_in::ceremony::{self, Invitation};
use api::sign_in::session::COOKIE;
use identity::did::IssuerNumber;
use identity::role::Role;
use serde_json::json;
use tests::support::browser::Browser;
use tests::support::process;
use tests::support::provider::Provider;
use tests::support::server::answer::after;
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

pub(crate) fn own(person: Uuid) -> String {
    format!("/v1/learners/{person}")
}

/// The text of an element with this id.
pub(crate) fn element(answer: &Answer, id: &str) -> String {
    let text = answer.text();
    let (_, rest) = text.split_once(&format!("id=\"{id}\">")).unwrap();
    rest.split('<').next().unwrap().to_owned()
}

/// What a field of a page's form holds.
pub(crate) fn field(answer: &Answer, name: &str) -> String {
    let text = answer.text();
    let (_, rest) = text
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// An officer's first account, by an invitation of the operator's.
pub(crate) fn invited(stand: &Stand, provider: &Provider, invitation: &Invitation, sub: &str) {
    let browser = Browser::default();
    let shown = provider.sign_in(stand, &browser, sub, "");
    let code = stand
        .app
        .sign_in
        .ceremonies
        .invite(invitation)
        .ok()
        .unwrap();
    let form = format!(
        "code={}&invitation={}",
        field(&shown, "code").replace(' ', "+"),
        *code
    );
    let answer = browser.submit(stand, "/login/invitation", &form);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A registrar links the account of somebody who stands at the counter.
pub(crate) fn at_counter(stand: &Stand, provider: &Provider, person: Uuid, sub: &str) {
    let shown = provider.sign_in(stand, &Browser::default(), sub, "");
    assert_eq!(shown.status, 403, "{}", shown.text());
    let body = json!({ "code": element(&shown, "code") });
    let path = format!("{}/links", own(person));
    stand.post(&stand.registrar.token, &path, &body).is(201);
}

#[test]
fn who_was_seen_at_a_counter_signs_in_from_then_on() {
    // Nobody could sign in at all, or somebody as another.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "sub-1");
    let browser = Browser::default();
    let answer = provider.sign_in(&stand, &browser, "sub-1", "");
    assert_eq!(answer.status, 303, "{}", answer.text());
    let to = format!("{}/transcript.html", own(person));
    assert_eq!(answer.header("location"), to);
    assert_eq!(browser.get(&stand, &own(person)).is(200)["name"], "王晓明");
    let sessions = browser.get(&stand, "/v1/sessions").is(200);
    assert_eq!(sessions["items"][0]["by"], "province");
    assert_eq!(sessions["items"][0]["role"], "learner");
    let links = browser.get(&stand, "/v1/links").is(200);
    assert_eq!(links["items"][0]["provider"], "province");
    // The account beside hers is nobody's still.
    let other = provider.sign_in(&stand, &Browser::default(), "sub-2", "");
    assert_eq!(other.status, 403);
    let log: Vec<String> = (0..stand.app.ledger.head().size)
        .filter_map(|at| stand.app.ledger.commit(at).unwrap())
        .map(|commit| commit.assertion.data().get().to_owned())
        .collect();
    let log = log.concat();
    assert!(!log.contains("sub-1") && !log.contains(&provider.issuer));
}

#[test]
fn an_account_that_nobody_linked_opens_nothing() {
    // Whoever signs up at a provider would be somebody here; or by an equal e-mail or name (#53041).
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "sub-1");
    provider.bend(|claims| {
        claims["email"] = json!("wang@example.org");
        claims["email_verified"] = json!(true);
        claims["name"] = json!("王晓明");
        claims["phone_number"] = json!("+8613800000000");
        claims["preferred_username"] = json!("sub-1");
    });
    let browser = Browser::default();
    for sub in ["sub-2", "SUB-1", "sub-1 ", "sub-1\u{0}", "wang@example.org"] {
        let answer = provider.sign_in(&stand, &browser, sub, "");
        assert_eq!(answer.status, 403, "{sub:?}: {}", answer.text());
        assert_eq!(browser.cookie(COOKIE), None);
        browser
            .get(&stand, &own(person))
            .refused(401, "not-signed-in");
    }
}

#[test]
fn the_same_sub_at_another_provider_is_another_account() {
    // A provider that gives out numbers freely would sign people of another in.
    let (one, other) = (Provider::start("one"), Provider::start("other"));
    let stand = Provider::stand(&[&one, &other]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &one, person, "1");
    assert_eq!(
        one.sign_in(&stand, &Browser::default(), "1", "").status,
        303
    );
    assert_eq!(
        other.sign_in(&stand, &Browser::default(), "1", "").status,
        403
    );
}

#[test]
fn a_session_is_no_better_assured_than_provider_and_link() {
    // An account of a weak provider would act as an officer.
    let (strong, weak) = (Provider::start("strong"), Provider::start("weak"));
    let mut config = api::config::Config::default();
    config.sign_in.providers = vec![strong.config(4), weak.config(2)];
    let stand = Stand::with(config);
    let school = &stand.schools[0];
    let as_officer = format!("?role=counter&institution={}", school.number);
    let officers = [3, 4].map(|i| stand.register(0, "陈明", &resident_id(i)));
    for (officer, provider, sub) in [(officers[0], &strong, "s"), (officers[1], &weak, "w")] {
        let body = json!({ "person": officer, "role": "counter" });
        stand.post(school.token(), "/v1/officers", &body).is(201);
        let invitation = Invitation {
            person: officer,
            role: Role::Counter,
            institution: Some(IssuerNumber(school.number)),
        };
        invited(&stand, provider, &invitation, sub);
    }
    let answer = strong.sign_in(&stand, &Browser::default(), "s", &as_officer);
    assert_eq!(answer.status, 303, "{}", answer.text());
    weak.sign_in(&stand, &Browser::default(), "w", &as_officer)
        .refused(403, "loa-too-low");
    // A role that is not held is not to be had by asking.
    for query in [
        "?role=registrar",
        "?role=counter",
        "?role=counter&institution=2",
        "?role=auditor",
        "?role=verifier",
    ] {
        strong
            .sign_in(&stand, &Browser::default(), "s", query)
            .refused(403, "not-allowed");
    }
    // A counter of a school is no registrar: what it links is of level 3.
    let person = stand.register(0, "李小红", &resident_id(2));
    let clerk = Uuid::from_u128(0x5_0000_0077);
    let body = json!({ "person": clerk, "role": "counter" });
    stand.post(school.token(), "/v1/officers", &body).is(201);
    let counter = stand.token(clerk, Role::Counter, Some(school.number));
    let shown = strong.sign_in(&stand, &Browser::default(), "p", "");
    let body = json!({ "code": element(&shown, "code") });
    stand
        .post(&counter, &format!("{}/links", own(person)), &body)
        .is(201);
    let browser = Browser::default();
    strong.sign_in(&stand, &browser, "p", "");
    let links = browser.get(&stand, "/v1/links").is(200);
    assert_eq!(links["items"][0]["loa"], 3);
}

#[test]
fn the_first_officers_come_in_by_an_invitation() {
    // A new site would have nobody who can sign in; or whoever finds an invitation would be a second registrar.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let registrar = Invitation {
        person: stand.registrar.person,
        role: Role::Registrar,
        institution: None,
    };
    let as_registrar = "?role=registrar";
    let ceremonies = &stand.app.sign_in.ceremonies;
    let show = |sub: &str| {
        let browser = Browser::default();
        let shown = provider.sign_in(&stand, &browser, sub, as_registrar);
        (field(&shown, "code").replace(' ', ""), browser)
    };
    let enter = |(code, browser): &(String, Browser), invitation: &str| {
        let form = format!("code={code}&invitation={invitation}");
        browser.submit(&stand, "/login/invitation", &form)
    };
    let id = registrar.person.to_string();
    let dir = stand.dir().join("ledger");
    let dir = dir.to_str().unwrap();
    let invites = ["officer", "invite", "--role", "registrar", "--person", &id];
    let code = process::run(&[invites.as_slice(), &["--data-dir", dir]].concat()).unwrap();
    let code = code.trim();
    // Without an account that was shown it is not used up; made up ones open nothing.
    let no_account = ("000000000000".to_owned(), Browser::default());
    assert_eq!(enter(&no_account, code).status, 403);
    assert_eq!(enter(&show("r"), "made-up").status, 403);
    let answer = enter(&show("r"), code);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let browser = Browser::default();
    let answer = provider.sign_in(&stand, &browser, "r", as_registrar);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let links = browser.get(&stand, "/v1/links").is(200);
    assert_eq!(links["items"][0]["loa"], 4);
    // An officer of genesis, and one of an admission, is no learner: the views go on.
    let school = &stand.schools[0];
    let officer = Invitation {
        person: school.officers[0].person,
        role: Role::Institution,
        institution: Some(IssuerNumber(school.number)),
    };
    let second = provider.sign_in(&stand, &Browser::default(), "o", as_registrar);
    let second = (field(&second, "code").replace(' ', ""), Browser::default());
    let invitation = ceremonies.invite(&officer).ok().unwrap();
    assert_eq!(enter(&second, &invitation).status, 200);
    let person = stand.register(0, "王晓明", &resident_id(1));
    let made = stand.post(
        school.token(),
        "/v1/outcomes",
        &Stand::outcome(person, "A-1"),
    );
    let made = made.is(201);
    let read = after(&format!("{}/transcript.json", own(person)), &made);
    let read = stand.get(school.token(), &read).is(200);
    assert_eq!(read["outcomes"].as_array().unwrap().len(), 1);
    assert_eq!(stand.get("", "/readyz").status, 200);
    // Once; in three days; by whoever holds the role; and only the first.
    assert_eq!(enter(&show("thief"), code).status, 403);
    let late = ceremonies.invite(&registrar).ok().unwrap();
    stand.pass(3 * 86_400_000);
    assert_eq!(enter(&show("thief"), &late).status, 403);
    let second = ceremonies.invite(&registrar).ok().unwrap();
    assert_eq!(enter(&show("thief"), &second).status, 409);
    let stranger = Invitation {
        person: Uuid::from_u128(0x5_0000_0078),
        ..registrar.clone()
    };
    let stranger = ceremonies.invite(&stranger).ok().unwrap();
    assert_eq!(enter(&show("thief"), &stranger).status, 403);
    let thief = provider.sign_in(&stand, &Browser::default(), "thief", as_registrar);
    assert_eq!(thief.status, 403, "{}", thief.text());
}

#[test]
fn showing_anew_who_one_is_takes_a_new_sign_in_at_the_provider() {
    // A browser left open would do what cannot be undone: the provider remembers whoever was there.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "sub-1");
    let browser = Browser::default();
    provider.sign_in(&stand, &browser, "sub-1", "");
    let erase = || {
        let body = json!({ "reason": "withdrawn" });
        browser.write(&stand, "POST", &format!("{}/erasure", own(person)), &body)
    };
    stand.pass(301_000);
    erase().refused(401, "step-up-needed");
    // The provider answers for a sign-in of an hour ago: signed in, not fresh.
    provider.bend(|claims| {
        claims["auth_time"] = json!(claims["iat"].as_i64().unwrap() - 3_600);
    });
    provider.sign_in(&stand, &browser, "sub-1", "");
    erase().refused(401, "step-up-needed");
    provider
        .sign_in(&stand, &browser, "sub-1", "?step_up=true")
        .refused(403, "sign-in-refused");
    provider.bend(|claims| {
        claims.as_object_mut().unwrap().remove("auth_time");
    });
    provider.sign_in(&stand, &browser, "sub-1", "");
    erase().refused(401, "step-up-needed");
    provider
        .sign_in(&stand, &browser, "sub-1", "?step_up=true")
        .refused(403, "sign-in-refused");
    provider.bend(|_| ());
    let url = provider.begin(&stand, &browser, "?step_up=true");
    assert!(
        url.contains("prompt=login") && url.contains("max_age=300"),
        "{url}"
    );
    let before = browser.cookie(COOKIE).unwrap();
    let back = provider.authorize(&stand, &url, "sub-1");
    assert_eq!(browser.get(&stand, &back).status, 303);
    assert_ne!(browser.cookie(COOKIE).unwrap(), before);
    let asked = erase();
    assert!(asked.status < 300, "{}", asked.text());
}

#[test]
fn nobody_is_sent_on_to_a_page_that_is_not_ours() {
    // A link to our sign-in would end on a page that asks for the password once more.
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "sub-1");
    let to = |return_to: &str| {
        let query = format!("?return_to={return_to}");
        let answer = provider.sign_in(&stand, &Browser::default(), "sub-1", &query);
        answer.header("location").to_owned()
    };
    assert_eq!(to("/docs%3Fa%3Db"), "/docs?a=b");
    let home = format!("{}/transcript.html", own(person));
    for evil in [
        "//evil.example",
        "/%5Cevil.example",
        "https%3A%2F%2Fevil.example",
        "evil.example",
        "%2F%2Fevil.example",
        "/%09/evil.example",
        "/%0D%0Aset-cookie%3Aa%3Db",
        "javascript%3Aalert(1)",
        "%20/evil",
        "/a%5C..%5C%5Cevil",
        "",
    ] {
        assert_eq!(to(evil), home, "{evil}");
    }
}

#[test]
fn the_cookie_of_a_sign_in_under_way_is_no_session() {
    // Who planted it before would be signed in after (CVE-2026-7507).
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "sub-1");
    let browser = Browser::default();
    let url = provider.begin(&stand, &browser, "");
    let under_way = browser.cookie(ceremony::COOKIE).unwrap();
    let back = provider.authorize(&stand, &url, "sub-1");
    assert_eq!(browser.get(&stand, &back).status, 303);
    assert_ne!(browser.cookie(COOKIE).unwrap(), under_way);
    assert_eq!(browser.cookie(ceremony::COOKIE), None);
    let thief = Browser::default();
    thief.plant(COOKIE, &under_way);
    thief.get(&stand, &own(person)).refused(401, "session-over");
}
