//! Network and block devices on spt: the host's descriptors, read and written directly (ABI section 5.5).

use core::ffi::c_char;

use solo5_abi::result::{AGAIN, BlockInfo, EINVAL, EUNSPEC, NetInfo, OK};

use super::syscall;
use crate::devices::{self, Device};
use crate::rounds::Rounds;

/// For each handle.
static ROUNDS: [Rounds; 64] = [const { Rounds::new() }; 64];

/// The guest slept until these devices, a set of handles, were readable.
pub fn slept(ready: u64) {
    for (handle, rounds) in ROUNDS.iter().enumerate() {
        if ready & (1 << handle) != 0 {
            rounds.slept();
        }
    }
}

/// `solo5_result_t solo5_net_acquire(const char *, solo5_handle_t *, struct solo5_net_info *)`.
///
/// # Safety
/// `name` is NUL-terminated; the others are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn solo5_net_acquire(name: *const c_char, handle: *mut u64, info: *mut NetInfo) -> i32 {
    // SAFETY: by the caller's word.
    match unsafe { devices::find(name, |device| matches!(device, Device::Net { .. })) } {
        Some((found, Device::Net { mac, mtu, .. })) => {
            // SAFETY: both are writable by the caller's word.
            unsafe {
                handle.write(found);
                info.write(NetInfo { mac_address: mac, reserved: 0, mtu });
            }
            OK
        }
        _ => EINVAL,
    }
}

/// `solo5_result_t solo5_net_read(solo5_handle_t, uint8_t *, size_t, size_t *)`: one frame, or AGAIN.
///
/// # Safety
/// `buffer` is writable for `size` bytes, `read_size` for one number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn solo5_net_read(
    handle: u64,
    buffer: *mut u8,
    size: usize,
    read_size: *mut usize,
) -> i32 {
    let Some(Device::Net { fd, .. }) = devices::device(handle) else { return EINVAL };
    let rounds = usize::try_from(handle).ok().and_then(|handle| ROUNDS.get(handle));
    if rounds.is_some_and(Rounds::presume_empty) {
        return AGAIN;
    }
    // SAFETY: by the caller's word.
    let count = unsafe { syscall::read(fd, buffer, size) };
    match usize::try_from(count) {
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
#[unsafe(no_mangle)]
pub unsafe extern "C" fn solo5_net_write(handle: u64, frame: *const u8, size: usize) -> i32 {
    let Some(Device::Net { fd, .. }) = devices::device(handle) else { return EINVAL };
    // SAFETY: by the caller's word.
    whole(unsafe { syscall::write(fd, frame, size) }, size)
}

/// `solo5_result_t solo5_block_acquire(const char *, solo5_handle_t *, struct solo5_block_info *)`.
///
/// # Safety
/// `name` is NUL-terminated; the others are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn solo5_block_acquire(
    name: *const c_char,
    handle: *mut u64,
    info: *mut BlockInfo,
) -> i32 {
    // SAFETY: by the caller's word.
    match unsafe { devices::find(name, |device| matches!(device, Device::Block { .. })) } {
        Some((found, Device::Block { capacity, block_size, .. })) => {
            // SAFETY: both are writable by the caller's word.
            unsafe {
                handle.write(found);
                info.write(BlockInfo { capacity, block_size });
            }
            OK
        }
        _ => EINVAL,
    }
}

/// `solo5_result_t solo5_block_read(solo5_handle_t, solo5_off_t, uint8_t *, size_t)`: exactly one block.
///
/// # Safety
/// `buffer` is writable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn solo5_block_read(handle: u64, offset: u64, buffer: *mut u8, size: usize) -> i32 {
    let Some(fd) = one_block(handle, offset, size) else { return EINVAL };
    // SAFETY: by the caller's word.
    whole(unsafe { syscall::pread(fd, buffer, size, offset) }, size)
}

/// `solo5_result_t solo5_block_write(solo5_handle_t, solo5_off_t, const uint8_t *, size_t)`: exactly one
/// block.
///
/// # Safety
/// `block` is readable for `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn solo5_block_write(handle: u64, offset: u64, block: *const u8, size: usize) -> i32 {
    let Some(fd) = one_block(handle, offset, size) else { return EINVAL };
    // SAFETY: by the caller's word.
    whole(unsafe { syscall::pwrite(fd, block, size, offset) }, size)
}

/// The descriptor, if this is one whole block of a block device. The filter holds the guest to the same
/// rule, and ends it where it breaks it.
fn one_block(handle: u64, offset: u64, size: usize) -> Option<i32> {
    let Device::Block { capacity, block_size, fd } = devices::device(handle)? else { return None };
    let last = capacity.checked_sub(block_size)?;
    (size as u64 == block_size && offset.is_multiple_of(block_size) && offset <= last).then_some(fd)
}

fn whole(count: isize, size: usize) -> i32 {
    if usize::try_from(count) == Ok(size) { OK } else { EUNSPEC }
}
