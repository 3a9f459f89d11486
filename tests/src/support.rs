//! Helpers of the one test binary, each in its own room.

pub mod asking;
pub mod auditor;
pub mod browser;
pub mod faulty_disk;
pub mod given;
pub mod history;
pub mod issuing;
pub mod keeping;
pub mod key_books;
pub mod log_world;
pub mod machine;
pub mod memory_side;
pub mod panicking_side;
pub mod pen;
pub mod power_disk;
pub mod process;
pub mod provider;
pub mod raw_jws;
pub mod records;
pub mod said;
pub mod seeded;
pub mod server;
pub mod vec_store;
pub mod world;
