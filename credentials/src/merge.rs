//! Two numbers turn out to be one person's: merging them, and taking that back (SECURITY §1.2).
//!
//! Invariant: no earlier fact moves, no lot is added or lost; the edge stands in both persons' and both
//! accounts' streams, in one commit.

pub mod apply;
pub mod request;
pub mod revert;
