//! The one test binary: rules, laws, model, faults, conformance, compat, vectors, journeys, problems.

mod identifiers;
mod millicredits;
mod policy;
mod province;
