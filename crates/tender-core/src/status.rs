//! Exit statuses of a tender (ABI section 6.6). Everything else is the guest's.

/// `--version`, or a guest that succeeded.
pub const SUCCESS: i32 = 0;
/// Any error of the tender, and `--help`.
pub const FAILURE: i32 = 1;
/// A broken invariant of the tender itself; what a shell shows for `abort`.
pub const ABORT: i32 = 134;

/// Nothing is left but to end with this status: what there was to say has been said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub i32);
