//! What an app must show: its code once, its verifier, its key in each request.

use serde_json::json;
use tests::support::browser::Browser;
use tests::support::machine::Machine;
use tests::support::native::{CLAIMED, CLIENT, NativeApp, REDIRECT, encoded, member};

use super::super::machines::error;
use super::Here;
use api::sign_in::dpop;
use api::sign_in::session::COOKIE;

#[test]
fn a_code_serves_once_and_who_shows_it_again_ends_what_it_began() {
    // Whoever read the code in a log would be signed in beside the person, and nobody would know.
    let here = Here::open();
    let (stand, app, browser) = (&here.stand, NativeApp::default(), here.browser());
    let code = app.code(stand, &browser);
    let (access, refresh) = NativeApp::tokens(&app.exchange(stand, &code));
    app.get(stand, &access, &here.own()).is(200);
    let thief = NativeApp::default();
    error(&thief.exchange(stand, &code), 400, "invalid_grant");
    app.get(stand, &access, &here.own())
        .refused(401, "token-invalid");
    error(&app.refresh(stand, &refresh), 400, "invalid_grant");
    // The browser it came from is not the app's fault.
    browser.get(stand, &here.own()).is(200);
    // Both at once: one of them is told no, and neither goes on.
    let code = app.code(stand, &browser);
    let answers = std::thread::scope(|scope| {
        let asking = [(); 2].map(|()| scope.spawn(|| app.exchange(stand, &code)));
        asking.map(|it| it.join().unwrap())
    });
    let given: Vec<_> = answers.iter().filter(|it| it.status == 200).collect();
    assert!(given.len() < 2);
    for answer in given {
        let (access, _) = NativeApp::tokens(answer);
        app.get(stand, &access, &here.own())
            .refused(401, "token-invalid");
    }
}

#[test]
fn a_code_is_nothing_without_what_it_was_made_for() {
    // Another app on the phone that catches the code would be let in instead.
    let here = Here::open();
    let (stand, app, browser) = (&here.stand, NativeApp::default(), here.browser());
    let right = |code: &str| app.code_form(code);
    let bends: [(&str, &dyn Fn(String) -> String); 6] = [
        ("another verifier", &|it| {
            it.replace(&app.verifier, &NativeApp::default().verifier)
        }),
        ("the challenge as verifier", &|it| {
            it.replace(&app.verifier, &app.challenge())
        }),
        ("a short verifier", &|it| it.replace(&app.verifier, "short")),
        ("another address", &|it| {
            it.replace(&encoded(REDIRECT), &encoded(CLAIMED))
        }),
        ("another code", &|it| it.replace("code=", "code=A")),
        ("the code of a browser", &|it| {
            format!("{it}&x=y").replace("code=", "code=xfr_")
        }),
    ];
    for (what, bend) in bends {
        let code = app.code(stand, &browser);
        let answer = app.ask(stand, &bend(right(&code)));
        assert_eq!(answer.status, 400, "{what}");
        error(&answer, 400, "invalid_grant");
    }
    // Whoever showed it has used it up, whatever came of it.
    let code = app.code(stand, &browser);
    let wrong = right(&code).replace(&app.verifier, &app.challenge());
    error(&app.ask(stand, &wrong), 400, "invalid_grant");
    error(&app.exchange(stand, &code), 400, "invalid_grant");
    // It lasts a minute.
    let code = app.code(stand, &browser);
    stand.pass(60_000);
    error(&app.exchange(stand, &code), 400, "invalid_grant");
    // Who signed out in the browser meanwhile let nobody in.
    let code = app.code(stand, &browser);
    browser
        .write(stand, "DELETE", "/v1/sessions", &json!({}))
        .is(200);
    error(&app.exchange(stand, &code), 400, "invalid_grant");
    // An app that named its key is the only one with it.
    let browser = here.browser();
    let named = format!("&dpop_jkt={}", dpop::thumbprint(&app.key.public()));
    let code = member(&app.let_in(stand, &browser, &named), "code").unwrap();
    let thief = NativeApp {
        verifier: app.verifier.clone(),
        ..NativeApp::default()
    };
    error(&thief.exchange(stand, &code), 400, "invalid_grant");
    let code = member(&app.let_in(stand, &browser, &named), "code").unwrap();
    NativeApp::tokens(&app.exchange(stand, &code));
}

