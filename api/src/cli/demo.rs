//! xuefen demo

mod show;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Parser;
use ledger::clock::{Clock, Stopwatch};

use super::{Failure, serve, term};
use crate::app::App;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::demo::load;
use crate::demo::province::Province;
use crate::demo::summary::Summary;
use crate::{genesis, telemetry, trust_bundle};

/// Outcomes a learner has on average.
const OUTCOMES_PER_LEARNER: usize = 10;
/// Left in a directory while its demo is being made.
const UNFINISHED: &str = "demo.unfinished";

/// Arguments.
#[derive(Debug, Parser)]
pub struct Args {
    /// A directory for the demo; made if it is not there.
    #[arg(long, default_value = "data/demo")]
    data_dir: PathBuf,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Learners of the province; each has ten outcomes on average.
    #[arg(long, default_value_t = 2_000)]
    learners: usize,
    /// The province is the same for the same seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Host of the demo's ledger.
    #[arg(long, default_value = "xf.example.org")]
    host: String,
    /// Load, print a JSON summary, end.
    #[arg(long)]
    once: bool,
}

/// Loads the province unless it is there, then serves it.
pub fn run(args: &Args, mut config: Config, clock: Arc<dyn Clock>) -> Result<(), Failure> {
    config.ledger.data_dir.clone_from(&args.data_dir);
    config.server.listen = args.listen;
    // The demo's people sign in with what demo.json says; its servers find it where it listens.
    config.sign_in.bearer_tokens = true;
    let base_url = format!("http://{}", args.listen);
    config.sign_in.public_url.get_or_insert(base_url.clone());
    if config.log.level == "info" {
        config.log.level = "warn".into();
    }
    telemetry::start(&config.log);
    let dir = DataDir::at(&args.data_dir);
    let watch = Stopwatch::start();
    let runtime = serve::runtime()?;
    let loaded = Summary::load(&dir.demo())
        .filter(|_| dir.has_ledger() && !dir.root().join(UNFINISHED).exists());
    let (app, mut summary) = if let Some(summary) = loaded {
        (open(config, clock)?, summary)
    } else {
        let (app, summary) = make(args, config, &dir, clock, &runtime, &base_url)?;
        term::note(&format!("loaded in {:.1} s", watch.elapsed().as_secs_f64()));
        (app, summary)
    };
    if summary.base_url != base_url {
        summary.base_url.clone_from(&base_url);
        summary.store(&dir.demo()).map_err(Failure::of)?;
    }
    // Views that are missing are folded first: they have no answer until then.
    let last = app.ledger.head().size.saturating_sub(1);
    runtime.block_on(app.wait_until(last, serve::CATCH_UP))?;
    trust_bundle::write(&app, &dir.trust())?;
    let shown = match summary.credentials.first() {
        Some(id) => Some(show::write(&app, &dir, *id)?),
        None => None,
    };
    if args.once {
        term::print(&serde_json::to_string_pretty(&brief(&summary)).map_err(Failure::of)?);
        app.close();
        return Ok(());
    }
    let ready = watch.elapsed();
    let root = args.data_dir.clone();
    let served = runtime.block_on(serve::serve(app, move |address| {
        tell(&summary, &root, address);
        if let Some(shown) = &shown {
            shown.tell(&root, address);
        }
        term::note(&format!(
            "ready in {:.2} s; Ctrl-C stops it",
            ready.as_secs_f64()
        ));
    }));
    runtime.shutdown_timeout(serve::STOP);
    served
}

fn open(config: Config, clock: Arc<dyn Clock>) -> Result<Arc<App>, Failure> {
    let mut app = App::open(config, clock).map_err(Failure::of)?;
    app.demo = true;
    Ok(Arc::new(app))
}

