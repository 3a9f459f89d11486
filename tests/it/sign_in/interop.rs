//! Signing in at a provider that other people wrote (npm oidc-provider), as a browser does.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use api::config::Config;
use api::sign_in::ceremony::Invitation;
use api::sign_in::provider::ProviderConfig;
use identity::role::Role;
use ledger::clock::Clock as _;
use serde_json::json;
use tests::support::browser::Browser;
use tests::support::server::{Answer, Stand, resident_id};

use super::providers::{element, field, own};

const ALGORITHMS: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];
const SECRET: &str = "a secret of thirty-two characters";

/// The provider of other people, if it is installed.
struct Others {
    child: Child,
    said: BufReader<ChildStdout>,
    issuer: String,
}

impl Others {
    fn start() -> Option<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interop/node");
        if !root.join("node_modules/oidc-provider").is_dir() {
            return None;
        }
        let mut child = Command::new("node")
            .arg(root.join("oidc.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut port = String::new();
        said.read_line(&mut port).unwrap();
        Some(Self {
            child,
            said,
            issuer: format!("http://127.0.0.1:{}", port.trim()),
        })
    }

    fn config(&self, alg: &str, secret_file: PathBuf) -> ProviderConfig {
        ProviderConfig {
            name: alg.to_ascii_lowercase(),
            label_zh: format!("登录服务 {alg}"),
            label_en: format!("Provider {alg}"),
            issuer: self.issuer.clone(),
            client_id: alg.into(),
            client_secret_file: Some(secret_file),
            loa: 4.try_into().unwrap(),
            scopes: Vec::new(),
        }
    }

    /// Tells it who its clients are.
    fn serve(&mut self, stand: &Stand) {
        let clients = ALGORITHMS.map(|alg| {
            let name = alg.to_ascii_lowercase();
            let redirect = stand.app.sign_in.url(&format!("/login/{name}/callback"));
            json!({ "id": alg, "secret": SECRET, "alg": alg, "redirect": redirect })
        });
        let stdin = self.child.stdin.as_mut().unwrap();
        writeln!(stdin, "{}", json!(clients)).unwrap();
        let mut ready = String::new();
        self.said.read_line(&mut ready).unwrap();
        assert_eq!(ready.trim(), "ready");
    }

    /// Goes through its pages as `account`, a fresh browser there: where it sends the browser back to, as a path of ours.
    fn authorize(&self, stand: &Stand, url: &str, account: &str) -> String {
        let agent = ureq::Agent::config_builder()
            .max_redirects(0)
            .http_status_as_error(false)
            .build()
            .new_agent();
        let mut jar: BTreeMap<String, String> = BTreeMap::new();
        let (mut url, mut form) = (url.to_owned(), None::<String>);
        for _ in 0..12 {
            if let Some(path) = url.strip_prefix(&stand.app.sign_in.base_url) {
                return path.to_owned();
            }
            let whole = if url.starts_with('/') {
                format!("{}{url}", self.issuer)
            } else {
                url.clone()
            };
            let cookies: Vec<String> = jar.iter().map(|(k, v)| format!("{k}={v}")).collect();
            let cookies = cookies.join("; ");
            let mut answer = match form.take() {
                None => agent.get(&whole).header("cookie", &cookies).call(),
                Some(form) => agent
                    .post(&whole)
                    .header("cookie", &cookies)
                    .content_type("application/x-www-form-urlencoded")
                    .send(&form),
            }
            .unwrap();
            for set in answer.headers().get_all("set-cookie") {
                let set = set.to_str().unwrap().split(';').next().unwrap();
                let (name, value) = set.split_once('=').unwrap();
                jar.insert(name.into(), value.into());
            }
            if let Some(to) = answer.headers().get("location") {
                to.to_str().unwrap().clone_into(&mut url);
                continue;
            }
            let page = answer.body_mut().read_to_string().unwrap();
            let step = ["login", "consent"].into_iter();
            let step = step
                .rev()
                .find(|it| page.contains(&format!("value=\"{it}\"")));
            let step = step.unwrap_or_else(|| panic!("{page}"));
            form = Some(format!("prompt={step}&login={account}&password=x"));
        }
        panic!("it never came back: {url}");
    }

    fn sign_in(&self, stand: &Stand, browser: &Browser, begin: &str, account: &str) -> Answer {
        let answer = browser.get(stand, begin);
        assert_eq!(answer.status, 303, "{}", answer.text());
        let back = self.authorize(stand, answer.header("location"), account);
        browser.send(stand, "GET", &back, &[("accept-language", "en")], None)
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn people_sign_in_at_a_provider_of_other_people() {
    // Ours would understand none but our own.
    let Some(mut others) = Others::start() else {
        assert!(
            std::env::var_os("XF_OIDC_PROVIDER").is_none(),
            "XF_OIDC_PROVIDER is set and there is no oidc-provider"
        );
        eprintln!("SKIPPED: no oidc-provider; `make interop` installs it and runs this test");
        return;
    };
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), format!("{SECRET}\n")).unwrap();
    let mut config = Config::default();
    config.sign_in.providers = ALGORITHMS
        .map(|alg| others.config(alg, secret.path().to_owned()))
        .into();
    let stand = Stand::with(config);
    // It lives by the real clock.
    let real_ms = ledger::clock::SystemClock.now_ms();
    stand.pass(real_ms - stand.clock.now_ms());
    others.serve(&stand);
    let registrar = &stand.registrar.token;
    let person = stand.register(0, "王晓明", &resident_id(1));
    let shown = others.sign_in(&stand, &Browser::default(), "/login/rs256", "wang");
    assert_eq!(shown.status, 403, "{}", shown.text());
    let body = json!({ "code": element(&shown, "code") });
    let path = format!("{}/links", own(person));
    stand.post(registrar, &path, &body).is(201);
    // All four are one issuer: the same account, whichever algorithm its token is signed by.
    for alg in ALGORITHMS {
        let browser = Browser::default();
        let begin = format!("/login/{}", alg.to_ascii_lowercase());
        let answer = others.sign_in(&stand, &browser, &begin, "wang");
        assert_eq!(answer.status, 303, "{alg}: {}", answer.text());
        browser.get(&stand, &own(person)).is(200);
        let other = others.sign_in(&stand, &browser, &begin, "li");
        assert_eq!(other.status, 403, "{alg}");
    }
    // Shown anew: the provider says when, and it was just now.
    let browser = Browser::default();
    others.sign_in(&stand, &browser, "/login/es256", "wang");
    let answer = others.sign_in(&stand, &browser, "/login/es256?step_up=true", "wang");
    assert_eq!(answer.status, 303, "{}", answer.text());
    let second = others.sign_in(&stand, &browser, "/login/es256?link=true", "wang-2");
    let form = ["ceremony", "proof"].map(|name| format!("{name}={}", field(&second, name)));
    let linked = browser.submit(&stand, "/login/link", &form.join("&"));
    assert_eq!(linked.status, 200, "{}", linked.text());
    // And an officer, by invitation.
    let invitation = Invitation {
        person: stand.registrar.person,
        role: Role::Registrar,
        institution: None,
    };
    let begin = "/login/eddsa?role=registrar";
    let shown = others.sign_in(&stand, &Browser::default(), begin, "chen");
    let code = stand.app.sign_in.ceremonies.invite(&invitation);
    let code = code.ok().unwrap();
    let digits = field(&shown, "code").replace(' ', "");
    let form = format!("code={digits}&invitation={}", *code);
    let linked = Browser::default().submit(&stand, "/login/invitation", &form);
    assert_eq!(linked.status, 200, "{}", linked.text());
    let browser = Browser::default();
    let answer = others.sign_in(&stand, &browser, begin, "chen");
    assert_eq!(answer.status, 303, "{}", answer.text());
    let links = browser.get(&stand, "/v1/links").is(200);
    assert_eq!(links["items"][0]["loa"], 4);
}
