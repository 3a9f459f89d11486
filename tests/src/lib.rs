//! What the tests share: disks that tear and fail, random records, later the World of the journeys.
//!
//! Nothing outside this package may import it.

pub mod support;
