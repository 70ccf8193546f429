//! Start of day, the same on every target (ABI section 7.3).

use core::ffi::{CStr, c_char};

use solo5_abi::result::{EXIT_ABORT, StartInfo};

use crate::log::{always, log, set_level};
use crate::options::{Level, Options};
use crate::target;

/// Least memory between the end of the base image and the end of memory, in bytes.
const MIN_HEAP: u64 = 512 * 1024;

unsafe extern "C" {
    /// Page-aligned end of the base image, from the linker script; only its address means anything.
    static _end: u8;
    /// The application; its result is the exit status.
    fn solo5_app_main(info: *const StartInfo) -> i32;
}

/// Reads the command line, checks that there is memory to work with, runs the application.
///
/// # Safety
/// Called once, on the boot stack, with what the tender put into boot info: a NUL-terminated
/// command line that stays where it is, and the end of usable memory in bytes.
pub unsafe extern "C" fn start(cmdline: *const c_char, mem_size: u64) -> ! {
    // SAFETY: the tender terminates the command line within its 8192-byte area (ABI section 4.3).
    let line = unsafe { CStr::from_ptr(cmdline) };
    let options = Options::parse(line.to_bytes());
    set_level(options.level);
    let heap_start = (&raw const _end).addr() as u64;
    let heap_size = mem_size.saturating_sub(heap_start);
    if heap_size < MIN_HEAP {
        always(format_args!(
            "ABORT: {} KiB of memory are left after the image, at least {} KiB are needed: start the tender with a larger --mem",
            heap_size / 1024,
            MIN_HEAP / 1024
        ));
        target::exit(EXIT_ABORT);
    }
    log(
        Level::Info,
        format_args!("uk {} on {}", env!("CARGO_PKG_VERSION"), target::NAME.to_str().unwrap_or_default()),
    );
    log(
        Level::Info,
        format_args!("memory: {} MiB, heap and stack {heap_start:#x}..{mem_size:#x}", mem_size >> 20),
    );
    let skipped = line.count_bytes() - options.rest.len();
    let info = StartInfo {
        // SAFETY: `rest` is a suffix of the line, so its start lies within it, before the NUL.
        cmdline: unsafe { cmdline.add(skipped) }.addr() as u64,
        heap_start,
        heap_size,
    };
    // SAFETY: the application is linked into the same image and follows `solo5.h`.
    let status = unsafe { solo5_app_main(&raw const info) };
    solo5_exit(status)
}

/// `void solo5_exit(int)`.
pub extern "C" fn solo5_exit(status: i32) -> ! {
    log(Level::Info, format_args!("exit with status {status}"));
    target::exit(status)
}

/// `void solo5_abort(void)`: status 255.
pub extern "C" fn solo5_abort() -> ! {
    log(Level::Info, format_args!("abort"));
    target::exit(EXIT_ABORT)
}
