//! The system calls that the spt filter lets through (ABI section 5.4), and no others.
//!
//! Each returns what the kernel returned: a negative value is `-errno`.

use core::arch::asm;

use solo5_abi::spt::EpollEvent;
use solo5_abi::spt::syscall::{
    ARCH_PRCTL, ARCH_SET_FS, CLOCK_GETTIME, EPOLL_PWAIT, EXIT_GROUP, PREAD64, PWRITE64, READ,
    TIMERFD_SETTIME, WRITE,
};

const TFD_TIMER_ABSTIME: u64 = 1;

/// `EINTR`: a signal came first, ask again.
pub const EINTR: isize = 4;
/// `EAGAIN`: a descriptor that does not block has nothing for us now.
pub const EAGAIN: isize = 11;

/// `struct timespec`.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Timespec {
    /// Seconds.
    pub sec: i64,
    /// Nanoseconds below one second.
    pub nsec: i64,
}

/// `struct itimerspec`; the interval stays zero.
#[repr(C)]
#[derive(Default)]
struct Itimerspec {
    interval: Timespec,
    value: Timespec,
}

/// One system call with up to four arguments, those that are missing being 0.
///
/// # Safety
/// Pointers among the arguments must be what the call expects.
#[inline]
unsafe fn call(nr: u32, [a, b, c, d]: [u64; 4]) -> isize {
    let result: isize;
    // SAFETY: the x86_64 convention: number in rax, arguments in rdi rsi rdx r10 r8 r9, result in
    // rax, rcx and r11 lost. The caller vouches for what the kernel does with the arguments.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") u64::from(nr) => result,
            in("rdi") a,
            in("rsi") b,
            in("rdx") c,
            in("r10") d,
            in("r8") 0_u64,
            in("r9") 0_u64,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

fn address<T>(pointer: *const T) -> u64 {
    pointer.expose_provenance() as u64
}

/// write(2).
///
/// # Safety
/// `data` must be readable for `len` bytes.
pub unsafe fn write(fd: i32, data: *const u8, len: usize) -> isize {
    // SAFETY: the kernel reads `data..data + len`, which the caller vouches for.
    unsafe { call(WRITE, [fd as u64, address(data), len as u64, 0]) }
}

/// read(2).
///
/// # Safety
/// `data` must be writable for `len` bytes.
pub unsafe fn read(fd: i32, data: *mut u8, len: usize) -> isize {
    // SAFETY: the kernel writes at most `len` bytes to `data`, which the caller vouches for.
    unsafe { call(READ, [fd as u64, address(data), len as u64, 0]) }
}

/// pread(2).
///
/// # Safety
/// `data` must be writable for `len` bytes.
pub unsafe fn pread(fd: i32, data: *mut u8, len: usize, offset: u64) -> isize {
    // SAFETY: the kernel writes at most `len` bytes to `data`, which the caller vouches for.
    unsafe { call(PREAD64, [fd as u64, address(data), len as u64, offset]) }
}

/// pwrite(2).
///
/// # Safety
/// `data` must be readable for `len` bytes.
pub unsafe fn pwrite(fd: i32, data: *const u8, len: usize, offset: u64) -> isize {
    // SAFETY: the kernel reads `data..data + len`, which the caller vouches for.
    unsafe { call(PWRITE64, [fd as u64, address(data), len as u64, offset]) }
}

/// exit_group(2).
pub fn exit_group(status: i32) -> ! {
    loop {
        // SAFETY: no pointers. The call does not return.
        unsafe { call(EXIT_GROUP, [status as u64, 0, 0, 0]) };
    }
}

/// clock_gettime(2) on one of the two clocks that the filter allows.
pub fn clock_gettime(clock: u64) -> Timespec {
    let mut now = Timespec::default();
    // SAFETY: the kernel writes one timespec to `now`.
    unsafe { call(CLOCK_GETTIME, [clock, address(&raw mut now), 0, 0]) };
    now
}

/// arch_prctl(ARCH_SET_FS).
pub fn set_fs(base: u64) -> isize {
    // SAFETY: no pointer is followed; nothing in the guest is reached through FS.
    unsafe { call(ARCH_PRCTL, [ARCH_SET_FS, base, 0, 0]) }
}

/// timerfd_settime(2): one shot at `deadline` on the timer's own clock.
pub fn timer_at(fd: i32, deadline: Timespec) -> isize {
    let spec = Itimerspec { value: deadline, ..Itimerspec::default() };
    // SAFETY: the kernel reads one itimerspec from `spec`; the old value is not asked for.
    unsafe { call(TIMERFD_SETTIME, [fd as u64, TFD_TIMER_ABSTIME, address(&raw const spec), 0]) }
}

/// Time limit of a wait that has none.
pub const FOREVER: u64 = u64::MAX;

/// epoll_pwait(2) for at most so many milliseconds, without a signal mask: how many events were stored.
pub fn epoll_wait(fd: i32, events: &mut [EpollEvent], limit: u64) -> isize {
    // SAFETY: the kernel writes at most `events.len()` records.
    unsafe { call(EPOLL_PWAIT, [fd as u64, address(events.as_mut_ptr()), events.len() as u64, limit]) }
}
