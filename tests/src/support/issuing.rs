//! An issuer with test keys: bundles, codes, receipts, documents and status lists, each good until a test
//! changes it (STANDARDS §4, §6, §9).
//!
//! Invariant: the same call gives the same bytes on every machine and in every release.

mod bundle;
mod code;
mod document;

use ledger::hash::Digest;
use ledger::key::SigningKey;

pub use bundle::{assertion_kid, bundle, credential_kid, key_of, list, signed, signed_by};
pub use code::{Raw, claims, code, leaf, receipt, receipt_in};
pub use document::{achievement, fetched, proven, text_of};

/// The platform.
pub const HOST: &str = "xf.example.org";
/// Its log.
pub const ORIGIN: &str = "xf.example.org/log/1";
/// When the bundle is an hour old: 2026-11-22T07:00:00Z.
pub const NOW_S: i64 = 1_795_330_800;
/// When the bundle was issued.
pub const ISSUED_AT: &str = "2026-11-22T06:00:00Z";
/// Position of the credentials.
pub const POSITION: u64 = 250;
/// Their bit in each list.
pub const INDEX: u32 = 94_567;
/// The university that issues them.
pub const UNIVERSITY: u32 = 7;
/// Another institution.
pub const COLLEGE: u32 = 9;

/// The published test key pair of the W3C vectors, `z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2`:
/// its private half is in vc-di-eddsa for everybody to read.
const PUBLISHED_SEED: [u8; 32] = [
    0xc9, 0x6e, 0xf9, 0xea, 0x10, 0xc5, 0xe4, 0x14, 0xc4, 0x71, 0x72, 0x3a, 0xff, 0x9d, 0xe7, 0x2c,
    0x35, 0xfa, 0x5b, 0x70, 0xfa, 0xe9, 0x7e, 0x88, 0x32, 0xec, 0xac, 0x7d, 0x2e, 0x2b, 0x8e, 0xd6,
];

/// The key that signs the university's credentials.
pub fn published() -> SigningKey {
    SigningKey::from_seed(&PUBLISHED_SEED)
}

/// The key whose seed is the hash of `xuefen test <name>`, as STANDARDS §4 makes its own.
pub fn named(name: &str) -> SigningKey {
    SigningKey::from_seed(&Digest::of(format!("xuefen test {name}").as_bytes()).0)
}
