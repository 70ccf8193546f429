//! What a call answers to JavaScript: a count that is not negative, the negative of the host's `errno`
//! (which ends at 4095), or one of these. `js/native.ts` has the same numbers.

/// There is no such device here, or it was closed.
pub const NOT_OPEN: i32 = -5000;
/// What should be a `Uint8Array` is something else.
pub const NOT_BYTES: i32 = -5001;
/// Offset or length are not whole blocks of the device; a length is not that of a frame, or of a buffer for one.
pub const RANGE: i32 = -5002;
/// A defect of this addon, caught.
pub const DEFECT: i32 = -5003;
/// The other end of a network device is closed.
pub const GONE: i32 = -5004;
