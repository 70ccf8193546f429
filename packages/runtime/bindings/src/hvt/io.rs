//! Network and block devices on hvt: hypercalls, or the network ring where there is one (ABI sections 4.5,
//! 4.6).

use solo5_abi::result::{AGAIN, EINVAL, OK};

use super::{hypercall, ring};
use crate::devices;
use crate::rounds::Rounds;

/// `solo5_result_t solo5_net_read(solo5_handle_t, uint8_t *, size_t, size_t *)`: one frame, or AGAIN.
///
/// # Safety
/// `buffer` is writable for `size` bytes, `read_size` for one number.
pub unsafe extern "C" fn net_read(handle: u64, buffer: *mut u8, size: usize, read_size: *mut usize) -> i32 {
    // A device of another kind, or none, is not the tender's business: it would end the guest.
    if devices::room_for_frame(handle, size).is_none() {
        return EINVAL;
    }
    let rounds = devices::rounds(handle);
    if rounds.is_some_and(Rounds::presume_empty) {
        return AGAIN;
    }
    // SAFETY: by the caller's word.
    let (result, len) = unsafe {
        match ring::read(handle, buffer, size) {
            Some(read) => read,
            None => hypercall::net_read(handle, buffer, size),
        }
    };
    if result == OK {
        rounds.inspect(|rounds| rounds.read());
        // SAFETY: by the caller's word. No frame is longer than its buffer.
        unsafe { read_size.write(usize::try_from(len).unwrap_or(0).min(size)) };
    }
    result
}

/// `solo5_result_t solo5_net_write(solo5_handle_t, const uint8_t *, size_t)`: one frame.
///
/// # Safety
/// `frame` is readable for `size` bytes.
pub unsafe extern "C" fn net_write(handle: u64, frame: *const u8, size: usize) -> i32 {
    // No interface takes less than a header; some tenders end the guest for it.
    if devices::one_frame(handle, size).is_none() {
        return EINVAL;
    }
    // SAFETY: by the caller's word.
    unsafe {
        if ring::write(handle, frame, size) {
            return OK;
        }
        hypercall::net_write(handle, frame, size)
    }
}

/// `solo5_result_t solo5_block_read(solo5_handle_t, solo5_off_t, uint8_t *, size_t)`: exactly one block.
///
/// # Safety
/// `buffer` is writable for `size` bytes.
pub unsafe extern "C" fn block_read(handle: u64, offset: u64, buffer: *mut u8, size: usize) -> i32 {
    if devices::one_block(handle, offset, size).is_none() {
        return EINVAL;
    }
    // SAFETY: by the caller's word.
    unsafe { hypercall::block_read(handle, offset, buffer, size) }
}

/// `solo5_result_t solo5_block_write(solo5_handle_t, solo5_off_t, const uint8_t *, size_t)`: exactly one
/// block.
///
/// # Safety
/// `block` is readable for `size` bytes.
pub unsafe extern "C" fn block_write(handle: u64, offset: u64, block: *const u8, size: usize) -> i32 {
    if devices::one_block(handle, offset, size).is_none() {
        return EINVAL;
    }
    // SAFETY: by the caller's word.
    unsafe { hypercall::block_write(handle, offset, block, size) }
}
