//! The image's entry point, and a table of jumps to the functions of `solo5.h`.
//!
//! The table begins the slot of the bindings, so each function has one address, whatever the target and
//! however long the bindings are: all that lies behind the slot is then the same, byte for byte, in the
//! images of every target, but for the ABI note.

use core::arch::global_asm;
use core::ffi::{CStr, c_char};

use crate::{devices, start, target};

/// Jumps, each in 16 bytes of its own.
macro_rules! table {
    ($($name:literal => $function:path,)*) => {
        global_asm!(
            ".section .text._start,\"ax\",@progbits",
            ".balign 16",
            ".globl _start",
            ".type _start,@function",
            // The tender jumps here with boot info in rdi and rsp as after a call, so this is a function
            // that never returns. A zero frame pointer ends the debugger's stack walk.
            "_start:",
            "xor %ebp, %ebp",
            "jmp {}",
            $(
                ".balign 16",
                concat!(".globl ", $name),
                concat!(".type ", $name, ",@function"),
                concat!($name, ":"),
                "jmp {}",
            )*
            ".balign 16",
            sym target::boot,
            $(sym $function,)*
            options(att_syntax),
        );
    };
}

table! {
    "solo5_exit" => start::solo5_exit,
    "solo5_abort" => start::solo5_abort,
    "solo5_console_write" => target::console_write,
    "solo5_clock_monotonic" => target::clock_monotonic,
    "solo5_clock_wall" => target::clock_wall,
    "solo5_yield" => target::wait,
    "solo5_net_acquire" => devices::net_acquire,
    "solo5_net_read" => target::net_read,
    "solo5_net_write" => target::net_write,
    "solo5_block_acquire" => devices::block_acquire,
    "solo5_block_read" => target::block_read,
    "solo5_block_write" => target::block_write,
    "solo5_set_tls_base" => target::set_tls_base,
    "uk_target" => uk_target,
}

/// `const char *uk_target(void)`, beyond `solo5.h`: what this image was built for.
extern "C" fn uk_target() -> *const c_char {
    const NAME: &CStr = target::NAME;
    NAME.as_ptr()
}
