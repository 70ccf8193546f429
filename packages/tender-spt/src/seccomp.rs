//! The system calls of a guest (ABI section 5.4), and the reason for each.

use solo5_abi::spt::syscall::{
    ARCH_PRCTL, ARCH_SET_FS, CLOCK_GETTIME, CLOCK_MONOTONIC, CLOCK_REALTIME, EPOLL_PWAIT, EXIT_GROUP, STDOUT,
    TIMERFD_SETTIME, WRITE,
};

use crate::bpf::{Rule, When};

/// Number of rules a guest without devices has.
pub const RULES: usize = 7;

/// What a guest without devices may do; whatever it does often comes first. Descriptors are compared
/// in all 64 bits, as every argument is.
pub fn rules(epollfd: i32, timerfd: i32) -> [Rule; RULES] {
    let first = |syscall, value, why| Rule { syscall, when: When::Argument(0, value), why };
    [
        first(CLOCK_GETTIME, CLOCK_MONOTONIC, "solo5_clock_monotonic"),
        first(TIMERFD_SETTIME, number(timerfd), "solo5_yield arms the timer"),
        first(EPOLL_PWAIT, number(epollfd), "solo5_yield waits for timer and devices"),
        first(WRITE, STDOUT, "solo5_console_write"),
        first(CLOCK_GETTIME, CLOCK_REALTIME, "solo5_clock_wall"),
        first(ARCH_PRCTL, ARCH_SET_FS, "solo5_set_tls_base"),
        Rule { syscall: EXIT_GROUP, when: When::Always, why: "solo5_exit" },
    ]
}

fn number(fd: i32) -> u64 {
    u64::from(fd.cast_unsigned())
}
