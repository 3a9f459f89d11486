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
    bar: ProgressBar,
    what: String,
    quiet: Option<std::cell::Cell<ledger::clock::Stopwatch>>,
}

impl Bar {
    /// A bar of `length` steps.
    pub fn new(what: &str, length: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(
            Some(length),
            if terminal {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            },
        );
        let style = ProgressStyle::with_template("{msg:24} {wide_bar} {pos}/{len} {per_sec} {eta}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(what.to_owned());
        let quiet = (!terminal).then(|| std::cell::Cell::new(ledger::clock::Stopwatch::start()));
        Self {
            bar,
            what: what.into(),
            quiet,
        }
    }

    /// So many steps are done.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
        if let Some(last) = &self.quiet
            && last.get().elapsed().as_secs() >= 10
        {
            last.set(ledger::clock::Stopwatch::start());
            note(&format!(
                "{}: {done} of {}",
                self.what,
                self.bar.length().unwrap_or_default()
            ));
        }
    }

    /// It is done.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }
}
