//! `status/<issuer>.<list>`: which bits of an institution's three lists are given out, and which are set.
//!
//! One stream for the three, because they share their indexes: a list is a fold of the log, so it can be
//! built as of any position.

pub mod event;
pub mod state;
pub mod wire;

pub use event::Event;
pub use state::StatusList;
