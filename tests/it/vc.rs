//! Credentials: proofs, codes, status lists, bundles, and the one pipeline, each case by its code.

#![expect(
    clippy::too_many_lines,
    reason = "a table of cases is as long as it is"
)]

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
