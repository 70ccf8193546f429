//! `solo5-spt [options] [--] IMAGE [ARGS...]`: entry point and panic handler, nothing else.
//!
//! There is no C library in this program and nothing of Rust's `std`: starting glibc costs more than
//! all the rest of a guest's start, because it asks the processor for its features some sixty times
//! and every such question leaves a virtual machine. It also means that nobody has registered a
//! signal stack, a restartable sequence or a robust list, so nothing in the kernel points into the
//! memory that is gone when the guest runs.

#![no_std]
#![no_main]
#![deny(unsafe_code)]

#[expect(unsafe_code, reason = "entry, and functions that the compiler calls by name")]
mod freestanding;

use core::panic::PanicInfo;

use tender_core::diagnostics::Diagnostics;
use tender_core::status::{self, Exit};
use tender_core::syscall;

/// Called by `freestanding::_start` with what the kernel left on the stack.
fn main(start: freestanding::Start) -> ! {
    match tender_spt::run(start.words(), start.environment(), start.vdso()) {
        Ok(launch) => launch.enter(),
        Err(Exit(status)) => syscall::exit(status),
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    Diagnostics::new(b"", tender_spt::TARGET.program)
        .line(format_args!("internal error, please report it: {info}"));
    syscall::exit(status::ABORT)
}
