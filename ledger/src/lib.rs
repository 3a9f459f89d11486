//! What is written: signed assertions, the facts they caused, the log that keeps and proves them.
//!
//! The crate knows no learner, no institution and no HTTP.

pub mod algorithm;
pub mod assertion;
pub mod canonical;
pub mod checkpoint;
pub mod clock;
pub mod commit;
mod durable;
pub mod fact;
pub mod hash;
pub mod history;
pub mod index;
pub mod key;
pub mod merkle;
pub mod receipt;
pub mod side;
pub mod store;
pub mod tile;
pub mod witness;
