//! xuefen config

use clap::Subcommand;

use super::{Failure, term};
use crate::config::Config;
use crate::sign_in::native::Apps;

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Read them and say whether they are good.
    Check,
    /// Print them as they are in force.
    Show,
}

/// Checks or shows; reading them was most of the check.
pub fn run(verb: &Verb, config: &Config) -> Result<(), Failure> {
    match verb {
        Verb::Check => {
            Apps::of(&config.apps).map_err(Failure::of)?;
            term::note("the settings are good");
        }
        Verb::Show => term::print(
            toml::to_string_pretty(config)
                .map_err(Failure::of)?
                .trim_end(),
        ),
    }
    Ok(())
}
