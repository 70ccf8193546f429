//! The part of a C library that the engine asks for, and nothing else: the linker says what is
//! missing. In tests these functions have no C names, so that the host's library stays what it is.
#![cfg_attr(test, expect(dead_code, reason = "tests call what can be wrong"))]

mod math;
mod mem;
mod power;
mod power_tables;
#[cfg(test)]
mod printf;
mod system;

#[cfg(not(test))]
#[link(name = "guestprintf", kind = "static")]
unsafe extern "C" {}
