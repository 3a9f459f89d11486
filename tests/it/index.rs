//! The index against the log: same answers as a map, or doubt; never a wrong one.

mod damage;
mod files;
mod history;
mod model;
