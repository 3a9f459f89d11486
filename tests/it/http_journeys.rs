//! Journeys over real HTTP: from a request to what somebody sees.

mod imports;
mod learning;
mod operations;
mod own_key;
mod reading;
mod repeating;
