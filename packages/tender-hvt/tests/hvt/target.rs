//! What the suite has to know of `solo5-hvt`, and what guests of this target need of a machine.

use std::fmt::Display;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Once;

use solo5_abi::notes::AbiTarget;
use solo5_abi::result::EUNSPEC;

use crate::suite::support::{End, Fault, Ran, line, run_guest, show};

pub const NAME: &str = "solo5-hvt";
pub const ABI: AbiTarget = AbiTarget::Hvt;
/// Another target, and its tender.
pub const OTHER: (AbiTarget, &str) = (AbiTarget::Spt, "solo5-spt");

/// Most memory a guest can ask for, and the least it cannot.
pub const MEM_MIB: [u64; 2] = [4096, 4098];
/// What are no options of this tender.
pub const NO_OPTIONS: &[&str] = &["--gdbs", "--no-net-ring=1", "--gdb-port=", "--dumpcore="];
/// What `--x-exec-heap` makes executable, and whether a data segment is.
pub const EXECUTABLE_HEAP: (&str, bool) = ("heap, stack and data", true);

/// Address of boot info and of the manifest, and in boot info the places of the words that have the addresses of
/// command line and manifest.
pub const BOOT_INFO: u64 = 0x10000;
pub const MANIFEST: u64 = 0x10038;
pub const CMDLINE_AT: usize = 24;
pub const MANIFEST_AT: usize = 32;

/// Whether files can be block devices of the host: the virtual machine's kernel has no loop devices.
pub const HAS_LOOP_DEVICES: bool = false;
/// Descriptors of its own while a guest runs: of machine and processor, timer, wait set, and what wakes the ring's thread.
pub const OWN_DESCRIPTORS: usize = 5;

/// How many times as long as on spt a guest takes to start, where QEMU emulates its processor: long tests do so much less.
pub const SLOW: usize = 8;

/// The tender that Cargo built, or what the virtual machine was given.
pub fn tender_path() -> PathBuf {
    std::env::var_os("SOLO5_HVT").map_or_else(|| env!("CARGO_BIN_EXE_solo5-hvt").into(), PathBuf::from)
}

/// Whether this machine can run guests, and so can a user who may do nothing.
pub fn can_run() -> bool {
    kvm_has(Needs::Integers)
}

pub fn anybody_can_run() -> bool {
    let mode = fs::metadata("/dev/kvm").map_or(0, |device| device.permissions().mode());
    can_run() && mode & 6 == 6
}

/// What a guest hears of an error of the host.
pub fn code_of(_errno: i32) -> i32 {
    EUNSPEC
}

/// Whether the manifest tells a guest the descriptor of a device.
pub fn check_backend(backend: [u8; 8]) {
    assert_eq!(backend, [0; 8]);
}

/// A guest died of this, and of nothing else.
#[track_caller]
pub fn check_death(ran: &Ran, fault: Fault) {
    let said = death(ran);
    match fault {
        Fault::Memory | Fault::Instruction | Fault::Arithmetic => {
            assert_eq!(said, "triple fault: an exception that it had no handler for");
        }
        Fault::ReadOnly | Fault::Hidden => {
            assert!(said.starts_with("host/guest translation fault: "), "{said}")
        }
    }
}

/// The tender's line about a guest that was killed, without the registers; what it printed before does
/// not matter.
#[track_caller]
pub fn death(ran: &Ran) -> String {
    assert_eq!(ran.end, End::Exit(1), "{ran:?}");
    let quiet = Ran { end: End::Exit(1), stdout: Vec::new(), stderr: ran.stderr.clone() };
    let (line, registers) = line(&quiet).split_once(" (rip=0x").expect("where it happened");
    assert!(registers.contains(" rsp=0x") && registers.contains(" rflags=0x"), "{registers}");
    line.strip_prefix("guest killed: ").expect("what happened").to_owned()
}

/// What a guest needs of KVM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Integer instructions: a KVM that emulates them all will do.
    Integers,
    /// A processor that executes the guest.
    Hardware,
    /// One with debug registers.
    DebugRegisters,
}

/// Whether KVM of this machine has what a guest needs; if not, the reason is printed. That is no test skipped:
/// tests/hvt.test.ts runs all of these tests where guests run. A machine that says what it has (`UK_KVM`, as
/// those of tests/vm do) is taken at its word.
pub fn kvm_has(needs: Needs) -> bool {
    match std::env::var("UK_KVM").as_deref() {
        Ok("hardware") => return true,
        Ok("emulated") => {
            if needs == Needs::DebugRegisters {
                eprintln!("left out: QEMU's processor has no debug registers for guests");
            }
            return needs != Needs::DebugRegisters;
        }
        _ => {}
    }
    if let Err(error) = fs::File::options().read(true).write(true).open("/dev/kvm") {
        return leave_to_vm(format_args!("no /dev/kvm: {error}"));
    }
    let probe: &[u8] = match needs {
        Needs::Integers => return true,
        // mulps xmm0, xmm1; hlt
        Needs::Hardware | Needs::DebugRegisters => &[0x0F, 0x59, 0xC1, 0xF4],
    };
    let ran = run_guest(&[], probe);
    if ran.stderr.contains("HLT") {
        return true;
    }
    assert!(ran.stderr.contains("KVM of this host cannot execute it"), "{ran:?}");
    leave_to_vm("KVM of this host does not execute guests, it emulates some of their instructions")
}

/// Says so, once; `false`.
fn leave_to_vm(why: impl Display) -> bool {
    static SAID: Once = Once::new();
    SAID.call_once(|| show(&format!("left to tests/hvt.test.ts: {why}\n")));
    false
}
