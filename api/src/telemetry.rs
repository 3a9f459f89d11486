//! Logs: JSON lines, or text on a terminal; a personal value has no way into them.
//!
//! Invariant: what is logged are our own fields (ids, routes, counts, error texts of ours); types
//! that hold personal values print none.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::LogConfig;

/// Starts logging to standard error.
pub fn start(config: &LogConfig) {
    let filter = EnvFilter::try_new(&config.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A second start in one process (tests) changes nothing.
    let _already = if config.json && !std::io::stderr().is_terminal() {
        builder
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .try_init()
    } else {
        builder.try_init()
    };
}
