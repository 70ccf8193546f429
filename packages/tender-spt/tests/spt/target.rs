//! What the suite has to know of `solo5-spt`.

use std::path::PathBuf;

use solo5_abi::notes::AbiTarget;

use crate::suite::support::{End, Fault, Ran};

pub const NAME: &str = "solo5-spt";
pub const ABI: AbiTarget = AbiTarget::Spt;
/// Another target, and its tender.
pub const OTHER: (AbiTarget, &str) = (AbiTarget::Hvt, "solo5-hvt");

/// Most memory a guest can ask for, and the least it cannot.
pub const MEM_MIB: [u64; 2] = [134_217_727, 134_217_728];
/// What are no options of this tender.
pub const NO_OPTIONS: &[&str] = &["--gdb"];
/// What `--x-exec-heap` makes executable, and whether a data segment is.
pub const EXECUTABLE_HEAP: (&str, bool) = ("heap and stack", false);

/// Address of boot info and of the manifest, and in boot info the places of the words that have the addresses of
/// command line and manifest.
pub const BOOT_INFO: u64 = 0x11000;
pub const MANIFEST: u64 = 0x11028;
pub const CMDLINE_AT: usize = 16;
pub const MANIFEST_AT: usize = 24;

/// Whether files can be block devices of the host.
pub const HAS_LOOP_DEVICES: bool = true;
/// Descriptors of its own while a guest runs: timer and wait set.
pub const OWN_DESCRIPTORS: usize = 2;

/// How many times as long as on spt a guest takes to start: long tests do so much less.
pub const SLOW: usize = 1;

pub fn tender_path() -> PathBuf {
    env!("CARGO_BIN_EXE_solo5-spt").into()
}

/// Whether this machine can run guests, and so can a user who may do nothing.
pub fn can_run() -> bool {
    true
}

pub fn anybody_can_run() -> bool {
    true
}

/// What a guest hears of an error of the host.
pub fn code_of(errno: i32) -> i32 {
    errno
}

/// Whether the manifest tells a guest the descriptor of a device.
pub fn check_backend(backend: [u8; 8]) {
    let [low @ .., 0, 0, 0, 0] = backend else { panic!("{backend:?}") };
    assert!(i32::from_le_bytes(low) > 2);
}

/// A guest died of this, and of nothing else.
#[track_caller]
pub fn check_death(ran: &Ran, fault: Fault) {
    let signal = match fault {
        Fault::Memory | Fault::ReadOnly | Fault::Hidden => libc::SIGSEGV,
        Fault::Instruction => libc::SIGILL,
        Fault::Arithmetic => libc::SIGFPE,
    };
    assert_eq!((&ran.end, &ran.stderr[..]), (&End::Signal(signal), ""), "{ran:?}");
}
