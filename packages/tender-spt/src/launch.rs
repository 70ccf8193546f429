//! The way from tender to guest (ABI section 5.3), and what is removed on it (ABI section 9 #9).

use core::arch::global_asm;
use core::mem::{offset_of, size_of};

use rustix::io::pread;
use rustix::mm::{MprotectFlags, mprotect};
use solo5_abi::Gpa;
use solo5_abi::memory::{LOAD_MIN, PAGE_SIZE, SPT_BOOT_INFO, STACK_OFFSET};
use tender_core::privileges::{self, PrivilegeError};
use tender_core::seccomp::{Instruction, MAX_INSTRUCTIONS, ProgramTooLong, Rule, compile};
use tender_core::syscall::{Errno, extended_state_components, open_for_reading, word};
use thiserror::Error;

use crate::guest_memory::{GuestMemory, address};
use crate::leftovers::{MAX_RANGES, Range, Ranges, TooManyRanges, lent_by_kernel};

/// Where the tender leaves what the last steps need: unused memory below the image (ABI section 5.1).
const LAUNCH_BLOCK: Gpa = 0x2_0000;

/// The filter's instructions, behind the block.
const PROGRAM: Gpa = LAUNCH_BLOCK + size_of::<LaunchBlock>() as Gpa;

/// What the last steps need. It lies in guest memory, because everything else is gone by then, and is
/// cleared before the guest runs, but for the entry point, through which the guest is entered.
#[repr(C)]
struct LaunchBlock {
    entry: u64,
    /// Bytes of the block behind `entry`, program included.
    rest: u64,
    stack: u64,
    boot_info: u64,
    /// Components of the processor's state to reset with `xrstor`; 0: there is only what `fxrstor` knows.
    state_components: u64,
    range_count: u64,
    ranges: [Range; MAX_RANGES],
    program: ProgramHeader,
    // The filter's instructions follow.
}

/// `struct sock_fprog` of the kernel.
#[repr(C)]
struct ProgramHeader {
    len: u16,
    reserved: [u16; 3],
    instructions: u64,
}

const _: () = {
    assert!(size_of::<Instruction>() == 8 && size_of::<Range>() == 16);
    assert!(size_of::<ProgramHeader>() == 16 && offset_of!(ProgramHeader, instructions) == 8);
    assert!(PROGRAM + (MAX_INSTRUCTIONS * size_of::<Instruction>()) as Gpa <= LOAD_MIN);
    assert!(offset_of!(LaunchBlock, entry) == 0 && offset_of!(LaunchBlock, rest) == 8);
};

/// A guest, ready to run.
#[derive(Debug)]
pub struct Launch {
    _only_from_prepare: (),
}

/// Why a guest cannot be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LaunchError {
    #[error(transparent)]
    Program(ProgramTooLong),
    #[error(transparent)]
    Ranges(TooManyRanges),
    #[error(transparent)]
    Privileges(PrivilegeError),
    #[error("/proc/self/maps cannot be read: {0}")]
    Maps(#[source] Errno),
}

impl Launch {
    /// Leaves in guest memory what the last steps need: entry point, ranges to remove, filter. Gives up all
    /// privileges: nothing can be opened or attached any more that takes one.
    ///
    /// `vdso` is the address of the code that the kernel lends to processes.
    ///
    /// # Errors
    /// The filter does not fit, or the kernel refused.
    pub fn prepare(
        memory: &mut GuestMemory,
        entry: Gpa,
        rules: impl Iterator<Item = Rule>,
        vdso: Option<u64>,
    ) -> Result<Self, LaunchError> {
        // Where it stays: on the stack the longest program would cost a page fault for each page of it.
        let program = memory.instructions(PROGRAM, MAX_INSTRUCTIONS);
        let count = compile(rules, program).map_err(LaunchError::Program)?;
        let ranges = leftovers(memory.size(), vdso)?;
        let mut block = LaunchBlock {
            entry,
            rest: (size_of::<LaunchBlock>() + count * size_of::<Instruction>() - size_of::<u64>()) as u64,
            stack: memory.size() - STACK_OFFSET,
            boot_info: SPT_BOOT_INFO,
            state_components: state_components(),
            range_count: ranges.as_slice().len() as u64,
            ranges: [Range::default(); MAX_RANGES],
            program: ProgramHeader {
                len: u16::try_from(count).unwrap_or(u16::MAX),
                reserved: [0; 3],
                instructions: PROGRAM,
            },
        };
        block.ranges[..ranges.as_slice().len()].copy_from_slice(ranges.as_slice());
        // SAFETY: a `repr(C)` record of integers without padding (8 words, 16 ranges, 2 words).
        let bytes =
            unsafe { core::slice::from_raw_parts((&raw const block).cast::<u8>(), size_of::<LaunchBlock>()) };
        memory.write(LAUNCH_BLOCK, bytes);
        privileges::give_up().map_err(LaunchError::Privileges)?;
        Ok(Self { _only_from_prepare: () })
    }

