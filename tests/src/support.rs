//! Helpers shared by the areas of `tests/it`.

pub mod memory_side;
pub mod pen;
pub mod vec_store;
