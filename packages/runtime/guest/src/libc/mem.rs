//! `mem*` and `str*`. The precompiled core brings none, and a loop in Rust may be compiled into a
//! call to the very function it implements; so copies, fills and `strlen` are written in assembly.
//!
//! Vectors of 16 bytes, which every x86-64 has and every guest may use. Up to 128 bytes there is no
//! loop: all is loaded, then all is stored, so it does not matter whether source and target overlap.
//! From 2 KiB on `rep movsb` and `rep stosb` pay for their start.

use core::arch::naked_asm;
use core::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8};
use core::ffi::{c_char, c_int};
use core::ptr;

/// Bytes in a vector.
const VECTOR: usize = size_of::<__m128i>();
/// [`_mm_movemask_epi8`] of two equal vectors.
const ALL_EQUAL: u32 = 0xffff;

/// `void *memmove(rdi to, rsi from, rdx len)`
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    naked_asm!(
        // Backwards, if the target starts inside the source and there is more than fits the registers.
        "mov rcx, rdi",
        "sub rcx, rsi",
        "cmp rcx, rdx",
        "jae {memcpy}",
        "cmp rdx, 128",
        "jbe {memcpy}",
        "mov rax, rdi",
        "movdqu xmm4, [rsi]", // the first 64 bytes and the last 16, before they can be overwritten
        "movdqu xmm5, [rsi + 16]",
        "movdqu xmm6, [rsi + 32]",
        "movdqu xmm7, [rsi + 48]",
        "movdqu xmm8, [rsi + rdx - 16]",
        "lea r8, [rdi + rdx - 16]",
        "lea rcx, [rdi + rdx]",
        "and rcx, 15", // what is behind the last boundary of the target
        "sub rdx, rcx",
        "2:",
        "movdqu xmm0, [rsi + rdx - 16]",
        "movdqu xmm1, [rsi + rdx - 32]",
        "movdqu xmm2, [rsi + rdx - 48]",
        "movdqu xmm3, [rsi + rdx - 64]",
        "movdqa [rdi + rdx - 16], xmm0",
        "movdqa [rdi + rdx - 32], xmm1",
        "movdqa [rdi + rdx - 48], xmm2",
        "movdqa [rdi + rdx - 64], xmm3",
        "sub rdx, 64",
        "cmp rdx, 64",
        "ja 2b",
        "movdqu [rdi], xmm4",
        "movdqu [rdi + 16], xmm5",
        "movdqu [rdi + 32], xmm6",
        "movdqu [rdi + 48], xmm7",
        "movdqu [r8], xmm8",
        "ret",
        memcpy = sym memcpy,
    )
}

