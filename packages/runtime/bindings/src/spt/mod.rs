//! The spt target: the guest is ordinary user code under the tender's seccomp filter, and asks the
//! host kernel directly, with descriptors that the tender left in boot info (ABI sections 5.2, 5.5).

mod io;
mod syscall;

use core::ffi::{CStr, c_char};
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};

use solo5_abi::notes::AbiTarget;
use solo5_abi::result::{EINVAL, OK};
use solo5_abi::spt::syscall::{CLOCK_MONOTONIC, CLOCK_REALTIME};
use solo5_abi::spt::{ABI_VERSION, BootInfo, EpollEvent, TIMER_EVENT_ID};

use syscall::Timespec;

pub use io::{block_read, block_write, net_read, net_write};

/// What this target is called.
pub const NAME: &CStr = c"spt";
/// What the ABI note says.
pub const ABI: (AbiTarget, u32) = (AbiTarget::Spt, ABI_VERSION);

const STDOUT: i32 = 1;
const NS_PER_S: u64 = 1_000_000_000;
/// `EPOLLERR`, `EPOLLHUP`, `EPOLLRDHUP`.
const HUNG_UP: u32 = 0x8 | 0x10 | 0x2000;

/// The timer and one event for each device that a manifest can hold.
const MAX_EVENTS: usize = 64;

/// How long a full console may hold up the guest before text is dropped: this often, 1 ms each.
const CONSOLE_PATIENCE: u32 = 1000;

/// Ticks after which a wait was a sleep: a few times what one takes that ends at once, a fraction of what
/// it takes a processor to go to sleep and wake up.
const SLEEP: u64 = 6000;

/// The wait set and its timer, from boot info.
static EPOLL_FD: AtomicI32 = AtomicI32::new(-1);
static TIMER_FD: AtomicI32 = AtomicI32::new(-1);
/// The deadline that the timer is armed for and has not reached.
static ARMED: AtomicU64 = AtomicU64::new(NOT_ARMED);
/// No deadline: one that nobody can live to see.
const NOT_ARMED: u64 = u64::MAX;

/// Where the tender starts the guest.
///
/// # Safety
/// Called once, on the boot stack, with the address of boot info.
pub unsafe extern "C" fn boot(info: *const BootInfo) -> ! {
    // A stray thread-local access then faults in the zero page instead of reading the host's data.
    syscall::set_fs(0);
    // SAFETY: the tender passes the address of its boot info, which stays mapped (ABI section 5.2).
    let boot = unsafe { info.read() };
    EPOLL_FD.store(boot.epollfd, Relaxed);
    TIMER_FD.store(boot.timerfd, Relaxed);
    crate::devices::set_manifest(boot.mft);
    // SAFETY: called once, on the boot stack; the command line is the tender's (ABI section 4.3).
    unsafe { crate::start::start(pointer(boot.cmdline), boot.mem_size) }
}

/// Ends the guest with `status`, without a word.
pub fn exit(status: i32) -> ! {
    syscall::exit_group(status)
}

/// `void solo5_console_write(const char *, size_t)`: best effort, raw bytes.
///
/// # Safety
/// `data` must be readable for `len` bytes.
pub unsafe extern "C" fn console_write(data: *const c_char, len: usize) {
    let mut sent = 0;
    let mut patience = CONSOLE_PATIENCE;
    while sent < len {
        // SAFETY: the caller vouches for `data..data + len`, and `sent < len`.
        match unsafe { syscall::write(STDOUT, data.add(sent).cast(), len - sent) } {
            0 => return,
            n if n > 0 => sent += n.unsigned_abs(),
            e if e == -syscall::EINTR => {}
            // A reader that is slow deserves a moment; one that is gone does not.
            e if e == -syscall::EAGAIN && patience > 0 => {
                patience -= 1;
                sleep(clock_monotonic() + NS_PER_S / 1000);
            }
            _ => return,
        }
    }
}