    pub fn enter(self) -> ! {
        // SAFETY: only `prepare` makes a `Launch`, so the block is complete: the ranges in it hold
        // neither guest memory nor the page of `solo5_spt_leave`, which uses no other memory once it
        // runs, and the filter was compiled by `tender_core::seccomp`.
        unsafe { solo5_spt_leave(LAUNCH_BLOCK) }
    }
}

/// What has to be removed: all above guest memory, but for the page of `solo5_spt_leave`.
fn leftovers(guest_end: u64, vdso: Option<u64>) -> Result<Ranges, LaunchError> {
    let page = (solo5_spt_leave as *const ()).addr() as u64 & !(PAGE_SIZE - 1);
    let mut ranges = Ranges::above(guest_end);
    ranges.keep(page, page + PAGE_SIZE).map_err(LaunchError::Ranges)?;
    // A kernel that seals what it lends would refuse to remove a range with that in it. It refuses
    // to change the protection of its code then, too, even to what it is.
    let sealed = vdso.is_some_and(|vdso| {
        // SAFETY: the protection stays as it is, or, on a kernel where it is something else, changes
        // for code that nobody calls: there is no C library in this process.
        unsafe { mprotect(address(vdso), word(PAGE_SIZE), MprotectFlags::READ | MprotectFlags::EXEC) }
            .is_err()
    });
    if sealed {
        keep_lent(&mut ranges)?;
    }
    ranges.finish().map_err(LaunchError::Ranges)
}

/// Keeps what the kernel lends, as listed by it in ascending order.
fn keep_lent(ranges: &mut Ranges) -> Result<(), LaunchError> {
    let maps = open_for_reading(c"/proc/self/maps").map_err(LaunchError::Maps)?;
    // Names come in column 73 or so, and those that matter are short: of a longer line the start is enough.
    let mut line = [0_u8; 128];
    let mut len = 0;
    let mut offset = 0;
    loop {
        let mut chunk = [0_u8; 1024];
        let read = pread(&maps, &mut chunk, offset).map_err(|errno| LaunchError::Maps(errno.into()))?;
        if read == 0 {
            break;
        }
        offset += read as u64;
        for &byte in &chunk[..read] {
            if byte != b'\n' {
                if let Some(slot) = line.get_mut(len) {
                    *slot = byte;
                    len += 1;
                }
                continue;
            }
            if let Some((start, end)) = lent_by_kernel(&line[..len]) {
                ranges.keep(start, end).map_err(LaunchError::Ranges)?;
            }
            len = 0;
        }
    }
    Ok(())
}

/// Components of the processor's extended state that may hold something of the tender, in the terms
/// of `xrstor`; 0 if `fxrstor` reaches all of them.
///
/// Asking the processor itself costs microseconds in a virtual machine, so the kernel is asked first.
fn state_components() -> u64 {
    /// x87, SSE, AVX and the three parts of AVX-512. Not protection keys: their initial state is the
    /// kernel's, not the processor's.
    const OURS: u64 = 0xE7;
    const AVX: u64 = 0x4;
    const CPUID_OSXSAVE: u32 = 1 << 27;
    let components = extended_state_components().unwrap_or_else(|_old_kernel| {
        if core::arch::x86_64::__cpuid(1).ecx & CPUID_OSXSAVE == 0 {
            return 0;
        }
        let (low, high): (u32, u32);
        // SAFETY: the processor says that the kernel has switched this instruction on.
        unsafe {
            core::arch::asm!("xgetbv", in("ecx") 0, out("eax") low, out("edx") high, options(nomem, nostack))
        };
        u64::from(high) << 32 | u64::from(low)
    });
    if components & AVX == 0 { 0 } else { components & OURS }
}

