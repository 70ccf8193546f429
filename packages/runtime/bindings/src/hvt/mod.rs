//! The hvt target: the guest is all there is on a virtual processor, and asks its tender by hypercalls
//! (ABI section 4).

mod descriptors;
mod hypercall;
mod io;
mod ring;
mod trap;

use core::arch::x86_64::_rdtsc;
use core::arch::{asm, naked_asm};
use core::ffi::{CStr, c_char};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use solo5_abi::hvt::{ABI_VERSION, BootInfo};
use solo5_abi::memory::STACK_OFFSET;
use solo5_abi::notes::AbiTarget;
use solo5_abi::result::{EINVAL, EXIT_ABORT, OK};

use crate::Scale;
use crate::log::always;

pub use io::{block_read, block_write, net_read, net_write};

/// What this target is called.
pub const NAME: &CStr = c"hvt";
/// What the ABI note says.
pub const ABI: (AbiTarget, u32) = (AbiTarget::Hvt, ABI_VERSION);

/// The base address of FS, a register of its own (ABI section 7.2).
const MSR_FS_BASE: u32 = 0xC000_0100;
/// First address above those that a program may use, with four levels of page tables.
const CANONICAL_END: u64 = 1 << 47;

/// Ticks after which a wait was a sleep: a few times what one takes that ends at once, a fraction of what
/// it takes a processor of the host to go to sleep and wake up.
const SLEEP: u64 = 40_000;

/// [`Scale`] of the processor's clock; 0 until boot.
static MULT: AtomicU32 = AtomicU32::new(0);
static SHIFT: AtomicU32 = AtomicU32::new(0);

/// Where the tender starts the guest.
///
/// # Safety
/// Called once, on the boot stack, with the address of boot info.
pub unsafe extern "C" fn boot(info: *const BootInfo) -> ! {
    // SAFETY: called once, before anything can trap that should be reported.
    unsafe { descriptors::load() };
    // SAFETY: the tender passes the address of its boot info, which stays as it is (ABI section 4.3).
    let info = unsafe { info.read() };
    match Scale::new(info.cpu_cycle_freq) {
        Some(Scale { mult, shift }) => {
            MULT.store(mult, Relaxed);
            SHIFT.store(shift, Relaxed);
        }
        None => {
            always(format_args!(
                "ABORT: the tender says that this processor's clock has {} Hz",
                info.cpu_cycle_freq
            ));
            exit(EXIT_ABORT);
        }
    }
    crate::devices::set_manifest(info.mft);
    let (cmdline, mem_size) = (pointer(info.cmdline), info.mem_size);
    match ring::find(&info) {
        // SAFETY: called once; the command line is the tender's (ABI section 4.3).
        None => unsafe { crate::start::start(cmdline, mem_size) },
        // SAFETY: the ring took the memory from `end` on, where the boot stack was; what is below has
        // not been used yet, and `start` is what runs there.
        Some(end) => unsafe { start_below(cmdline, end, end - STACK_OFFSET) },
    }
}

/// [`crate::start::start`], on a boot stack that begins at `stack`.
///
/// # Safety
/// As for that function; memory below `stack` is free, and `stack + 8` is a multiple of 16.
#[unsafe(naked)]
unsafe extern "C" fn start_below(cmdline: *const c_char, mem_size: u64, stack: u64) -> ! {
    naked_asm!("mov rsp, rdx", "xor ebp, ebp", "jmp {start}", start = sym crate::start::start)
}

/// Ends the guest with `status`, without a word.
pub fn exit(status: i32) -> ! {
    ring::drain();
    hypercall::halt(status, None)
}

/// `void solo5_console_write(const char *, size_t)`: best effort, raw bytes.
///
/// # Safety
/// `data` must be readable for `len` bytes.
pub unsafe extern "C" fn console_write(data: *const c_char, len: usize) {
    // SAFETY: by the caller's word.
    unsafe { hypercall::puts(data.cast(), len) };
}

/// `solo5_time_t solo5_clock_monotonic(void)`: nanoseconds since an arbitrary moment.
pub extern "C" fn clock_monotonic() -> u64 {
    let scale = Scale { mult: MULT.load(Relaxed), shift: SHIFT.load(Relaxed) };
    scale.nanoseconds(time_stamp())
}

/// `solo5_time_t solo5_clock_wall(void)`: nanoseconds since 1970, UTC.
pub extern "C" fn clock_wall() -> u64 {
    hypercall::wall_clock()
}

/// `solo5_result_t solo5_set_tls_base(uintptr_t)`.
pub extern "C" fn set_tls_base(base: u64) -> i32 {
    if base >= CANONICAL_END {
        return EINVAL;
    }
    let (low, high) = (base & 0xFFFF_FFFF, base >> 32);
    // SAFETY: the address is canonical, so this does not trap; nothing in the guest is reached through FS
    // but by whoever calls this.
    unsafe {
        asm!("wrmsr", in("ecx") MSR_FS_BASE, in("rax") low, in("rdx") high, options(nostack, preserves_flags))
    };
    OK
}

/// `void solo5_yield(solo5_time_t deadline, solo5_handle_set_t *ready)`: sleeps until `deadline` on the
/// monotonic clock, or until a network device is readable.
///
/// # Safety
/// `ready` is null or writable; it receives bit *h* for each readable handle *h*.
pub unsafe extern "C" fn wait(deadline: u64, ready: *mut u64) {
    ring::waits();
    let before = time_stamp();
    let mut handles = hypercall::poll(deadline.saturating_sub(clock_monotonic()));
    // The tender's clock is another one than ours: it may be done a little early.
    while handles == 0 {
        match deadline.saturating_sub(clock_monotonic()) {
            0 => break,
            left => handles = hypercall::poll(left),
        }
    }
    if time_stamp().wrapping_sub(before) >= SLEEP {
        crate::devices::slept(handles);
    }
    if !ready.is_null() {
        // SAFETY: not null, so writable by the caller's word.
        unsafe { ready.write(handles) };
    }
}

/// Ticks of the processor's clock.
fn time_stamp() -> u64 {
    // SAFETY: every processor of 64 bits has this instruction, and nothing forbids it here (ABI section 4.9).
    unsafe { _rdtsc() }
}

/// An address from boot info.
fn pointer<T>(address: u64) -> *const T {
    // A guest is 64 bits wide: nothing is lost.
    ptr::with_exposed_provenance(usize::try_from(address).unwrap_or(usize::MAX))
}
