//! The one test binary: rules, laws, model, faults, conformance, compat, vectors, journeys, problems.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what is wrong by stopping, also in the functions that its tests share"
)]

mod canonical;
mod checkpoint;
mod format;
mod identifiers;
mod index;
mod keys;
mod merkle;
mod millicredits;
mod policy;
mod province;
mod receipt;
mod side;
mod store;
mod tiles;
mod views;
