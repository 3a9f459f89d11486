//! The one test binary: rules, laws, model, faults, conformance, compat, vectors, journeys, problems.

#![expect(
    clippy::unwrap_used,
    reason = "a helper that fails is a test that fails"
)]

mod canonical;
mod checkpoint;
mod identifiers;
mod keys;
mod merkle;
mod millicredits;
mod policy;
mod province;
mod receipt;
mod tiles;
mod views;
    clippy::panic,
    reason = "a test says what is wrong by stopping, also in the functions that its tests share"
)]

mod index;
mod side;
mod store;
