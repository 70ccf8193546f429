//! The real binary, run: guests, their devices, refusals, and a host that fails.

mod block;
mod guests;
mod host_failures;
mod lifecycle;
mod net;
mod refusals;
mod support;
