//! The real binary, run: guests, their devices, refusals. Guests need a KVM that can execute them:
//! tests/vm has one for hosts that do not.

mod guests;
mod refusals;
mod support;
