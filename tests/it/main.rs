//! The one test binary: rules, laws, model, faults, conformance, compat, vectors, journeys, problems.

mod canonical;
mod checkpoint;
mod idempotency;
mod index;
mod keys;
mod merkle;
mod receipt;
mod side;
mod tiles;
mod tokens;
mod vault;
