//! Helpers shared by the areas of `tests/it`.

pub mod pen;
pub mod vec_store;
pub mod world;
