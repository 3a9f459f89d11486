//! The side store over SQLite: whole transactions, unique keys, expiry, order, and no byte left.

mod full;
mod scrub;
mod transactions;
