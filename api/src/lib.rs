//! api

pub mod demo;
