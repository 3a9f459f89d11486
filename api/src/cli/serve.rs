//! xuefen serve

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use ledger::clock::Clock;
use tokio::sync::watch;

use super::{Failure, term};
use crate::app::App;
use crate::config::Config;
use crate::{import, server, telemetry, trust_bundle};

/// How long views may take to be folded before whoever waits for them gives up.
pub(super) const CATCH_UP: Duration = Duration::from_mins(10);

/// How long work in the background may go on once requests are answered.
pub(crate) const STOP: Duration = Duration::from_secs(10);

/// Arguments.
#[derive(Debug, Parser)]
pub struct Args {
    /// The ledger's directory.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// Address to listen on; `[::]:8080` for IPv4 and IPv6.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Address of /metrics.
    #[arg(long)]
    admin_listen: Option<SocketAddr>,
}

/// Serves until SIGTERM or SIGINT.
pub fn run(args: &Args, mut config: Config, clock: Arc<dyn Clock>) -> Result<(), Failure> {
    if let Some(data_dir) = &args.data_dir {
        config.ledger.data_dir.clone_from(data_dir);
    }
    config.server.listen = args.listen.unwrap_or(config.server.listen);
    config.server.admin_listen = args.admin_listen.or(config.server.admin_listen);
    telemetry::start(&config.log);
    if config.sign_in.bearer_tokens {
        tracing::warn!("sign_in.bearer_tokens is on: whoever copies a token can use it");
    }
    let app = Arc::new(App::open(config, clock).map_err(Failure::of)?);
    let runtime = runtime()?;
    let served = runtime.block_on(serve(app, |address| {
        term::note(&format!("listening on http://{address}"));
    }));
    runtime.shutdown_timeout(STOP);
    served
}

/// A runtime with a thread for each core.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::of)
}

/// Serves `app` until a signal; says where once it listens.
pub(crate) async fn serve(
    app: Arc<App>,
    listening: impl FnOnce(SocketAddr),
) -> Result<(), Failure> {
    // What is open goes on before anybody can ask: a copy from before must not be read meanwhile.
    let carrying = Arc::clone(&app);
    tokio::task::spawn_blocking(move || carrying.carry_on_erasures())
        .await
        .map_err(Failure::of)??;
    let listener = server::bind(app.config.server.listen)
        .await
        .map_err(Failure::of)?;
    let address = listener.local_addr().map_err(Failure::of)?;
    publish_trust(&app);
    import::control::resume(&app)?;
    app.keep_house();
    app.keep_telling();
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping: no new requests, running ones are finished");
        let _receivers = stop.send(true);
    });
    listening(address);
    server::serve(app, listener, stopped)
        .await
        .map_err(Failure::of)
}

/// Writes `trust.json` once the views have caught up; the door answers a newer one at any time.
fn publish_trust(app: &Arc<App>) {
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let last = app.ledger.head().size.saturating_sub(1);
        if app.wait_until(last, CATCH_UP).await.is_err() {
            return;
        }
        let path = app.dir.trust();
        let written = tokio::task::spawn_blocking(move || trust_bundle::write(&app, &path)).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::warn!("trust.json could not be written; GET /trust/bundle has the bundle");
        }
    });
}

/// Waits for SIGTERM or SIGINT.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminate = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                terminate.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
