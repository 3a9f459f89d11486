//! Journeys over real HTTP: from a request to what somebody sees.

mod at_once;
mod batches;
mod changing_master;
mod codes;
mod coming_back;
mod correcting;
mod credentials;
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
mod standing;
mod stolen_key;
mod taking_along;
mod telling;
mod verifying;
