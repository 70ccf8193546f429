//! What the tenders share: command line, image file, devices, diagnostics, statuses.
//!
//! A tender starts once per guest, so start-up is all that counts here: no allocation, no standard
//! library (the spt tender has none), no system call that is not needed. What a user typed and what
//! an image contains is hostile; both are only ever compared, counted and printed escaped.
//!
//! | module | what |
//! |---|---|
//! | [`cli`] | the two passes over the command line (ABI sections 6.1-6.3) |
//! | [`cmdline`] | what the guest gets of it (ABI section 4.3) |
//! | [`prepare`] | the way from a command line to a guest, as far as it is the same for all targets |
//! | [`usage`] | what `--help` prints |
//! | [`devices`] | declared against attached devices (ABI section 6.2) |
//! | [`block`] | files and block devices behind a guest's disks (ABI section 6.5) |
//! | [`net`] | TAP interfaces and descriptors behind a guest's network devices (ABI section 6.4) |
//! | [`wait_set`] | what a guest can wait for (ABI sections 4.7, 5.5) |
//! | [`image`] | the image file (ABI section 4.10, steps 2-4) |
//! | [`lifeline`] | a tender that ends with whoever started it |
//! | [`privileges`] | what is given up before the guest runs |
//! | [`diagnostics`] | one clear line on standard error |
//! | [`seccomp`] | system calls that are left, as data and as a program for the kernel |
//! | [`status`] | exit statuses (ABI section 6.6) |
//! | [`syscall`] | the host kernel; all unsafe code of this crate |

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]

pub mod block;
pub mod cli;
pub mod cmdline;
pub mod devices;
pub mod diagnostics;
pub mod image;
pub mod lifeline;
pub mod net;
pub mod prepare;
pub mod privileges;
pub mod seccomp;
pub mod status;
#[expect(unsafe_code, reason = "the host kernel is only to be had through assembly")]
pub mod syscall;
pub mod usage;
pub mod wait_set;