/// `void *memcpy(rdi to, rsi from, rdx len)`; right as well where the target starts before the source.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
    naked_asm!(
        "mov rax, rdi",
        "cmp rdx, 16",
        "jb 6f",
        "cmp rdx, 32",
        "ja 2f",
        "movdqu xmm0, [rsi]",
        "movdqu xmm1, [rsi + rdx - 16]",
        "movdqu [rdi], xmm0",
        "movdqu [rdi + rdx - 16], xmm1",
        "ret",
        "2:", // 33 and more
        "cmp rdx, 64",
        "ja 3f",
        "movdqu xmm0, [rsi]",
        "movdqu xmm1, [rsi + 16]",
        "movdqu xmm2, [rsi + rdx - 32]",
        "movdqu xmm3, [rsi + rdx - 16]",
        "movdqu [rdi], xmm0",
        "movdqu [rdi + 16], xmm1",
        "movdqu [rdi + rdx - 32], xmm2",
        "movdqu [rdi + rdx - 16], xmm3",
        "ret",
        "3:", // 65 and more: the last 64 in any case
        "movdqu xmm4, [rsi + rdx - 64]",
        "movdqu xmm5, [rsi + rdx - 48]",
        "movdqu xmm6, [rsi + rdx - 32]",
        "movdqu xmm7, [rsi + rdx - 16]",
        "lea r8, [rdi + rdx - 64]",
        "cmp rdx, 128",
        "ja 4f",
        "movdqu xmm0, [rsi]",
        "movdqu xmm1, [rsi + 16]",
        "movdqu xmm2, [rsi + 32]",
        "movdqu xmm3, [rsi + 48]",
        "movdqu [rdi], xmm0",
        "movdqu [rdi + 16], xmm1",
        "movdqu [rdi + 32], xmm2",
        "movdqu [rdi + 48], xmm3",
        "movdqu [r8], xmm4",
        "movdqu [r8 + 16], xmm5",
        "movdqu [r8 + 32], xmm6",
        "movdqu [r8 + 48], xmm7",
        "ret",
        "4:",
        "cmp rdx, 2048",
        "jae 10f",
        "13:", // 129 and more: to the target's next boundary, then 64 a turn
        "movdqu xmm8, [rsi]",
        "mov rcx, rdi",
        "and rcx, 15",
        "sub rcx, 16",
        "sub rdi, rcx",
        "sub rsi, rcx",
        "add rdx, rcx",
        "5:",
        "movdqu xmm0, [rsi]",
        "movdqu xmm1, [rsi + 16]",
        "movdqu xmm2, [rsi + 32]",
        "movdqu xmm3, [rsi + 48]",
        "movdqa [rdi], xmm0",
        "movdqa [rdi + 16], xmm1",
        "movdqa [rdi + 32], xmm2",
        "movdqa [rdi + 48], xmm3",
        "add rsi, 64",
        "add rdi, 64",
        "sub rdx, 64",
        "cmp rdx, 64",
        "ja 5b",
        "movdqu [r8], xmm4",
        "movdqu [r8 + 16], xmm5",
        "movdqu [r8 + 32], xmm6",
        "movdqu [r8 + 48], xmm7",
        "movdqu [rax], xmm8",
        "ret",
        "10:", // slow where it overlaps
        "mov rcx, rsi",
        "sub rcx, rdi",
        "cmp rcx, rdx",
        "jb 13b",
        "mov rcx, rdx",
        "rep movsb",
        "ret",
        "6:", // 15 and less
        "test dl, 8",
        "jnz 7f",
        "test dl, 4",
        "jnz 8f",
        "test dl, 2",
        "jnz 9f",
        "test dl, dl",
        "jz 12f",
        "mov cl, [rsi]",
        "mov [rdi], cl",
        "12:",
        "ret",
        "7:",
        "mov rcx, [rsi]",
        "mov r8, [rsi + rdx - 8]",
        "mov [rdi], rcx",
        "mov [rdi + rdx - 8], r8",
        "ret",
        "8:",
        "mov ecx, [rsi]",
        "mov r8d, [rsi + rdx - 4]",
        "mov [rdi], ecx",
        "mov [rdi + rdx - 4], r8d",
        "ret",
        "9:",
        "mov cx, [rsi]",
        "mov r8w, [rsi + rdx - 2]",
        "mov [rdi], cx",
        "mov [rdi + rdx - 2], r8w",
        "ret",
    )
}

/// `void *memset(rdi to, esi byte, rdx len)`
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn memset(to: *mut u8, byte: c_int, len: usize) -> *mut u8 {
    naked_asm!(
        "mov rax, rdi",
        "movzx esi, sil",
        "mov rcx, 0x0101010101010101",
        "imul rcx, rsi",
        "cmp rdx, 16",
        "jb 4f",
        "cmp rdx, 2048",
        "jae 9f",
        "movq xmm0, rcx",
        "punpcklqdq xmm0, xmm0",
        "lea r8, [rdi + rdx - 16]",
        "movdqu [rdi], xmm0",
        "movdqu [r8], xmm0",
        "cmp rdx, 32",
        "jbe 3f",
        "movdqu [rdi + 16], xmm0",
        "movdqu [r8 - 16], xmm0",
        "cmp rdx, 64",
        "jbe 3f",
        "movdqu [rdi + 32], xmm0",
        "movdqu [rdi + 48], xmm0",
        "movdqu [r8 - 32], xmm0",
        "movdqu [r8 - 48], xmm0",
        "add rdi, 64", // from the first boundary that may still lie before a gap to the last 64
        "and rdi, -16",
        "sub r8, 48",
        "cmp rdi, r8",
        "jae 3f",
        "2:",
        "movdqa [rdi], xmm0",
        "movdqa [rdi + 16], xmm0",
        "movdqa [rdi + 32], xmm0",
        "movdqa [rdi + 48], xmm0",
        "add rdi, 64",
        "cmp rdi, r8",
        "jb 2b",
        "3:",
        "ret",
        "4:",
        "test dl, 8",
        "jnz 5f",
        "test dl, 4",
        "jnz 6f",
        "test dl, 2",
        "jnz 7f",
        "test dl, dl",
        "jz 8f",
        "mov [rdi], cl",
        "8:",
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
        "9:",
        "mov r8, rax",
        "mov rax, rcx",
        "mov rcx, rdx",
        "rep stosb",
        "mov rax, r8",
        "ret",
    )
}

