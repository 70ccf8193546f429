//! What a C library would do: the entry point, and the memory routines compiled code calls.

use core::arch::{asm, global_asm};
use core::ffi::{CStr, c_char};

/// Key of the vdso's address in the auxiliary vector: `AT_SYSINFO_EHDR`.
const AUX_VDSO: usize = 33;

/// What the kernel put on the stack: number of words, words, null, environment, null, auxiliary vector.
#[derive(Clone, Copy)]
pub struct Start {
    stack: *const usize,
}

/// The words of the command line, from the program's name on, or those of the environment.
#[derive(Clone, Copy)]
pub struct Words {
    next: *const *const c_char,
}

// The kernel enters with rsp at the number of words, 16-aligned; a call leaves it as a function
// expects it. A zero frame pointer ends a debugger's walk.
global_asm!(
    ".section .text._start,\"ax\",@progbits",
    ".globl _start",
    ".type _start,@function",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "call {start}",
    "ud2",
    ".size _start, . - _start",
    start = sym start,
);

unsafe extern "C" fn start(stack: *const usize) -> ! {
    crate::main(Start { stack })
}

impl Start {
    /// The words of the command line.
    pub fn words(self) -> Words {
        // SAFETY: `stack` is where the kernel put the number of words, which the words follow.
        let next = unsafe { self.stack.add(1) };
        Words { next: next.cast() }
    }

    /// The variables of the environment: `NAME=VALUE`.
    pub fn environment(self) -> Words {
        // SAFETY: `stack` is where the kernel put the number of words, which the words follow, and a null, and
        // then the environment.
        let next = unsafe { self.stack.add(1 + *self.stack + 1) };
        Words { next: next.cast() }
    }

    /// Address of the code the kernel lends to processes, if it does.
    pub fn vdso(self) -> Option<u64> {
        let mut environment = self.environment();
        environment.by_ref().for_each(drop);
        // SAFETY: the kernel ends the environment with a null, behind which is the auxiliary vector, pairs of
        // key and value that end with key 0; all of it stays where it is while the tender runs.
        unsafe {
            let mut at = environment.next.add(1).cast::<usize>();
            while *at != 0 {
                if *at == AUX_VDSO {
                    return Some(*at.add(1) as u64);
                }
                at = at.add(2);
            }
        }
        None
    }
}

impl Iterator for Words {
    type Item = &'static CStr;

    fn next(&mut self) -> Option<&'static CStr> {
        // SAFETY: `next` points to a word or to the null behind the last one, and never moves on from
        // that. A word is NUL-terminated and stays where it is, unchanged, while the tender runs.
        unsafe {
            let word = *self.next;
            if word.is_null() {
                return None;
            }
            self.next = self.next.add(1);
            Some(CStr::from_ptr(word))
        }
    }
}

/// Named by the precompiled core library; nothing unwinds here.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// C's `memcpy`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    // SAFETY: the caller vouches for both ranges; the direction flag is clear, as everywhere in Rust.
    unsafe {
        asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") len => _,
            options(nostack, preserves_flags));
    }
    to
}

/// C's `memmove`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    if to.addr().wrapping_sub(from.addr()) >= len {
        // SAFETY: `to` is not in `from..from + len`, so copying forwards reads each byte before it
        // is written.
        return unsafe { memcpy(to, from, len) };
    }
    // SAFETY: the caller vouches for both ranges, and `len` is not 0 here, so the last byte is inside;
    // copying backwards reads each byte before it is written; the direction flag is cleared again.
    unsafe {
        asm!("std", "rep movsb", "cld", inout("rdi") to.add(len - 1) => _, inout("rsi") from.add(len - 1) => _,
            inout("rcx") len => _, options(nostack));
    }
    to
}

/// C's `memset`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
    // SAFETY: the caller vouches for the range; only the low byte of rax is stored.
    unsafe {
        asm!("rep stosb", inout("rdi") to => _, inout("rcx") len => _, in("eax") byte,
            options(nostack, preserves_flags));
    }
    to
}

/// C's `memcmp`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, len: usize) -> i32 {
    let mut at = 0;
    while at < len {
        // SAFETY: the caller vouches for `len` bytes on both sides. Volatile reads, or the compiler
        // would find a `memcmp` in this loop.
        let (a, b) = unsafe { (left.add(at).read_volatile(), right.add(at).read_volatile()) };
        if a != b {
            return i32::from(a) - i32::from(b);
        }
        at += 1;
    }
    0
}

/// Old name of `memcmp` where only equality counts.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, len: usize) -> i32 {
    // SAFETY: the same contract.
    unsafe { memcmp(left, right, len) }
}

/// C's `strlen`.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const c_char) -> usize {
    let mut len = 0;
    // SAFETY: the caller vouches for a NUL, and all up to it is readable. Volatile reads, or the
    // compiler would find a `strlen` in this loop.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len += 1;
    }
    len
}
