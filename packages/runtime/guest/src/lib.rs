//! The guest: QuickJS-ng on `solo5.h`.
//!
//! An image is a base image (this crate, freestanding) followed in memory by one program segment
//! that the linker of `@uk/image` appended. `solo5_app_main` in [`guest`] is where a boot becomes
//! ours; [`engine`] runs the program; the rest is what the engine stands on.

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

#[expect(unsafe_code, reason = "hands out memory")]
mod allocator;
mod boot;
#[expect(unsafe_code, reason = "a note in a section of its own, which the build changes")]
mod build_id;
mod builtin;
#[expect(unsafe_code, reason = "bytecode of this very build is not checked")]
mod console;
mod direct;
#[expect(unsafe_code, reason = "bytecode of this very build is not checked")]
mod engine;
#[expect(unsafe_code, reason = "memory as the bindings hand it over, and another stack")]
mod guest;
#[expect(unsafe_code, reason = "the one allocator, and pointers of C")]
mod heap;
mod jobs;
mod layout;
#[expect(unsafe_code, reason = "functions of C that the engine calls")]
mod libc;
mod program;
mod reading;
#[expect(unsafe_code, reason = "the bindings call it by name")]
mod report;
#[expect(unsafe_code, reason = "instructions that not every processor has")]
mod seed;
#[expect(unsafe_code, reason = "functions of the bindings")]
mod solo5;
#[expect(unsafe_code, reason = "a static in a section of its own")]
mod state;
#[cfg(feature = "test262")]
mod test262;
#[cfg(test)]
#[expect(unsafe_code, reason = "functions of the bindings")]
mod testing;

pub use guest::panicked;
pub use heap::GlobalHeap;
