//! The one test binary: rules, laws, model, faults, conformance, compat, vectors, journeys, problems.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says what is wrong by stopping, also in the functions that its tests share"
)]

mod audit;
mod batches;
mod canary;
mod canonical;
mod checkpoint;
mod codes;
mod compat_institutions;
mod data_dir;
mod format;
mod histories;
mod http_journeys;
mod http_trace;
mod idempotency;
mod identifiers;
mod index;
mod keys;
mod kill;
mod laws;
mod laws_delegations;
mod laws_institutions;
mod laws_keys;
mod laws_links;
mod laws_merges;
mod laws_recoveries;
mod laws_splits;
mod ledger_refusals;
mod masking;
mod merkle;
mod millicredits;
mod model;
mod openapi;
mod policy;
mod problems;
mod province;
mod receipt;
mod redaction;
mod roles;
mod rules_accounts;
mod rules_amounts;
mod rules_approvals;
mod rules_assurance;
mod rules_authenticators;
mod rules_coverage;
mod rules_credentials;
mod rules_delegations;
mod rules_endings;
mod rules_erasure;
mod rules_genesis;
mod rules_identity;
mod rules_institutions;
mod rules_key_floors;
mod rules_key_life;
mod rules_key_timeline;
mod rules_keys;
mod rules_links;
mod rules_merges;
mod rules_officers;
mod rules_own_merges;
mod rules_recoveries;
mod rules_splits;
mod rules_standing;
mod rules_successors;
mod running_log;
mod side;
mod sign_in;
mod store;
mod tiles;
mod tokens;
mod vault;
mod vc;
mod views;
