//! The demo: a province made of a seed, loaded through the same doors as a real one.
//!
//! Invariant: what is loaded passes the same rules, two persons included; a directory that was not
//! loaded to its end is begun again, a loaded one is served as it is.

pub mod load;
pub mod province;
pub mod summary;
