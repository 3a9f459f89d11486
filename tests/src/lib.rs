//! What the test binary stands on: disks that tear and fail, records, pens, the worlds it builds.
//!
//! Nothing outside this package may import it.

pub mod support;
