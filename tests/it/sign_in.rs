//! Signing in over HTTP: who is let in, and everybody who must not be.

mod apps;
mod hostile;
mod interop;
mod links;
mod machines;
mod own_merges;
mod passkey_holders;
mod passkeys;
mod proofs;
pub(crate) mod providers;
mod sessions;
mod sources;
mod tries;

pub(crate) use providers::{at_counter, field, invited};
