//! A provider at which people sign in, over real HTTP, with keys of its own; as hostile as a test wants.
//!
//! Invariant: unless bent, it keeps to the standard: a code is good once, for its client, redirect and
//! PKCE verifier. It ends with the test's process; it keeps nothing.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use api::config::Config;
use api::sign_in::provider::ProviderConfig;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ledger::clock::{self, Clock as _};
use ledger::hash::Digest;
use ledger::key::SigningKey;
use serde_json::{Value, json};

use super::browser::Browser;
use super::machine::jws;
use super::server::{Answer, Stand};

/// The client's name at every provider.
pub const CLIENT: &str = "xuefen";

/// Changes what an ID token says before it is signed.
type Bend = Arc<dyn Fn(&mut Value) + Send + Sync>;
/// Makes the ID token of a header and claims.
type Sign = Arc<dyn Fn(&Value, &Value, &SigningKey) -> String + Send + Sync>;

struct Grant {
    sub: String,
    nonce: String,
    challenge: String,
    redirect: String,
    now_s: i64,
}

/// What a provider does, well or badly.
pub struct Ways {
    /// Its key.
    pub key: SigningKey,
    /// The key's name.
    pub kid: String,
    /// Whether it says that it names itself in answers.
    pub promises_iss: bool,
    /// What it names itself in answers.
    pub sends_iss: Option<String>,
    /// Bends the claims.
    pub bend: Option<Bend>,
    /// Signs otherwise.
    pub sign: Option<Sign>,
    /// Takes a code any number of times, with any verifier.
    pub careless: bool,
    /// How often its keys were fetched.
    pub keys_fetched: usize,
    /// Answers of other than 200.
    pub moved_to: Option<String>,
    codes: HashMap<String, Grant>,
}

/// A running provider.
#[derive(Clone)]
pub struct Provider {
    /// Its `iss`.
    pub issuer: String,
    name: String,
    ways: Arc<Mutex<Ways>>,
}

