//! xuefen log

use std::path::{Path, PathBuf};

use clap::Subcommand;
use credentials::rulebook::Rulebook;
use credentials::trust::Bundle;
use identity::did::IssuerNumber;
use identity::institution::KeyUse;
use ledger::audit::{self, IndexAudit};
use ledger::batch::MemberProof;
use ledger::checkpoint;
use ledger::clock::{Clock, Stopwatch};
use ledger::commit::Commit;
use ledger::key::PublicKey;
use ledger::proofs::{Head, Proofs};
use ledger::receipt::{Policy, Receipt};
use ledger::store::Store as _;
use ledger::store::embedded::EmbeddedStore;
use ledger::witness::Witness;
use projections::view::audit::Verdict;

use super::{Failure, data_dir, term};
use crate::config::Config;
use crate::data_dir::DataDir;

/// What to do with a log.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Check everything again: signatures, keys, hashes, decisions, tiles, checkpoint, index, views.
    Audit {
        /// The ledger's directory; a server may be running on it.
        #[arg(long)]
        data_dir: Option<PathBuf>,
        /// Trust bundle that pins the checkpoint key; without it the key in the log's first commit counts.
        #[arg(long)]
        trust: Option<PathBuf>,
        /// Do not fold the views again to compare them.
        #[arg(long)]
        skip_views: bool,
    },
    /// Print the published checkpoint.
    Checkpoint {
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// Print the receipt of a commit, or verify one offline.
    Prove {
        /// Position of the commit.
        position: Option<u64>,
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
        /// Verify this receipt instead; needs --trust and nothing else.
        #[arg(long, requires = "trust", conflicts_with_all = ["position", "data_dir"])]
        verify: Option<PathBuf>,
        /// Trust bundle.
        #[arg(long)]
        trust: Option<PathBuf>,
        /// The bundle key that was told by another way (`xuefen init` prints it).
        #[arg(long, requires = "trust")]
        bundle_key: Option<String>,
    },
}

/// Runs the verb.
pub fn run(verb: &Verb, config: &Config, clock: &dyn Clock) -> Result<(), Failure> {
    match verb {
        Verb::Audit {
            data_dir: flag,
            trust,
            skip_views,
        } => audit(
            &data_dir(flag.as_ref(), config),
            trust.as_deref(),
            *skip_views,
        ),
        Verb::Checkpoint { data_dir: flag } => {
            let text =
                checkpoint::load(data_dir(flag.as_ref(), config).root()).map_err(Failure::of)?;
            let text = text.ok_or_else(|| Failure::Failed("nothing was published yet".into()))?;
            term::print(text.trim_end());
            Ok(())
        }
        Verb::Prove {
            verify: Some(receipt),
            trust: Some(trust),
            bundle_key,
            ..
        } => verify(receipt, trust, bundle_key.as_deref(), clock),
        Verb::Prove {
            position: Some(position),
            data_dir: flag,
            ..
        } => prove(&data_dir(flag.as_ref(), config), *position),
        Verb::Prove { .. } => Err(Failure::Usage(
            "give a position, or --verify FILE --trust FILE".into(),
        )),
    }
}