/// `size_t strlen(rdi text)`: aligned vectors, none of which reaches into a page without a byte of the text.
#[cfg_attr(not(test), unsafe(no_mangle))]
#[unsafe(naked)]
pub unsafe extern "C" fn strlen(text: *const c_char) -> usize {
    naked_asm!(
        "mov rax, rdi",
        "and rax, -16",
        "mov ecx, edi",
        "and ecx, 15",
        "pxor xmm0, xmm0",
        "movdqa xmm1, [rax]",
        "pcmpeqb xmm1, xmm0",
        "pmovmskb edx, xmm1",
        "shr edx, cl", // what lies before the text does not count
        "test edx, edx",
        "jz 2f",
        "bsf eax, edx",
        "ret",
        "2:", // a vector a turn, up to a boundary of 64 bytes
        "add rax, 16",
        "test al, 63",
        "jz 4f",
        "movdqa xmm1, [rax]",
        "pcmpeqb xmm1, xmm0",
        "pmovmskb edx, xmm1",
        "test edx, edx",
        "jz 2b",
        "3:",
        "bsf edx, edx",
        "add rax, rdx",
        "sub rax, rdi",
        "ret",
        "4:", // 64 a turn: the least of each column is zero where one of them is
        "movdqa xmm1, [rax]",
        "movdqa xmm2, [rax + 32]",
        "pminub xmm1, [rax + 16]",
        "pminub xmm2, [rax + 48]",
        "pminub xmm1, xmm2",
        "pcmpeqb xmm1, xmm0",
        "pmovmskb edx, xmm1",
        "add rax, 64",
        "test edx, edx",
        "jz 4b",
        "sub rax, 80", // which of the four
        "5:",
        "add rax, 16",
        "movdqa xmm1, [rax]",
        "pcmpeqb xmm1, xmm0",
        "pmovmskb edx, xmm1",
        "test edx, edx",
        "jz 5b",
        "jmp 3b",
    )
}

