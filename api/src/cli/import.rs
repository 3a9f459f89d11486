//! xuefen import: a file to a running server, dry run first.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::Value;
use ureq::unversioned::multipart::Form;

use super::{Failure, term};

/// What to do with a file.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Dry run: what would be recorded, and which rows would not. Records nothing.
    Check(Args),
    /// Dry run, then record what is good.
    Run(Args),
    /// How an import stands.
    Status(Which),
    /// The rows that came back with a reason.
    Errors(Which),
}

/// A file and where to send it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// CSV, TSV, XLSX or XLS with a header row.
    file: PathBuf,
    #[command(flatten)]
    server: Server,
    /// The file is a roster: people to be registered, not outcomes.
    #[arg(long)]
    roster: bool,
    /// The same as `check`.
    #[arg(long)]
    dry_run: bool,
}

/// An import.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// Its number.
    id: String,
    #[command(flatten)]
    server: Server,
}

/// A server and a token.
#[derive(Debug, clap::Args)]
pub struct Server {
    /// Its address.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// File that holds an access token; secrets never stand on a command line.
    #[arg(long, env = "XF_TOKEN_FILE")]
    token_file: PathBuf,
}

#[derive(Deserialize)]
struct Counts {
    rows: u64,
    seen: u64,
    recorded: u64,
    warned: u64,
    repeated: u64,
    already: u64,
    refused: u64,
}

#[derive(Deserialize)]
struct Job {
    id: String,
    state: String,
    counts: Counts,
    #[serde(default)]
    failure: Option<String>,
}

struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: String,
}

impl Client {
    fn new(server: &Server) -> Result<Self, Failure> {
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

    fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.get(format!("{}{path}", self.base));
        answer(
            request
                .header("authorization", &self.authorization)
                .header("accept-language", language())
                .call(),
        )
    }

    fn post_empty(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.post(format!("{}{path}", self.base));
        answer(
            request
                .header("authorization", &self.authorization)
                .header("accept-language", language())
                .send_empty(),
        )
    }

    fn upload(&self, file: &Path, what: &str) -> Result<Value, Failure> {
        let form = Form::new()
            .text("what", what)
            .file("file", file)
            .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
        let request = self.agent.post(format!("{}/v1/imports", self.base));
        answer(
            request
                .header("authorization", &self.authorization)
                .header("accept-language", language())
                .send(form),
        )
    }
}

/// The language of the terminal, for what the server tells.
fn language() -> &'static str {
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
fn answer(result: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Failure> {
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

fn job(value: Value) -> Result<Job, Failure> {
    serde_json::from_value(value).map_err(Failure::of)
}

/// Runs the verb.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Check(args) => send(args, true),
        Verb::Run(args) => send(args, args.dry_run),
        Verb::Status(which) => {
            let client = Client::new(&which.server)?;
            let found = client.get(&format!("/v1/imports/{}", which.id))?;
            term::print(&serde_json::to_string_pretty(&found).map_err(Failure::of)?);
            Ok(())
        }
        Verb::Errors(which) => print_errors(&Client::new(&which.server)?, &which.id),
    }
}

fn send(args: &Args, dry: bool) -> Result<(), Failure> {
    let client = Client::new(&args.server)?;
    let what = if args.roster { "roster" } else { "outcomes" };
    let sent = job(client.upload(&args.file, what)?)?;
    term::note(&format!("import {}", sent.id));
    let mut done = wait(&client, &sent.id, "checking")?;
    if !dry {
        client.post_empty(&format!("/v1/imports/{}/run", sent.id))?;
        done = wait(&client, &sent.id, "recording")?;
    }
    let counts = &done.counts;
    term::print(&format!(
        "{}: {} rows, {} {}, {} with a warning, {} recorded before, {} repeated, {} refused",
        done.state,
        counts.rows,
        counts.recorded,
        if dry { "can be recorded" } else { "recorded" },
        counts.warned,
        counts.already,
        counts.repeated,
        counts.refused,
    ));
    if let Some(failure) = done.failure {
        return Err(Failure::Later(format!(
            "the import stopped: {failure}; run it again, nothing is doubled"
        )));
    }
    if counts.refused > 0 {
        print_errors(&client, &done.id)?;
        let refused = counts.refused;
        return Err(Failure::Partly(format!(
            "{refused} rows came back with a reason: correct and send them again"
        )));
    }
    Ok(())
}

fn wait(client: &Client, id: &str, what: &str) -> Result<Job, Failure> {
    let mut bar: Option<term::Bar> = None;
    loop {
        let now = job(client.get(&format!("/v1/imports/{id}"))?)?;
        let bar = bar.get_or_insert_with(|| term::Bar::new(what, now.counts.rows));
        bar.set(now.counts.seen);
        if matches!(now.state.as_str(), "checked" | "done" | "failed") {
            return Ok(now);
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn print_errors(client: &Client, id: &str) -> Result<(), Failure> {
    let mut after = String::new();
    loop {
        let page = client.get(&format!("/v1/imports/{id}/errors{after}"))?;
        for error in page["errors"].as_array().into_iter().flatten() {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            term::print(&format!(
                "row {}: {} {} {}",
                error["row"],
                text("code"),
                text("field"),
                text("detail")
            ));
        }
        match page["next"].as_u64() {
            Some(next) => after = format!("?after={next}"),
            None => return Ok(()),
        }
    }
}
