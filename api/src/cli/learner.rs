//! xuefen learner: what an officer does for one person.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Client, Server};
use super::{Failure, term};

/// How often the server is asked how far an erasure is.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// How long keys and values may take to go before the command leaves the rest to the server.
const DESTROYED_WITHIN: Duration = Duration::from_mins(2);

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Ask that a person's values be erased; a second officer must agree.
    Erase(Erase),
    /// How far the erasures of a person are: the certificate.
    Erasure(Which),
    /// The copy of everything that is held of a person, for that person's own token (or a guardian's).
    Export(Export),
}

/// A copy to take.
#[derive(Debug, clap::Args)]
pub struct Export {
    #[command(flatten)]
    which: Which,
    /// A page to read instead of the signed JSON.
    #[arg(long)]
    html: bool,
    /// File to write, readable by its owner only; it must not exist. Left out = standard output.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// An erasure to ask for.
#[derive(Debug, clap::Args)]
pub struct Erase {
    #[command(flatten)]
    which: Which,
    /// Why, in words; kept with who the person is, and gone with it.
    #[arg(long)]
    reason: String,
    /// On what ground: purpose_achieved, service_ended, consent_withdrawn, unlawful, other_law.
    #[arg(long, default_value = "consent_withdrawn")]
    ground: String,
    /// What is to go: identity, study-record; left out = both.
    #[arg(long, value_delimiter = ',')]
    purposes: Vec<String>,
    /// File with the access token of the second officer, who agrees at once.
    #[arg(long)]
    approver_token_file: Option<PathBuf>,
    /// File with values of the person, one a line: once keys and values are gone, every byte of the
    /// `--scan` directories is looked through for them.
    #[arg(long, requires = "scan")]
    values_file: Option<PathBuf>,
    /// Where to look: the ledger's directory, backups, logs.
    #[arg(long, requires = "values_file")]
    scan: Vec<PathBuf>,
}

/// A person.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The person's number.
    person: Uuid,
    #[command(flatten)]
    server: Server,
}

/// Runs the verb.
pub fn run(verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Erase(args) => erase(args),
        Verb::Erasure(which) => {
            let found = erasures(&Client::new(&which.server)?, which.person)?;
            print(&found)
        }
        Verb::Export(args) => export(args),
    }
}

/// The copy byte for byte as it was signed.
fn export(args: &Export) -> Result<(), Failure> {
    let client = Client::new(&args.which.server)?;
    let form = if args.html { "html" } else { "json" };
    let path = format!("/v1/learners/{}/export?form={form}", args.which.person);
    let copy = client.get_text(&path)?;
    let Some(out) = &args.out else {
        term::print(copy.trim_end());
        return Ok(());
    };
    let failed = |error: std::io::Error| Failure::Failed(format!("{}: {error}", out.display()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(out)
        .map_err(failed)?;
    file.write_all(copy.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

fn erase(args: &Erase) -> Result<(), Failure> {
    let Which { person, server } = &args.which;
    let client = Client::new(server)?;
    let mut body = json!({ "reason": args.reason, "ground": args.ground });
    if !args.purposes.is_empty() {
        body["purposes"] = json!(args.purposes);
    }
    let asked = client.post(&format!("/v1/learners/{person}/erasure"), &body)?;
    let Some(proposal) = asked["approval"].as_str() else {
        return finish(&client, *person).and_then(|()| look(args));
    };
    let Some(token_file) = &args.approver_token_file else {
        term::note("a second officer must agree within 24 hours:");
        term::print(&format!(
            "POST {}/v1/approvals/{proposal} {{\"decision\":\"approve\"}}",
            client.base
        ));
        return Ok(());
    };
    let second = Client::new(&Server {
        server: server.server.clone(),
        token_file: token_file.clone(),
    })?;
    let agreed = second.post(
        &format!("/v1/approvals/{proposal}"),
        &json!({ "decision": "approve" }),
    )?;
    if agreed["state"] != "completed" {
        return Err(Failure::Partly(format!(
            "others must agree too, as long as there is no second registrar: POST /v1/approvals/{proposal} by the other administrators"
        )));
    }
    finish(&client, *person)?;
    look(args)
}

/// The scan behind the certificate, if it was asked for.
fn look(args: &Erase) -> Result<(), Failure> {
    match &args.values_file {
        Some(values) => super::vault::scan(&args.scan, values),
        None => Ok(()),
    }
}

/// Waits until keys and values are gone, then prints the certificate.
fn finish(client: &Client, person: Uuid) -> Result<(), Failure> {
    let mut waited = Duration::ZERO;
    loop {
        let found = erasures(client, person)?;
        let newest = found["items"].as_array().and_then(|items| items.last());
        if newest.is_some_and(|it| it["stage"] != "requested") {
            return print(&found);
        }
        if waited >= DESTROYED_WITHIN {
            return Err(Failure::Later(
                "the erasure is in force; the server goes on with it: ask again with \"xuefen learner erasure\"".into(),
            ));
        }
        std::thread::sleep(ASK_EVERY);
        waited += ASK_EVERY;
    }
}

fn erasures(client: &Client, person: Uuid) -> Result<Value, Failure> {
    client.get(&format!("/v1/learners/{person}/erasure"))
}

fn print(found: &Value) -> Result<(), Failure> {
    term::print(&serde_json::to_string_pretty(found).map_err(Failure::of)?);
    Ok(())
}
