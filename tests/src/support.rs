//! Helpers shared by the areas of `tests/it`.

pub mod asking;
pub mod auditor;
pub mod given;
pub mod history;
pub mod log_world;
pub mod pen;
pub mod raw_jws;
pub mod said;
pub mod vec_store;
