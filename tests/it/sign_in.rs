//! Signing in over HTTP: who is let in, and everybody who must not be.

mod machines;
mod proofs;
mod sessions;