/// `solo5_time_t solo5_clock_monotonic(void)`: nanoseconds since an arbitrary moment.
pub extern "C" fn clock_monotonic() -> u64 {
    to_ns(syscall::clock_gettime(CLOCK_MONOTONIC))
}

/// `solo5_time_t solo5_clock_wall(void)`: nanoseconds since 1970, UTC.
pub extern "C" fn clock_wall() -> u64 {
    to_ns(syscall::clock_gettime(CLOCK_REALTIME))
}

/// `solo5_result_t solo5_set_tls_base(uintptr_t)`.
pub extern "C" fn set_tls_base(base: u64) -> i32 {
    if syscall::set_fs(base) == 0 { OK } else { EINVAL }
}

/// `void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready)`: sleeps until `deadline` on
/// the monotonic clock, or until a network device is readable.
///
/// # Safety
/// `ready` is null or writable; it receives bit *h* for each readable handle *h*.
pub unsafe extern "C" fn wait(deadline: u64, ready: *mut u64) {
    let handles = sleep(deadline);
    if !ready.is_null() {
        // SAFETY: not null, so writable by the caller's word.
        unsafe { ready.write(handles) };
    }
}

/// Until `deadline` or until a network device is readable; the readable ones.
fn sleep(deadline: u64) -> u64 {
    // A timer that is armed for this very deadline and has not fired needs no second call.
    if ARMED.swap(deadline, Relaxed) != deadline {
        let at = Timespec {
            sec: i64::try_from(deadline / NS_PER_S).unwrap_or(i64::MAX),
            // Bit 0 set: zero would disarm the timer (ABI section 5.5).
            nsec: ((deadline % NS_PER_S) | 1) as i64,
        };
        syscall::timer_at(TIMER_FD.load(Relaxed), at);
    }
    let mut events = [EpollEvent { events: 0, data: 0 }; MAX_EVENTS];
    let before = time_stamp();
    loop {
        let count = syscall::epoll_wait(EPOLL_FD.load(Relaxed), &mut events, syscall::FOREVER);
        if count == -syscall::EINTR {
            continue;
        }
        let count = usize::try_from(count).unwrap_or(0);
        let mut ready = 0;
        for event in events.iter().take(count) {
            match event.data {
                TIMER_EVENT_ID => ARMED.store(NOT_ARMED, Relaxed),
                handle => ready |= bit(handle),
            }
        }
        if time_stamp().wrapping_sub(before) >= SLEEP {
            crate::devices::slept(ready);
        }
        return ready;
    }
}

/// Whether the other end of a network device is closed, or sends no more.
fn is_hung_up(handle: u64) -> bool {
    let mut events = [EpollEvent { events: 0, data: 0 }; MAX_EVENTS];
    let count = syscall::epoll_wait(EPOLL_FD.load(Relaxed), &mut events, 0);
    let mut events = events.iter().take(usize::try_from(count).unwrap_or(0));
    events.any(|event| event.data == handle && event.events & HUNG_UP != 0)
}

/// Ticks of the processor: a guess at whether a wait was a sleep, without a call of the host.
fn time_stamp() -> u64 {
    // SAFETY: every x86_64 has it, and neither host nor tender forbids it to processes.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// The bit of a device in a set of handles; none for the timer, whose id no device can have.
fn bit(id: u64) -> u64 {
    const _: () = assert!(TIMER_EVENT_ID >= 64);
    u32::try_from(id).ok().and_then(|handle| 1_u64.checked_shl(handle)).unwrap_or(0)
}

/// An address from boot info.
fn pointer<T>(address: u64) -> *const T {
    // A guest is 64 bits wide: nothing is lost.
    ptr::with_exposed_provenance(usize::try_from(address).unwrap_or(usize::MAX))
}

fn to_ns(time: Timespec) -> u64 {
    time.sec as u64 * NS_PER_S + time.nsec as u64
}
