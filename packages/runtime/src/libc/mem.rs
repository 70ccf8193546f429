//! `mem*` and `str*`. The precompiled core brings none, and a loop in Rust may be compiled into a
//! call to the very function it implements; so the copies are written in assembly.
//!
//! Up to 32 bytes: loads that overlap, then stores, no loop. Beyond: 32 bytes a turn; long copies
//! and fills go to `rep movsb` and `rep stosb`, which pay for their start only then.

use core::arch::global_asm;
use core::ffi::{c_char, c_int};
use core::ptr;

global_asm!(
    // void *memmove(rdi to, rsi from, rdx len): backwards if the target starts inside the source.
    ".section .text.memmove,\"ax\",@progbits",
    ".globl memmove",
    ".type memmove,@function",
    "memmove:",
    "mov rcx, rdi",
    "sub rcx, rsi",
    "cmp rcx, rdx",
    "jae memcpy",
    "cmp rdx, 32",
    "jbe memcpy",
    "mov rax, rdi",
    "movdqu xmm4, [rsi]", // the head, read before it can be overwritten
    "movdqu xmm5, [rsi + 16]",
    "2:",
    "movdqu xmm0, [rsi + rdx - 16]",
    "movdqu xmm1, [rsi + rdx - 32]",
    "movdqu [rdi + rdx - 16], xmm0",
    "movdqu [rdi + rdx - 32], xmm1",
    "sub rdx, 32",
    "cmp rdx, 32",
    "ja 2b",
    "movdqu [rdi], xmm4",
    "movdqu [rdi + 16], xmm5",
    "ret",
    ".size memmove, . - memmove",
    // void *memcpy(rdi to, rsi from, rdx len)
    ".section .text.memcpy,\"ax\",@progbits",
    ".globl memcpy",
    ".type memcpy,@function",
    "memcpy:",
    "mov rax, rdi",
    "cmp rdx, 16",
    "jb 4f",
    "cmp rdx, 32",
    "ja 2f",
    "movdqu xmm0, [rsi]",
    "movdqu xmm1, [rsi + rdx - 16]",
    "movdqu [rdi], xmm0",
    "movdqu [rdi + rdx - 16], xmm1",
    "ret",
    "2:",
    "cmp rdx, 2048",
    "jae 8f",
    "movdqu xmm4, [rsi + rdx - 16]", // the tail, read first: memmove comes here with overlap
    "movdqu xmm5, [rsi + rdx - 32]",
    "lea r8, [rdi + rdx]",
    "3:",
    "movdqu xmm0, [rsi]",
    "movdqu xmm1, [rsi + 16]",
    "movdqu [rdi], xmm0",
    "movdqu [rdi + 16], xmm1",
    "add rsi, 32",
    "add rdi, 32",
    "sub rdx, 32",
    "cmp rdx, 32",
    "ja 3b",
    "movdqu [r8 - 16], xmm4",
    "movdqu [r8 - 32], xmm5",
    "ret",
    "4:",
    "test dl, 8",
    "jnz 5f",
    "test dl, 4",
    "jnz 6f",
    "test dl, 2",
    "jnz 7f",
    "test dl, 1",
    "jz 9f",
    "mov cl, [rsi]",
    "mov [rdi], cl",
    "9:",
    "ret",
    "5:",
    "mov rcx, [rsi]",
    "mov r8, [rsi + rdx - 8]",
    "mov [rdi], rcx",
    "mov [rdi + rdx - 8], r8",
    "ret",
    "6:",
    "mov ecx, [rsi]",
    "mov r8d, [rsi + rdx - 4]",
    "mov [rdi], ecx",
    "mov [rdi + rdx - 4], r8d",
    "ret",
    "7:",
    "mov cx, [rsi]",
    "mov r8w, [rsi + rdx - 2]",
    "mov [rdi], cx",
    "mov [rdi + rdx - 2], r8w",
    "ret",
    "8:",
    "mov rcx, rdx",
    "rep movsb",
    "ret",
    ".size memcpy, . - memcpy",
    // void *memset(rdi to, esi byte, rdx len)
    ".section .text.memset,\"ax\",@progbits",
    ".globl memset",
    ".type memset,@function",
    "memset:",
    "mov rax, rdi",
    "movzx esi, sil",
    "mov rcx, 0x0101010101010101",
    "imul rcx, rsi",
    "cmp rdx, 16",
    "jb 4f",
    "movq xmm0, rcx",
    "punpcklqdq xmm0, xmm0",
    "cmp rdx, 1024",
    "jae 8f",
    "lea r8, [rdi + rdx - 16]",
    "3:",
    "movdqu [rdi], xmm0",
    "add rdi, 16",
    "cmp rdi, r8",
    "jb 3b",
    "movdqu [r8], xmm0",
    "ret",
    "4:",
    "test dl, 8",
    "jnz 5f",
    "test dl, 4",
    "jnz 6f",
    "test dl, 2",
    "jnz 7f",
    "test dl, 1",
    "jz 9f",
    "mov [rdi], cl",
    "9:",
    "ret",
    "5:",
    "mov [rdi], rcx",
    "mov [rdi + rdx - 8], rcx",
    "ret",
    "6:",
    "mov [rdi], ecx",
    "mov [rdi + rdx - 4], ecx",
    "ret",
    "7:",
    "mov [rdi], cx",
    "mov [rdi + rdx - 2], cx",
    "ret",
    "8:",
    "mov r8, rax",
    "mov rax, rcx",
    "mov rcx, rdx",
    "rep stosb",
    "mov rax, r8",
    "ret",
    ".size memset, . - memset",
);

