//! When a person shows anew who it is, for an app.

use serde_json::json;
use tests::support::native::{NativeApp, member};

use super::Here;

const MINUTE_MS: i64 = 60_000;

#[test]
fn who_shows_anew_who_it_is_goes_on_to_the_app() {
    // An app that wants the newest proof there is would send its person to sign in for ever.
    let here = Here::open();
    let stand = &here.stand;
    let (browser, app) = (here.browser(), NativeApp::default());
    for max_age in [0, 300] {
        stand.pass(max_age * 1_000 + 1_000);
        let question = app.begin(stand, &browser, &format!("&max_age={max_age}"));
        let asks_to_sign_in = || {
            let page = browser.get(stand, &question);
            page.text().contains("/login/province?step_up=true")
        };
        assert!(asks_to_sign_in(), "{max_age}");
        stand.pass(20_000);
        let path = format!("?step_up=true&return_to={question}");
        let answer = here.provider.sign_in(stand, &browser, "sub-1", &path);
        assert_eq!(answer.header("location"), question);
        // Reading takes its time.
        stand.pass(5 * MINUTE_MS);
        assert!(!asks_to_sign_in(), "{max_age}");
        let form = NativeApp::form(&browser.get(stand, &question), "yes");
        let answer = browser.submit(stand, "/login/app", &form);
        let code = member(answer.header("location"), "code").unwrap();
        NativeApp::tokens(&app.exchange(stand, &code));
    }
}

#[test]
fn what_is_grave_wants_the_browser_once_more() {
    // A phone left on a table would erase, delegate, and change what signs in.
    let here = Here::open();
    let stand = &here.stand;
    let (browser, app) = (here.browser(), NativeApp::default());
    let (_, refresh) = app.sign_in(stand, &browser);
    let erasure = format!("{}/erasure", here.own());
    let body = json!({ "reason": "withdrawn" });
    stand.pass(5 * MINUTE_MS + 1);
    // New tokens show nobody anew.
    let (access, _) = NativeApp::tokens(&app.refresh(stand, &refresh));
    let problem = app
        .post(stand, &access, &erasure, &body)
        .refused(401, "step-up-needed");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("/login/app?max_age=300"),
        "{problem}"
    );
    // Nor does a session that is as old.
    let question = app.begin(stand, &browser, "&max_age=300");
    let page = browser.get(stand, &question);
    assert!(
        page.text().contains("/login/province?step_up=true"),
        "{}",
        page.text()
    );
    let plain = browser.get(stand, &app.begin(stand, &browser, ""));
    let csrf = NativeApp::form(&plain, "yes");
    let csrf = csrf.split("csrf_token=").nth(1).unwrap();
    let form = format!(
        "request={}&csrf_token={csrf}",
        question.rsplit('/').next().unwrap()
    );
    let answer = browser.submit(stand, "/login/app", &form);
    assert_eq!(
        (answer.status, answer.header("location")),
        (200, ""),
        "{}",
        answer.text()
    );
    let path = format!("?step_up=true&return_to={question}");
    let answer = here.provider.sign_in(stand, &browser, "sub-1", &path);
    assert_eq!(answer.header("location"), question);
    let page = browser.get(stand, &question);
    let answer = browser.submit(stand, "/login/app", &NativeApp::form(&page, "yes"));
    let code = member(answer.header("location"), "code").unwrap();
    let (access, _) = NativeApp::tokens(&app.exchange(stand, &code));
    let asked = app.post(stand, &access, &erasure, &body);
    assert!(asked.status < 300, "{}", asked.text());
}
