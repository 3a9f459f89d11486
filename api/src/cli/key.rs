//! xuefen key

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use identity::did::{Did, IssuerNumber};
use identity::institution::seal::{self, Seal};
use identity::institution::state::fragment_of;
use identity::institution::{Custody, Institution, Ranges, Settlement, settle_entries, succession};
use ledger::assertion::Kid;
use ledger::clock::Clock;
use ledger::commit::Commit;
use ledger::decision::{Aggregate as _, Occurred};
use ledger::fact::Stream;
use ledger::hash::Digest;
use ledger::key::{SigningKey, file as key_file};
use ledger::store::Store as _;
use ledger::store::embedded::EmbeddedStore;

use serde_json::json;

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
    /// Prove a new key: prints the data of `key.activate.v2` (with `--use`) or `key.rotate.v1`, to be
    /// signed by `xuefen sign` with the key that says so.
    Prove {
        /// The new key's file.
        #[arg(long)]
        key: PathBuf,
        /// The log's origin, the first line of its checkpoint.
        #[arg(long)]
        log: String,
        /// The file of the key after it, whose hash is pledged.
        #[arg(long)]
        next: Option<PathBuf>,
        /// Activate it for this: acknowledgement, recovery, assertion, client. Left out: for a rotation.
        #[arg(long = "use")]
        purpose: Option<String>,
    },
    /// Agree to a settlement: prints the data of `entries.reaffirm.v1` or, with `--repudiate`,
    /// `entries.repudiate.v1`, to be signed by `xuefen sign` with the acknowledgement key.
    Settle {
        /// The file of the assertion key in use.
        #[arg(long)]
        key: PathBuf,
        /// The log's origin, the first line of its checkpoint.
        #[arg(long)]
        log: String,
        /// The ranges: `7151-7199,7240-7400`.
        #[arg(long)]
        ranges: String,
        /// Merkle root over the leaf hashes at those positions, base64url.
        #[arg(long)]
        root: String,
        /// They are none of ours.
        #[arg(long)]
        repudiate: bool,
        /// Number of the institution whose entries they are, where the key's answers for it since a merger.
        #[arg(long = "of")]
        institution: Option<u32>,
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
        Verb::Prove {
            key,
            log,
            next,
            purpose,
        } => prove(key, log, next.as_deref(), purpose.as_deref()),
        Verb::Settle {
            key,
            log,
            ranges,
            root,
            repudiate,
            institution,
        } => {
            let of = institution.map(IssuerNumber);
            settle((key.as_path(), of), log, ranges, root, *repudiate)
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

fn write(kid: &str, out: &Path, key: &SigningKey) -> Result<(), Failure> {
    let kid = Kid::parse(kid).map_err(|error| Failure::Usage(error.to_string()))?;
    key_file::write(out, &kid, key).map_err(Failure::of)?;
    term::print(&key.public().multikey());
    Ok(())
}

/// A key file, whose institution it is, and the part of its name behind `#`.
fn open(file: &Path) -> Result<(SigningKey, IssuerNumber, String), Failure> {
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let (kid, key) = key_file::read(file).map_err(|error| usage(&error))?;
    let did = Did::parse(kid.did()).ok_or_else(|| usage(&format!("{kid}: no key of a ledger")))?;
    Ok((key, did.issuer, fragment_of(&kid).to_owned()))
}

fn prove(
    file: &Path,
    log: &str,
    next: Option<&Path>,
    purpose: Option<&str>,
) -> Result<(), Failure> {
    let (key, institution, fragment) = open(file)?;
    let text = seal::possession(log, institution, &fragment, &key.public());
    let mut data = json!({
        "custody": Custody::Own, "fragment": fragment, "institution": institution,
        "key": key.public(), "proof": Seal::of(&key, &text),
    });
    if let Some(next) = next {
        data["next"] = json!(seal::pledge(&open(next)?.0.public()));
    }
    if let Some(purpose) = purpose {
        data["use"] = purpose.into();
    }
    term::print(&data.to_string());
    Ok(())
}

fn settle(
    (file, of): (&Path, Option<IssuerNumber>),
    log: &str,
    ranges: &str,
    root: &str,
    repudiate: bool,
) -> Result<(), Failure> {
    let wrong = || Failure::Usage("--ranges: expected 7151-7199,7240-7400".into());
    let (key, own, fragment) = open(file)?;
    let institution = of.unwrap_or(own);
    let range = |text: &str| {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        Some((from.parse().ok()?, to.parse().ok()?))
    };
    let all: Option<Vec<(u64, u64)>> = ranges.split(',').map(range).collect();
    let ranges = Ranges::of(all.ok_or_else(wrong)?);
    let root = Digest::parse(root).map_err(|error| Failure::Usage(format!("--root: {error}")))?;
    let how = if repudiate {
        Settlement::Repudiated
    } else {
        Settlement::Reaffirmed
    };
    let text = seal::settlement(how, log, institution, &ranges, &root);
    let data = settle_entries::Data {
        institution,
        key: fragment,
        ranges,
        root,
        seal: Seal::of(&key, &text),
    };
    term::print(&serde_json::to_string(&data).map_err(Failure::of)?);
    Ok(())
}

/// Folds the institutions' facts out of the whole log: slow, and rests on nothing else. All of them, since
/// whoever answers for one that was merged settles its disputes.
fn list(store: &EmbeddedStore, number: IssuerNumber) -> Result<(), Failure> {
    let mut all: HashMap<Stream, Institution> = HashMap::new();
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
            let told = commit.facts.iter();
            for fact in told.filter(|fact| fact.stream.noun() == Institution::NOUN) {
                let data = fact.data.as_deref().unwrap_or(commit.assertion.data());
                let event = Institution::read(&fact.kind, data.get()).map_err(Failure::of)?;
                let known = all.remove(&fact.stream).unwrap_or_default();
                all.insert(fact.stream.clone(), known.evolve(&event, &at));
            }
        }
    }
    let institution = succession::whole(number, |number| {
        let known = all.get(&number.stream()).cloned();
        Ok::<_, Failure>(Arc::new(known.unwrap_or_default()))
    })?;
    for key in &institution.keys {
        let retired = key
            .retired
            .map_or_else(|| "active".into(), |at| format!("retired at {at}"));
        let cut_off = key
            .not_valid_after()
            .map_or_else(String::new, |q| format!(", not valid after {q}"));
        term::print(&format!(
            "{} {} {:?} {:?} from {} {retired}{cut_off}",
            key.fragment,
            key.key.multikey(),
            key.r#use,
            key.custody,
            key.activated
        ));
    }
    if let Some(floor) = institution.floor() {
        term::print(&format!("floor {floor}"));
    }
    let disputed = institution.disputed();
    if !disputed.is_empty() {
        term::print(&format!("disputed {disputed}"));
    }
    Ok(())
}
