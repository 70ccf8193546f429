//! hvt's network ring, an optional faster path than hypercalls 6 and 7 (ABI section 4.6).
//!
//! Indices run freely over `u32`; a slot is an index modulo [`SLOTS`]. Memory is shared with another
//! thread on the other side of a trust boundary: both sides copy an entry out once before they use it.

use core::mem::{offset_of, size_of};

use crate::Gpa;

/// Slots of the ring, for entries and for commits.
pub const SLOTS: u32 = 1024;
/// Most submissions a guest may have outstanding.
pub const MAX_OUTSTANDING: u32 = SLOTS - 1;
/// Longest frame upstream's guests send through the ring, in bytes.
pub const SLOT_BUFFER_SIZE: usize = 2048;
/// Times the host looks for work before it sleeps.
pub const HOST_SPIN: u32 = 4096;

/// [`Entry::operation`]: send a frame; no commit follows.
pub const OPERATION_WRITE: u32 = 1;
/// [`Entry::operation`]: receive a frame; a commit follows.
pub const OPERATION_READ: u32 = 2;

/// A submission; written by the guest.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// [`OPERATION_WRITE`] or [`OPERATION_READ`]; the host skips others.
    pub operation: u32,
    /// Device handle, the device's index in the manifest.
    pub handle: u32,
    /// First byte of the frame or buffer.
    pub data: Gpa,
    /// Its length in bytes.
    pub len: u32,
    /// Copied into the commit.
    pub id: u32,
    /// Always 0.
    pub reserved: u64,
}

/// A completion; written by the host.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commit {
    /// [`Entry::id`] of the submission.
    pub id: u32,
    /// A result code, see [`crate::result`].
    pub ret: i32,
    /// Length of the frame in bytes, 0 if there is none.
    pub len: u32,
    /// Always 0.
    pub reserved: u32,
}

/// The ring as it lies in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// Submissions produced; written by the guest.
    pub ent_tail: u32,
    /// Completions consumed; written by the guest.
    pub com_head: u32,
    /// Keeps the sides on cache lines of their own.
    pub reserved0: [u8; 56],
    /// Submissions consumed; written by the host.
    pub ent_head: u32,
    /// Completions produced; written by the host.
    pub com_tail: u32,
    /// 1 while the host is about to sleep and wants a kick; written by the host.
    pub needs_kick: u32,
    /// Keeps the sides on cache lines of their own.
    pub reserved1: [u8; 52],
    /// Submissions; written by the guest.
    pub entries: [Entry; SLOTS as usize],
    /// Completions; written by the host.
    pub commits: [Commit; SLOTS as usize],
}

const _: () = {
    assert!(size_of::<Entry>() == 32);
    assert!(offset_of!(Entry, handle) == 4 && offset_of!(Entry, data) == 8 && offset_of!(Entry, len) == 16);
    assert!(offset_of!(Entry, id) == 20 && offset_of!(Entry, reserved) == 24);
    assert!(size_of::<Commit>() == 16);
    assert!(
        offset_of!(Commit, ret) == 4 && offset_of!(Commit, len) == 8 && offset_of!(Commit, reserved) == 12
    );
    assert!(size_of::<Ring>() == 49280);
    assert!(offset_of!(Ring, com_head) == 4 && offset_of!(Ring, ent_head) == 64);
    assert!(offset_of!(Ring, com_tail) == 68 && offset_of!(Ring, needs_kick) == 72);
    assert!(offset_of!(Ring, entries) == 128 && offset_of!(Ring, commits) == 32896);
};
