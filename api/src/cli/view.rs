//! xuefen view

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Subcommand;
use ledger::clock::{Clock, Stopwatch};

use super::{Failure, data_dir, term};
use crate::app::App;
use crate::config::Config;

/// How long a rebuild may take.
const WAIT: Duration = Duration::from_hours(24);

/// What to do with views.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The views and how far each is.
    List {
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// Fold a view again from the log, or all of them. The server must not run.
    Rebuild {
        /// Which view; all if left out.
        name: Option<String>,
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
}

/// Runs the verb.
pub fn run(verb: &Verb, mut config: Config, clock: Arc<dyn Clock>) -> Result<(), Failure> {
    let (Verb::List { data_dir: flag } | Verb::Rebuild { data_dir: flag, .. }) = verb;
    config.ledger.data_dir = data_dir(flag.as_ref(), &config).root().into();
    let app = App::open(config, clock).map_err(Failure::of)?;
    let head = app.ledger.head().size;
    if let Verb::Rebuild { name, .. } = verb {
        let names: Vec<String> = match name {
            Some(name) => vec![name.clone()],
            None => app
                .views
                .follower
                .statuses()
                .iter()
                .map(|status| status.name.to_owned())
                .collect(),
        };
        for name in names {
            let watch = Stopwatch::start();
            app.views.follower.rebuild(&name).map_err(Failure::of)?;
            term::note(&format!(
                "{name}: folded again in {:.1} s",
                watch.elapsed().as_secs_f64()
            ));
        }
    }
    if let Some(last) = head.checked_sub(1) {
        app.views
            .follower
            .wait_for(last, WAIT)
            .map_err(Failure::of)?;
    }
    for status in app.views.follower.statuses() {
        term::print(&format!(
            "{} form {} at {} of {head}",
            status.name, status.version, status.next
        ));
    }
    app.close();
    Ok(())
}
