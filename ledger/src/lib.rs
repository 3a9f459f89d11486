//! What is written: signed assertions, the facts they caused, the log that keeps and proves them.
//!
//! The crate knows no learner, no institution and no HTTP.

pub mod algorithm;
pub mod assertion;
pub mod audit;
pub mod batch;
pub mod canonical;
pub mod checkpoint;
pub mod clock;
pub mod commit;
pub mod decision;
mod durable;
pub mod execute;
pub mod fact;
pub mod hash;
pub mod history;
pub mod index;
pub mod key;
pub mod log;
pub mod merkle;
pub mod proofs;
pub mod receipt;
pub mod sequencer;
pub mod side;
mod states;
pub mod store;
pub mod tail;
pub mod tile;
pub mod witness;
