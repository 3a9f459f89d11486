//! The form on disk: docs/FORMAT.md and a reader in another language, held against what is written.

mod batches;
mod example;
mod forgotten;
mod reader;
