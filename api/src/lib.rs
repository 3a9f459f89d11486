//! api

mod cache;
pub mod demo;
pub mod idempotency;
pub mod keystore;
pub mod master;
mod seal;
mod side;
pub mod token;
pub mod vault;
