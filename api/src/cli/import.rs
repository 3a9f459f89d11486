//! xuefen import: a file to a running server, dry run first.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use serde::Deserialize;
use serde_json::Value;
use ureq::unversioned::multipart::Form;

use super::client::{Client, Server, answer, language};
use super::{Failure, term};

/// Bytes of the largest workbook that is fetched.
const WORKBOOK_BYTES_MAX: u64 = 256 << 20;

/// What to do with a file.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Dry run: what would be recorded, and which rows would not. Records nothing.
    Check(Args),
    /// Dry run, then record what is good.
    Run(Args),
    /// How an import stands.
    Status(Which),
    /// Stop a running import between two batches.
    Pause(Which),
    /// Go on with a paused import, or confirm one that waits for a second person.
    Resume(Which),
    /// Give an import up; what was recorded stays.
    Cancel(Which),
    /// The rows that came back with a reason.
    Errors(Errors),
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
    /// Put the file in the place of this import's, as with corrected rows.
    #[arg(long, value_name = "ID")]
    into: Option<String>,
    /// Encoding of a text file, if it is not found rightly: utf-8, gb18030, utf-16le or utf-16be.
    #[arg(long)]
    encoding: Option<String>,
    /// What headers mean, as a JSON object of header to field; remembered for the next file.
    #[arg(long)]
    columns: Option<String>,
}

/// The rows of an import that came back.
#[derive(Debug, clap::Args)]
pub struct Errors {
    #[command(flatten)]
    which: Which,
    /// Write them to this file as a workbook to correct and send again; it must not exist.
    #[arg(long)]
    xlsx: Option<PathBuf>,
}

/// An import.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// Its number.
    id: String,
    #[command(flatten)]
    server: Server,
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
struct Basis {
    check: String,
}

#[derive(Deserialize)]
struct Job {
    id: String,
    state: String,
    counts: Counts,
    #[serde(default)]
    basis: Option<Basis>,
    #[serde(default)]
    failure: Option<String>,
}

impl Client {
    /// Writes the workbook of the rows that came back to a new file.
    fn save_workbook(&self, id: &str, file: &Path) -> Result<(), Failure> {
        let path = format!("{}/v1/imports/{id}/errors.xlsx", self.base);
        let request = self.agent.get(path);
        let answered = request
            .header("authorization", &self.authorization)
            .header("accept-language", language())
            .call();
        let mut response = match answered {
            Ok(response) if response.status().is_success() => response,
            refused => return answer(refused).map(drop),
        };
        let body = response.body_mut().with_config().limit(WORKBOOK_BYTES_MAX);
        let workbook = body.read_to_vec().map_err(Failure::of)?;
        // It holds what the file held: names and numbers of persons.
        let written = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(file)
            .and_then(|mut file| std::io::Write::write_all(&mut file, &workbook));
        written.map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))
    }

    /// Runs what this dry run looked at, and nothing else.
    fn run(&self, checked: &Job) -> Result<Value, Failure> {
        let path = format!("{}/v1/imports/{}/run", self.base, checked.id);
        let mut request = self
            .agent
            .post(path)
            .header("authorization", &self.authorization)
            .header("accept-language", language());
        if let Some(basis) = &checked.basis {
            request = request.header("if-match", format!("\"{}\"", basis.check));
        }
        answer(request.send_empty())
    }

    fn upload(&self, args: &Args) -> Result<Value, Failure> {
        let file = &args.file;
        let mut form = Form::new()
            .file("file", file)
            .map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
        if args.roster {
            form = form.text("what", "roster");
        }
        if let Some(encoding) = &args.encoding {
            form = form.text("encoding", encoding);
        }
        if let Some(columns) = &args.columns {
            form = form.text("columns", columns);
        }
        let request = match &args.into {
            Some(id) => self
                .agent
                .put(format!("{}/v1/imports/{id}/file", self.base)),
            None => self.agent.post(format!("{}/v1/imports", self.base)),
        };
        answer(
            request
                .header("authorization", &self.authorization)
                .header("accept-language", language())
                .send(form),
        )
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
        Verb::Pause(which) => {
            let client = Client::new(&which.server)?;
            client.post_empty(&format!("/v1/imports/{}/pause", which.id))?;
            report(&client, &wait(&client, &which.id, "pausing")?, "recorded")
        }
        Verb::Resume(which) => {
            let client = Client::new(&which.server)?;
            client.post_empty(&format!("/v1/imports/{}/run", which.id))?;
            report(&client, &wait(&client, &which.id, "recording")?, "recorded")
        }
        Verb::Cancel(which) => {
            let client = Client::new(&which.server)?;
            client.post_empty(&format!("/v1/imports/{}/cancel", which.id))?;
            report(
                &client,
                &wait(&client, &which.id, "cancelling")?,
                "recorded",
            )
        }
        Verb::Errors(Errors { which, xlsx }) => {
            let client = Client::new(&which.server)?;
            match xlsx {
                Some(file) => client.save_workbook(&which.id, file),
                None => print_errors(&client, &which.id),
            }
        }
    }
}

fn send(args: &Args, dry: bool) -> Result<(), Failure> {
    let client = Client::new(&args.server)?;
    let sent = job(client.upload(args)?)?;
    term::note(&format!("import {}", sent.id));
    let mut done = wait(&client, &sent.id, "checking")?;
    if !dry {
        client.run(&done)?;
        done = wait(&client, &sent.id, "recording")?;
    }
    let rows = if dry { "can be recorded" } else { "recorded" };
    report(&client, &done, rows)
}

/// How an import ended, and which rows came back.
fn report(client: &Client, done: &Job, rows: &str) -> Result<(), Failure> {
    let counts = &done.counts;
    term::print(&format!(
        "{}: {} rows, {} {}, {} with a warning, {} recorded before, {} repeated, {} refused",
        done.state,
        counts.rows,
        counts.recorded,
        rows,
        counts.warned,
        counts.already,
        counts.repeated,
        counts.refused,
    ));
    if done.state == "waiting" {
        return Err(Failure::Partly(format!(
            "somebody else of the institution must confirm it: xuefen import resume {}",
            done.id
        )));
    }
    if let Some(failure) = &done.failure {
        return Err(Failure::Later(format!(
            "the import stopped: {failure}; run it again, nothing is doubled"
        )));
    }
    if counts.refused > 0 {
        print_errors(client, &done.id)?;
        let refused = counts.refused;
        return Err(Failure::Partly(format!(
            "{refused} of the rows came back with a reason: correct and send them again"
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
        if !matches!(now.state.as_str(), "checking" | "running") {
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
