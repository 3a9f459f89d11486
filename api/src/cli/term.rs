//! Writing to the terminal: data to standard output, everything else to standard error.

use std::io::{IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line of data. A reader that went away is no error of ours.
pub fn print(line: &str) {
    let _gone = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line about the work.
pub fn note(line: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "{line}");
}

/// A bar on a terminal, with rate and time left; elsewhere a line every ten seconds.
pub struct Bar {
    drawn: ProgressBar,
    what: String,
    quiet: Option<std::cell::Cell<ledger::clock::Stopwatch>>,
}

impl Bar {
    /// A bar of `length` steps.
    pub fn new(what: &str, length: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let drawn = ProgressBar::with_draw_target(
            Some(length),
            if terminal {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            },
        );
        let style = ProgressStyle::with_template("{msg:24} {wide_bar} {pos}/{len} {per_sec} {eta}");
        drawn.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        drawn.set_message(what.to_owned());
        let quiet = (!terminal).then(|| std::cell::Cell::new(ledger::clock::Stopwatch::start()));
        Self {
            drawn,
            what: what.into(),
            quiet,
        }
    }

    /// So many steps are done.
    pub fn set(&self, done: u64) {
        self.drawn.set_position(done);
        if let Some(last) = &self.quiet
            && last.get().elapsed().as_secs() >= 10
        {
            last.set(ledger::clock::Stopwatch::start());
            note(&format!(
                "{}: {done} of {}",
                self.what,
                self.drawn.length().unwrap_or_default()
            ));
        }
    }

    /// It is done.
    pub fn finish(self) {
        self.drawn.finish_and_clear();
    }
}
