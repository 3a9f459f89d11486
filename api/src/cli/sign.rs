//! xuefen sign: an institution signs with a key of its own; salts and digests are made here.

use std::io::Read as _;
use std::path::PathBuf;

use clap::Parser;
use identity::erasable::{Commitments, Disclosure};
use ledger::assertion::{Act, Draft, Seen, Target};
use ledger::checkpoint::{Checkpoint, SignedNote};
use ledger::clock::{self, Clock};
use ledger::key::file as key_file;
use serde::Deserialize;
use serde_json::{Map, Value};
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
    /// The newest checkpoint of the ledger (`GET /log/checkpoint`), saved to a file.
    #[arg(long)]
    checkpoint: PathBuf,
}

/// What is to be signed.
#[derive(Deserialize)]
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

/// Signs each line and prints its submission: `<JWS>` or `<JWS>~<disclosure>~…~`.
pub fn run(args: &Args, clock: &dyn Clock) -> Result<(), Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let (kid, key) = key_file::read(&args.key).map_err(|error| usage(&error))?;
    let note = std::fs::read_to_string(&args.checkpoint).map_err(|error| usage(&error))?;
    let note = SignedNote::parse(&note).map_err(|error| usage(&error))?;
    let seen = Checkpoint::parse(note.text()).map_err(|error| usage(&error))?;
    let mut text = String::new();
    if args.file.as_os_str() == "-" {
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| usage(&error))?;
    } else {
        text = std::fs::read_to_string(&args.file).map_err(|error| usage(&error))?;
    }
    for (index, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let wrong =
            |error: &dyn std::fmt::Display| Failure::Usage(format!("line {}: {error}", index + 1));
        let request: Request = serde_json::from_str(line).map_err(|error| wrong(&error))?;
        let disclosures: Vec<Disclosure> = request
            .values
            .into_iter()
            .map(|(name, value)| Disclosure::new(clock::random(), &name, value))
            .collect();
        let mut data = request.data;
        if !disclosures.is_empty() {
            let digests = disclosures.iter().map(Disclosure::digest).collect();
            let commitments = Commitments::of(digests).map_err(|error| wrong(&error))?;
            data.insert(
                "_sd".into(),
                serde_json::to_value(commitments).map_err(Failure::of)?,
            );
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
        let assertion = draft.sign(&kid, &key).map_err(|error| wrong(&error))?;
        let mut submission = assertion.compact().to_owned();
        for disclosure in &disclosures {
            submission.push('~');
            submission.push_str(disclosure.encoded());
        }
        if !disclosures.is_empty() {
            submission.push('~');
        }
        term::print(&submission);
    }
    Ok(())
}
