//! Institutions and their keys, by position (SECURITY §2).
//!
//! Invariant: a key is valid at position p iff activated < p ≤ min(retired, not_valid_after); no
//! date that somebody claims has a say.

pub mod activate_key;
pub mod admit;
pub mod event;
pub mod registry;
pub mod retire_key;
pub mod state;
pub mod wire;

pub use event::{Admitted, Custody, Event, KeyActivated, KeyRetired, KeyUse, Level};
pub use state::{Institution, Key};
