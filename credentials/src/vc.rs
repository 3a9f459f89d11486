//! The forms of others that credentials travel in: W3C credentials, Data Integrity proofs, status
//! lists, XF-QR/1. Pure: bytes in, bytes out; who signs and when is decided elsewhere.

pub mod achievement;
pub mod canonical;
pub mod cbor;
pub mod digits;
pub mod proof;
pub mod qr;
pub mod schema;
pub mod status;
