//! A running server as the command line asks it.

use std::path::PathBuf;

use serde_json::Value;

use super::Failure;

/// Bytes of the longest text that is read.
const TEXT_BYTES_MAX: u64 = 256 << 20;

/// A server and a token.
#[derive(Debug, clap::Args)]
pub(super) struct Server {
    /// Its address.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(super) server: String,
    /// File that holds an access token; secrets never stand on a command line.
    #[arg(long, env = "XF_TOKEN_FILE")]
    pub(super) token_file: PathBuf,
}

/// A running server, asked with a token.
pub(super) struct Client {
    pub(super) agent: ureq::Agent,
    pub(super) base: String,
    pub(super) authorization: String,
}

impl Client {
    /// With the token in `server`'s file.
    pub(super) fn new(server: &Server) -> Result<Self, Failure> {
        let token = std::fs::read_to_string(&server.token_file)
            .map_err(|error| Failure::Usage(format!("{}: {error}", server.token_file.display())))?;
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .new_agent();
        Ok(Self {
            agent,
            base: server.server.trim_end_matches('/').into(),
            authorization: format!("Bearer {}", token.trim()),
        })
    }

    /// The JSON at `path`.
    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.get(format!("{}{path}", self.base));
        answer(
            request
                .header("authorization", &self.authorization)
                .header("accept-language", language())
                .call(),
        )
    }

    /// The text at `path`, as it came.
    pub(super) fn get_text(&self, path: &str) -> Result<String, Failure> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let sent = request
            .header("authorization", &self.authorization)
            .header("accept-language", language())
            .call();
        match sent {
            Ok(mut response) if response.status().is_success() => {
                let body = response.body_mut().with_config().limit(TEXT_BYTES_MAX);
                body.read_to_string().map_err(Failure::of)
            }
            other => answer(other).map(|_| String::new()),
        }
    }

    /// Posts nothing.
    pub(super) fn post_empty(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.post(format!("{}{path}", self.base));
        answer(
            request
                .header("authorization", &self.authorization)
                .header("accept-language", language())
                .send_empty(),
        )
    }

    /// Posts a JSON document.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.agent.post(format!("{}{path}", self.base));
        answer(
            request
                .header("authorization", &self.authorization)
                .header("accept-language", language())
                .send_json(body),
        )
    }
}

/// The language of the terminal, for what the server tells.
pub(super) fn language() -> &'static str {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let spoken = set("LC_ALL")
        .or_else(|| set("LC_MESSAGES"))
        .or_else(|| set("LANG"));
    if spoken.is_some_and(|it| it.to_ascii_lowercase().starts_with("zh")) {
        "zh-CN"
    } else {
        "en"
    }
}

/// The JSON of an answer, or the problem in words.
pub(super) fn answer(
    result: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Value, Failure> {
    let mut response =
        result.map_err(|error| Failure::Later(format!("the server does not answer: {error}")))?;
    let status = response.status();
    let body = response
        .body_mut()
        .read_json::<Value>()
        .unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(body);
    }
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let what = format!(
        "{} {} — {} (request {})",
        text("title"),
        text("detail"),
        text("action"),
        text("request_id")
    );
    if status.as_u16() == 503 {
        Err(Failure::Later(what))
    } else {
        Err(Failure::Failed(what))
    }
}
