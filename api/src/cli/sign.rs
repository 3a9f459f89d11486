//! xuefen sign: an institution signs with a key of its own; salts and digests are made here.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Parser;
use identity::erasable::{Commitments, Disclosure, NotCommitments};
use ledger::assertion::{Act, Assertion, Draft, Seen, Target};
use ledger::batch::Batch;
use ledger::checkpoint::{Checkpoint, SignedNote};
use ledger::clock::{self, Clock};
use ledger::key::file as key_file;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Failure, term};

/// Arguments.
#[derive(Debug, Parser)]
pub struct Args {
    /// One JSON object a line: {"kind", "data", "values"?, "target"?, "act"?, "id"?}; `-` = standard input.
    file: PathBuf,
    /// The key file.
    #[arg(long)]
    key: PathBuf,
    /// One signature for all of them (at most 1,000): prints the body of a signed batch.
    #[arg(long)]
    batch: bool,
    /// The newest checkpoint of the ledger (`GET /log/checkpoint`), saved to a file.
    #[arg(long)]
    checkpoint: PathBuf,
}

/// What is to be signed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    kind: String,
    data: Map<String, Value>,
    #[serde(default)]
    values: Map<String, Value>,
    target: Option<Target>,
    act: Option<Act>,
    id: Option<Uuid>,
}

/// Signs each line and prints its submission, `<JWS>` or `<JWS>~<disclosure>~…~`; or all as one batch.
pub fn run(args: &Args, clock: &dyn Clock) -> Result<(), Failure> {
    let (kid, key) = key_file::read(&args.key).map_err(|error| usage(&error))?;
    let note = std::fs::read_to_string(&args.checkpoint).map_err(|error| usage(&error))?;
    let note = SignedNote::parse(&note).map_err(|error| usage(&error))?;
    let seen = Checkpoint::parse(note.text()).map_err(|error| usage(&error))?;
    let text = read(&args.file)?;
    let mut members = Vec::new();
    let mut payloads = Vec::new();
    let lines = text.lines().enumerate();
    for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
        let wrong =
            |error: &dyn std::fmt::Display| Failure::Usage(format!("line {}: {error}", index + 1));
        let request: Request = serde_json::from_str(line).map_err(|error| wrong(&error))?;
        let (draft, disclosures) = draft(request, &seen, clock).map_err(|error| wrong(&error))?;
        if args.batch {
            let member = draft.member(&kid).map_err(|error| wrong(&error))?;
            payloads.push(submission(&member, &disclosures));
            members.push(member);
        } else {
            let assertion = draft.sign(&kid, &key).map_err(|error| wrong(&error))?;
            term::print(&submission(&assertion, &disclosures));
        }
    }
    if args.batch {
        let envelope = Request::default();
        let (envelope, _) = draft(envelope, &seen, clock).map_err(|error| usage(&error))?;
        let batch = Batch::sign(envelope, members, &kid, &key).map_err(|error| usage(&error))?;
        let body = json!({"envelope": batch.envelope().text(), "payloads": payloads});
        term::print(&body.to_string());
    }
    Ok(())
}

fn usage(error: &dyn std::fmt::Display) -> Failure {
    Failure::Usage(error.to_string())
}

fn read(file: &Path) -> Result<String, Failure> {
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file).map_err(|error| usage(&error));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| usage(&error))?;
    Ok(text)
}

/// What is to be signed, with new salts for its values.
fn draft(
    request: Request,
    seen: &Checkpoint,
    clock: &dyn Clock,
) -> Result<(Draft, Vec<Disclosure>), NotCommitments> {
    let disclosures: Vec<Disclosure> = request
        .values
        .into_iter()
        .map(|(name, value)| Disclosure::new(clock::random(), &name, value))
        .collect();
    let mut data = request.data;
    if !disclosures.is_empty() {
        let digests = disclosures.iter().map(Disclosure::digest);
        let commitments = Commitments::of(digests.collect())?;
        let digests = commitments.as_slice().iter().map(ToString::to_string);
        data.insert("_sd".into(), digests.collect());
    }
    let now_ms = clock.now_ms();
    let draft = Draft {
        id: request.id.unwrap_or_else(|| clock::uuid_v7(now_ms)),
        log: seen.origin.clone(),
        kind: request.kind,
        at_ms: now_ms,
        seen: Seen {
            root: seen.root,
            size: seen.size,
        },
        target: request.target,
        cause: None,
        act: request.act,
        data: Value::Object(data),
    };
    Ok((draft, disclosures))
}

/// The text to send: what was signed, and its values.
fn submission(assertion: &Assertion, disclosures: &[Disclosure]) -> String {
    let mut text = assertion.text().to_owned();
    for disclosure in disclosures {
        text.push('~');
        text.push_str(disclosure.encoded());
    }
    if !disclosures.is_empty() {
        text.push('~');
    }
    text
}
