//! A real log over the store in memory, with a clock that stands.

use std::sync::Arc;

use credentials::rulebook::{Refusal, Rulebook};
use identity::approval::decide::Answer as Says;
use ledger::assertion::{Assertion, Target};
use ledger::clock::FixedClock;
use ledger::execute::ExecuteError;
use ledger::key::SigningKey;
use ledger::log::{Log, Options};
use ledger::sequencer::{Answer, Committed};
use ledger::store::Store;
use ledger::store::memory::MemoryStore;
use tempfile::TempDir;

use super::asking::{Asking, NOON_MS, Signer, audit, origin, person, security, system};
use super::said;

/// What a submission came to.
pub type Reply = Result<Answer, ExecuteError<Refusal>>;

/// A running log of one test.
pub struct LogWorld {
    /// The log.
    pub log: Log<Rulebook>,
    /// Its clock, at noon of 2026-06-30.
    pub clock: Arc<FixedClock>,
    /// Its store.
    pub store: Arc<MemoryStore>,
    drafts: std::cell::Cell<u64>,
    _directory: TempDir,
}

impl LogWorld {
    /// An empty log.
    pub fn empty() -> Self {
        Self::over(Arc::new(MemoryStore::new()))
    }

    /// The log in `store`, with nothing else kept.
    pub fn over(store: Arc<MemoryStore>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FixedClock::at(NOON_MS));
        let log = Log::open(
            directory.path(),
            Arc::clone(&store) as Arc<dyn Store>,
            &origin(),
            Rulebook,
            SigningKey::from_seed(&[9; 32]),
            Arc::clone(&clock) as _,
            Options {
                streams_cached_max: 4_096,
                queue_max: 64,
            },
        );
        let log = log.expect("a log");
        Self {
            log,
            clock,
            store,
            drafts: std::cell::Cell::new(0),
            _directory: directory,
        }
    }

    /// A log that was opened: a registrar and three administrators.
    pub fn genesis() -> Self {
        let world = Self::empty();
        world.makes(&said::open_log(&said::opening()));
        world
    }

    /// Signs, now, having seen the newest head.
    pub fn sign(&self, asking: &Asking) -> Assertion {
        asking.sign(self.draw(), self.now_ms(), self.log.seen())
    }

    /// A number never drawn before in this world.
    pub fn draw(&self) -> u64 {
        self.drafts.set(self.drafts.get() + 1);
        self.drafts.get()
    }

    /// The clock's time, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        ledger::clock::Clock::now_ms(self.clock.as_ref())
    }

    /// Lets time pass.
    pub fn wait_ms(&self, ms: i64) {
        self.clock.set(self.now_ms() + ms);
    }

    /// Signs and submits.
    pub fn submit(&self, asking: &Asking) -> Reply {
        self.submit_text(self.sign(asking).text())
    }

    /// Submits bytes.
    pub fn submit_text(&self, compact: &str) -> Reply {
        self.log.submit_blocking(self.log.check(compact)?)
    }

    /// The commit it makes.
    pub fn makes(&self, asking: &Asking) -> Committed {
        match self.submit(asking) {
            Ok(Answer::Committed(committed)) => committed,
            other => unreachable!("{asking:?} should have been written: {other:?}"),
        }
    }

    /// Proposes, and lets the three administrators stand in for the second person.
    pub fn agreed_by_all(&self, asking: &Asking) -> Committed {
        let proposal = target(&self.makes(asking));
        let mut last = None;
        for (officer, role) in [
            (system(), "system"),
            (security(), "security"),
            (audit(), "audit"),
        ] {
            if asking.act.as_ref().is_some_and(|act| act.person == officer) {
                continue;
            }
            last = Some(self.makes(&said::approve(proposal, officer, role)));
        }
        last.expect("somebody agreed")
    }

    /// Proposes, and has the second officer of the school agree.
    pub fn agreed(&self, asking: &Asking) -> Committed {
        let proposal = target(&self.makes(asking));
        self.makes(&said::second(asking.signer.number, proposal))
    }

    /// A log with schools 1 and 2 and persons 100, 101 and 102.
    pub fn province() -> Self {
        let world = Self::genesis();
        for number in [1, 2] {
            world.agreed_by_all(&said::admit(&said::admission(number)));
        }
        for n in 100..103 {
            world.makes(&said::register(1, person(n)));
        }
        world
    }

    /// How many commits there are, by the log and by the store, which must agree.
    pub fn size(&self) -> u64 {
        let size = self.log.head().size;
        assert_eq!(
            size,
            self.store.head(),
            "what was signed is what was stored"
        );
        size
    }
}

/// What a correction or an approval of this commit must name.
pub fn target(committed: &Committed) -> Target {
    Target {
        id: committed.commit.assertion.id(),
        leaf: committed.leaf,
    }
}

/// An approval or a rejection by the `i`th officer of school `number`.
pub fn says(number: u32, i: u64, proposal: Target, answer: Says) -> Asking {
    said::decide(Signer::school(number), proposal, answer)
        .by(super::asking::officer(number, i), "institution")
}
