//! Stores: the same cases for every one, and for the embedded one every way a disk can fail it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on fails, and a figure is printed"
)]

mod conformance;
mod damage;
mod faults;
mod files;
mod power;

use ledger::store::embedded::{Checks, EmbeddedStore, OpenError, Options};
use tests::support::power_disk::PowerDisk;

/// Tiny segments, so that every few groups close one; no thread, so that runs repeat exactly.
const TINY: Options = Options {
    segment_bytes: 2048,
    prepare_ahead: false,
};

fn open<C: Checks>(disk: &PowerDisk) -> Result<EmbeddedStore<PowerDisk, C>, OpenError> {
    EmbeddedStore::open_on(disk.clone(), TINY)
}

/// A count from the environment: CI runs a share, a release the whole figure.
fn figure(variable: &str, share: usize) -> usize {
    let set = std::env::var(variable).ok();
    set.map_or(share, |text| text.parse().unwrap())
}
