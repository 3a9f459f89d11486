//! xuefen init

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use ledger::clock::Clock;

use super::{Failure, data_dir, term};
use crate::config::Config;
use crate::genesis;

/// Arguments.
#[derive(Debug, Parser)]
pub struct Args {
    /// Host of the ledger, for ever: `xf.example.org`, or with a port.
    #[arg(long)]
    host: String,
    /// An empty directory.
    #[arg(long)]
    data_dir: Option<PathBuf>,
    /// The registrar's name.
    #[arg(long, default_value = genesis::REGISTRAR_NAME)]
    name: String,
}

/// Makes a ledger and prints, once, what must be kept.
pub fn run(args: &Args, config: &Config, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let dir = data_dir(args.data_dir.as_ref(), config);
    // Asked first: a wrong host must not leave a directory behind.
    if !genesis::is_host(&args.host) {
        return Err(Failure::of(genesis::GenesisError::Host(args.host.clone())));
    }
    // Asked before anything is made: it may be somebody else's directory.
    dir.require_empty().map_err(Failure::of)?;
    let _lock = dir.lock().map_err(Failure::of)?;
    let made = genesis::make(&dir, &args.host, &args.name, clock).map_err(Failure::of)?;
    term::print(&format!("ledger          {}", made.origin));
    term::print(&format!("registrar key   {}", made.assertion_key));
    term::print(&format!(
        "bundle key      {}   (verifiers pin this one)",
        made.bundle_key
    ));
    for (role, person) in &made.officers {
        term::print(&format!("{:<15} {person}", role.as_str()));
    }
    term::note("");
    term::note(
        "Recovery shares: print them, give them to three people, keep none here. Two rebuild the key.",
    );
    for share in &made.recovery_shares {
        term::print(&format!("recovery share  {share}"));
    }
    term::note("");
    term::note(&format!(
        "Next: name a provider in [[sign_in.providers]], then xuefen serve, and for each officer above\n\
         xuefen officer invite --data-dir {} --role <role> --person <id above>",
        dir.root().display()
    ));
    Ok(())
}
