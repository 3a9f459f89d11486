//! xuefen token

use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use identity::did::IssuerNumber;
use identity::role::Role;
use ledger::clock::{self, Clock};
use ledger::hash::Digest;
use ledger::side::sqlite::SqliteSide;
use uuid::Uuid;

use super::{Failure, data_dir, term};
use crate::config::Config;
use crate::token::{Grant, Tokens};

/// What to do with access tokens.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Make a token; it is printed once and stored hashed.
    Create {
        /// learner, clerk, institution, counter, verifier, registrar, system, security, audit or auditor.
        #[arg(long)]
        role: String,
        /// The person it acts for; the ledger decides whether the person holds the role.
        #[arg(long)]
        person: Option<Uuid>,
        /// Issuer number, for roles of an institution.
        #[arg(long)]
        institution: Option<u32>,
        /// Days until it opens nothing; none = never.
        #[arg(long)]
        days: Option<u32>,
        /// What it is for.
        #[arg(long, default_value = "")]
        label: String,
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// List tokens by their names.
    List {
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
    /// Make a token open nothing.
    Revoke {
        /// Its name, as listed.
        name: String,
        /// The ledger's directory.
        #[arg(long)]
        data_dir: Option<PathBuf>,
    },
}

/// Works on the side store, also while a server runs.
pub fn run(verb: &Verb, config: &Config, clock: &Arc<dyn Clock>) -> Result<(), Failure> {
    let flag = match verb {
        Verb::Create { data_dir, .. } | Verb::List { data_dir } | Verb::Revoke { data_dir, .. } => {
            data_dir
        }
    };
    let dir = data_dir(flag.as_ref(), config);
    dir.require_ledger().map_err(Failure::of)?;
    let side = SqliteSide::open(&dir.side(), Arc::clone(clock)).map_err(Failure::of)?;
    let tokens = Tokens::new(Arc::new(side), Arc::clone(clock));
    match verb {
        Verb::Create {
            role,
            person,
            institution,
            days,
            label,
            ..
        } => {
            let role = Role::parse(role).ok_or_else(|| {
                let all: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
                Failure::Usage(format!("{role:?} is no role; roles are {}", all.join(", ")))
            })?;
            let grant = Grant {
                role,
                person: person.unwrap_or_else(clock::uuid_v4),
                institution: institution.map(IssuerNumber),
                expires_at_ms: days
                    .map(|days| clock.now_ms().saturating_add(i64::from(days) * 86_400_000)),
                label: label.clone(),
            };
            let secret = tokens.create(&grant).map_err(Failure::of)?;
            term::note(&format!("person {}", grant.person));
            term::print(&secret);
        }
        Verb::List { .. } => {
            let mut after = None;
            loop {
                let page = tokens.list(after, 200).map_err(Failure::of)?;
                let Some((last, _)) = page.last() else {
                    break;
                };
                after = Some(*last);
                for (name, grant) in &page {
                    let institution = grant
                        .institution
                        .map_or_else(|| "-".into(), |it| it.to_string());
                    term::print(&format!(
                        "{name} {} {} {institution} {}",
                        grant.role, grant.person, grant.label
                    ));
                }
            }
        }
        Verb::Revoke { name, .. } => {
            let name = Digest::parse(name).map_err(|error| Failure::Usage(error.to_string()))?;
            if !tokens.revoke(name).map_err(Failure::of)? {
                return Err(Failure::Failed("there is no such token".into()));
            }
            term::note("revoked; a running server forgets it within a minute or at its next start");
        }
    }
    Ok(())
}
