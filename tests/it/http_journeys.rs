//! Journeys over real HTTP: from a request to what somebody sees.

mod at_once;
mod batches;
mod codes;
mod coming_back;
mod correcting;
mod credentials;
mod demo;
mod erasing;
mod fresh;
mod helping;
pub(crate) mod imports;
mod institutions;
mod learning;
mod listing;
mod merging;
mod officers;
mod operations;
pub(crate) mod own_key;
mod proving;
mod reading;
mod repeating;
mod splitting;
mod standing;
mod stolen_key;
mod telling;
mod verifying;
