//! xuefen vault: the master key, changed and looked at by whoever runs the machine.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use ledger::assertion::format_s;
use ledger::clock::Clock;

use super::{Failure, data_dir, term};
use crate::app::{App, StartError};
use crate::config::Config;
use crate::data_dir::DataDirError;
use crate::master::files::Files;

/// What to do with the vault.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Put a new master key in place of the one in use. A running server takes it up within a minute and goes
    /// on answering; without one it is done here. The old key is destroyed 30 days later.
    Rotate(Where),
    /// Which master keys there are, and when the old ones are destroyed.
    Status(Where),
}

/// Where the ledger is.
#[derive(Debug, clap::Args)]
pub struct Where {
    /// The ledger's directory.
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(verb: &Verb, config: Config, clock: Arc<dyn Clock>) -> Result<(), Failure> {
    let (Verb::Rotate(place) | Verb::Status(place)) = verb;
    let dir = data_dir(place.data_dir.as_ref(), &config);
    dir.require_ledger().map_err(Failure::of)?;
    let files = Files::of(dir.root());
    if matches!(verb, Verb::Rotate(_)) {
        rotate(&files, dir.root().into(), config, clock)?;
    }
    status(&files)
}

fn rotate(
    files: &Files,
    data: PathBuf,
    mut config: Config,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    if files.are_ours() {
        files.stage().map_err(Failure::of)?;
    } else if files.next().map_err(Failure::of)?.is_none() {
        return Err(Failure::Usage(
            "the master key is given from outside: give the new one too (XUEFEN_MASTER_KEY_NEXT_FILE, or the credential xuefen-master-key-next) and start the server again".into(),
        ));
    }
    config.ledger.data_dir = data;
    match App::open(config, clock) {
        Ok(app) => {
            let done = app.carry_on_rotation();
            app.close();
            done.map_err(Failure::from)
        }
        Err(StartError::DataDir(DataDirError::InUse(_))) => {
            term::note("a server is running: it wraps every key anew within a minute");
            Ok(())
        }
        Err(error) => Err(Failure::of(error)),
    }
}

fn status(files: &Files) -> Result<(), Failure> {
    let from = if files.are_ours() {
        "the data directory"
    } else {
        "outside (a variable or a credential)"
    };
    term::print(&format!("master key: from {from}"));
    if files.next().map_err(Failure::of)?.is_some() {
        term::print("next key: there; it seals, and keys of before are being wrapped anew");
    }
    for it in files.retired().map_err(Failure::of)? {
        term::print(&format!(
            "old key: since {}, destroyed from {}",
            format_s(it.since_ms),
            format_s(it.due_ms())
        ));
    }
    Ok(())
}
