//! `solo5.h`, imported: the safe names of what the bindings provide.

use core::ffi::{CStr, c_char};

use solo5_abi::result::{BlockInfo, NetInfo, OK};

unsafe extern "C" {
    fn solo5_console_write(data: *const c_char, len: usize);
    safe fn solo5_clock_monotonic() -> u64;
    safe fn solo5_clock_wall() -> u64;
    fn solo5_yield(deadline: u64, ready: *mut u64);
    fn solo5_net_acquire(name: *const c_char, handle: *mut u64, info: *mut NetInfo) -> i32;
    fn solo5_net_read(handle: u64, buffer: *mut u8, size: usize, read_size: *mut usize) -> i32;
    fn solo5_net_write(handle: u64, frame: *const u8, size: usize) -> i32;
    fn solo5_block_acquire(name: *const c_char, handle: *mut u64, info: *mut BlockInfo) -> i32;
    fn solo5_block_read(handle: u64, offset: u64, buffer: *mut u8, size: usize) -> i32;
    fn solo5_block_write(handle: u64, offset: u64, block: *const u8, size: usize) -> i32;
    safe fn solo5_exit(status: i32) -> !;
    safe fn solo5_abort() -> !;
    safe fn uk_target() -> *const c_char;
}

/// What this image was built for: `hvt` or `spt`.
pub fn target() -> &'static [u8] {
    // SAFETY: the bindings return a NUL-terminated constant.
    unsafe { CStr::from_ptr(uk_target()) }.to_bytes()
}

/// Best effort, raw bytes, in one call of the host where it takes them all.
pub fn console_write(text: &[u8]) {
    // SAFETY: the slice is readable for its length.
    unsafe { solo5_console_write(text.as_ptr().cast(), text.len()) };
}

/// Nanoseconds since an arbitrary moment.
pub fn clock_monotonic() -> u64 {
    solo5_clock_monotonic()
}

/// Nanoseconds since 1970, UTC.
pub fn clock_wall() -> u64 {
    solo5_clock_wall()
}

/// Sleeps until `deadline` on the monotonic clock (ns) or until a network device is readable;
/// returns the set of readable handles.
pub fn yield_until(deadline: u64) -> u64 {
    let mut ready = 0;
    // SAFETY: `ready` is writable.
    unsafe { solo5_yield(deadline, &raw mut ready) };
    ready
}

/// Why a device refused: `SOLO5_R_AGAIN`, `SOLO5_R_EINVAL` or `SOLO5_R_EUNSPEC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub i32);

fn check(code: i32) -> Result<(), Refused> {
    if code == OK { Ok(()) } else { Err(Refused(code)) }
}

/// Handle and properties of a network device.
pub fn net_acquire(name: &CStr) -> Result<(u64, NetInfo), Refused> {
    let (mut handle, mut info) = (0, NetInfo { mac_address: [0; 6], reserved: 0, mtu: 0 });
    // SAFETY: the name is NUL-terminated, the results are writable.
    check(unsafe { solo5_net_acquire(name.as_ptr(), &raw mut handle, &raw mut info) })?;
    Ok((handle, info))
}

/// One frame into `buffer`; its length.
pub fn net_read(handle: u64, buffer: &mut [u8]) -> Result<usize, Refused> {
    let mut count = 0;
    // SAFETY: the slice is writable for its length.
    check(unsafe { solo5_net_read(handle, buffer.as_mut_ptr(), buffer.len(), &raw mut count) })?;
    Ok(count)
}

/// One frame out.
pub fn net_write(handle: u64, frame: &[u8]) -> Result<(), Refused> {
    // SAFETY: the slice is readable for its length.
    check(unsafe { solo5_net_write(handle, frame.as_ptr(), frame.len()) })
}

/// Handle and properties of a block device.
pub fn block_acquire(name: &CStr) -> Result<(u64, BlockInfo), Refused> {
    let (mut handle, mut info) = (0, BlockInfo { capacity: 0, block_size: 0 });
    // SAFETY: the name is NUL-terminated, the results are writable.
    check(unsafe { solo5_block_acquire(name.as_ptr(), &raw mut handle, &raw mut info) })?;
    Ok((handle, info))
}

/// One block into `buffer`.
pub fn block_read(handle: u64, offset: u64, buffer: &mut [u8]) -> Result<(), Refused> {
    // SAFETY: the slice is writable for its length.
    check(unsafe { solo5_block_read(handle, offset, buffer.as_mut_ptr(), buffer.len()) })
}

/// One block out.
pub fn block_write(handle: u64, offset: u64, block: &[u8]) -> Result<(), Refused> {
    // SAFETY: the slice is readable for its length.
    check(unsafe { solo5_block_write(handle, offset, block.as_ptr(), block.len()) })
}

/// Ends the guest.
pub fn exit(status: i32) -> ! {
    solo5_exit(status)
}

/// Ends the guest abnormally, status 255.
pub fn abort() -> ! {
    solo5_abort()
}
