//! The demo province.

pub mod province;