/// The log's origin and checkpoint key: from the bundle that the caller trusts, else from the first
/// commit, which then is the pin.
fn pinned(store: &EmbeddedStore, trust: Option<&Path>) -> Result<(String, PublicKey), Failure> {
    if let Some(trust) = trust {
        let bundle = open_bundle(trust)?;
        return Ok((bundle.log.origin, bundle.log.key));
    }
    let first = store.read(0, 1).map_err(Failure::of)?.into_iter().next();
    let first = first.ok_or_else(|| Failure::Failed("the log is empty".into()))?;
    let commit = Commit::decode(&first.leaf).map_err(Failure::of)?;
    let genesis: credentials::rulebook::open_log::Data =
        serde_json::from_str(commit.assertion.data().get()).map_err(Failure::of)?;
    let key = genesis
        .keys
        .into_iter()
        .find(|key| key.r#use == KeyUse::Checkpoint)
        .ok_or_else(|| Failure::Failed("the first commit names no checkpoint key".into()))?;
    Ok((commit.log.into(), key.key))
}

fn audit(dir: &DataDir, trust: Option<&Path>, skip_views: bool) -> Result<(), Failure> {
    dir.require_ledger().map_err(Failure::of)?;
    let watch = Stopwatch::start();
    let store = EmbeddedStore::open_read_only(&dir.log()).map_err(Failure::of)?;
    let (origin, checkpoint_key) = pinned(&store, trust)?;
    let bar = term::Bar::new("audit", store.head());
    // Index and views have one owner: with a server on them, they are left alone.
    let lock = dir.lock().ok();
    let inputs = audit::Inputs {
        segments: &dir.log(),
        directory: dir.root(),
        origin: &origin,
        rules: &Rulebook,
        checkpoint_key: &checkpoint_key,
        index: lock.is_some(),
    };
    let result = audit::run(&inputs, &mut |done, _| bar.set(done));
    bar.finish();
    let report = result.map_err(|finding| Failure::Failed(format!("NOT CLEAN: {finding}")))?;
    print_report(&report);
    match (skip_views, &lock) {
        (true, _) => term::print("views       NOT CHECKED: --skip-views"),
        (false, None) => term::print(
            "views       NOT CHECKED: a server is writing them; stop it and audit again",
        ),
        (false, Some(_)) => audit_views(dir, &store)?,
    }
    if report.published.is_none() {
        // Genesis publishes one before it ends.
        return Err(Failure::Failed(
            "NOT CLEAN: no checkpoint is there, so nothing says how long the log once was; put it back from a backup, or start the server, which publishes a new one"
                .into(),
        ));
    }
    term::print(&format!(
        "clean       in {:.2} s",
        watch.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Whether readers are shown what the log says.
fn audit_views(dir: &DataDir, store: &EmbeddedStore) -> Result<(), Failure> {
    for (name, verdict) in projections::views::audit(dir.root(), store).map_err(Failure::of)? {
        let wrong = match verdict {
            Verdict::Equal(next) => {
                term::print(&format!(
                    "view        {name} equals the fold of {next} commits"
                ));
                continue;
            }
            Verdict::NotServed => {
                term::print(&format!(
                    "view        {name} is not there, or is made anew at the next start"
                ));
                continue;
            }
            Verdict::Differs { table } => {
                format!("its table {table} says something else than the log")
            }
            Verdict::Unreadable(error) => error,
        };
        return Err(Failure::Failed(format!(
            "NOT CLEAN: view {name}: {wrong}; the log is whole: run `xuefen view rebuild {name} --data-dir {}`",
            dir.root().display()
        )));
    }
    Ok(())
}

fn print_report(report: &audit::Report) {
    let (store, tiles) = (&report.store, &report.tiles);
    term::print(&format!(
        "commits     {} decided again, {} facts equal",
        report.commits, report.facts
    ));
    term::print(&format!(
        "signatures  {} verify, each key in its window",
        report.signatures
    ));
    if report.members > 0 {
        term::print(&format!(
            "batches     {} members, each vouched for by its envelope",
            report.members
        ));
    }
    term::print(&format!(
        "streams     {}, ids {}",
        report.streams, report.ids
    ));
    term::print(&format!(
        "segments    {}, {} groups, {} bytes: checksums and running hash hold",
        store.segments, store.groups, store.record_bytes
    ));
    term::print(&format!(
        "tiles       {} full, {} partial",
        tiles.tiles_full, tiles.tiles_partial
    ));
    term::print(&format!("root        {}", report.root));
    match &report.published {
        Some(published) => term::print(&format!("checkpoint  of size {}, signed", published.size)),
        None => term::print("checkpoint  NONE PUBLISHED: nothing says how long the log once was"),
    }
    match &report.index {
        IndexAudit::Checked {
            checked,
            replayed,
            rebuilt,
        } => {
            term::print(&format!(
                "index       {} streams, {} ids equal the log's ({replayed} commits taken in)",
                checked.streams, checked.ids
            ));
            if let Some(doubt) = rebuilt {
                term::print(&format!("index       WAS REBUILT: {doubt}"));
            }
        }
        IndexAudit::NotAsked | IndexAudit::InUse => {
            term::print("index       NOT CHECKED: a server is using it; stop it and audit again");
        }
    }
}

fn prove(dir: &DataDir, position: u64) -> Result<(), Failure> {
    dir.require_ledger().map_err(Failure::of)?;
    let store = EmbeddedStore::open_read_only(&dir.log()).map_err(Failure::of)?;
    let (origin, key) = pinned(&store, None)?;
    let text = checkpoint::load(dir.root()).map_err(Failure::of)?;
    let text = text.ok_or_else(|| Failure::Later("nothing was published yet".into()))?;
    let (published, _) = checkpoint::Checkpoint::open(&text, &origin, &key).map_err(Failure::of)?;
    if position >= published.size {
        return Err(Failure::Failed(format!(
            "position {position} is not under the checkpoint of size {}",
            published.size
        )));
    }
    let record = store
        .read(position, 1)
        .map_err(Failure::of)?
        .into_iter()
        .next();
    let record = record.ok_or_else(|| Failure::Failed("no such position".into()))?;
    let head = Head {
        size: published.size,
        root: published.root,
        note: text,
    };
    let commit = Commit::decode(&record.leaf).map_err(Failure::of)?;
    let mut receipt =
        Proofs::receipt_from(dir.root(), position, record.leaf, &head).map_err(Failure::of)?;
    receipt.member = MemberProof::of(&store, &commit).map_err(Failure::of)?;
    term::print(receipt.to_string().trim_end_matches('\n'));
    Ok(())
}

fn open_bundle(path: &Path) -> Result<Bundle, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
    Bundle::open(&text).map_err(Failure::of)
}

fn verify(
    receipt: &Path,
    trust: &Path,
    bundle_key: Option<&str>,
    clock: &dyn Clock,
) -> Result<(), Failure> {
    let bundle = open_bundle(trust)?;
    pin(&bundle, bundle_key)?;
    let text = std::fs::read_to_string(receipt)
        .map_err(|error| Failure::Usage(format!("{}: {error}", receipt.display())))?;
    let receipt = Receipt::parse(&text).map_err(Failure::of)?;
    let policy = Policy {
        origin: bundle.log.origin.clone(),
        key: bundle.log.key.clone(),
        witnesses: bundle
            .witnesses
            .iter()
            .map(|it| Witness {
                name: it.name.clone(),
                key: it.key.clone(),
            })
            .collect(),
        quorum: usize::try_from(bundle.quorum).unwrap_or(usize::MAX),
    };
    let invalid = |error: &dyn std::fmt::Display| Failure::Invalid(error.to_string());
    let proven = receipt.verify(&policy).map_err(|error| invalid(&error))?;
    let leaf = receipt.leaf.as_deref().unwrap_or_default();
    let commit = Commit::decode(leaf).map_err(Failure::of)?;
    if commit.position != proven.index {
        return Err(Failure::Failed(
            "the leaf names another position than its proof".into(),
        ));
    }
    confirmed(&bundle, &commit, clock.now_ms())?;
    signed_by(&bundle, &commit, receipt.member.as_ref())?;
    term::print(&format!(
        "position   {} of {} in {}",
        proven.index, proven.checkpoint.size, policy.origin
    ));
    term::print(&format!(
        "assertion  {} {}",
        commit.assertion.kind(),
        commit.assertion.id()
    ));
    term::print(&format!(
        "signed by  {} (trust bundle of {})",
        commit.assertion.kid(),
        bundle.issued_at
    ));
    term::print(&format!("facts      {}", commit.facts.len()));
    term::print("proven");
    Ok(())
}

/// The assertion's signature, or its envelope's, under a key that the bundle names, in its window at
/// this position.
fn signed_by(
    bundle: &Bundle,
    commit: &Commit,
    member: Option<&MemberProof>,
) -> Result<(), Failure> {
    let kid = commit.assertion.kid().as_str();
    let key = bundle
        .key(kid)
        .ok_or_else(|| Failure::Invalid(format!("{kid} is not in the trust bundle")))?;
    let p = commit.position;
    let open = key.activated < p && key.retired.is_none_or(|retired| p <= retired);
    // The first commit carries its own key.
    if !open && p != 0 {
        return Err(Failure::Invalid(format!(
            "{kid} does not sign at position {p}"
        )));
    }
    let invalid = |error: &dyn std::fmt::Display| Failure::Invalid(format!("{kid}: {error}"));
    let assertion = &commit.assertion;
    match (member, assertion.place()) {
        (Some(member), Some(_)) => member
            .verify(assertion, &key.key)
            .map_err(|error| invalid(&error)),
        (None, Some(place)) => Err(Failure::Unconfirmed(format!(
            "in the log, but the receipt does not carry the envelope at {} that vouches for it",
            place.envelope
        ))),
        (_, None) => assertion.verify(&key.key).map_err(|error| invalid(&error)),
    }
}

/// The bundle is signed by a bundle key that it names itself; that key may be told by another way.
fn pin(bundle: &Bundle, bundle_key: Option<&str>) -> Result<(), Failure> {
    let Some(text) = bundle_key else {
        return Ok(());
    };
    let key = PublicKey::from_multikey(text)
        .map_err(|error| Failure::Usage(format!("--bundle-key: {error}")))?;
    let registrar = bundle.issuer(IssuerNumber::REGISTRAR);
    let named = registrar
        .iter()
        .flat_map(|issuer| &issuer.keys)
        .filter(|named| named.r#use == KeyUse::Bundle && named.retired.is_none());
    // One bundle key at a time: another one beside it could have signed this bundle.
    if named.clone().count() == 1 && named.into_iter().all(|named| named.key == key) {
        return Ok(());
    }
    Err(Failure::Invalid(
        "the trust bundle's key is not the one given: do not use this bundle".into(),
    ))
}

/// "Not retired before p" rests on a dated bundle: what is newer than it, or a bundle too old to
/// say anything, confirms nothing.
fn confirmed(bundle: &Bundle, commit: &Commit, now_ms: i64) -> Result<(), Failure> {
    if commit.position >= bundle.position {
        return Err(Failure::Unconfirmed(format!(
            "in the log, but the trust bundle ends before position {}: fetch a newer one (GET /trust/bundle)",
            commit.position
        )));
    }
    let issued_ms = bundle
        .issued_at
        .parse::<jiff::Timestamp>()
        .map_err(Failure::of)?
        .as_millisecond();
    let age_hours = now_ms.saturating_sub(issued_ms) / 3_600_000;
    let hours_max = i64::try_from(bundle.age_policy.unknown_hours).unwrap_or(i64::MAX);
    if age_hours > hours_max || now_ms < issued_ms {
        return Err(Failure::Unconfirmed(format!(
            "in the log, but the trust bundle is {age_hours} hours old (at most {hours_max}): fetch a newer one"
        )));
    }
    Ok(())
}
