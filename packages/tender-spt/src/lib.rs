//! The spt tender: turns its own process into a Solo5 guest (ABI section 5).
//!
//! It maps the image's segments straight from the file, leaves boot info below them, and then, from
//! one page of code that needs no stack, removes all of itself from the address space, installs a
//! system call filter and jumps. What a guest finds is its own memory, that one page, which it
//! cannot write, the descriptors of its devices, six system calls, and two for each device.
//!
//! | module | what |
//! |---|---|
//! | `tender` | the start-up sequence (ABI section 5.7) |
//! | `guest_memory` | mapping and loading (ABI sections 3.3, 5.1); unsafe |
//! | `seccomp` | which system calls are allowed, as data (ABI section 5.4) |
//! | `leftovers` | what of the tender has to go |
//! | `launch` | the way from tender to guest (ABI section 5.3); unsafe |

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

#[expect(unsafe_code, reason = "maps memory, and writes it before the guest runs")]
mod guest_memory;
#[expect(unsafe_code, reason = "leaves the tender for good, in assembly")]
mod launch;
mod leftovers;
mod seccomp;
mod tender;

pub use launch::Launch;
pub use tender::{TARGET, run};
