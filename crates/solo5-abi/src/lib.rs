//! The Solo5 ABI as types: records, numbers and limits of the targets hvt and spt on x86_64.
//!
//! Guest and tender meet only here, so nothing in this crate does anything: a record has the layout
//! that the other side reads, asserted at compile time, and a number has the section of the ABI
//! document it comes from. All integers are little endian.
//!
//! | module | what |
//! |---|---|
//! | [`limits`] | counts and sizes both sides must respect |
//! | [`memory`] | guest-physical addresses that are fixed |
//! | [`notes`] | the ELF notes of an image, and its `.interp` |
//! | [`mft`] | the manifest |
//! | [`result`] | result codes, exit statuses |
//! | [`spt`] | boot info, wait set and system calls of spt |
//! | [`hvt`] | boot info, tables, ports and hypercalls of hvt |
//! | [`ring`] | hvt's network ring |

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod hvt;
pub mod limits;
pub mod memory;
pub mod mft;
pub mod notes;
pub mod result;
pub mod ring;
pub mod spt;

/// A guest-physical address. On spt it is the host's virtual address as well (ABI section 5.1).
pub type Gpa = u64;
