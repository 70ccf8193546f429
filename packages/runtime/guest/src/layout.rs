//! Where stack and heap go in the memory that the program left.
//!
//! ```text
//! base image | program (read-only) | engine stack, grows down | heap | boot stack | end of memory
//! ```
//!
//! A guest cannot protect pages of its own, so the engine's stack sits directly above the program's
//! read-only segment: an overflow that slips past the engine's check faults there and harms nothing.
//! How large the stack is was said when the image was linked, so where the heap begins depends on the image
//! alone, and only its end on how much memory there is.

use core::ops::Range;

/// Kept at the end of memory for the stack that the tender started us on.
pub const BOOT_STACK: usize = 64 * 1024;
/// The engine stops recursion this far above the bottom of its stack, so that its own C code, which
/// checks only at calls into JavaScript, still has room.
pub const STACK_MARGIN: usize = 96 * 1024;
/// The least stack, and the least heap, that a program can do anything in.
pub const MIN_STACK: usize = 256 * 1024;
const MIN_HEAP: usize = 512 * 1024;

/// The regions, as addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Stack of the engine.
    pub stack: Range<usize>,
    /// All that is left.
    pub heap: Range<usize>,
}

impl Layout {
    /// Divides `start..end`: a stack of `stack` bytes, then the heap. All are multiples of 4096.
    ///
    /// # Errors
    /// That is too little to run in: how many bytes are missing.
    pub fn divide(start: usize, end: usize, stack: usize) -> Result<Self, usize> {
        let top = start.saturating_add(stack);
        let least = top.saturating_add(MIN_HEAP + BOOT_STACK);
        if end < least {
            return Err(least - end);
        }
        Ok(Self { stack: start..top, heap: top..end - BOOT_STACK })
    }
}

#[cfg(test)]
mod tests {
    use super::{BOOT_STACK, Layout, MIN_HEAP, MIN_STACK};

    const START: usize = 0x20_0000;

    #[test]
    fn begins_the_heap_behind_the_stack_whatever_memory_there_is() {
        for stack in [MIN_STACK, 1 << 20, 8 << 20] {
            for mib in [10_usize, 16, 64, 512, 4096] {
                let end = START + (mib << 20);
                let layout = Layout::divide(START, end, stack).expect("10 MiB are enough");
                assert_eq!(layout.stack, START..START + stack);
                assert_eq!(layout.heap, START + stack..end - BOOT_STACK);
            }
        }
    }

    #[test]
    fn refuses_memory_that_is_too_small_and_says_how_much_is_missing() {
        let least = START + MIN_STACK + MIN_HEAP + BOOT_STACK;
        assert!(Layout::divide(START, least, MIN_STACK).is_ok());
        for end in [least - 4096, START, START / 2] {
            assert_eq!(Layout::divide(START, end, MIN_STACK), Err(least - end));
        }
        assert_eq!(Layout::divide(START, least, usize::MAX - 4095), Err(usize::MAX - least));
    }
}
