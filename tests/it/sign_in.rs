//! Signing in over HTTP: who is let in, and everybody who must not be.

mod hostile;
mod interop;
mod links;
mod machines;
mod passkey_holders;
mod passkeys;
mod proofs;
mod providers;
mod sessions;

pub(crate) use providers::{at_counter, invited};