#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> c_int {
    let mut at = 0;
    // SAFETY: both are readable for `len` bytes, and every read below stays under `len`.
    unsafe {
        while at + 8 <= len {
            let (x, y) = (a.add(at).cast::<u64>().read_unaligned(), b.add(at).cast::<u64>().read_unaligned());
            if x != y {
                return if x.swap_bytes() < y.swap_bytes() { -1 } else { 1 };
            }
            at += 8;
        }
        while at < len {
            let (x, y) = (a.add(at).read(), b.add(at).read());
            if x != y {
                return c_int::from(x) - c_int::from(y);
            }
            at += 1;
        }
    }
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> c_int {
    // SAFETY: the same contract.
    unsafe { memcmp(a, b, len) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn memchr(text: *const u8, byte: c_int, len: usize) -> *const u8 {
    let wanted = byte.to_le_bytes()[0];
    for at in 0..len {
        // SAFETY: `at < len`, all of which is readable.
        let here = unsafe { text.add(at) };
        // SAFETY: as above.
        if unsafe { here.read_volatile() } == wanted {
            return here;
        }
    }
    ptr::null()
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const c_char) -> usize {
    let mut len = 0;
    // SAFETY: the string ends with a NUL, where the loop stops. Volatile, so that the loop is not
    // recognized as strlen and compiled into a call to itself.
    while unsafe { text.add(len).read_volatile() } != 0 {
        len += 1;
    }
    len
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strchr(text: *const c_char, byte: c_int) -> *const c_char {
    let wanted = byte.to_le_bytes()[0].cast_signed();
    let mut here = text;
    loop {
        // SAFETY: the string ends with a NUL, where the loop stops at the latest.
        let found = unsafe { here.read() };
        if found == wanted {
            return here;
        }
        if found == 0 {
            return ptr::null();
        }
        // SAFETY: not the NUL, so one more byte follows.
        here = unsafe { here.add(1) };
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strrchr(text: *const c_char, byte: c_int) -> *const c_char {
    let wanted = byte.to_le_bytes()[0].cast_signed();
    // SAFETY: the string ends with a NUL.
    let mut at = unsafe { strlen(text) };
    loop {
        // SAFETY: at or before the NUL.
        let here = unsafe { text.add(at) };
        // SAFETY: as above.
        if unsafe { here.read() } == wanted {
            return here;
        }
        if at == 0 {
            return ptr::null();
        }
        at -= 1;
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strcmp(a: *const c_char, b: *const c_char) -> c_int {
    let mut at = 0;
    loop {
        // SAFETY: both strings end with a NUL, where the loop stops at the latest.
        let (x, y) = unsafe { (a.add(at).cast::<u8>().read(), b.add(at).cast::<u8>().read()) };
        if x != y || x == 0 {
            return c_int::from(x) - c_int::from(y);
        }
        at += 1;
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn strstr(text: *const c_char, wanted: *const c_char) -> *const c_char {
    // SAFETY: both end with a NUL.
    let (room, len) = unsafe { (strlen(text), strlen(wanted)) };
    for at in 0..=room.saturating_sub(len) {
        // SAFETY: `at + len <= room` on every turn unless the text is shorter than what is wanted.
        if len <= room && unsafe { memcmp(text.add(at).cast(), wanted.cast(), len) } == 0 {
            // SAFETY: within the string.
            return unsafe { text.add(at) };
        }
    }
    ptr::null()
}
