//! Random histories of a law: how many are played, and from which seed.
//!
//! Invariant: what failed is played again by the seed that was printed: `XF_<LAW>_SEED` repeats a run,
//! `XF_<LAW>_HISTORIES` says how long it is.

use std::fmt::Display;

use ledger::clock::{self, Stopwatch};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// The histories of one law.
pub(crate) struct Histories {
    law: &'static str,
    /// How many are played.
    pub(crate) count: u32,
    seed: [u8; 32],
}

fn setting(law: &str, what: &str) -> Option<String> {
    let value = std::env::var(format!("XF_{law}_{what}")).ok();
    value.filter(|value| !value.is_empty())
}

impl Histories {
    /// Of `law`, as many as `usual` unless the environment says otherwise.
    pub(crate) fn of(law: &'static str, usual: u32) -> Self {
        let count = setting(law, "HISTORIES").map_or(usual, |text| text.parse().unwrap());
        let seed = setting(law, "SEED");
        let seed = seed.map_or_else(clock::random, |text| super::keys::hex(&text));
        Self { law, count, seed }
    }

    /// Plays them; `told` says what came of them, whether or not one failed.
    #[track_caller]
    pub(crate) fn play<S: Strategy, T: Display>(
        &self,
        strategy: &S,
        play: impl Fn(S::Value) -> Result<(), TestCaseError>,
        told: impl FnOnce() -> T,
    ) {
        let (law, seed) = (self.law, self.seed.iter());
        let seed = seed.fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let config = Config {
            cases: self.count,
            failure_persistence: None,
            ..Config::default()
        };
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &self.seed);
        let started = Stopwatch::start();
        let result = TestRunner::new_with_rng(config, rng).run(strategy, play);
        super::kill::say(&format!(
            "{law}: {} histories (XF_{law}_HISTORIES) in {} ms, seed {seed} (XF_{law}_SEED): {}",
            self.count,
            started.elapsed().as_millis(),
            told()
        ));
        assert!(
            result.is_ok(),
            "XF_{law}_SEED={seed}: {}",
            result.unwrap_err()
        );
    }
}
