//! The one test binary: rules, laws, model, faults, conformance, compat, vectors, journeys, problems.

mod store;
