//! xuefen officer

mod check;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::clock::Clock;
use ledger::side::sqlite::SqliteSide;
use uuid::Uuid;

use super::{Failure, data_dir, term};
use crate::config::Config;
use crate::master::files::Files;
use crate::sign_in::ceremony::{Ceremonies, Invitation};
use crate::vault::Vault;

/// What the platform's operator does for an officer.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a code with which an officer links the first account that signs in; printed once, good for three
    /// days and once. The officer signs in at a provider and enters it there.
    Invite {
        /// Who.
        #[arg(long)]
        person: Uuid,
        /// A role that the person holds.
        #[arg(long)]
        role: String,
        /// Issuer number, for roles of an institution.
        #[arg(long)]
        institution: Option<u32>,
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// List stale, shared and default accounts of officers. Exit code 1 if there is one, 0 if there is none, 4 if no
    /// sign-in was ever noted: then nobody knows.
    Check {
        /// This is the demo: its tokens and its sign-in belong there.
        #[arg(long)]
        demo: bool,
        /// As JSON, as `GET /v1/officers/check` answers.
        #[arg(long)]
        json: bool,
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
}

/// Works on the side store, also while a server runs.
pub fn run(verb: &Verb, config: &Config, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let (person, role, institution, flag) = match verb {
        Verb::Invite {
            person,
            role,
            institution,
            data_dir,
        } => (person, role, institution, data_dir),
        Verb::Check {
            demo,
            json,
            data_dir: flag,
        } => {
            let (json, demo) = (*json, *demo);
            let asked = check::Asked { json, demo };
            return check::run(&data_dir(flag.as_ref(), config), config, clock, &asked);
        }
    };
    let role = Role::parse(role).filter(|role| role.is_appointed());
    let role = role.ok_or_else(|| Failure::Usage("this is no role of an officer's".into()))?;
    if role.is_for_institution() != institution.is_some() {
        return Err(Failure::Usage(format!(
            "--institution goes with roles of an institution; {role} is {}",
            if role.is_for_institution() {
                "one"
            } else {
                "none"
            }
        )));
    }
    let dir = data_dir(flag.as_ref(), config);
    dir.require_ledger().map_err(Failure::of)?;
    let open = |path: &Path| SqliteSide::open(path, Arc::clone(clock)).map_err(Failure::of);
    let masters = Files::of(dir.root()).load().map_err(Failure::of)?;
    let (values, keys) = (
        Arc::new(open(&dir.vault())?),
        Arc::new(open(&dir.vault_keys())?),
    );
    let vault = Vault::open(values, keys, masters, Arc::clone(clock)).map_err(Failure::of)?;
    let side = Arc::new(open(&dir.side())?);
    let ceremonies = Ceremonies::new(side, Arc::clone(clock), &vault.root());
    let invitation = Invitation {
        person: *person,
        role,
        institution: institution.map(IssuerNumber),
    };
    let code = ceremonies.invite(&invitation)?;
    term::note("good for three days and once: give it to the officer, and to nobody else");
    term::print(&code);
    Ok(())
}
