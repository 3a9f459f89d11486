//! The command line: noun, then verb; data on standard output, the rest on standard error (UX §7).

mod client;
pub mod completions;
pub mod config;
pub mod demo;
pub mod import;
pub mod init;
pub mod key;
pub mod learner;
pub mod log;
pub mod officer;
pub mod roles;
pub mod serve;
pub mod sign;
pub mod term;
pub mod token;
pub mod vault;
pub mod verify;
pub mod view;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory as _, Parser, Subcommand};
use ledger::clock::{Clock, SystemClock};

use crate::config::Config;

/// A signed ledger of lifelong learning 学分.
#[derive(Debug, Parser)]
#[command(name = "xuefen", version, propagate_version = true)]
pub struct Cli {
    /// Settings file instead of the usual ones.
    #[arg(long, global = true, env = "XF_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new ledger: keys, registrar, first officers, printed recovery shares.
    Init(init::Args),
    /// Serve a ledger.
    Serve(serve::Args),
    /// Load the demo province and serve it.
    Demo(demo::Args),
    /// Send a file of outcomes.
    #[command(subcommand)]
    Import(import::Verb),
    /// What an officer does for one person.
    #[command(subcommand)]
    Learner(learner::Verb),
    /// Sign assertions with a key of your own.
    Sign(sign::Args),
    /// Check credentials and codes with nothing but a trust bundle.
    Verify(verify::Args),
    /// Audit, checkpoint, prove.
    #[command(subcommand)]
    Log(log::Verb),
    /// Access tokens.
    #[command(subcommand)]
    Token(token::Verb),
    /// What lets officers sign in, and whose account needs a look.
    #[command(subcommand, visible_alias = "officers")]
    Officer(officer::Verb),
    /// Keys.
    #[command(subcommand)]
    Key(key::Verb),
    /// The master key.
    #[command(subcommand)]
    Vault(vault::Verb),
    /// Who may do what.
    #[command(subcommand)]
    Roles(roles::Verb),
    /// Views.
    #[command(subcommand)]
    View(view::Verb),
    /// Settings.
    #[command(subcommand)]
    Config(config::Verb),
    /// The OpenAPI document.
    Openapi,
    /// Completions for a shell.
    Completions(completions::Args),
}

/// How a command ended badly; the number is its exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It failed.
    #[error("{0}")]
    Failed(String),
    /// It was called wrongly.
    #[error("{0}")]
    Usage(String),
    /// What was to be verified is false.
    #[error("{0}")]
    Invalid(String),
    /// Nothing can be said now; this does not mean forged.
    #[error("{0}")]
    Unconfirmed(String),
    /// Some rows were refused.
    #[error("{0}")]
    Partly(String),
    /// Trying again later may succeed.
    #[error("{0}")]
    Later(String),
}

impl Failure {
    /// A failure of this error.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
            Self::Invalid(_) => 3,
            Self::Unconfirmed(_) => 4,
            Self::Partly(_) => 5,
            Self::Later(_) => 75,
        }
    }
}

impl From<crate::problem::Problem> for Failure {
    fn from(problem: crate::problem::Problem) -> Self {
        let text = crate::problem::texts::of(problem.reason);
        let detail = problem.internal.as_deref().unwrap_or(&problem.detail.en);
        let what = format!(
            "{} ({}): {detail}. {}",
            text.title_en,
            problem.reason.slug(),
            text.action_en
        );
        if problem.reason.status() == axum::http::StatusCode::SERVICE_UNAVAILABLE {
            Self::Later(what)
        } else {
            Self::Failed(what)
        }
    }
}

/// Keys and opened values are in memory: no crash may write them to a disk, nor may a process of the same
/// user read them there.
fn leave_no_core() -> Result<(), Failure> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    setrlimit(Resource::Core, none)
        .map_err(|error| Failure::Failed(format!("core dumps cannot be turned off: {error}")))?;
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // A handler that the kernel pipes dumps to is not bound by the limit.
        set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(|error| {
            Failure::Failed(format!("core dumps cannot be turned off: {error}"))
        })?;
    }
    Ok(())
}

/// Reads the arguments and runs the command.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match leave_no_core().and_then(|()| run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            term::note(&format!("xuefen: {failure}"));
            ExitCode::from(failure.code())
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let settings = || Config::load(cli.config.as_deref(), std::env::vars()).map_err(Failure::of);
    match cli.command {
        Command::Init(args) => init::run(&args, &settings()?, &clock),
        Command::Serve(args) => serve::run(&args, settings()?, clock),
        Command::Demo(args) => demo::run(&args, settings()?, clock),
        Command::Import(verb) => import::run(&verb),
        Command::Learner(verb) => learner::run(&verb),
        Command::Sign(args) => sign::run(&args, clock.as_ref()),
        Command::Verify(args) => verify::run(&args, clock.as_ref()),
        Command::Log(verb) => log::run(&verb, &settings()?, clock.as_ref()),
        Command::Officer(verb) => officer::run(&verb, &settings()?, &clock),
        Command::Token(verb) => token::run(&verb, &settings()?, &clock),
        Command::Key(verb) => key::run(&verb, &settings()?, clock),
        Command::Vault(verb) => vault::run(&verb, settings()?, clock),
        Command::Roles(verb) => {
            roles::run(&verb);
            Ok(())
        }
        Command::View(verb) => view::run(&verb, settings()?, clock),
        Command::Config(verb) => config::run(&verb, &settings()?),
        Command::Openapi => {
            let (_, api) = crate::routes::all().split_for_parts();
            term::print(crate::routes::openapi::document(api).trim_end());
            Ok(())
        }
        Command::Completions(args) => {
            completions::run(&args, &mut Cli::command());
            Ok(())
        }
    }
}

/// The data directory: the flag, else the settings'.
pub(crate) fn data_dir(flag: Option<&PathBuf>, config: &Config) -> crate::data_dir::DataDir {
    crate::data_dir::DataDir::at(flag.unwrap_or(&config.ledger.data_dir))
}
