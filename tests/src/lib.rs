//! What the test binary stands on: the world it builds and the models it compares with.

#![expect(
    clippy::missing_panics_doc,
    reason = "a helper that fails is a test that fails"
)]

pub mod support;
