//! Native apps: let in by the person in the browser, by nobody else, and sent nowhere else.

mod at_once;
mod families;
mod fresh;
mod kept;
mod proofs;

use api::sign_in::native::Apps;
use api::sign_in::session::COOKIE;
use identity::role::Role;
use serde_json::json;
use tests::support::browser::Browser;
use tests::support::native::{
    self, CLAIMED, CLIENT, LOOPBACK, NativeApp, REDIRECT, encoded, member,
};
use tests::support::process;
use tests::support::provider::Provider;
use tests::support::server::{Answer, Stand, resident_id};
use uuid::Uuid;

use super::machines::error;
use super::providers::{at_counter, own};

/// A person who signs in at a provider, and a stand that knows one app.
struct Here {
    provider: Provider,
    stand: Stand,
    person: Uuid,
}

impl Here {
    fn open() -> Self {
        let provider = Provider::start("province");
        let mut config = api::config::Config::default();
        config.sign_in.providers = vec![provider.config(4)];
        config.apps = vec![native::config()];
        let stand = Stand::with(config);
        let person = stand.register(0, "王晓明", &resident_id(1));
        at_counter(&stand, &provider, person, "sub-1");
        Self {
            provider,
            stand,
            person,
        }
    }

    /// A browser in which the person is signed in.
    fn browser(&self) -> Browser {
        let browser = Browser::default();
        let answer = self.provider.sign_in(&self.stand, &browser, "sub-1", "");
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    /// An app that the person let in: its tokens.
    fn signed_in(&self) -> (NativeApp, String, String) {
        let app = NativeApp::default();
        let (access, refresh) = app.sign_in(&self.stand, &self.browser());
        (app, access, refresh)
    }

    fn own(&self) -> String {
        own(self.person)
    }
}

/// Whether any file of the stand holds this text.
fn holds(stand: &Stand, text: &str) -> bool {
    fn look(dir: &std::path::Path, text: &[u8]) -> bool {
        std::fs::read_dir(dir).unwrap().flatten().any(|entry| {
            let path = entry.path();
            if path.is_dir() {
                return look(&path, text);
            }
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(text.len()).any(|it| it == text)
        })
    }
    look(stand.dir(), text.as_bytes())
}

#[test]
fn an_app_is_let_in_by_who_signs_in_in_the_browser() {
    // A learner could not use the app, or the app would see a password, keep a secret, or be somebody else.
    let here = Here::open();
    let (stand, app) = (&here.stand, NativeApp::default());
    let browser = Browser::default();
    let question = app.begin(stand, &browser, "");
    let shown = browser.get(stand, &question);
    assert_eq!(shown.status, 200);
    let text = shown.text();
    let (_, rest) = text.split_once("/login/province?return_to=").unwrap();
    let return_to = rest.split('"').next().unwrap().to_owned();
    let answer =
        here.provider
            .sign_in(stand, &browser, "sub-1", &format!("?return_to={return_to}"));
    assert_eq!(answer.header("location"), question);
    let shown = browser.send(stand, "GET", &question, &[("accept-language", "en")], None);
    assert!(
        shown.text().contains("Xuefen for phones"),
        "{}",
        shown.text()
    );
    // Several may use one browser: whose record it is stands there, as others may see it.
    assert!(shown.text().contains("王*明"), "{}", shown.text());
    let policy = shown.header("content-security-policy");
    assert!(
        policy.contains("form-action 'self' com.example.xuefen:;"),
        "{policy}"
    );
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let answer = browser.submit(stand, "/login/app", &NativeApp::form(&shown, "yes"));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let to = answer.header("location");
    assert!(to.starts_with(&format!("{REDIRECT}?")), "{to}");
    assert_eq!(member(to, "state").unwrap(), "s+t");
    assert_eq!(
        member(to, "iss").unwrap(),
        encoded(&stand.app.sign_in.base_url)
    );
    let given = app.exchange(stand, &member(to, "code").unwrap());
    let body = given.is(200);
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&json!("DPoP"), &json!(600), &json!("learner"))
    );
    assert_eq!(given.header("cache-control"), "no-store");
    let (access, refresh) = NativeApp::tokens(&given);
    assert_eq!(
        app.get(stand, &access, &here.own()).is(200)["name"],
        "王晓明"
    );
    // A write needs no more than the proof, and stands in the log as the learner's session.
    let path = format!("{}/erasure", here.own());
    let asked = app.post(stand, &access, &path, &json!({ "reason": "withdrawn" }));
    assert!(asked.status < 300, "{}", asked.text());
    let position = asked.json()["position"].as_u64().unwrap();
    let commit = stand.app.ledger.commit(position).unwrap().unwrap();
    let act = commit.assertion.act().unwrap();
    let by = ledger::assertion::By::Session;
    assert_eq!(
        (act.person, act.by, &*act.role),
        (here.person, by, "learner")
    );
    for secret in [&access, &refresh] {
        assert!(!holds(stand, secret), "a token is kept as it is");
    }
}

