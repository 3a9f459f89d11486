//! What was learned and what it counts: policy, credit, accounts, and the rulebook over all kinds.
//!
//! No I/O, no clock and no randomness: same input, same facts, for ever.

pub mod account;
pub mod credential;
pub mod merge;
pub mod millicredits;
pub mod policy;
pub mod rulebook;
pub mod split;
pub mod status_list;
pub mod trust;
pub mod vc;
pub mod verify;
