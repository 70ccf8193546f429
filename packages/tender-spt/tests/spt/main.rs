//! The real binary, run: what every tender promises, and what only this one does.

#[path = "../../../../crates/tender-core/suite/mod.rs"]
mod suite;

mod filter;
mod guests;
mod host_failures;
mod target;