/// A page of ours, with this status, which sends nobody anywhere.
#[track_caller]
fn stays(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/html"));
    assert_eq!(answer.header("location"), "");
    assert!(!answer.text().contains("evil"), "{}", answer.text());
}

#[test]
fn nobody_is_sent_where_the_settings_do_not_say() {
    // A link of ours would carry a person, or a code, to whoever wrote it (open redirect).
    let here = Here::open();
    let (stand, app, browser) = (&here.stand, NativeApp::default(), here.browser());
    for elsewhere in [
        "https://evil.example/callback",
        "https://app.example.com/callback/",
        "https://app.example.com/callback?evil=1",
        "https://app.example.com.evil.example/callback",
        "https://app.example.com:444/callback",
        "http://app.example.com/callback",
        "https://app.example.com/../callback",
        "com.example.xuefen:/callback/evil",
        "com.example.xuefen://callback",
        "COM.example.xuefen:/callback",
        "com.example.evil:/callback",
        "http://127.0.0.1:0/callback",
        "http://127.0.0.1:080/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1:8080/evil",
        "http://127.0.0.1:8080@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.2/callback",
        "http://localhost/callback",
        "javascript:alert(1)",
        "",
    ] {
        stays(&browser.get(stand, &app.address(elsewhere, "")), 400);
    }
    let right = app.address(REDIRECT, "");
    for id in ["xuefen", "XUEFEN-PHONE", ""] {
        stays(&browser.get(stand, &right.replace(CLIENT, id)), 400);
    }
    stays(&browser.get(stand, "/login/app"), 400);
    let twice = format!("{right}&redirect_uri=https%3A%2F%2Fevil.example");
    let answer = browser.get(stand, &twice);
    assert_eq!((answer.status, answer.header("location")), (400, ""));
    // Where the settings say, at any port of the own computer.
    for there in [
        REDIRECT,
        CLAIMED,
        LOOPBACK,
        "http://127.0.0.1:51004/callback",
    ] {
        let answer = browser.get(stand, &app.address(there, ""));
        assert_eq!(answer.status, 303, "{there}");
        let page = browser.get(stand, answer.header("location"));
        let answer = browser.submit(stand, "/login/app", &NativeApp::form(&page, "yes"));
        let to = answer.header("location");
        assert!(to.starts_with(&format!("{there}?code=")), "{to}");
    }
}

