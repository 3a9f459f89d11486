//! `credential/<id>`: one signed, checkable document about one outcome.

pub mod event;
pub mod issue;
pub mod set_status;
pub mod state;
pub mod wire;

pub use event::Event;
pub use state::{Credential, Issued};
