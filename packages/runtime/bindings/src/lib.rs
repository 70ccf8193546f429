//! `solo5.h`, the interface between an application and the machine it runs on.
//!
//! What every target shares is here: start of day, command line options, log. A target adds how to
//! talk to its tender. Each public function has upstream's name and C calling convention (ABI
//! section 7), so an application cannot tell these bindings from others.

#![cfg_attr(not(test), no_std)]

mod options;
#[cfg(any(feature = "spt", test))]
mod rounds;

#[cfg(feature = "spt")]
mod devices;
#[cfg(feature = "spt")]
mod log;
#[cfg(feature = "spt")]
mod spt;
#[cfg(feature = "spt")]
mod start;

pub use options::{Level, Options};
