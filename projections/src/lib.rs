//! What we can see: folds of the log into tables that answer every read.
//!
//! Invariant: nothing here appends and nothing here holds an opened personal value; every file
//! under `views/` can be thrown away and is folded again from the log, to the same rows.
//! A crash loses at most the newest transaction of a view, which is folded again.

pub mod entry;
pub mod follow;
pub mod institutions;
pub mod page;
pub mod people;
pub mod projection;
mod sql;
pub mod statistics;
pub mod transcripts;
pub mod view;
pub mod views;

pub use views::Views;
