//! What is told once and must not be told again, whatever a request says.

use serde_json::json;
use tests::support::native::NativeApp;

use super::Here;

const KEY: (&str, &str) = ("idempotency-key", "k-1");

#[test]
fn what_is_told_once_is_not_kept_for_another_time() {
    // Tokens and the code of a recovery sheet would lie in the store for a week, for whoever repeats the request.
    let here = Here::open();
    let (stand, app, browser) = (&here.stand, NativeApp::default(), here.browser());
    let kept = || {
        let rows = stand.app.side.scan("idempotency", &[], None, 100);
        rows.unwrap().len()
    };
    let csrf = browser.csrf(stand);
    let form = app.code_form(&app.code(stand, &browser));
    let asked = || {
        let proof = app.proof(stand, "POST", "/oauth/token", "");
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("dpop", &proof),
            ("x-csrf-token", &csrf),
            KEY,
        ];
        let body = Some(form.as_bytes());
        browser.send(stand, "POST", "/oauth/token", &headers, body)
    };
    NativeApp::tokens(&asked());
    let again = asked();
    assert_eq!(
        (again.status, again.header("idempotency-replayed")),
        (400, ""),
        "a code serves once"
    );
    for (path, status) in [
        (format!("{}/recovery-sheet", here.own()), 201),
        (format!("{}/code", here.own()), 200),
        ("/v1/passkeys/registration".to_owned(), 200),
        ("/login/passkey/options".to_owned(), 200),
    ] {
        let asked = || {
            let headers = [
                ("content-type", "application/json"),
                ("x-csrf-token", &csrf),
                KEY,
            ];
            browser.send(stand, "POST", &path, &headers, Some(b"{}"))
        };
        for _ in 0..2 {
            let answer = asked();
            assert_eq!(answer.status, status, "{path}: {}", answer.text());
            assert_eq!(answer.header("idempotency-replayed"), "", "{path}");
        }
    }
    assert_eq!(kept(), 0);
    // What may be told again is.
    let school = stand.schools[0].token();
    let body = json!({ "name": "李小红" });
    stand
        .post_with(school, "/v1/learners", &[KEY], &body)
        .is(201);
    assert_eq!(kept(), 1);
}
