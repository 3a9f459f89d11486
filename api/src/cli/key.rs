//! xuefen key

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use identity::did::IssuerNumber;
use identity::institution::Institution;
use ledger::assertion::Kid;
use ledger::clock::Clock;
use ledger::commit::Commit;
use ledger::decision::{Aggregate as _, Occurred};
use ledger::key::{SigningKey, file as key_file};
use ledger::store::Store as _;
use ledger::store::embedded::EmbeddedStore;

use super::{Failure, data_dir, term};
use crate::config::Config;
use crate::recovery;

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a key file; its public half is printed, to be activated by `POST /v1/institutions/N/keys`.
    New {
        /// The key's whole name: `did:web:HOST:i:N#key-2026-1`.
        #[arg(long)]
        kid: String,
        /// A new file.
        #[arg(long)]
        out: PathBuf,
    },
    /// The keys of an institution with their windows, read from the log.
    List {
        /// Issuer number; 0 is the registrar.
        #[arg(long, default_value_t = 0)]
        institution: u32,
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// Rebuild the registrar's recovery key from two printed shares.
    Recover {
        /// The key's whole name.
        #[arg(long)]
        kid: String,
        /// A new file.
        #[arg(long)]
        out: PathBuf,
        /// Two of the three shares.
        #[arg(num_args = 2)]
        shares: Vec<String>,
    },
}

/// Runs the verb.
pub fn run(verb: &Verb, config: &Config, _clock: Arc<dyn Clock>) -> Result<(), Failure> {
    match verb {
        Verb::New { kid, out } => write(kid, out, &SigningKey::generate()),
        Verb::Recover { kid, out, shares } => {
            let [a, b] = shares.as_slice() else {
                return Err(Failure::Usage("two shares are needed".into()));
            };
            let seed =
                recovery::combine(a, b).map_err(|error| Failure::Usage(error.to_string()))?;
            write(kid, out, &SigningKey::from_seed(&seed))
        }
        Verb::List {
            institution,
            data_dir: flag,
        } => {
            let dir = data_dir(flag.as_ref(), config);
            dir.require_ledger().map_err(Failure::of)?;
            let store = EmbeddedStore::open_read_only(&dir.log()).map_err(Failure::of)?;
            list(&store, IssuerNumber(*institution))
        }
    }
}

fn write(kid: &str, out: &std::path::Path, key: &SigningKey) -> Result<(), Failure> {
    let kid = Kid::parse(kid).map_err(|error| Failure::Usage(error.to_string()))?;
    key_file::write(out, &kid, key).map_err(Failure::of)?;
    term::print(&key.public().multikey());
    Ok(())
}

/// Folds the institution's facts out of the whole log: slow, and rests on nothing else.
fn list(store: &EmbeddedStore, number: IssuerNumber) -> Result<(), Failure> {
    let stream = number.stream();
    let mut institution = Institution::default();
    let mut next = 0;
    loop {
        let records = store.read(next, 4_096).map_err(Failure::of)?;
        if records.is_empty() {
            break;
        }
        for record in records {
            next += 1;
            let commit = Commit::decode(&record.leaf).map_err(Failure::of)?;
            let at = Occurred {
                position: commit.position,
                recorded_at_ms: commit.recorded_at_ms,
                leaf: record.leaf_hash,
                assertion: &commit.assertion,
            };
            for fact in commit.facts.iter().filter(|fact| fact.stream == stream) {
                let data = fact.data.as_deref().unwrap_or(commit.assertion.data());
                let event = Institution::read(&fact.kind, data.get()).map_err(Failure::of)?;
                institution = institution.evolve(&event, &at);
            }
        }
    }
    for key in &institution.keys {
        let retired = key
            .retired
            .map_or_else(|| "active".into(), |at| format!("retired at {at}"));
        term::print(&format!(
            "{} {} {:?} {:?} from {} {retired}",
            key.fragment,
            key.key.multikey(),
            key.r#use,
            key.custody,
            key.activated
        ));
    }
    Ok(())
}
