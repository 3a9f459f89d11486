//! Officers: persons who hold a staff role (SECURITY §5).
//!
//! Invariant: no person holds two of the three administrator roles.
//!
//! The same fact stands in the person's stream and, for roles of the whole province, in
//! `officer/province`, so that a decision can see whether a second person exists.

pub mod appoint;
pub mod clerk;
pub mod dismiss;
pub mod event;
pub mod state;
pub mod wire;

pub use event::{Event, Grantee};
pub use state::Officer;
