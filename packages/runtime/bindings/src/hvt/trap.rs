//! Traps: all of them end the guest, with a report (ABI section 7.6).

use core::arch::{asm, global_asm};
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use solo5_abi::hvt::TrapCookie;
use solo5_abi::memory::HVT_BOOT_INFO;
use solo5_abi::result::EXIT_ABORT;

use super::hypercall::{Cookie, halt};
use crate::log::always;

/// Vectors of the processor's own; no interrupt ever comes.
pub const VECTORS: usize = 32;
/// Bytes of a stub, which is where a gate leads.
const STUB: u64 = 16;

/// What is on the stack when [`trapped`] runs.
#[repr(C)]
struct Frame {
    r15: u64,
    r14: u64,
    r13: u64,
    r12: u64,
    r11: u64,
    r10: u64,
    r9: u64,
    r8: u64,
    rbp: u64,
    rdi: u64,
    rsi: u64,
    rdx: u64,
    rcx: u64,
    rbx: u64,
    rax: u64,
    vector: u64,
    error: u64,
    // From here on, as the processor leaves it.
    rip: u64,
    cs: u64,
    rflags: u64,
    rsp: u64,
    ss: u64,
}

/// Stubs that bring every trap into the same shape. The processor aligns the stack to 16 and leaves 40
/// bytes, and 8 more for some vectors; with what is pushed here, that is a multiple of 16 at the call.
macro_rules! stubs {
    ($($vector:literal $push_zero:literal)*) => {
        global_asm!(
            ".section .text.uk_trap_stubs,\"ax\",@progbits",
            ".balign 16",
            "uk_trap_stubs:",
            $(
                ".balign 16",
                $push_zero,
                concat!("push ", $vector),
                "jmp uk_trap_common",
            )*
            ".balign 16",
            "uk_trap_common:",
            "push rax", "push rbx", "push rcx", "push rdx", "push rsi", "push rdi", "push rbp",
            "push r8", "push r9", "push r10", "push r11", "push r12", "push r13", "push r14", "push r15",
            "cld",
            "mov rdi, rsp",
            "call {trapped}",
            "ud2",
            trapped = sym trapped,
        );
    };
}

// An empty second word where the processor pushes an error code itself.
stubs! {
    0 "push 0" 1 "push 0" 2 "push 0" 3 "push 0" 4 "push 0" 5 "push 0" 6 "push 0" 7 "push 0"
    8 "" 9 "push 0" 10 "" 11 "" 12 "" 13 "" 14 "" 15 "push 0"
    16 "push 0" 17 "" 18 "push 0" 19 "push 0" 20 "push 0" 21 "" 22 "push 0" 23 "push 0"
    24 "push 0" 25 "push 0" 26 "push 0" 27 "push 0" 28 "push 0" 29 "" 30 "" 31 "push 0"
}

unsafe extern "C" {
    /// The first stub; only its address means anything.
    static uk_trap_stubs: u8;
    /// The application's part of a report; `rip` is where the trap happened.
    fn uk_trapped(rip: u64);
}

/// Address that the gate of `vector` leads to.
pub fn handler(vector: usize) -> u64 {
    (&raw const uk_trap_stubs).expose_provenance() as u64 + vector as u64 * STUB
}

/// Mnemonic and meaning, by vector.
const NAMES: [(&str, &str); VECTORS] = {
    let mut names = [("#??", "reserved"); VECTORS];
    names[0] = ("#DE", "divide error");
    names[1] = ("#DB", "debug exception");
    names[2] = ("#NMI", "interrupt that cannot be masked");
    names[3] = ("#BP", "breakpoint");
    names[4] = ("#OF", "overflow");
    names[5] = ("#BR", "bound exceeded");
    names[6] = ("#UD", "instruction that does not exist");
    names[7] = ("#NM", "no floating point");
    names[8] = ("#DF", "double fault");
    names[10] = ("#TS", "bad task state");
    names[11] = ("#NP", "segment not present");
    names[12] = ("#SS", "stack segment fault");
    names[13] = ("#GP", "general protection fault");
    names[14] = ("#PF", "page fault");
    names[16] = ("#MF", "x87 floating point error");
    names[17] = ("#AC", "misaligned access");
    names[18] = ("#MC", "the machine is broken");
    names[19] = ("#XM", "SIMD floating point error");
    names[20] = ("#VE", "virtualization exception");
    names[21] = ("#CP", "control protection exception");
    names
};

