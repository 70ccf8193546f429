//! The real binary, run: guests, refusals, and a host that fails.

mod guests;
mod host_failures;
mod refusals;
mod support;
