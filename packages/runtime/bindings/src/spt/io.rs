//! Network and block devices on spt: the host's descriptors, read and written directly (ABI section 5.5).

use solo5_abi::result::{AGAIN, EINVAL, EUNSPEC, OK};

use super::syscall;
use crate::devices::{self, Device};
use crate::rounds::Rounds;

/// `solo5_result_t solo5_net_read(solo5_handle_t, uint8_t *, size_t, size_t *)`: one frame, or AGAIN.
///
/// # Safety
/// `buffer` is writable for `size` bytes, `read_size` for one number.
pub unsafe extern "C" fn net_read(handle: u64, buffer: *mut u8, size: usize, read_size: *mut usize) -> i32 {
    let Some(fd) = devices::room_for_frame(handle, size) else { return EINVAL };
    let rounds = devices::rounds(handle);
    if rounds.is_some_and(Rounds::presume_empty) {
        return AGAIN;
    }
    // SAFETY: by the caller's word.
    let count = unsafe { syscall::read(fd, buffer, size) };
    match usize::try_from(count) {
        // A datagram of no bytes is a frame of none; the end of a socket looks the same, and lasts.
        Ok(0) if super::is_hung_up(handle) => EUNSPEC,
        Ok(count) => {
            rounds.inspect(|rounds| rounds.read());
            // SAFETY: by the caller's word.
            unsafe { read_size.write(count) };
            OK
        }
        Err(_) if count == -syscall::EAGAIN => AGAIN,
        Err(_) => EUNSPEC,
    }
}

/// `solo5_result_t solo5_net_write(solo5_handle_t, const uint8_t *, size_t)`: one frame.
///
/// # Safety
/// `frame` is readable for `size` bytes.
pub unsafe extern "C" fn net_write(handle: u64, frame: *const u8, size: usize) -> i32 {
    let Some(fd) = devices::one_frame(handle, size) else { return EINVAL };
    // SAFETY: by the caller's word.
    match unsafe { syscall::write(fd, frame, size) } {
        full if full == -syscall::EAGAIN => AGAIN,
        count => whole(count, size),
    }
}

/// `solo5_result_t solo5_block_read(solo5_handle_t, solo5_off_t, uint8_t *, size_t)`: exactly one block.
///
/// # Safety
/// `buffer` is writable for `size` bytes.
pub unsafe extern "C" fn block_read(handle: u64, offset: u64, buffer: *mut u8, size: usize) -> i32 {
    let Some(fd) = one_block(handle, offset, size) else { return EINVAL };
    // SAFETY: by the caller's word.
    whole(unsafe { syscall::pread(fd, buffer, size, offset) }, size)
}

/// `solo5_result_t solo5_block_write(solo5_handle_t, solo5_off_t, const uint8_t *, size_t)`: exactly one
/// block.
///
/// # Safety
/// `block` is readable for `size` bytes.
pub unsafe extern "C" fn block_write(handle: u64, offset: u64, block: *const u8, size: usize) -> i32 {
    let Some(fd) = one_block(handle, offset, size) else { return EINVAL };
    // SAFETY: by the caller's word.
    whole(unsafe { syscall::pwrite(fd, block, size, offset) }, size)
}

/// The descriptor, if this is one whole block of a block device. The filter holds the guest to the same
/// rule, and ends it where it breaks it.
fn one_block(handle: u64, offset: u64, size: usize) -> Option<i32> {
    match devices::one_block(handle, offset, size)? {
        Device::Block { fd, .. } => Some(fd),
        Device::Net { .. } => None,
    }
}

fn whole(count: isize, size: usize) -> i32 {
    if usize::try_from(count) == Ok(size) { OK } else { EUNSPEC }
}
