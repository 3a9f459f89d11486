//! Credentials: proofs, codes, status lists, bundles, and the one pipeline, each case by its code.

mod bundles;
mod cases;
mod cbor;
mod digits;
mod flips;
mod fuzz;
mod json;
mod on_platform;
mod published;
mod status;
mod vectors;
