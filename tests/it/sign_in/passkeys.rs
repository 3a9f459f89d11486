//! Passkeys over HTTP: whom a device signs in, and every answer that must sign in nobody.

use api::config::Config;
use api::sign_in::passkey;
use identity::role::Role;
use ledger::assertion::By;
use serde_json::{Value, json};
use tests::support::browser::Browser;
use tests::support::device::{self, Device};
use tests::support::provider::Provider;
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

use super::providers::{at_counter, own};

/// A learner who is linked at a provider and has one passkey.
pub(super) struct One {
    pub(super) provider: Provider,
    pub(super) stand: Stand,
    pub(super) person: Uuid,
    pub(super) device: Device,
    pub(super) passkey: String,
}

pub(super) fn one() -> One {
    let provider = Provider::start("province");
    let stand = Provider::stand(&[&provider]);
    let person = stand.register(0, "王晓明", &resident_id(1));
    at_counter(&stand, &provider, person, "sub-0");
    let device = Device::at(&stand);
    let browser = signed_in(&provider, &stand, "sub-0", "");
    let enrolled = device.enrol(&stand, &browser).is(201);
    One {
        provider,
        stand,
        person,
        device,
        passkey: enrolled["id"].as_str().unwrap().into(),
    }
}

pub(super) fn signed_in(provider: &Provider, stand: &Stand, sub: &str, query: &str) -> Browser {
    let browser = Browser::default();
    let answer = provider.sign_in(stand, &browser, sub, query);
    assert_eq!(answer.status, 303, "{}", answer.text());
    browser
}

/// The session of a browser, as its person sees it.
pub(super) fn current(browser: &Browser, stand: &Stand) -> Value {
    let sessions = browser.get(stand, "/v1/sessions").is(200);
    let sessions = sessions["items"].as_array().unwrap();
    let current = sessions.iter().find(|it| it["current"] == true);
    current.unwrap().clone()
}

impl One {
    /// What the device's sign-in in a new browser comes to.
    pub(super) fn sign_in(&self) -> Answer {
        self.device
            .sign_in(&self.stand, &Browser::default(), &json!({}))
    }

    pub(super) fn refused(&self, slug: &str) {
        self.sign_in().refused(403, slug);
    }
}

#[test]
fn who_enrolled_a_passkey_signs_in_by_it_and_the_log_says_so() {
    // Nobody could sign in by a passkey, or somebody as another, or the log would hide how.
    let one = one();
    let browser = Browser::default();
    let answer = one.device.sign_in(&one.stand, &browser, &json!({}));
    let to = format!("{}/transcript.html", own(one.person));
    assert_eq!(answer.is(200)["to"], to);
    assert_eq!(
        browser.get(&one.stand, &own(one.person)).is(200)["name"],
        "王晓明"
    );
    assert_eq!(current(&browser, &one.stand)["by"], "passkey");
    let listed = browser.get(&one.stand, "/v1/passkeys").is(200);
    assert_eq!(listed["items"][0]["id"], one.passkey.as_str());
    assert_eq!(listed["items"][0]["loa"], 3);
    let beside = browser.get(&one.stand, "/v1/links").is(200);
    assert_eq!(beside["passkeys"], listed["items"]);
    let second = Device::at(&one.stand).enrol(&one.stand, &browser).is(201);
    let position = second["position"].as_u64().unwrap();
    let commit = one.stand.app.ledger.commit(position).unwrap().unwrap();
    let act = commit.assertion.act().unwrap();
    assert_eq!((act.person, act.by), (one.person, By::Passkey));
    // What is kept of it its person may take along.
    let path = format!("{}/export", own(one.person));
    let taken = browser.get(&one.stand, &path).is(200)["export"]["passkeys"].clone();
    let taken: Vec<&str> = taken
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .collect();
    assert!(taken.contains(&one.passkey.as_str()), "{taken:?}");
    // Of the device nothing is in the log, and nothing that names it in the open beside it.
    let data = commit.assertion.data().get();
    assert!(!data.contains(&one.device.id()), "{data}");
    one.stand.app.side.scrub().unwrap();
    let kept = std::fs::read(one.stand.app.dir.side()).unwrap();
    let holds = |it: &[u8]| kept.windows(it.len()).any(|window| window == it);
    assert!(!holds(&one.device.id_bytes()));
    assert!(!holds(one.device.id().as_bytes()));
    assert!(holds(b"passkey-of"), "control: the file is the one");
}

