//! Who acts and how we know: persons, institutions, officers and their outside numbers.
//!
//! No I/O, no clock and no randomness: same input, same facts, for ever.

pub mod identifier;
