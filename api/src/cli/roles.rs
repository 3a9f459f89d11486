//! xuefen roles: who may do what.

use std::fmt::Write as _;

use clap::Subcommand;
use identity::role::Role;

use super::term;
use crate::roles;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// The matrix of actions and roles that the server refuses by.
    Show,
}

/// Runs the verb.
pub fn run(verb: &Verb) {
    match verb {
        Verb::Show => term::print(table().trim_end()),
    }
}

/// A line an action, in English, with who may and how; roles that may not are left out.
fn table() -> String {
    let mut out = String::from(
        "● alone · ② a second person must agree · ○ own data only · everybody else is refused\n\n",
    );
    for (action, row) in roles::rows() {
        let cells: Vec<String> = Role::ALL
            .into_iter()
            .filter_map(|role| Some(format!("{role} {}", row.may(role)?.sign())))
            .collect();
        // Writing to a String cannot fail.
        let _written = writeln!(out, "{action:<18} {} · {}", row.zh, row.en);
        let _written = writeln!(out, "{:<18} {}", "", cells.join(" · "));
    }
    out
}
