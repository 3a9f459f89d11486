//! xuefen completions

use clap::Parser;
use clap_complete::Shell;

/// Arguments.
#[derive(Debug, Parser)]
pub struct Args {
    /// For which shell.
    shell: Shell,
}

/// Prints completions.
pub fn run(args: &Args, command: &mut clap::Command) {
    clap_complete::generate(args.shell, command, "xuefen", &mut std::io::stdout());
}