#[test]
fn an_app_that_asks_wrongly_is_told_so() {
    // Whoever sees the code in the browser could use it, without the verifier that it is bound to.
    let here = Here::open();
    let (stand, app, browser) = (&here.stand, NativeApp::default(), here.browser());
    let right = app.address(REDIRECT, "");
    let challenge = app.challenge();
    let long = format!("{right}&state={}", "s".repeat(513)).replace("state=s%20t&", "");
    for (bad, code) in [
        (right.replace("S256", "plain"), "invalid_request"),
        (
            right.replace("&code_challenge_method=S256", ""),
            "invalid_request",
        ),
        (
            right.replace(&format!("&code_challenge={challenge}"), ""),
            "invalid_request",
        ),
        (right.replace(&challenge, &app.verifier), "invalid_request"),
        (
            right.replace("response_type=code", "response_type=token"),
            "unsupported_response_type",
        ),
        (format!("{right}&dpop_jkt=x"), "invalid_request"),
        (format!("{right}&max_age=-1"), "invalid_request"),
        (long, "invalid_request"),
    ] {
        let answer = browser.get(stand, &bad);
        assert_eq!(answer.status, 303, "{bad}: {}", answer.text());
        let to = answer.header("location");
        assert!(to.starts_with(&format!("{REDIRECT}?error={code}&")), "{to}");
        assert!(
            member(to, "iss").is_some() && member(to, "code").is_none(),
            "{to}"
        );
    }
}

#[test]
fn only_the_person_says_yes() {
    // Somebody else's page would let an app in, or a press on "no" would.
    let here = Here::open();
    let (stand, app, browser) = (&here.stand, NativeApp::default(), here.browser());
    let question = app.begin(stand, &browser, "");
    let page = browser.get(stand, &question);
    let form = NativeApp::form(&page, "yes");
    let csrf = form
        .split("csrf_token=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    for bent in [
        form.replace(csrf, ""),
        form.replace(csrf, &"A".repeat(csrf.len())),
    ] {
        stays(&browser.submit(stand, "/login/app", &bent), 403);
    }
    // The token of another person's session is none of this one's.
    let stranger = Browser::default();
    let other = stand.register(0, "李小红", &resident_id(2));
    at_counter(stand, &here.provider, other, "sub-2");
    here.provider.sign_in(stand, &stranger, "sub-2", "");
    stays(&stranger.submit(stand, "/login/app", &form), 403);
    // Nobody is asked who is signed in as nobody.
    let nobody = Browser::default().submit(stand, "/login/app", &form);
    stays(&nobody, 200);
    assert!(nobody.text().contains("/login/province"));
    // "No" is an answer too, and each question has one.
    let refusing = NativeApp::form(&page, "no");
    let answer = browser.submit(stand, "/login/app", &refusing);
    let to = answer.header("location");
    assert!(
        to.starts_with(&format!("{REDIRECT}?error=access_denied&")),
        "{to}"
    );
    stays(&browser.submit(stand, "/login/app", &form), 400);
    stays(&browser.get(stand, &question), 400);
    stays(&browser.get(stand, "/login/app/AAAA"), 400);
    // A question lasts ten minutes.
    let question = app.begin(stand, &browser, "");
    stand.pass(600_000);
    stays(&browser.get(stand, &question), 400);
}

#[test]
fn officers_have_the_browser_alone() {
    // An officer's powers would lie in a phone for a month, without fifteen minutes and without level 4.
    let mut here = Here::open();
    let learner = here.stand.token(here.person, Role::Learner, None);
    let proxy = here.stand.token(here.person, Role::Proxy, None);
    let clerk = here.stand.schools[0].token().to_owned();
    here.stand.reopen(|_| (), |app| app.demo = true);
    let (stand, app) = (&here.stand, NativeApp::default());
    for token in [&clerk, &proxy, &stand.security.token] {
        let browser = Browser::demo(stand, token);
        let question = app.begin(stand, &browser, "");
        let page = browser.send(stand, "GET", &question, &[("accept-language", "en")], None);
        stays(&page, 403);
        assert!(
            page.text().contains("Apps are for learners"),
            "{}",
            page.text()
        );
        let csrf = browser.csrf(stand);
        let request = question.rsplit('/').next().unwrap();
        let form = format!("request={request}&csrf_token={csrf}&answer=yes");
        stays(&browser.submit(stand, "/login/app", &form), 403);
    }
    // Nor does a code become an officer's whose browser changed hands meanwhile.
    let browser = Browser::demo(stand, &learner);
    let code = app.code(stand, &browser);
    browser.get(stand, &format!("/login?token={clerk}"));
    error(&app.exchange(stand, &code), 400, "invalid_grant");
    // A demo link leads on to the question.
    let question = app.begin(stand, &browser, "");
    let path = format!("/login?token={learner}&return_to={}", encoded(&question));
    let answer = browser.get(stand, &path);
    assert_eq!(answer.header("location"), question);
    browser.cookie(COOKIE).unwrap();
    NativeApp::form(&browser.get(stand, &question), "yes");
}

