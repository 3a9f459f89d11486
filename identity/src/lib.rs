//! Who acts and how we know: persons, institutions, officers, keys, two-person acts.
//!
//! Pure: no I/O, no clock, no randomness; `decide` and `evolve` never see an opened personal value.

pub mod approval;
pub mod ask;
pub mod code;
pub mod date;
pub mod did;
pub mod erasable;
pub mod identifier;
pub mod institution;
pub mod limit;
pub mod officer;
pub mod person;
pub mod purpose;
pub mod role;
pub mod value;
pub mod wire;