/// Makes genesis and loads everything; a directory left unfinished is begun again.
fn make(
    args: &Args,
    config: Config,
    dir: &DataDir,
    clock: Arc<dyn Clock>,
    runtime: &tokio::runtime::Runtime,
    base_url: &str,
) -> Result<(Arc<App>, Summary), Failure> {
    let marker = dir.root().join(UNFINISHED);
    let genesis = {
        if !marker.exists() {
            dir.require_empty().map_err(Failure::of)?;
        }
        let _lock = dir.lock().map_err(Failure::of)?;
        if marker.exists() {
            term::note("an unfinished demo is begun again");
            clear(dir).map_err(Failure::of)?;
        }
        dir.require_empty().map_err(Failure::of)?;
        std::fs::write(&marker, b"").map_err(Failure::of)?;
        genesis::make_in(dir, &args.host, genesis::REGISTRAR_NAME, &clock).map_err(Failure::of)?
    };
    let outcomes = args.learners.saturating_mul(OUTCOMES_PER_LEARNER);
    let province = Province::generate(args.seed, args.learners, outcomes).map_err(Failure::of)?;
    let app = open(config, clock)?;
    let bar: Mutex<Option<(String, term::Bar)>> = Mutex::new(None);
    let progress = |step: &str, done: u64, of: u64| {
        let mut bar = bar.lock().unwrap_or_else(PoisonError::into_inner);
        if bar.as_ref().is_none_or(|(name, _)| name != step) {
            if let Some((_, done)) = bar.take() {
                done.finish();
            }
            *bar = Some((step.to_owned(), term::Bar::new(step, of)));
        }
        if let Some((_, bar)) = bar.as_ref() {
            bar.set(done);
        }
    };
    let summary = runtime.block_on(load::load(&app, &genesis, &province, base_url, &progress))?;
    if let Some((_, bar)) = bar.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish();
    }
    summary.store(&dir.demo()).map_err(Failure::of)?;
    std::fs::remove_file(&marker).map_err(Failure::of)?;
    Ok((app, summary))
}

/// Removes what an unfinished demo left; never called without its marker.
fn clear(dir: &DataDir) -> std::io::Result<()> {
    for entry in std::fs::read_dir(dir.root())? {
        let entry = entry?;
        if entry.file_name() == "lock" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The summary of `--once`: counts, no tokens.
fn brief(summary: &Summary) -> serde_json::Value {
    serde_json::json!({
        "base_url": summary.base_url,
        "commits": summary.commits,
        "institution": summary.institution,
        "learners": summary.learners.len(),
        "outcomes": summary.outcomes.len(),
        "credentials": summary.credentials.len(),
        "rows": summary.rows,
    })
}

/// What to open and what to try.
fn tell(summary: &Summary, root: &std::path::Path, address: SocketAddr) {
    let base = format!("http://{address}");
    let root = root.display();
    let (learner, outcomes) = (summary.learners.first(), summary.outcomes.len());
    term::print(&format!(
        "学分 Xuefen demo: {} learners, {outcomes} outcomes, {} commits at {base}",
        summary.learners.len(),
        summary.commits
    ));
    let rows = summary.rows;
    term::print(&format!(
        "  rows {}: {} recorded ({} with a warning), {} repeated, {} recorded before, {} came back with a reason; {} corrected later",
        rows.rows,
        rows.recorded,
        rows.warned,
        rows.repeated,
        rows.already,
        rows.refused,
        rows.corrected
    ));
    if let Some(learner) = learner {
        term::print("\nOpen in a browser (a learner's transcript; print it):");
        term::print(&format!("  {base}/login?token={}", learner.token));
        term::print("\nOr sign in as somebody else:");
        let tokens = &summary.tokens;
        for (who, token) in [
            ("elder 老年学习者", &tokens.elder),
            ("helper, in the elder's name 代办人", &tokens.helper),
            ("guardian, in a child's name 监护人", &tokens.guardian),
            ("clerk 录入员", &tokens.clerk),
            ("counter 窗口人员", &tokens.counter),
            ("institution 机构经办人", &tokens.institution),
            ("registrar 登记员", &tokens.registrar),
            ("system 系统管理员", &tokens.system),
            ("security 安全管理员", &tokens.security),
            ("audit 审计管理员", &tokens.audit),
        ] {
            term::print(&format!("  {base}/login?token={token}   {who}"));
        }
        term::print("\nAsk for it as JSON, with a proof for each line:");
        term::print(&format!(
            "  curl -H 'Authorization: Bearer {}' '{base}/v1/learners/{}/transcript.json?receipts=true'",
            learner.token, learner.id
        ));
    }
    term::print("\nThe log and its audit:");
    term::print(&format!("  curl {base}/log/checkpoint"));
    term::print(&format!(
        "  target/release/xuefen log audit --data-dir {root}"
    ));
    term::print("\nProve one record, then verify the proof with nothing but the trust bundle:");
    let position = summary.commits / 2;
    term::print(&format!(
        "  target/release/xuefen log prove {position} --data-dir {root} > receipt.tlog-proof"
    ));
    term::print(&format!(
        "  target/release/xuefen log prove --verify receipt.tlog-proof --trust {root}/trust.json"
    ));
    term::print(&format!(
        "\nAll tokens: {root}/demo.json · API: {base}/docs\n"
    ));
}