impl Provider {
    /// Starts one.
    pub fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let ways = Arc::new(Mutex::new(Ways {
            key: SigningKey::generate(),
            kid: "k1".into(),
            promises_iss: false,
            sends_iss: None,
            bend: None,
            sign: None,
            careless: false,
            keys_fetched: 0,
            moved_to: None,
            codes: HashMap::new(),
        }));
        let provider = Self {
            issuer,
            name: name.into(),
            ways,
        };
        let serving = provider.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serving.answer(&stream);
            }
        });
        provider
    }

    /// What it does.
    pub fn ways(&self) -> MutexGuard<'_, Ways> {
        self.ways.lock().unwrap()
    }

    /// Bends the claims of every ID token from now on.
    pub fn bend(&self, bend: impl Fn(&mut Value) + Send + Sync + 'static) {
        self.ways().bend = Some(Arc::new(bend));
    }

    /// Makes every ID token otherwise from now on.
    pub fn sign(
        &self,
        sign: impl Fn(&Value, &Value, &SigningKey) -> String + Send + Sync + 'static,
    ) {
        self.ways().sign = Some(Arc::new(sign));
    }

    /// How our settings name it.
    pub fn config(&self, loa: u8) -> ProviderConfig {
        ProviderConfig {
            name: self.name.clone(),
            label_zh: format!("登录服务 {}", self.name),
            label_en: format!("Provider {}", self.name),
            issuer: self.issuer.clone(),
            client_id: CLIENT.into(),
            client_secret_file: None,
            loa: loa.try_into().unwrap(),
            scopes: vec!["profile".into()],
        }
    }

    /// A stand at which people sign in at these, each of level 4.
    pub fn stand(providers: &[&Self]) -> Stand {
        let mut config = Config::default();
        config.sign_in.providers = providers.iter().map(|it| it.config(4)).collect();
        Stand::with(config)
    }

    /// Begins a sign-in: the address at the provider.
    pub fn begin(&self, stand: &Stand, browser: &Browser, query: &str) -> String {
        let answer = browser.get(stand, &format!("/login/{}{query}", self.name));
        assert_eq!(answer.status, 303, "{}", answer.text());
        answer.header("location").to_owned()
    }

    /// Somebody signs in at the address: where the browser is sent, as a path of ours.
    pub fn authorize(&self, stand: &Stand, url: &str, sub: &str) -> String {
        let query = url.split_once('?').unwrap().1;
        let asked = form(query);
        assert!(
            url.starts_with(&format!("{}/authorize?", self.issuer)),
            "{url}"
        );
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["scope"], "openid profile");
        let code = URL_SAFE_NO_PAD.encode(clock::random::<16>());
        let grant = Grant {
            sub: sub.into(),
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
            redirect: asked["redirect_uri"].clone(),
            now_s: stand.clock.now_ms() / 1_000,
        };
        let path = grant.redirect.splitn(4, '/').nth(3).unwrap();
        let mut path = format!("/{path}?code={code}&state={}", asked["state"]);
        let mut ways = self.ways();
        if let Some(iss) = &ways.sends_iss {
            path = format!("{path}&iss={}", iss.replace(':', "%3A").replace('/', "%2F"));
        }
        ways.codes.insert(code, grant);
        path
    }

    /// A whole sign-in, up to what our callback answers.
    pub fn sign_in(&self, stand: &Stand, browser: &Browser, sub: &str, query: &str) -> Answer {
        let url = self.begin(stand, browser, query);
        let back = self.authorize(stand, &url, sub);
        browser.send(stand, "GET", &back, &[("accept-language", "en")], None)
    }

    fn answer(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
        let length = head.lines().find_map(|line| {
            let line = line.to_ascii_lowercase();
            line.strip_prefix("content-length:")?.trim().parse().ok()
        });
        let mut body = vec![0; length.unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let path = head.split(' ').nth(1).unwrap_or_default();
        let (status, answer) = self.respond(path, &String::from_utf8_lossy(&body));
        let moved = self.ways().moved_to.clone();
        let (status, location) = match moved {
            Some(to) => ("302 Found", format!("location: {to}\r\n")),
            None => (status, String::new()),
        };
        let mut stream = stream;
        let _ = write!(
            stream,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{location}content-length: {}\r\nconnection: close\r\n\r\n{answer}",
            answer.len()
        );
    }

    fn respond(&self, path: &str, body: &str) -> (&'static str, String) {
        let mut ways = self.ways();
        let answer = match path {
            "/.well-known/openid-configuration" => json!({
                "issuer": self.issuer,
                "authorization_endpoint": format!("{}/authorize", self.issuer),
                "token_endpoint": format!("{}/token", self.issuer),
                "jwks_uri": format!("{}/jwks", self.issuer),
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                // Whatever is promised here, what is accepted is ours to say.
                "id_token_signing_alg_values_supported": ["EdDSA", "HS256", "none"],
                "authorization_response_iss_parameter_supported": ways.promises_iss,
            }),
            "/jwks" => {
                ways.keys_fetched += 1;
                let x = URL_SAFE_NO_PAD.encode(ways.key.public().as_bytes());
                json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": ways.kid, "x": x }] })
            }
            "/token" => match self.token(&mut ways, body) {
                Some(answer) => answer,
                None => {
                    return (
                        "400 Bad Request",
                        json!({ "error": "invalid_grant" }).to_string(),
                    );
                }
            },
            _ => return ("404 Not Found", "{}".into()),
        };
        ("200 OK", answer.to_string())
    }

    fn token(&self, ways: &mut Ways, body: &str) -> Option<Value> {
        let asked = form(body);
        let grant = ways.codes.remove(asked.get("code")?)?;
        let verifier = asked.get("code_verifier")?;
        let challenge = URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).0);
        let good = challenge == grant.challenge
            && asked.get("redirect_uri") == Some(&grant.redirect)
            && asked.get("client_id").is_none_or(|it| it == CLIENT);
        if !good && !ways.careless {
            return None;
        }
        let mut claims = json!({
            "iss": self.issuer, "sub": grant.sub, "aud": CLIENT, "nonce": grant.nonce,
            "iat": grant.now_s, "exp": grant.now_s + 300, "auth_time": grant.now_s,
        });
        if let Some(bend) = &ways.bend {
            bend(&mut claims);
        }
        let header = json!({ "alg": "EdDSA", "kid": ways.kid, "typ": "JWT" });
        let id_token = match &ways.sign {
            Some(sign) => sign(&header, &claims, &ways.key),
            None => jws(&header, &claims, &ways.key),
        };
        if ways.careless {
            ways.codes.insert(asked["code"].clone(), grant);
        }
        Some(json!({ "access_token": "at", "token_type": "Bearer", "id_token": id_token }))
    }
}

/// The members of a form or query.
fn form(text: &str) -> HashMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(k, v)| (decoded(k), decoded(v))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&hex, 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
