//! Where stack and heap go in the memory that the program left.
//!
//! ```text
//! base image | program (read-only) | engine stack, grows down | heap | boot stack | end of memory
//! ```
//!
//! A guest cannot protect pages of its own, so the engine's stack sits directly above the program's
//! read-only segment: an overflow that slips past the engine's check faults there and harms nothing.

use core::ops::Range;

/// Kept at the end of memory for the stack that the tender started us on.
pub const BOOT_STACK: usize = 64 * 1024;
/// The engine stops recursion this far above the bottom of its stack, so that its own C code, which
/// checks only at calls into JavaScript, still has room.
pub const STACK_MARGIN: usize = 96 * 1024;

const MAX_STACK: usize = 16 << 20;
const MIN_STACK: usize = 256 * 1024;
const MIN_HEAP: usize = 512 * 1024;

/// The regions, as addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Stack of the engine: a sixteenth of memory, at most 16 MiB (room for 20,000 plain calls).
    pub stack: Range<usize>,
    /// All that is left.
    pub heap: Range<usize>,
}

impl Layout {
    /// Divides `start..end`, both multiples of 4096. `None` if that is too little to run in.
    #[must_use]
    pub fn divide(start: usize, end: usize) -> Option<Self> {
        let end = end.checked_sub(BOOT_STACK)?;
        let room = end.checked_sub(start)?;
        let stack = (room / 16).clamp(MIN_STACK, MAX_STACK) & !0xfff;
        if room < stack + MIN_HEAP {
            return None;
        }
        Some(Self { stack: start..start + stack, heap: start + stack..end })
    }
}

#[cfg(test)]
mod tests {
    use super::{BOOT_STACK, Layout, MAX_STACK, MIN_HEAP, MIN_STACK};

    #[test]
    fn divides_any_memory_without_gap_or_overlap() {
        for mib in [2_usize, 4, 8, 16, 64, 512, 4096] {
            let (start, end) = (0x20_0000, 0x20_0000 + (mib << 20));
            let layout = Layout::divide(start, end).expect("2 MiB are enough");
            assert_eq!(layout.stack.start, start);
            assert_eq!(layout.stack.end, layout.heap.start);
            assert_eq!(layout.heap.end, end - BOOT_STACK);
            let stack = layout.stack.end - layout.stack.start;
            assert!(
                (MIN_STACK..=MAX_STACK).contains(&stack) && stack.is_multiple_of(4096),
                "{mib} MiB: {stack}"
            );
        }
    }

    #[test]
    fn refuses_memory_that_is_too_small() {
        let least = BOOT_STACK + MIN_STACK + MIN_HEAP;
        assert!(Layout::divide(0x20_0000, 0x20_0000 + least).is_some());
        assert_eq!(Layout::divide(0x20_0000, 0x20_0000 + least - 4096), None);
        assert_eq!(Layout::divide(0x20_0000, 0x10_0000), None);
    }
}
