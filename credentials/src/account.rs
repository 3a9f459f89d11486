//! The account: outcomes, and the lots of credit they deposit (DOMAIN §3.4).
//!
//! Invariant: an origin (awarder + the awarder's own record number) stands in an account once; the
//! amount of a lot never changes, a correction supersedes it by another lot. What a merge brings
//! together is quarantined where both numbers have the same origin.

pub mod correct_outcome;
pub mod event;
pub mod outcome;
pub mod record_outcome;
pub mod revoke_outcome;
pub mod state;
pub mod whole;
pub mod wire;

pub use event::Event;
pub use state::{Account, Lot, LotState, Outcome, OutcomeState};
pub use whole::{Whole, whole};
