//! What was learned and what it counts: policy, credit, agreements, points, credentials.
//!
//! No I/O, no clock and no randomness: same input, same facts, for ever.

pub mod millicredits;
pub mod policy;
