//! What every tender promises, whatever its target: tests of the real binary, with real files, interfaces and
//! descriptors, and guests that execute.
//!
//! Not a crate: each tender has these files among its own tests, and says in `crate::target` what the suite has to
//! know of it. Its guests are in assembly, and do what they do with the calls of that target's `tests/calls.s`.

mod block;
pub mod guests;
pub mod host_failures;
mod lifecycle;
pub mod net;
mod refusals;
pub mod support;
