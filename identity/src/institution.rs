//! Institutions and their keys, by position (SECURITY §2).
//!
//! Invariant: a key is valid at position p iff activated < p ≤ min(retired, not_valid_after); no
//! date that somebody claims has a say.

pub mod activate_key;
pub mod admit;
pub mod close;
pub mod compromise_key;
pub mod disputes;
pub mod event;
pub mod life;
pub mod merge;
pub mod new_key;
pub mod ranges;
pub mod reaffirm_history;
pub mod recover_key;
pub mod registry;
pub mod rename;
pub mod retire_key;
pub mod revive;
pub mod rotate_key;
pub mod seal;
pub mod settle_entries;
pub mod signed;
pub mod state;
pub mod succession;
pub mod suspend;
pub mod wire;

pub use disputes::Standing;
pub use event::{
    Admitted, Custody, Event, Ground, HistoryReaffirmed, KeyActivated, KeyCompromised, KeyRetired,
    KeyRotated, KeyUse, Level, Settlement,
};
pub use life::Condition;
pub use ranges::Ranges;
pub use signed::Signed;
pub use state::{CutOff, Institution, Key};
