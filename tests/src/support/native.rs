//! A native app: sends the person to the browser, takes the code, and proves each request with its own key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::clock::Clock as _;
use ledger::hash::Digest;
use ledger::key::SigningKey;
use serde_json::{Value, json};

use super::browser::Browser;
use super::machine::{Machine, jti, jwk, jws};
use super::server::{Answer, Stand};

/// Its name in the settings.
pub const CLIENT: &str = "xuefen-phone";
/// Its own address.
pub const REDIRECT: &str = "com.example.xuefen:/callback";
/// Where it listens on a computer, at any port.
pub const LOOPBACK: &str = "http://127.0.0.1/callback";
/// The page that its maker's domain hands to it.
pub const CLAIMED: &str = "https://app.example.com/callback";

/// An installed app.
#[derive(Debug)]
pub struct NativeApp {
    /// The key that its tokens are bound to.
    pub key: SigningKey,
    /// What its challenges are made of.
    pub verifier: String,
}

/// Its settings.
pub fn config() -> api::sign_in::native::AppConfig {
    api::sign_in::native::AppConfig {
        id: CLIENT.into(),
        name_zh: "浙里学分".into(),
        name_en: "Xuefen for phones".into(),
        redirects: [REDIRECT, LOOPBACK, CLAIMED].map(Into::into).into(),
    }
}

/// Text as a form has it.
pub fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|b| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(b).to_string(),
        other => format!("%{other:02X}"),
    });
    bytes.collect()
}

/// A member of the query of an address.
pub fn member(address: &str, name: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.into_iter().find(|(it, _)| *it == name);
    found.map(|(_, value)| value.to_owned())
}

impl Default for NativeApp {
    fn default() -> Self {
        let verifier = [(); 2].map(|()| jti()).concat();
        Self {
            key: SigningKey::generate(),
            verifier,
        }
    }
}

impl NativeApp {
    /// What its challenge is.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Digest::of(self.verifier.as_bytes()).0)
    }

    /// Where it sends the browser, with `more` behind.
    pub fn address(&self, redirect: &str, more: &str) -> String {
        format!(
            "/login/app?response_type=code&client_id={CLIENT}&redirect_uri={}&state=s%20t&code_challenge={}&code_challenge_method=S256{more}",
            encoded(redirect),
            self.challenge()
        )
    }

    /// The question's address.
    pub fn begin(&self, stand: &Stand, browser: &Browser, more: &str) -> String {
        let answer = browser.get(stand, &self.address(REDIRECT, more));
        assert_eq!(answer.status, 303, "{}", answer.text());
        let to = answer.header("location").to_owned();
        assert!(to.starts_with("/login/app/"), "{to}");
        to
    }

    /// The form of the question's page, answered so.
    pub fn form(page: &Answer, answer: &str) -> String {
        assert_eq!(page.status, 200, "{}", page.text());
        let text = page.text();
        let field = |name: &str| {
            let (_, rest) = text
                .split_once(&format!("name=\"{name}\" value=\""))
                .unwrap_or_else(|| unreachable!("no {name} in {text}"));
            rest.split('"').next().unwrap_or_default().to_owned()
        };
        format!(
            "request={}&csrf_token={}&answer={answer}",
            field("request"),
            field("csrf_token")
        )
    }

    /// Whoever is signed in in the browser says yes: where the browser is sent.
    pub fn let_in(&self, stand: &Stand, browser: &Browser, more: &str) -> String {
        let question = self.begin(stand, browser, more);
        let page = browser.get(stand, &question);
        let answer = browser.submit(stand, "/login/app", &Self::form(&page, "yes"));
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").to_owned()
    }

    /// A code that whoever is signed in in the browser gave.
    pub fn code(&self, stand: &Stand, browser: &Browser) -> String {
        member(&self.let_in(stand, browser, ""), "code").expect("a code")
    }

    /// A proof for a request.
    pub fn proof(&self, stand: &Stand, method: &str, path: &str, token: &str) -> String {
        let claims = Self::claims(stand, method, path, token);
        let header = json!({ "alg": "EdDSA", "jwk": jwk(&self.key), "typ": "dpop+jwt" });
        jws(&header, &claims, &self.key)
    }

    /// What a proof says; with the hash of `token`, unless it is "".
    fn claims(stand: &Stand, method: &str, path: &str, token: &str) -> Value {
        let plain = path.split('?').next().unwrap_or_default();
        let now_ms = stand.clock.now_ms();
        let mut claims = json!({
            "jti": jti(), "htm": method, "htu": stand.app.sign_in.url(plain),
            "iat": now_ms / 1_000, "nonce": stand.app.sign_in.nonces.newest(now_ms),
        });
        if !token.is_empty() {
            claims["ath"] = URL_SAFE_NO_PAD
                .encode(Digest::of(token.as_bytes()).0)
                .into();
        }
        claims
    }

    /// Asks the token endpoint with this form and a fresh proof.
    pub fn ask(&self, stand: &Stand, form: &str) -> Answer {
        Machine::ask_with(stand, form, &self.proof(stand, "POST", "/oauth/token", ""))
    }

    /// The form that turns a code into tokens.
    pub fn code_form(&self, code: &str) -> String {
        format!(
            "grant_type=authorization_code&client_id={CLIENT}&code={code}&redirect_uri={}&code_verifier={}",
            encoded(REDIRECT),
            self.verifier
        )
    }

    /// Turns a code into tokens.
    pub fn exchange(&self, stand: &Stand, code: &str) -> Answer {
        self.ask(stand, &self.code_form(code))
    }

    /// Turns a refresh token into the next.
    pub fn refresh(&self, stand: &Stand, token: &str) -> Answer {
        let form = format!("grant_type=refresh_token&client_id={CLIENT}&refresh_token={token}");
        self.ask(stand, &form)
    }

    /// The tokens of an answer: access, refresh.
    #[track_caller]
    pub fn tokens(answer: &Answer) -> (String, String) {
        let body = answer.is(200);
        let text = |name: &str| body[name].as_str().expect("a token").to_owned();
        (text("access_token"), text("refresh_token"))
    }

    /// Signed in by whoever is signed in in the browser: access, refresh.
    pub fn sign_in(&self, stand: &Stand, browser: &Browser) -> (String, String) {
        Self::tokens(&self.exchange(stand, &self.code(stand, browser)))
    }

    /// A request without a body.
    pub fn send(&self, stand: &Stand, method: &str, path: &str, token: &str) -> Answer {
        let proof = self.proof(stand, method, path, token);
        Machine::send(stand, method, path, (token, &proof), ("", None))
    }

    /// GET.
    pub fn get(&self, stand: &Stand, token: &str, path: &str) -> Answer {
        self.send(stand, "GET", path, token)
    }

    /// POST of JSON.
    pub fn post(&self, stand: &Stand, token: &str, path: &str, body: &Value) -> Answer {
        let proof = self.proof(stand, "POST", path, token);
        let body = body.to_string();
        let body = ("application/json", Some(body.as_bytes()));
        Machine::send(stand, "POST", path, (token, &proof), body)
    }
}
