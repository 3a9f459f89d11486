//! The real program in a process of its own, asked over HTTP as anybody asks it.
//!
//! Invariant: nothing here shares memory with what it starts; dropping a [`Server`] is kill -9.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use ledger::clock::Stopwatch;
use serde_json::Value;

/// The longest that a start on existing files may take before we call it refused.
const START_MAX: Duration = Duration::from_secs(30);
/// The longest that one request may take.
const REQUEST_MAX: Duration = Duration::from_secs(20);

/// The program beside this test's own, or the one that XF_BIN names: long runs use a release build.
///
/// # Panics
/// If it was not built; the message says how.
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os("XF_BIN") {
        return named.into();
    }
    let this = std::env::current_exe().unwrap();
    // target/<profile>/deps/it-<hash>
    let profile = this.parent().and_then(Path::parent).unwrap();
    let program = profile.join("xuefen");
    assert!(
        program.exists(),
        "{} is missing: build it first with `make debug`",
        program.display()
    );
    program
}

/// The program with `arguments`, quiet unless something fails.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .env("XF_LOG__LEVEL", "error")
        .env("XF_SIGN_IN__BEARER_TOKENS", "true");
    command
}

/// Runs it to its end; standard output, or both outputs if it failed.
pub fn run(arguments: &[&str]) -> Result<String, String> {
    let output = command(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok(text(&output.stdout))
    } else {
        Err(text(&output.stdout) + &text(&output.stderr))
    }
}

/// A running `xuefen serve`.
pub struct Server {
    child: Child,
    /// `http://<address>`.
    pub base: String,
}

impl Server {
    /// Starts it on `dir` without waiting for anything.
    pub fn spawn(dir: &Path) -> Child {
        let dir = dir.to_str().unwrap();
        command(&["serve", "--data-dir", dir, "--listen", "127.0.0.1:0"])
            .env("XF_SIGN_IN__BEARER_TOKENS", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts it on `dir` and waits until `/readyz` says yes.
    ///
    /// # Panics
    /// If it refuses to start or is not ready in half a minute: a start after a crash must succeed.
    pub fn start(dir: &Path) -> Self {
        let mut server = Self {
            child: Self::spawn(dir),
            base: String::new(),
        };
        let watch = Stopwatch::start();
        let (say, said) = mpsc::channel();
        let stderr = server.child.stderr.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                // Nobody listens any more once the address is known: then it is only drained.
                let _gone = say.send(line);
            }
        });
        let mut heard = Vec::new();
        while server.base.is_empty() {
            let line = said.recv_timeout(START_MAX);
            assert!(line.is_ok(), "the server did not start: {heard:?}");
            let line = line.unwrap();
            match line.strip_prefix("listening on ") {
                Some(base) => server.base = base.into(),
                None => heard.push(line),
            }
        }
        let client = Client::new(&server.base, "");
        while client
            .get("/readyz")
            .is_none_or(|answer| answer.status != 200)
        {
            assert!(
                watch.elapsed() < START_MAX,
                "not ready after {START_MAX:?}: {heard:?}"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        server
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kill -9, now; returns once the process is gone.
    pub fn kill(mut self) -> ExitStatus {
        self.child.kill().unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// What a request came to.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

/// Asks one server with one token.
#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    token: String,
}

impl Client {
    /// A client of the server at `base`; an empty token sends none.
    pub fn new(base: &str, token: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(REQUEST_MAX))
            .build();
        Self {
            agent: config.into(),
            base: base.into(),
            token: format!("Bearer {token}"),
        }
    }

    /// GET; `None` if no whole answer came.
    pub fn get(&self, path: &str) -> Option<Answer> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if self.token != "Bearer " {
            request = request.header("authorization", &self.token);
        }
        answer(request.call())
    }

    /// POST of `body`, asking for a receipt; `None` if no whole answer came: nobody was told anything.
    pub fn post(&self, path: &str, media: &str, body: &[u8]) -> Option<Answer> {
        let mut request = self
            .agent
            .post(format!("{}{path}", self.base))
            .header("content-type", media)
            .header("prefer", "receipt");
        if self.token != "Bearer " {
            request = request.header("authorization", &self.token);
        }
        answer(request.send(body))
    }

    /// Uploads a file of outcomes.
    pub fn upload(&self, name: &str, file: &[u8]) -> Option<Answer> {
        let mut body = format!(
            "--xf\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--xf--\r\n");
        self.post("/v1/imports", "multipart/form-data; boundary=xf", &body)
    }
}

fn answer(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Answer> {
    let mut response = result.ok()?;
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().ok()?;
    Some(Answer { status, text })
}
