//! Reads Solo5 images out of untrusted bytes, and says what is wrong with those it refuses.
//!
//! Every step is a function of bytes: nothing is opened, mapped or allocated here. A caller offers its
//! image as a [`ReadAt`] and gets, in the order in which tenders report (ABI section 4.10):
//!
//! 1. [`Header::read`]: the ELF header is one of ours (ABI sections 2.5 N1-N2, 3.1);
//! 2. [`read_abi`], [`Abi::expect`]: the image was built for this target (ABI sections 2.4, 2.5);
//! 3. [`read_manifest`]: the devices it needs (ABI sections 2.2, 2.3, 2.5);
//! 4. [`Plan::new`]: what to put where, and with which protection (ABI sections 3.1-3.3).
//!
//! A [`Plan`] holds neither segments nor their bytes: [`Segments`] reads and checks them one by one, and a
//! tender may map what they name.
//!
//! Whatever the input, time is linear in the number of program headers (at most 65535), memory is
//! constant, and nothing panics.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod foreign;
mod header;
mod load;
mod manifest;
mod notes;
mod program;
mod read;

pub use foreign::{Interpreter, foreign_interpreter};
pub use header::{Header, HeaderError};
pub use load::{LoadError, Plan, Protection, Segment, SegmentError, Segments};
pub use manifest::{Device, DeviceKind, Manifest, ManifestError, find_device};
pub use notes::{
    Abi, AbiMismatch, ManifestBuffer, ManifestNoteError, NoteError, NoteKind, read_abi, read_manifest,
};
pub use program::{ProgramHeader, ProgramHeaders, ProgramKind};
pub use read::{ReadAt, ReadError};
