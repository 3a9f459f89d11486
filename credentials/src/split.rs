//! One account that held two people is taken apart, outcome by outcome (SECURITY §1.2, DOMAIN §3.15).
//!
//! Invariant: an outcome moves in one commit, signed by its issuer, that ends it here and records it there with
//! the same credit; so no lot counts twice and no sum changes at any position. Nothing of the account is used
//! until each outcome is where the manifest of two officers puts it.
//! A crash loses nothing: pure.

pub mod agree;
pub mod apply;
pub mod division;
pub mod propose;
pub mod transfer;
pub mod withdraw;
