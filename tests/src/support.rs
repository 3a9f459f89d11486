//! Helpers of the one test binary, each in its own room.

pub mod faulty_disk;
pub mod pen;
pub mod power_disk;
pub mod records;
pub mod seeded;
pub mod vec_store;
pub mod world;