#[test]
fn the_token_endpoint_says_what_is_wrong() {
    // The maker of an app would guess, and a code be lost to a missing header.
    let here = Here::open();
    let (stand, app, browser) = (&here.stand, NativeApp::default(), here.browser());
    let code = app.code(stand, &browser);
    let right = app.code_form(&code);
    let ask = |form: &str| app.ask(stand, form);
    for name in ["code", "redirect_uri", "code_verifier", "client_id"] {
        let without = right.replace(&format!("{name}="), "x=");
        error(&ask(&without), 400, "invalid_request");
        error(&ask(&format!("{right}&{name}=x")), 400, "invalid_request");
    }
    error(
        &ask(&right.replace(CLIENT, "nobody")),
        401,
        "invalid_client",
    );
    error(
        &ask(&right.replace("authorization_code", "password")),
        400,
        "unsupported_grant_type",
    );
    let refreshing = format!("grant_type=refresh_token&client_id={CLIENT}");
    error(&ask(&refreshing), 400, "invalid_request");
    error(
        &ask(&format!("{refreshing}&refresh_token=xfr_A")),
        400,
        "invalid_grant",
    );
    // A proof that is missing, old, or made for another door costs no code.
    error(
        &Machine::ask_with(stand, &right, ""),
        400,
        "invalid_dpop_proof",
    );
    let elsewhere = app.proof(stand, "POST", "/oauth/tokens", "");
    error(
        &Machine::ask_with(stand, &right, &elsewhere),
        400,
        "invalid_dpop_proof",
    );
    let early = app.proof(stand, "POST", "/oauth/token", "");
    stand.pass(50_000);
    let used = app.proof(stand, "POST", "/oauth/token", "");
    NativeApp::tokens(&Machine::ask_with(stand, &right, &used));
    // Used once, a proof serves nothing more.
    let code = app.code(stand, &browser);
    let again = Machine::ask_with(stand, &app.code_form(&code), &used);
    error(&again, 400, "invalid_dpop_proof");
    NativeApp::tokens(&Machine::ask_with(stand, &app.code_form(&code), &early));
}

#[test]
fn a_token_opens_nothing_without_its_key() {
    // Whoever copied a token from a log, a backup or the air would read the person's record.
    let here = Here::open();
    let stand = &here.stand;
    let (app, access, refresh) = here.signed_in();
    let (own, other) = (here.own(), "/v1/sessions");
    let send = |method: &str, path: &str, token: &str, proof: &str| {
        Machine::send(stand, method, path, (token, proof), ("", None))
    };
    stand.get(&access, &own).refused(401, "token-needs-proof");
    stand.get(&refresh, &own).refused(401, "token-invalid");
    send("GET", &own, &access, "").refused(401, "dpop-proof-invalid");
    let thief = NativeApp::default();
    thief
        .get(stand, &access, &own)
        .refused(401, "dpop-proof-invalid");
    // A refresh token is no access token, and a text that is nobody's nothing.
    app.get(stand, &refresh, &own).refused(401, "token-invalid");
    app.get(stand, "xfa_AAAA", &own)
        .refused(401, "token-invalid");
    let proof = app.proof(stand, "GET", &own, &access);
    send("GET", other, &access, &proof).refused(401, "dpop-proof-invalid");
    send("DELETE", other, &access, &proof).refused(401, "dpop-proof-invalid");
    send("HEAD", &own, &access, &proof);
    let unbound = app.proof(stand, "GET", &own, "");
    send("GET", &own, &access, &unbound).refused(401, "dpop-proof-invalid");
    let (_, second, _) = here.signed_in();
    send("GET", &own, &second, &proof).refused(401, "dpop-proof-invalid");
    // None of these used the proof up; the request that it is for does.
    send("GET", &own, &access, &proof).is(200);
    send("GET", &own, &access, &proof).refused(401, "dpop-proof-invalid");
    let old = app.proof(stand, "GET", &own, &access);
    stand.pass(300_000);
    let answer = send("GET", &own, &access, &old);
    assert_eq!(answer.status, 401);
    // Nor is anything of it a cookie.
    let listed = app.get(stand, &access, other).is(200);
    let id = listed["items"][0]["id"].as_str().unwrap().to_owned();
    for text in [access.as_str(), &refresh, &access[4..], &refresh[4..], &id] {
        let browser = Browser::default();
        browser.plant(COOKIE, text);
        browser.get(stand, &own).refused(401, "session-over");
    }
}
