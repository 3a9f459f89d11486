//! The side store over SQLite: whole transactions, unique keys, expiry, order, and no byte left.

mod scrub;
mod transactions;