const PAGE_FAULT: u64 = 14;

/// A page fault in words.
struct PageFault {
    error: u64,
    address: u64,
}

impl fmt::Display for PageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { error, address } = *self;
        let (present, write, fetch) = (error & 1 != 0, error & 2 != 0, error & 16 != 0);
        let what = match (fetch, write) {
            (true, _) => "executed",
            (false, true) => "wrote",
            (false, false) => "read",
        };
        let why = match () {
            () if address < HVT_BOOT_INFO => "a null pointer, or close to one",
            () if !present => "where there is no memory",
            () if fetch => "which is not code",
            () => "which is protected",
        };
        write!(f, ": it {what} {address:#x}, {why}")
    }
}

static TRAPPED: AtomicBool = AtomicBool::new(false);

extern "C" fn trapped(frame: &Frame) -> ! {
    let address = fault_address();
    let Frame { vector, error, rip, cs, rflags, rsp, ss, .. } = *frame;
    let index = usize::try_from(vector).unwrap_or(VECTORS);
    let (mnemonic, meaning) = NAMES.get(index).copied().unwrap_or(("#??", "reserved"));
    if TRAPPED.swap(true, Relaxed) {
        always(format_args!("ABORT: another trap during the report: {mnemonic}, {meaning} at rip={rip:#x}"));
        halt(EXIT_ABORT, None);
    }
    if vector == PAGE_FAULT {
        let fault = PageFault { error, address };
        always(format_args!("ABORT: {mnemonic}, {meaning} at rip={rip:#x}{fault}"));
    } else {
        always(format_args!("ABORT: {mnemonic}, {meaning} at rip={rip:#x}"));
    }
    always(format_args!("rip={rip:#x} rsp={rsp:#x} rbp={:#x} rflags={rflags:#x}", frame.rbp));
    always(format_args!("error={error:#x} cr2={address:#x} cs={cs:#x} ss={ss:#x}"));
    let Frame { rax, rbx, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, .. } = *frame;
    always(format_args!("rax={rax:#x} rbx={rbx:#x} rcx={rcx:#x} rdx={rdx:#x} rsi={rsi:#x} rdi={rdi:#x}"));
    always(format_args!("r8={r8:#x} r9={r9:#x} r10={r10:#x} r11={r11:#x}"));
    always(format_args!("r12={r12:#x} r13={r13:#x} r14={r14:#x} r15={r15:#x}"));
    // SAFETY: what it does with a guest in this state is its own affair; a trap in there is told above.
    unsafe { uk_trapped(rip) };
    halt(EXIT_ABORT, Some(leave(TrapCookie { cr2: address, error_code: error, rip, cs, rflags, rsp, ss })))
}

/// The cookie with this in it.
fn leave(trap: TrapCookie) -> &'static Cookie {
    use core::cell::UnsafeCell;

    struct Once(UnsafeCell<Cookie>);
    // SAFETY: one processor, and `trapped` comes here once.
    unsafe impl Sync for Once {}

    const NOTHING: TrapCookie = TrapCookie { cr2: 0, error_code: 0, rip: 0, cs: 0, rflags: 0, rsp: 0, ss: 0 };
    static COOKIE: Once = Once(UnsafeCell::new(Cookie { trap: NOTHING, reserved: [0; _] }));
    // SAFETY: once, by `TRAPPED`; nobody holds a reference yet.
    unsafe {
        (*COOKIE.0.get()).trap = trap;
        &*COOKIE.0.get()
    }
}

/// Where the last page fault was.
fn fault_address() -> u64 {
    let address;
    // SAFETY: the guest runs with all privileges; reading the register changes nothing.
    unsafe { asm!("mov {}, cr2", out(reg) address, options(nomem, nostack, preserves_flags)) };
    address
}
