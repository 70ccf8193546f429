//! What stands on `solo5.h` and the heap: the allocator's C face, clocks, the console, a few stubs.

use core::ffi::{c_char, c_int, c_long, c_void};
use core::ptr;

use crate::{heap, solo5};

/// `struct timespec` and, with microseconds, `struct timeval`.
#[repr(C)]
struct Time {
    sec: i64,
    fraction: i64,
}

/// `struct tm` (glibc's layout, which the engine was compiled against).
#[repr(C)]
struct Tm {
    fields: [c_int; 9],
    gmtoff: c_long,
    zone: *const c_char,
}

const NS_PER_S: u64 = 1_000_000_000;
const CLOCK_REALTIME: c_int = 0;

#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn malloc(size: usize) -> *mut c_void {
    heap::malloc(size).cast()
}

#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn calloc(count: usize, size: usize) -> *mut c_void {
    heap::calloc(count, size).cast()
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: C's contract for realloc is the heap's.
    unsafe { heap::realloc(block.cast(), size).cast() }
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn free(block: *mut c_void) {
    // SAFETY: C's contract for free is the heap's.
    unsafe { heap::free(block.cast()) }
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn malloc_usable_size(block: *mut c_void) -> usize {
    // SAFETY: the block is live, as for free.
    unsafe { heap::usable_size(block.cast()) }
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn clock_gettime(clock: c_int, now: *mut Time) -> c_int {
    let ns = if clock == CLOCK_REALTIME { solo5::clock_wall() } else { solo5::clock_monotonic() };
    // SAFETY: the caller passes a writable timespec.
    unsafe { now.write(split(ns, 1)) };
    0
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn gettimeofday(now: *mut Time, _zone: *mut c_void) -> c_int {
    // SAFETY: the caller passes a writable timeval.
    unsafe { now.write(split(solo5::clock_wall(), 1000)) };
    0
}

fn split(ns: u64, unit: u64) -> Time {
    Time { sec: (ns / NS_PER_S) as i64, fraction: (ns % NS_PER_S / unit) as i64 }
}

/// A guest lives in UTC. The engine reads only the offset from it.
#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn localtime_r(_time: *const i64, tm: *mut Tm) -> *mut Tm {
    // SAFETY: the caller passes a writable `struct tm`.
    unsafe { tm.write(Tm { fields: [0; 9], gmtoff: 0, zone: c"UTC".as_ptr() }) };
    tm
}

#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn abort() -> ! {
    solo5::console_write(b"Solo5: ABORT: the engine called abort\n");
    solo5::abort()
}

/// Where the printf family (printf.c) and the engine's own dumps end up.
#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn uk_console_write(text: *const c_char, len: usize) {
    // SAFETY: printf.c passes a buffer with `len` formatted bytes.
    solo5::console_write(unsafe { core::slice::from_raw_parts(text.cast(), len) });
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn fwrite(data: *const c_void, size: usize, count: usize, _file: *mut c_void) -> usize {
    // SAFETY: the caller passes `size * count` readable bytes.
    solo5::console_write(unsafe { core::slice::from_raw_parts(data.cast(), size * count) });
    count
}

#[cfg_attr(not(test), unsafe(no_mangle))]
extern "C" fn fputc(byte: c_int, _file: *mut c_void) -> c_int {
    solo5::console_write(&[byte.to_le_bytes()[0]]);
    byte
}

/// A guest has one thread: a lock is always free, a wait for another thread never ends well.
macro_rules! thread_stubs {
    ($($name:ident => $result:expr),* $(,)?) => {
        $(#[cfg_attr(not(test), unsafe(no_mangle))] extern "C" fn $name() -> c_int { $result })*
    };
}

const ETIMEDOUT: c_int = 110;

thread_stubs! {
    pthread_mutex_init => 0, pthread_mutex_lock => 0, pthread_mutex_unlock => 0, pthread_mutex_destroy => 0,
    pthread_cond_init => 0, pthread_cond_destroy => 0, pthread_cond_signal => 0, pthread_cond_wait => 0,
    pthread_cond_timedwait => ETIMEDOUT,
    pthread_condattr_init => 0, pthread_condattr_destroy => 0, pthread_condattr_setclock => 0,
}

#[cfg_attr(not(test), unsafe(no_mangle))]
unsafe extern "C" fn pthread_once(done: *mut c_int, init: extern "C" fn()) -> c_int {
    // SAFETY: the caller passes a once-control that starts as zero.
    unsafe {
        if ptr::replace(done, 1) == 0 {
            init();
        }
    }
    0
}

// The precompiled core and alloc name these although nothing unwinds here: a panic aborts.
#[cfg(not(test))]
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    abort()
}

#[cfg(not(test))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
