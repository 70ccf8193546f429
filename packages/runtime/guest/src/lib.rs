//! The guest: QuickJS-ng on `solo5.h`.
//!
//! An image is a base image (this crate, freestanding) followed in memory by one program segment
//! that the linker of `@uk/image` appended. `solo5_app_main` in [`guest`] is where a boot becomes
//! ours; [`engine`] runs the program; the rest is what the engine stands on.

#![cfg_attr(all(feature = "freestanding", not(test)), no_std)]

extern crate alloc;

pub mod build_id;
pub mod layout;
pub mod program;

#[cfg(feature = "freestanding")]
mod boot;
#[cfg(feature = "freestanding")]
mod builtin;
#[cfg(feature = "freestanding")]
mod console;
#[cfg(feature = "freestanding")]
mod direct;
#[cfg(feature = "freestanding")]
mod engine;
#[cfg(feature = "freestanding")]
mod guest;
#[cfg(feature = "freestanding")]
mod heap;
#[cfg(feature = "freestanding")]
mod jobs;
#[cfg(any(test, feature = "freestanding"))]
mod libc;
#[cfg(feature = "freestanding")]
mod reading;
#[cfg(feature = "freestanding")]
mod report;
#[cfg(feature = "freestanding")]
mod seed;
#[cfg(feature = "freestanding")]
mod solo5;
#[cfg(feature = "test262")]
mod test262;

#[cfg(feature = "freestanding")]
pub use guest::panicked;
#[cfg(feature = "freestanding")]
pub use heap::GlobalHeap;
