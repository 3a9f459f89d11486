//! How long an app is signed in, where that is seen, and everything that ends it at the next request.

use identity::role::Role;
use serde_json::{Value, json};
use tests::support::browser::Browser;
use tests::support::native::{CLIENT, NativeApp};
use tests::support::server::{Stand, resident_id};
use uuid::Uuid;

use super::super::machines::error;
use super::super::providers::{at_counter, own};
use super::Here;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// What the person was told, newest first.
fn told(here: &Here) -> Vec<String> {
    let shown = here
        .browser()
        .get(&here.stand, &format!("{}/notices", here.own()))
        .is(200);
    let items = shown["items"].as_array().unwrap().iter();
    items
        .map(|it| it["about"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn tokens_are_renewed_as_long_as_the_sign_in_lasts() {
    // A learner would sign in every ten minutes, or a phone that was given away stay signed in for ever.
    let here = Here::open();
    let stand = &here.stand;
    let (app, access, refresh) = here.signed_in();
    let (next, refresh) = NativeApp::tokens(&app.refresh(stand, &refresh));
    // Both are good until their time.
    app.get(stand, &access, &here.own()).is(200);
    stand.pass(599_999);
    app.get(stand, &next, &here.own()).is(200);
    stand.pass(1);
    app.get(stand, &next, &here.own())
        .refused(401, "token-invalid");
    let mut refresh = refresh;
    for _ in 0..29 {
        stand.pass(DAY_MS);
        refresh = NativeApp::tokens(&app.refresh(stand, &refresh)).1;
    }
    stand.pass(DAY_MS - 600_001);
    let (access, refresh) = NativeApp::tokens(&app.refresh(stand, &refresh));
    app.get(stand, &access, &here.own()).is(200);
    // Thirty days after the sign-in in the browser, whatever the tokens' own time.
    stand.pass(1);
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    error(&app.refresh(stand, &refresh), 400, "invalid_grant");
    assert!(
        told(&here).is_empty(),
        "nobody is warned of what ended by itself"
    );
}

#[test]
fn an_elder_stays_signed_in_for_ninety_days() {
    // Signing in is a hurdle for whoever is old.
    let here = Here::open();
    let stand = &here.stand;
    let body = json!({ "name": "赵大爷", "birth_date": "1950-02-03",
        "identifiers": [{ "type": "staff_number", "value": Stand::staff_number(7) }] });
    let made = stand
        .post(stand.schools[0].token(), "/v1/learners", &body)
        .is(201);
    let elder: Uuid = serde_json::from_value(made["id"].clone()).unwrap();
    at_counter(stand, &here.provider, elder, "sub-7");
    let browser = Browser::default();
    here.provider.sign_in(stand, &browser, "sub-7", "");
    let app = NativeApp::default();
    let (_, refresh) = app.sign_in(stand, &browser);
    stand.pass(90 * DAY_MS - 1);
    let (access, refresh) = NativeApp::tokens(&app.refresh(stand, &refresh));
    app.get(stand, &access, &own(elder)).is(200);
    stand.pass(1);
    error(&app.refresh(stand, &refresh), 400, "invalid_grant");
}

#[test]
fn a_refresh_token_that_is_used_again_closes_the_app_and_tells_the_person() {
    // Whoever copied a token would go on beside the person for a month.
    let here = Here::open();
    let stand = &here.stand;
    let (app, _, first) = here.signed_in();
    let (another, beside, _) = here.signed_in();
    let (_, second) = NativeApp::tokens(&app.refresh(stand, &first));
    let (access, third) = NativeApp::tokens(&app.refresh(stand, &second));
    app.get(stand, &access, &here.own()).is(200);
    error(&app.refresh(stand, &first), 400, "invalid_grant");
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    error(&app.refresh(stand, &third), 400, "invalid_grant");
    // The person's other app is not meant.
    another.get(stand, &beside, &here.own()).is(200);
    stand.app.tell().unwrap();
    assert_eq!(told(&here), ["app-closed"]);
    // Shown by whoever has another key it is as much a copy.
    let (app, access, first) = here.signed_in();
    NativeApp::tokens(&app.refresh(stand, &first));
    error(
        &NativeApp::default().refresh(stand, &first),
        400,
        "invalid_grant",
    );
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    stand.app.tell().unwrap();
    assert_eq!(told(&here), ["app-closed", "app-closed"]);
}

#[test]
fn a_lost_answer_throws_nobody_out() {
    // An elder in a tunnel would have to sign in again, and be told of a thief who is none.
    let here = Here::open();
    let stand = &here.stand;
    let (app, _, first) = here.signed_in();
    let (_, lost) = NativeApp::tokens(&app.refresh(stand, &first));
    stand.pass(MINUTE_MS - 1);
    let (access, second) = NativeApp::tokens(&app.refresh(stand, &first));
    app.get(stand, &access, &here.own()).is(200);
    assert_ne!(lost, second);
    assert!(told(&here).is_empty());
    // What was lost is spent: whoever found it closes the app.
    error(&app.refresh(stand, &lost), 400, "invalid_grant");
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    // A minute later it is no lost answer; nor after the answer was used.
    let (app, _, first) = here.signed_in();
    let (_, second) = NativeApp::tokens(&app.refresh(stand, &first));
    stand.pass(MINUTE_MS);
    error(&app.refresh(stand, &first), 400, "invalid_grant");
    error(&app.refresh(stand, &second), 400, "invalid_grant");
}

#[test]
fn a_stolen_refresh_token_opens_nothing_and_takes_nothing() {
    // Whoever reads the phone's backup would have the account, or could shut its owner out.
    let here = Here::open();
    let stand = &here.stand;
    let (app, access, refresh) = here.signed_in();
    let thief = NativeApp::default();
    error(&thief.refresh(stand, &refresh), 400, "invalid_grant");
    let form = format!("grant_type=refresh_token&client_id=nobody&refresh_token={refresh}");
    error(&app.ask(stand, &form), 401, "invalid_client");
    app.get(stand, &access, &here.own()).is(200);
    NativeApp::tokens(&app.refresh(stand, &refresh));
}

#[test]
fn the_list_of_devices_shows_an_app_and_ends_it() {
    // A phone that is lost would stay signed in, and nobody would see it.
    let here = Here::open();
    let stand = &here.stand;
    let (app, access, refresh) = here.signed_in();
    let browser = here.browser();
    let listed = |answer: &Value| -> Vec<(String, bool)> {
        let items = answer["items"].as_array().unwrap().iter();
        let apps = items.filter(|it| it.get("app").is_some());
        apps.map(|it| (it["id"].as_str().unwrap().to_owned(), it["current"] == true))
            .collect()
    };
    let all = browser.get(stand, "/v1/sessions").is(200);
    let [(id, false)] = &listed(&all)[..] else {
        unreachable!("{all}");
    };
    let shown = all["items"].as_array().unwrap().iter();
    let shown = shown.clone().find(|it| it.get("app").is_some()).unwrap();
    assert_eq!(shown["app"]["id"], CLIENT);
    assert_eq!(shown["app"]["name_zh"], "浙里学分");
    assert_eq!(
        (&shown["by"], &shown["agent"]),
        (&json!("province"), &json!("phone"))
    );
    let own = app.get(stand, &access, "/v1/sessions").is(200);
    assert_eq!(listed(&own), [(id.clone(), true)]);
    assert!(own.get("csrf_token").is_none(), "{own}");
    // Another person's word ends nothing.
    let path = format!("/v1/sessions/{id}");
    let other = stand.register(0, "李小红", &resident_id(2));
    let stranger = stand.token(other, Role::Learner, None);
    stand
        .send("DELETE", &path, &stranger, &[], None)
        .refused(404, "not-found");
    app.get(stand, &access, &here.own()).is(200);
    browser.write(stand, "DELETE", &path, &json!({})).is(200);
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    error(&app.refresh(stand, &refresh), 400, "invalid_grant");
    browser.get(stand, &here.own()).is(200);
    // All others; and all.
    let (app, access, _) = here.signed_in();
    browser
        .write(stand, "DELETE", "/v1/sessions?others=true", &json!({}))
        .is(200);
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    let (app, access, _) = here.signed_in();
    app.send(stand, "DELETE", "/v1/sessions?others=true", &access)
        .is(200);
    browser.get(stand, &here.own()).refused(401, "session-over");
    app.get(stand, &access, &here.own()).is(200);
    app.send(stand, "DELETE", "/v1/sessions", &access).is(200);
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    // An app signs itself out by its own name.
    let (app, access, refresh) = here.signed_in();
    let own = app.get(stand, &access, "/v1/sessions").is(200);
    let own = listed(&own);
    let (id, _) = own.iter().find(|(_, current)| *current).unwrap();
    app.send(stand, "DELETE", &format!("/v1/sessions/{id}"), &access)
        .is(200);
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    error(&app.refresh(stand, &refresh), 400, "invalid_grant");
    // One key of one app is one line, however often it signs in.
    let (browser, app) = (here.browser(), NativeApp::default());
    let (before, _) = app.sign_in(stand, &browser);
    app.sign_in(stand, &browser);
    app.get(stand, &before, &here.own())
        .refused(401, "token-invalid");
    assert_eq!(listed(&browser.get(stand, "/v1/sessions").is(200)).len(), 1);
}

#[test]
fn signing_out_in_the_browser_leaves_the_app_and_a_copy_says_so() {
    // Who closes the browser of an evening would be thrown out of the phone; or the copy would leave it out.
    let here = Here::open();
    let stand = &here.stand;
    let (browser, app) = (here.browser(), NativeApp::default());
    let (access, _) = app.sign_in(stand, &browser);
    let form = format!("csrf_token={}", browser.csrf(stand));
    assert_eq!(browser.submit(stand, "/logout", &form).status, 303);
    app.get(stand, &access, &here.own()).is(200);
    let copy = app
        .get(stand, &access, &format!("{}/export", here.own()))
        .is(200);
    assert!(copy.to_string().contains(CLIENT));
}

/// What ends the person's sign-ins ends the app's, whichever it is; afterwards nothing brings it back.
fn ends(here: &Here, what: &str, act: impl FnOnce(&Here)) {
    let stand = &here.stand;
    let (app, access, refresh) = here.signed_in();
    let code = app.code(stand, &here.browser());
    app.get(stand, &access, &here.own()).is(200);
    act(here);
    let answer = app.get(stand, &access, &here.own());
    assert_eq!(answer.status, 401, "{what}: {}", answer.text());
    assert_eq!(app.refresh(stand, &refresh).status, 400, "{what}");
    assert_eq!(app.exchange(stand, &code).status, 400, "{what}");
    let left = stand.app.sign_in.sessions.of(here.person).unwrap();
    assert!(left.is_empty(), "{what}: {left:?}");
}

fn two(here: &Here, path: &str, body: &Value) -> Value {
    let stand = &here.stand;
    let proposed = stand.post(&stand.registrar.token, path, body).is(202);
    let second = &stand.registrar2.token;
    stand.approve(second, &proposed["approval"]).is(201);
    proposed
}

#[test]
fn a_person_who_is_suspended_has_no_app() {
    // A thief would go on with the phone that was reported.
    ends(&Here::open(), "suspension", |here| {
        let path = format!("{}/suspension", here.own());
        let body = json!({ "reason": "device_lost" });
        here.stand
            .post(&here.stand.registrar.token, &path, &body)
            .is(201);
    });
}

#[test]
fn the_apps_of_the_dead_end() {
    // Somebody would go on learning in a dead person's name.
    ends(&Here::open(), "death", |here| {
        let path = format!("{}/death", here.own());
        two(
            here,
            &path,
            &json!({ "died_on": "2026-01-02", "reason_text": "死亡证明原件" }),
        );
    });
}

#[test]
fn an_app_ends_with_the_link_that_let_it_in() {
    // Whoever lost an account at a provider would stay signed in by it.
    ends(&Here::open(), "link", |here| {
        let path = format!("{}/links", here.own());
        let links = here.stand.get(&here.stand.registrar.token, &path).is(200);
        let link = links["items"][0]["id"].as_str().unwrap();
        let path = format!("{path}/{link}");
        let registrar = &here.stand.registrar.token;
        let answer = here.stand.send("DELETE", &path, registrar, &[], None);
        if answer.status == 202 {
            let second = &here.stand.registrar2.token;
            here.stand
                .approve(second, &answer.json()["approval"])
                .is(201);
        } else {
            answer.is(201);
        }
    });
}

#[test]
fn an_app_ends_with_a_recovery() {
    // Whoever holds the stolen phone would stay in after its owner came back.
    ends(&Here::open(), "recovery", |here| {
        let stand = &here.stand;
        let path = format!("{}/recoveries", here.own());
        let begun = two(here, &path, &json!({ "reason_text": "出示身份证原件" }));
        stand.pass(72 * 3_600_000);
        let path = format!("{path}/{}/completion", begun["id"].as_str().unwrap());
        stand
            .post(&stand.registrar.token, &path, &json!({}))
            .is(201);
    });
}

#[test]
fn an_app_ends_with_a_merge() {
    // An app would act under a number that is used no more.
    ends(&Here::open(), "merge", |here| {
        let stays = here.stand.register_plainly(0, "王晓明", 2);
        let body = json!({ "absorbed": here.person, "reason": "窗口核对，系同一人" });
        two(here, &format!("{}/merges", own(stays)), &body);
    });
}

#[test]
fn an_app_ends_with_an_erasure() {
    // Who asked to be forgotten would still be known to an app, and to the store by its tokens.
    ends(&Here::open(), "erasure", |here| {
        let path = format!("{}/erasure", here.own());
        let asked = json!({ "reason": "withdrawn" });
        let stand = &here.stand;
        let made = stand.post(&stand.registrar.token, &path, &asked).is(202);
        let id = made.get("approval").unwrap_or(&made["id"]);
        stand.approve(&stand.registrar2.token, id).is(201);
        stand.app.carry_on_house().ok().unwrap();
    });
}

#[test]
fn an_app_that_the_settings_name_no_more_opens_nothing() {
    // An app that was found bad could not be shut out.
    let mut here = Here::open();
    let (app, access, refresh) = here.signed_in();
    here.stand.reopen(
        |_| (),
        |open| open.sign_in.apps = api::sign_in::native::Apps::default(),
    );
    let stand = &here.stand;
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    error(&app.refresh(stand, &refresh), 401, "invalid_client");
    let listed = here.browser().get(stand, "/v1/sessions").is(200);
    assert!(
        listed.to_string().contains(CLIENT),
        "it is still seen, and can be ended"
    );
}