#[test]
fn settings_that_would_send_people_anywhere_stop_the_program() {
    // A slip in a file would open a door that nobody sees.
    let with = |change: &dyn Fn(&mut api::sign_in::native::AppConfig)| {
        let mut config = native::config();
        change(&mut config);
        Apps::of(&[config])
    };
    with(&|_| ()).unwrap();
    for good in [
        "https://a.example/",
        "https://a.example/x?y=1",
        "cn.edu.x:/a",
        "cn.edu.x://a/b",
    ] {
        with(&|it| it.redirects = vec![good.into()]).unwrap();
    }
    for bad in [
        "http://app.example.com/callback",
        "http://127.0.0.1:8080/callback",
        "http://127.0.0.1",
        "http://localhost/callback",
        "https://*.example.com/callback",
        "https://app.example.com/callback#x",
        "https://user@app.example.com/callback",
        "https://app.example.com",
        "https://APP.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com/a b",
        "xuefen:/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "/callback",
        "",
    ] {
        let refused = with(&|it| it.redirects = vec![bad.into()]).unwrap_err();
        let said = refused.to_string();
        assert!(
            said.contains(CLIENT) && said.contains(&format!("{bad:?}")),
            "{said}"
        );
    }
    with(&|it| it.redirects.clear()).unwrap_err();
    for id in ["", "Phone", "a b", "电话"] {
        with(&|it| it.id = id.into()).unwrap_err();
    }
    with(&|it| it.name_zh = " ".into()).unwrap_err();
    let twice = Apps::of(&[native::config(), native::config()]);
    assert!(twice.unwrap_err().to_string().contains("two apps"));
}

#[test]
fn the_program_says_which_app_of_the_settings_is_wrong() {
    // An operator would learn of it when the first learner is sent astray.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("xuefen.toml");
    let config = file.to_str().unwrap();
    let write = |redirect: &str| {
        let text = format!(
            "[[app]]\nid = \"phone\"\nname_zh = \"学分\"\nname_en = \"Xuefen\"\nredirects = [\"{redirect}\"]\n"
        );
        std::fs::write(&file, text).unwrap();
    };
    write("https://app.example.com/callback");
    process::run(&["--config", config, "config", "check"]).unwrap();
    let shown = process::run(&["--config", config, "config", "show"]).unwrap();
    assert!(
        shown.contains("[[app]]") && shown.contains("id = \"phone\""),
        "{shown}"
    );
    write("http://app.example.com/callback");
    let said = process::run(&["--config", config, "config", "check"]).unwrap_err();
    assert!(
        said.contains("phone") && said.contains("http goes to"),
        "{said}"
    );
    let data = dir.path().join("ledger");
    let data = data.to_str().unwrap();
    process::run(&["init", "--host", "xf.example", "--data-dir", data]).unwrap();
    let served = [
        "--config",
        config,
        "serve",
        "--data-dir",
        data,
        "--listen",
        "127.0.0.1:0",
    ];
    let said = process::run(&served).unwrap_err();
    assert!(said.contains("phone"), "{said}");
}