#[test]
fn a_device_is_told_to_ask_whose_finger_it_is_and_to_know_whose_key_it_has() {
    // Whoever finds a phone would be signed in, or nobody could sign in without typing a name.
    let one = one();
    let browser = signed_in(&one.provider, &one.stand, "sub-0", "");
    let begin = || {
        let path = "/v1/passkeys/registration";
        browser.write(&one.stand, "POST", path, &json!({})).is(200)["publicKey"].clone()
    };
    let make = begin();
    let selection = &make["authenticatorSelection"];
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(
        make["excludeCredentials"][0]["id"],
        one.device.id().as_str()
    );
    assert!(!make.to_string().contains("王晓明"), "{make}");
    let asked = Device::asked(&one.stand, &Browser::default());
    assert_eq!(asked["publicKey"]["userVerification"], "required");
    assert!(
        asked["publicKey"]["allowCredentials"]
            .as_array()
            .is_none_or(Vec::is_empty)
    );
    assert_ne!(begin()["challenge"], begin()["challenge"]);
}

#[test]
fn no_bent_answer_signs_anybody_in() {
    // A page that looks like ours, or whoever holds a phone without its owner, would be let in.
    let mut one = one();
    let refused = |one: &One, what: &str| {
        let answer = one.sign_in();
        assert_eq!(answer.status, 403, "{what}: {}", answer.text());
        one.refused("passkey-proof-invalid");
    };
    let honest = (one.device.origin.clone(), one.device.party.clone());
    for origin in [
        "https://xuefen.example",
        "http://localhost",
        &format!("{}.evil.example", honest.0),
    ] {
        one.device.origin = origin.into();
        refused(&one, origin);
    }
    one.device.origin = honest.0;
    one.device.party = "evil.example".into();
    refused(&one, "another party");
    one.device.party = honest.1;
    one.device.verifies = false;
    refused(&one, "nobody was verified");
    one.device.verifies = true;
    one.device.moves = true;
    refused(&one, "it became one that moves");
    one.device.moves = false;
    let browser = Browser::default();
    let good = one.device.answer(&Device::asked(&one.stand, &browser));
    let signature = good["response"]["signature"].as_str().unwrap();
    for (at, with) in [
        (
            "/response/signature",
            json!(format!("A{}", &signature[1..])),
        ),
        ("/response/signature", json!("")),
        ("/response/userHandle", Value::Null),
        ("/response/userHandle", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("/rawId", json!("AAAA")),
        ("/response/authenticatorData", json!("")),
        ("/response/clientDataJSON", json!("e30")),
        ("/response", json!({})),
        ("", json!("x")),
    ] {
        // Each sign-in has a challenge of its own, so each is bent from a good answer to it.
        let mut bent = one.device.answer(&Device::asked(&one.stand, &browser));
        *bent.pointer_mut(at).unwrap() = with;
        device::send(&one.stand, &browser, &bent, &json!({})).refused(403, "passkey-proof-invalid");
    }
    let answer = one.sign_in();
    assert_eq!(answer.status, 200, "control: {}", answer.text());
}

#[test]
fn an_answer_is_good_once_in_its_browser_for_five_minutes() {
    // What was seen on the way would sign in whoever sends it again.
    let one = one();
    let invalid = |browser: &Browser, answer: &Value| {
        device::send(&one.stand, browser, answer, &json!({})).refused(403, "passkey-proof-invalid");
    };
    let browser = Browser::default();
    let asked = Device::asked(&one.stand, &browser);
    let answer = one.device.answer(&asked);
    let sent = device::send(&one.stand, &browser, &answer, &json!({}));
    assert_eq!(sent.status, 200, "{}", sent.text());
    invalid(&browser, &answer);
    // Nor a new answer to the same challenge, even in the same browser.
    let browser = Browser::default();
    let asked = Device::asked(&one.stand, &browser);
    let cookie = browser.cookie(api::sign_in::ceremony::COOKIE).unwrap();
    let sent = device::send(&one.stand, &browser, &one.device.answer(&asked), &json!({}));
    assert_eq!(sent.status, 200, "{}", sent.text());
    browser.plant(api::sign_in::ceremony::COOKIE, &cookie);
    invalid(&browser, &one.device.answer(&asked));
    // Another browser's, and one without a cookie.
    let (victim, thief) = (Browser::default(), Browser::default());
    let asked = Device::asked(&one.stand, &victim);
    Device::asked(&one.stand, &thief);
    invalid(&thief, &one.device.answer(&asked));
    let asked = Device::asked(&one.stand, &victim);
    invalid(&Browser::default(), &one.device.answer(&asked));
    let asked = Device::asked(&one.stand, &victim);
    one.stand.pass(passkey::TIME_MS);
    invalid(&victim, &one.device.answer(&asked));
}

#[test]
fn a_registration_is_of_one_session_and_fresh() {
    // Whoever sits down at an open browser, or sends its answer there, would be the person for good.
    let one = one();
    let post = |browser: &Browser, answer: &Value| {
        let body = json!({ "answer": answer });
        browser.write(&one.stand, "POST", "/v1/passkeys", &body)
    };
    let begin = |browser: &Browser| {
        let path = "/v1/passkeys/registration";
        browser.write(&one.stand, "POST", path, &json!({})).is(200)
    };
    let other = one.stand.register(0, "李小红", &resident_id(2));
    at_counter(&one.stand, &one.provider, other, "sub-1");
    let hers = signed_in(&one.provider, &one.stand, "sub-1", "");
    let browser = signed_in(&one.provider, &one.stand, "sub-0", "");
    let thief = Device::at(&one.stand);
    post(&browser, &thief.make(&begin(&hers))).refused(403, "passkey-proof-invalid");
    let made = thief.make(&begin(&browser));
    post(&browser, &made).is(201);
    post(&browser, &made).refused(403, "passkey-proof-invalid");
    // A key that is somebody's is nobody else's.
    let mut same = Device::at(&one.stand);
    same.next_id = Some(thief.id_bytes());
    same.enrol(&one.stand, &hers)
        .refused(403, "passkey-proof-invalid");
    let mut bent = Device::at(&one.stand);
    bent.origin = "https://evil.example".into();
    bent.enrol(&one.stand, &browser)
        .refused(403, "passkey-proof-invalid");
    let mut bent = Device::at(&one.stand);
    bent.party = "evil.example".into();
    bent.enrol(&one.stand, &browser)
        .refused(403, "passkey-proof-invalid");
    let mut bent = Device::at(&one.stand);
    bent.verifies = false;
    bent.enrol(&one.stand, &browser)
        .refused(403, "passkey-proof-invalid");
    let late = begin(&browser);
    one.stand.pass(passkey::TIME_MS);
    let fresh = one.provider.sign_in(&one.stand, &browser, "sub-0", "");
    assert_eq!(fresh.status, 303);
    post(&browser, &thief.make(&late)).refused(403, "passkey-proof-invalid");
    one.stand.pass(301_000);
    Device::at(&one.stand)
        .enrol(&one.stand, &browser)
        .refused(401, "step-up-needed");
    // Nor from outside, nor with a token that can show nothing anew.
    let token = one.stand.token(one.person, Role::Learner, None);
    one.stand
        .post(&token, "/v1/passkeys/registration", &json!({}))
        .refused(403, "passkey-proof-invalid");
    let listed = one.stand.get(&token, "/v1/passkeys").is(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "{listed}");
}

#[test]
fn one_persons_device_is_not_anothers() {
    // Somebody would sign in with the own key as whomever the key names.
    let one = one();
    let other = one.stand.register(0, "李小红", &resident_id(2));
    at_counter(&one.stand, &one.provider, other, "sub-1");
    let hers = Device::at(&one.stand);
    let browser = signed_in(&one.provider, &one.stand, "sub-1", "");
    hers.enrol(&one.stand, &browser).is(201);
    let browser = Browser::default();
    let his = one.device.answer(&Device::asked(&one.stand, &browser));
    for (at, whose) in [
        ("/response/userHandle", "handle"),
        ("/rawId", "id"),
        ("/response/signature", "signature"),
    ] {
        let asked = Device::asked(&one.stand, &browser);
        let mut mixed = hers.answer(&asked);
        *mixed.pointer_mut(at).unwrap() = his.pointer(at).unwrap().clone();
        let answer = device::send(&one.stand, &browser, &mixed, &json!({}));
        assert_eq!(answer.status, 403, "{whose}: {}", answer.text());
    }
    let sent = hers.sign_in(&one.stand, &browser, &json!({}));
    let to = format!("{}/transcript.html", own(other));
    assert_eq!(sent.is(200)["to"], to);
}

#[test]
fn a_key_whose_counter_goes_back_is_refused_and_told() {
    // A key that somebody copied would go on signing in beside its owner's.
    let one = one();
    // Reading of the log begins where it stood at first.
    one.stand.app.tell().ok().unwrap();
    let copy = one.device.copied();
    for _ in 0..2 {
        let answer = one.sign_in();
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let answer = copy.sign_in(&one.stand, &Browser::default(), &json!({}));
    let told = answer.refused(403, "passkey-copied");
    assert!(
        !told["action"].as_str().unwrap_or_default().is_empty(),
        "{told}"
    );
    // Neither signs in from then on, and the owner is told: the log says so, in nobody's name.
    one.refused("passkey-proof-invalid");
    let own_browser = signed_in(&one.provider, &one.stand, "sub-0", "");
    let listed = own_browser.get(&one.stand, "/v1/passkeys").is(200);
    assert_eq!(listed["items"], json!([]));
    one.stand.app.tell().ok().unwrap();
    let told = own_browser
        .get(&one.stand, &format!("{}/notices", own(one.person)))
        .is(200);
    assert!(
        told.to_string().contains("您的一个通行密钥已停用"),
        "{told}"
    );
    // A device that never counts is as good as it was.
    let silent = Device::at(&one.stand);
    silent.counter.set(None);
    let browser = signed_in(&one.provider, &one.stand, "sub-0", "");
    silent.enrol(&one.stand, &browser).is(201);
    for _ in 0..2 {
        let answer = silent.sign_in(&one.stand, &Browser::default(), &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn showing_anew_who_one_is_takes_a_finger() {
    // Grave acts would take a whole sign-in at the provider each time, or nothing at all.
    let one = one();
    let browser = Browser::default();
    one.device.sign_in(&one.stand, &browser, &json!({})).is(200);
    let before = browser.cookie(api::sign_in::session::COOKIE).unwrap();
    one.stand.pass(301_000);
    Device::at(&one.stand)
        .enrol(&one.stand, &browser)
        .refused(401, "step-up-needed");
    let shown = one.device.sign_in(
        &one.stand,
        &browser,
        &json!({ "return_to": "/v1/passkeys" }),
    );
    assert_eq!(shown.is(200)["to"], "/v1/passkeys");
    let now = browser.cookie(api::sign_in::session::COOKIE).unwrap();
    assert_ne!(before, now);
    Device::at(&one.stand).enrol(&one.stand, &browser).is(201);
    assert_eq!(current(&browser, &one.stand)["by"], "passkey");
    let away = one.device.sign_in(
        &one.stand,
        &browser,
        &json!({ "return_to": "//evil.example" }),
    );
    assert_eq!(
        away.is(200)["to"],
        format!("{}/transcript.html", own(one.person))
    );
}

#[test]
fn the_page_asks_a_device_by_a_script_of_ours_alone() {
    // A script from elsewhere would run where people sign in, or the button would do nothing.
    let one = one();
    let page = Browser::default().get(&one.stand, "/login?return_to=/v1/passkeys");
    assert_eq!(page.status, 200);
    let csp = page.header("content-security-policy");
    assert!(
        csp.contains("script-src 'self'") && csp.contains("default-src 'none'"),
        "{csp}"
    );
    assert!(!csp.contains("unsafe-eval"), "{csp}");
    let text = page.text();
    assert!(text.contains("data-return-to=\"/v1/passkeys\""), "{text}");
    assert!(
        text.contains("passkey-sign-in") && !text.contains("passkey-add"),
        "{text}"
    );
    assert_eq!(text.matches("<script").count(), 1);
    let script = Browser::default().get(&one.stand, "/login/passkey.js");
    assert_eq!(
        script.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    let browser = signed_in(&one.provider, &one.stand, "sub-0", "");
    assert!(
        browser
            .get(&one.stand, "/login")
            .text()
            .contains("passkey-add")
    );
}

#[test]
fn where_devices_know_nobody_there_are_no_passkeys() {
    // An address without a name would promise a sign-in that no browser gives.
    let mut config = Config::default();
    config.sign_in.public_url = Some("https://192.0.2.7".into());
    let stand = Stand::with(config);
    let kind = [("content-type", "application/json")];
    let browser = Browser::default();
    browser
        .send(&stand, "POST", "/login/passkey/options", &kind, Some(b"{}"))
        .refused(404, "passkeys-off");
    let page = browser.get(&stand, "/login");
    assert!(!page.text().contains("passkey"), "{}", page.text());
}
