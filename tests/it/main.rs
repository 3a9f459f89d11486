//! The one test binary: rules, laws, model, faults, conformance, compat, vectors, journeys, problems.

mod canonical;
mod checkpoint;
mod keys;
mod merkle;
mod receipt;
mod tiles;
mod index;
mod side;
