//! What the test binary stands on: the world it builds and the models it compares with.

pub mod support;
