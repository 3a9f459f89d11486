//! xuefen vault: the master key, changed and looked at by whoever runs the machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use ledger::assertion::format_s;
use ledger::clock::Clock;

use super::{Failure, data_dir, term};
use crate::app::{App, StartError};
use crate::canary;
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
    /// Look for values in every byte of the ledger's directory, its backups, its logs: exit 3 if one is there.
    Scan(Scan),
}

/// What to look for, and where.
#[derive(Debug, clap::Args)]
pub struct Scan {
    #[command(flatten)]
    pub(super) values: Values,
    /// Where to look beside the data directory: backups, log files, crash dumps.
    #[arg(long)]
    also: Vec<PathBuf>,
    #[command(flatten)]
    place: Where,
}

/// Values to look for.
#[derive(Debug, clap::Args)]
pub struct Values {
    /// File with the values, one a line, six bytes or more each; they never stand on a command line.
    #[arg(long)]
    pub(super) values_file: PathBuf,
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
    let place = match verb {
        Verb::Rotate(place) | Verb::Status(place) => place,
        Verb::Scan(args) => {
            let dir = data_dir(args.place.data_dir.as_ref(), &config);
            let mut roots = vec![dir.root().to_path_buf()];
            roots.extend(args.also.iter().cloned());
            return scan(&roots, &args.values.values_file);
        }
    };
    let dir = data_dir(place.data_dir.as_ref(), &config);
    dir.require_ledger().map_err(Failure::of)?;
    let files = Files::of(dir.root());
    if matches!(verb, Verb::Rotate(_)) {
        rotate(&files, dir.root().into(), config, clock)?;
    }
    status(&files)
}

/// Looks for the values of a file under `roots`, and says what came of it.
pub(super) fn scan(roots: &[PathBuf], values_file: &Path) -> Result<(), Failure> {
    let text = std::fs::read_to_string(values_file)
        .map_err(|error| Failure::Usage(format!("{}: {error}", values_file.display())))?;
    let values: Vec<String> = text.lines().map(|it| it.trim().to_owned()).collect();
    let values: Vec<String> = values.into_iter().filter(|it| !it.is_empty()).collect();
    if values.is_empty() || values.iter().any(|it| it.len() < canary::VALUE_BYTES_MIN) {
        return Err(Failure::Usage(format!(
            "one value a line, {} bytes or more: a shorter one stands in random bytes by chance",
            canary::VALUE_BYTES_MIN
        )));
    }
    let own = std::fs::canonicalize(values_file).map_err(Failure::of)?;
    let mut found = 0;
    for root in roots {
        let mut looked = canary::scan(root, &values)
            .map_err(|error| Failure::Failed(format!("{}: {error}", root.display())))?;
        // The file with the values has them, of course.
        looked
            .found
            .retain(|it| std::fs::canonicalize(&it.path).ok().as_ref() != Some(&own));
        for it in &looked.found {
            term::print(&format!(
                "value {} as {} in {} at {}",
                it.value,
                it.form,
                it.path.display(),
                it.offset
            ));
        }
        term::print(&format!(
            "{}: {} files, {} bytes, {} values, found {}",
            root.display(),
            looked.files,
            looked.bytes,
            values.len(),
            looked.found.len()
        ));
        found += looked.found.len();
    }
    if found == 0 {
        Ok(())
    } else {
        Err(Failure::Invalid(format!(
            "{found} places still hold a value"
        )))
    }
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