/// Which bytes of the vectors at `a` and `b` are equal: bit 0 is the first.
///
/// # Safety
/// 16 bytes are readable at both.
unsafe fn equal_bytes(a: *const u8, b: *const u8) -> u32 {
    // SAFETY: by the caller's word; these loads need no alignment, and every x86-64 has SSE2.
    unsafe {
        let (a, b) = (_mm_loadu_si128(a.cast()), _mm_loadu_si128(b.cast()));
        _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)).cast_unsigned()
    }
}

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> c_int {
    // SAFETY: both are readable for `len` bytes; every caller below passes an index under `len`.
    let difference = |at: usize| unsafe { c_int::from(a.add(at).read()) - c_int::from(b.add(at).read()) };
    let Some(last) = len.checked_sub(VECTOR) else {
        return (0..len).map(difference).find(|&difference| difference != 0).unwrap_or(0);
    };
    // SAFETY: every caller below passes an index of `last` at most, so a whole vector is readable.
    let differing = |at: usize| unsafe { equal_bytes(a.add(at), b.add(at)) } ^ ALL_EQUAL;
    let mut at = 0;
    while at + 4 * VECTOR <= last && (0..4).all(|i| differing(at + i * VECTOR) == 0) {
        at += 4 * VECTOR;
    }
    loop {
        let differing = differing(at);
        if differing != 0 {
            return difference(at + differing.trailing_zeros() as usize);
        }
        if at == last {
            return 0;
        }
        at = last.min(at + VECTOR); // the last vector may overlap the one before it
    }
}

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> c_int {
    // SAFETY: the same contract.
    unsafe { memcmp(a, b, len) }
}

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn memchr(text: *const u8, byte: c_int, len: usize) -> *const u8 {
    let byte = byte.to_le_bytes()[0];
    // SAFETY: `len` bytes are readable; every caller below passes an index under `len`.
    let here = |at: usize| unsafe { text.add(at) };
    let Some(last) = len.checked_sub(VECTOR) else {
        // SAFETY: as above.
        return (0..len).map(here).find(|&here| unsafe { here.read() } == byte).unwrap_or(ptr::null());
    };
    let wanted = [byte; VECTOR];
    // SAFETY: every caller below passes an index of `last` at most, so a whole vector is readable.
    let found = |at: usize| unsafe { equal_bytes(here(at), wanted.as_ptr()) };
    let mut at = 0;
    while at + 4 * VECTOR <= last && (0..4).fold(0, |any, i| any | found(at + i * VECTOR)) == 0 {
        at += 4 * VECTOR;
    }
    loop {
        let found = found(at);
        if found != 0 {
            return here(at + found.trailing_zeros() as usize);
        }
        if at == last {
            return ptr::null();
        }
        at = last.min(at + VECTOR); // the last vector may overlap the one before it
    }
}

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strchr(text: *const c_char, byte: c_int) -> *const c_char {
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

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strrchr(text: *const c_char, byte: c_int) -> *const c_char {
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

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strcmp(a: *const c_char, b: *const c_char) -> c_int {
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

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn strstr(text: *const c_char, wanted: *const c_char) -> *const c_char {
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

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use proptest::prelude::*;

    use super::*;

    /// Every way through the copies and scans: around 0, 4, 8, 16, 32, 64, 128, 2048 and multiples of 64.
    fn lengths() -> impl Iterator<Item = usize> {
        (0..300).chain((1..6).flat_map(|n| 509 * n..509 * n + 8)).chain(2030..2070)
    }

    const LARGEST: usize = 2600;

    /// Bytes that repeat nowhere near, none of them 0 or `OTHER`.
    fn sample(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 167 % 239 + 1).to_le_bytes()[0]).collect()
    }

    const OTHER: u8 = 250;

    #[test]
    fn copies_every_length_from_and_to_every_alignment_and_nothing_beside() {
        let from = sample(LARGEST + 64);
        for len in lengths() {
            for (source, target) in [(0, 0), (1, 0), (0, 1), (3, 15), (15, 3), (8, 7), (16, 33)] {
                let mut to = vec![OTHER; LARGEST + 64];
                let mut expected = to.clone();
                expected[target..target + len].copy_from_slice(&from[source..source + len]);
                // SAFETY: both vectors reach 64 bytes further than the largest length.
                let result = unsafe { memcpy(to.as_mut_ptr().add(target), from.as_ptr().add(source), len) };
                assert_eq!(result, to[target..].as_mut_ptr());
                assert!(to == expected, "{len} bytes from {source} to {target}");
            }
        }
    }

    #[test]
    fn moves_every_length_over_every_distance() {
        for len in lengths() {
            for (source, target) in [
                (0, 1),
                (1, 0),
                (0, 15),
                (15, 0),
                (3, 19),
                (20, 3),
                (0, 60),
                (64, 1),
                (0, 0),
                (5, 5),
                (0, 130),
                (200, 7),
            ] {
                let mut bytes = sample(LARGEST + 256);
                let mut expected = bytes.clone();
                expected.copy_within(source..source + len, target);
                let all = bytes.as_mut_ptr();
                // SAFETY: the vector reaches 256 bytes further than the largest length.
                let result = unsafe { memmove(all.add(target), all.add(source), len) };
                assert_eq!(result, bytes[target..].as_mut_ptr());
                assert!(bytes == expected, "{len} bytes from {source} to {target}");
            }
        }
    }

    #[test]
    fn fills_every_length_at_every_alignment_and_nothing_beside() {
        for len in lengths() {
            for target in 0..17 {
                let mut to = sample(LARGEST + 64);
                let mut expected = to.clone();
                expected[target..target + len].fill(OTHER);
                // SAFETY: the vector reaches 64 bytes further than the largest length. Only the low byte counts.
                let result = unsafe { memset(to.as_mut_ptr().add(target), 0x700 | c_int::from(OTHER), len) };
                assert_eq!(result, to[target..].as_mut_ptr());
                assert!(to == expected, "{len} bytes at {target}");
            }
        }
    }

    #[test]
    fn compares_by_the_first_byte_that_differs_as_an_unsigned_number() {
        for len in lengths() {
            let a = sample(len);
            // SAFETY: both are readable for `len` bytes, here and below.
            assert_eq!(unsafe { memcmp(a.as_ptr(), a.clone().as_ptr(), len) }, 0, "{len}");
            for at in [0, 1, 7, 8, 15, 16, len / 2, len.saturating_sub(2), len.saturating_sub(1)] {
                if at >= len {
                    continue;
                }
                let mut b = a.clone();
                b[at..].fill(0);
                b[at] = OTHER;
                // SAFETY: as above.
                let signs =
                    unsafe { [memcmp(a.as_ptr(), b.as_ptr(), len), memcmp(b.as_ptr(), a.as_ptr(), len)] };
                assert_eq!(signs.map(c_int::signum), [-1, 1], "{len} bytes that differ at {at}");
            }
        }
    }

    #[test]
    fn finds_the_first_of_a_byte_and_none_behind_the_end() {
        for len in lengths() {
            let mut text = sample(len + 1);
            text[len] = OTHER;
            let base = text.as_ptr();
            // SAFETY: `len` bytes are readable, here and below.
            assert!(unsafe { memchr(base, c_int::from(OTHER), len) }.is_null(), "{len}");
            for at in (0..len).step_by(1 + len / 40) {
                text[at] = OTHER;
                text[len - 1] = OTHER;
                // SAFETY: as above. Only the low byte counts.
                let found = unsafe { memchr(text.as_ptr(), 0x300 | c_int::from(OTHER), len) };
                assert_eq!(found, text[at..].as_ptr(), "{len} bytes, one of them at {at}");
                text[at] = 1;
            }
        }
    }

    #[test]
    fn measures_strings_at_every_alignment_whatever_lies_before_and_behind_them() {
        for len in lengths() {
            for start in 0..17 {
                let mut text = vec![0; start + len + 64];
                text[start..start + len].fill(OTHER);
                // SAFETY: a NUL follows.
                assert_eq!(unsafe { strlen(text[start..].as_ptr().cast()) }, len, "{len} bytes at {start}");
            }
        }
    }

    #[test]
    fn searches_and_compares_strings() {
        let find = |text: &std::ffi::CStr, byte: u8| {
            // SAFETY: the string ends with a NUL.
            let found = unsafe { [strchr(text.as_ptr(), byte.into()), strrchr(text.as_ptr(), byte.into())] };
            found.map(|found| (!found.is_null()).then(|| found.addr() - text.as_ptr().addr()))
        };
        assert_eq!(find(c"a-b-c", b'-'), [Some(1), Some(3)]);
        assert_eq!(find(c"a-b-c", b'x'), [None, None]);
        assert_eq!(find(c"a-b-c", 0), [Some(5), Some(5)]);
        for (a, b, sign) in [
            (c"", c"", 0),
            (c"a", c"", 1),
            (c"ab", c"abc", -1),
            (c"a\xff", c"a\x01", 1),
            (c"same", c"same", 0),
        ] {
            // SAFETY: both end with a NUL.
            assert_eq!(unsafe { strcmp(a.as_ptr(), b.as_ptr()) }.signum(), sign, "{a:?} {b:?}");
        }
        for (text, wanted, at) in
            [(c"", c"", Some(0)), (c"abc", c"", Some(0)), (c"aab", c"ab", Some(1)), (c"ab", c"abc", None)]
        {
            // SAFETY: both end with a NUL.
            let found = unsafe { strstr(text.as_ptr(), wanted.as_ptr()) };
            assert_eq!(
                (!found.is_null()).then(|| found.addr() - text.as_ptr().addr()),
                at,
                "{text:?} {wanted:?}"
            );
        }
    }

    /// Few letters, so that there is something to find.
    fn text() -> impl Strategy<Value = CString> {
        "[ab\u{ff}]{0,40}".prop_map(|text| CString::new(text).expect("no NUL"))
    }

    proptest! {
        #[test]
        fn strings_are_searched_and_compared_as_plain_loops_do(a in text(), b in text(), byte in prop_oneof![Just(0), Just(b'a'), any::<u8>()]) {
            let (x, y) = (a.as_bytes_with_nul(), b.as_bytes_with_nul());
            let at = |found: *const c_char| (!found.is_null()).then(|| found.addr() - a.as_ptr().addr());
            // SAFETY: both end with a NUL, here and below.
            let found = unsafe { [strchr(a.as_ptr(), byte.into()), strrchr(a.as_ptr(), byte.into())] };
            let wanted = [x.iter().position(|&other| other == byte), x.iter().rposition(|&other| other == byte)];
            prop_assert_eq!(found.map(at), wanted);
            // SAFETY: as above.
            let sign = unsafe { strcmp(a.as_ptr(), b.as_ptr()) }.signum();
            prop_assert_eq!(sign, x.cmp(y) as c_int);
            let wanted = b.as_bytes();
            let first = (0..x.len()).find(|&start| a.as_bytes()[start..].starts_with(wanted));
            // SAFETY: as above.
            prop_assert_eq!(at(unsafe { strstr(a.as_ptr(), b.as_ptr()) }), first);
        }
    }
}
