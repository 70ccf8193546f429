//! A base image: entry, allocator and panic handler; everything else is in the libraries.

#![no_std]
#![no_main]
#![forbid(unsafe_code)]

use core::panic::PanicInfo;

// Linked for what they define: `_start` and the rest of `solo5.h`, `solo5_app_main`.
use guest_bindings as _;

#[global_allocator]
static HEAP: guest::GlobalHeap = guest::GlobalHeap;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    guest::panicked(info)
}
