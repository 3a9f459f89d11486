//! What the test binary stands on: disks that tear and fail, records, pens, the worlds it builds.
//!
//! Nothing outside this package may import it.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a helper that fails is a test that fails"
)]

pub mod support;