unsafe extern "C" {
    /// Removes the tender, installs the filter, enters the guest.
    ///
    /// # Safety
    /// `block` is the address of a complete `LaunchBlock` in guest memory, whose ranges do not hold
    /// guest memory or this code.
    fn solo5_spt_leave(block: Gpa) -> !;
}

// One page of its own: the only one of the tender that a guest finds, readable and executable. From
// the first `munmap` on there is no stack, and no memory but this page and the guest's.
//
// r15 is the block throughout. System calls clobber rax, rcx and r11 alone.
global_asm!(
    ".section .text.solo5_spt_leave,\"ax\",@progbits",
    ".balign 4096",
    ".globl solo5_spt_leave",
    ".type solo5_spt_leave,@function",
    "solo5_spt_leave:",
    "cld",
    "mov r15, rdi",
    "mov rsp, [r15 + {stack}]",
    // munmap(range) for each range
    "lea r14, [r15 + {ranges}]",
    "mov r13, [r15 + {range_count}]",
    "2:",
    "test r13, r13",
    "jz 3f",
    "mov rdi, [r14]",
    "mov rsi, [r14 + 8]",
    "mov eax, 11",
    "syscall",
    "test rax, rax",
    "jnz 8f",
    "add r14, 16",
    "dec r13",
    "jmp 2b",
    // seccomp(SECCOMP_SET_MODE_FILTER, 0, program)
    "3:",
    "mov eax, 317",
    "mov edi, 1",
    "xor esi, esi",
    "lea rdx, [r15 + {program}]",
    "syscall",
    "test rax, rax",
    "jnz 9f",
    // Processor state as after a reset: nothing of the tender is left in a register. The entry
    // point stays in the block, since the jump has to find it without a register.
    "mov rax, [r15 + {state_components}]",
    "mov r14, [r15 + {boot_info}]",
    "xor edx, edx",
    "test rax, rax",
    "jz 4f",
    "xrstor64 [rip + 7f]",
    "jmp 5f",
    "4:",
    "fxrstor64 [rip + 7f]",
    "5:",
    "lea rdi, [r15 + {rest} ]",
    "mov rcx, [r15 + {rest}]",
    "xor eax, eax",
    "rep stosb",
    "mov rdi, r14",
    "xor ebx, ebx",
    "xor edx, edx",
    "xor esi, esi",
    "xor ebp, ebp",
    "xor r8d, r8d",
    "xor r9d, r9d",
    "xor r10d, r10d",
    "xor r11d, r11d",
    "xor r12d, r12d",
    "xor r13d, r13d",
    "xor r14d, r14d",
    "xor r15d, r15d",
    "jmp qword ptr [{block}]",
    // write(2, message); exit_group(1)
    "8:",
    "lea rsi, [rip + 80f]",
    "lea rdx, [rip + 81f]",
    "jmp 10f",
    "9:",
    "lea rsi, [rip + 90f]",
    "lea rdx, [rip + 91f]",
    "10:",
    "sub rdx, rsi",
    "mov eax, 1",
    "mov edi, 2",
    "syscall",
    "mov eax, 231",
    "mov edi, 1",
    "syscall",
    "ud2",
    "80: .ascii \"solo5-spt: the kernel refused to remove the tender from memory, so the guest was not started\\n\"",
    "81:",
    "90: .ascii \"solo5-spt: the kernel refused the system call filter, so the guest was not started: is seccomp switched off?\\n\"",
    "91:",
    // The state to restore: 512 bytes as fxrstor wants them, then the header of xrstor, all zero: every
    // component in its initial state. FCW 0x37F at 0 and MXCSR 0x1F80 at 24 are the defaults.
    ".balign 64",
    "7:",
    ".short 0x37F",
    ".zero 22",
    ".long 0x1F80",
    ".zero 484",
    ".zero 64",
    ".balign 4096",
    ".size solo5_spt_leave, . - solo5_spt_leave",
    stack = const offset_of!(LaunchBlock, stack),
    ranges = const offset_of!(LaunchBlock, ranges),
    range_count = const offset_of!(LaunchBlock, range_count),
    program = const offset_of!(LaunchBlock, program),
    state_components = const offset_of!(LaunchBlock, state_components),
    boot_info = const offset_of!(LaunchBlock, boot_info),
    rest = const offset_of!(LaunchBlock, rest),
    block = const LAUNCH_BLOCK,
);
