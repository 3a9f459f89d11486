//! Imports: a file of outcomes or a roster of people, checked as a whole, then recorded row by row.
//!
//! Invariant: the dry run and the run read and decide by the same code; a row is recorded at most
//! once however often the file is sent, because origin (awarder + record) is; no message repeats a
//! personal value.
//! After a crash a running job goes on behind its last durable chunk.

mod advice;
mod batches;
pub mod control;
mod date;
pub mod file;
mod finding;
pub mod job;
mod keyed;
mod lanes;
mod look;
mod looker;
mod queue;
mod record;
mod remembered;
mod roster;
pub mod row;
pub mod table;
mod totals;
pub mod workbook;
mod worker;

pub use job::{Finding, Job, JobState, Jobs, RowError};
