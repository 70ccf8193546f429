//! `solo5.h`, the interface between an application and the machine it runs on.
//!
//! What every target shares is here: the table of functions, start of day, command line options, log,
//! manifest. A target adds how to talk to its tender. Each function of the table has upstream's name and
//! C calling convention (ABI section 7), so an application cannot tell these bindings from others.

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

#[cfg(all(feature = "hvt", feature = "spt"))]
compile_error!("bindings are for one target: hvt or spt");

mod options;
#[cfg(any(feature = "hvt", feature = "spt", test))]
mod rounds;
mod scale;

#[cfg(any(feature = "hvt", feature = "spt"))]
#[expect(unsafe_code, reason = "boot info and callers' memory, by address")]
mod devices;
#[cfg(any(feature = "hvt", feature = "spt"))]
#[expect(unsafe_code, reason = "the table of jumps, in assembly")]
mod entries;
#[cfg(any(feature = "hvt", feature = "spt"))]
#[expect(unsafe_code, reason = "text of callers, by address")]
mod log;
#[cfg(any(feature = "hvt", feature = "spt"))]
#[expect(unsafe_code, reason = "statics in sections of their own")]
mod notes;
#[cfg(any(feature = "hvt", feature = "spt"))]
#[expect(unsafe_code, reason = "memory as the tender hands it over")]
mod start;

#[cfg(feature = "hvt")]
#[expect(unsafe_code, reason = "instructions of the processor, and memory that is shared with the tender")]
mod hvt;
#[cfg(feature = "spt")]
#[expect(unsafe_code, reason = "system calls, and boot info by address")]
mod spt;

#[cfg(feature = "hvt")]
use hvt as target;
#[cfg(feature = "spt")]
use spt as target;

pub use options::{Level, Options};
pub use scale::Scale;
