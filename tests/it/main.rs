//! The one test binary: rules, laws, model, faults, conformance, compat, vectors, journeys, problems.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what is wrong by stopping, also in the functions that its tests share"
)]

mod index;
mod side;
