//! `solo5.h`, imported: the safe names of what the bindings provide.

use core::ffi::c_char;

unsafe extern "C" {
    fn solo5_console_write(data: *const c_char, len: usize);
    safe fn solo5_clock_monotonic() -> u64;
    safe fn solo5_clock_wall() -> u64;
    fn solo5_yield(deadline: u64, ready: *mut u64);
    safe fn solo5_exit(status: i32) -> !;
    safe fn solo5_abort() -> !;
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

/// Ends the guest.
pub fn exit(status: i32) -> ! {
    solo5_exit(status)
}

/// Ends the guest abnormally, status 255.
pub fn abort() -> ! {
    solo5_abort()
}
