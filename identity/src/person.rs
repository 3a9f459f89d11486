//! The person: one lifelong identity, a random number with dated aliases (SECURITY §1).
//!
//! Invariant: nothing in this stream is personal by itself: names, numbers and birth dates stand as
//! commitments, their values in the vault.

pub mod assurance;
pub mod authenticator;
pub mod bind_identifier;
pub mod consent;
pub mod contact;
pub mod death;
pub mod delegation;
pub mod erasure;
pub mod erasures;
pub mod event;
pub mod link;
pub mod numbers;
pub mod recovery;
pub mod register;
pub mod served;
pub mod split;
pub mod state;
pub mod suspend;
pub mod wire;

pub use event::{Alias, Event, Registered};
pub use state::Person;
