//! The allocator behind [`heap`](crate::heap): TLSF, with a reserve.
//!
//! The region is taken lazily: a page is touched only when it is handed out.
//!
//! A reserve is held back, in two parts. A small request that does not fit is met from it, and the engine is told:
//! it throws an error at the next place where it can (`engine/src/memory.h`). A large one is refused, which sets a part
//! free as well, so that the engine can build its error, unwind, and let the program go on. Once enough memory is
//! free again, the reserve is taken back. A small request is refused only when all of it is gone.

use core::alloc::Layout;
use core::ops::Range;
use core::ptr::{self, NonNull};

use guest_engine::{SMALL_REQUEST, uk_set_memory_pressure};
use rlsf::Tlsf;

/// Alignment of everything that `malloc` returns: x86_64's `max_align_t`.
pub const ALIGN: usize = 16;

/// How far the allocator's own records may reach into memory that it has not handed out yet: the
/// header and the two links of the free block that follows an allocation.
const RECORDS: usize = 64;

/// Bytes held back in each part of the reserve.
const PART: usize = 96 * 1024;
/// Parts of the reserve.
const PARTS: u32 = 2;
/// While a part is in use, try to take it back once in so many allocations.
const RESERVE_INTERVAL: u32 = 256;

type Pool = Tlsf<'static, u32, u32, 30, 32>;

/// All memory that a guest allocates, and the records of it.
pub struct Allocator {
    pool: Pool,
    /// Bytes of memory in all.
    size: usize,
    /// Everything from here up was zero at first and has never been handed out.
    fresh: usize,
    /// Size of the last request that did not fit, in bytes; 0 if there was none since the reserve was whole.
    refused: usize,
    /// The blocks held back; `None` for one that is in use.
    reserve: [Option<NonNull<u8>>; PARTS as usize],
    /// Allocations until the next attempt to take a part of the reserve back.
    until_reserve: u32,
}

impl Allocator {
    /// An allocator without memory.
    pub const fn new() -> Self {
        Self {
            pool: Pool::new(),
            size: 0,
            fresh: 0,
            refused: 0,
            reserve: [None; PARTS as usize],
            until_reserve: 0,
        }
    }

    /// Gives the allocator its memory.
    ///
    /// # Safety
    /// Called once, before any allocation; `region` is zero-filled memory that nothing else uses.
    pub unsafe fn init(&mut self, region: Range<usize>) {
        let Range { start, end } = region;
        let block = ptr::slice_from_raw_parts_mut(ptr::with_exposed_provenance_mut(start), end - start);
        if let Some(block) = NonNull::new(block) {
            // SAFETY: the caller hands the region over for good.
            unsafe { self.pool.insert_free_block_ptr(block) };
        }
        self.size = end - start;
        self.fresh = start + RECORDS;
        self.until_reserve = 1;
    }

    /// Size of the last request that did not fit, in bytes, if there was one.
    pub fn refused(&self) -> Option<usize> {
        (self.refused != 0).then_some(self.refused)
    }

    /// A block, or null when there is no memory left.
    pub fn allocate(&mut self, size: usize, align: usize) -> *mut u8 {
        self.mind_reserve();
        self.serve(size, align)
    }

    /// Tries to take the reserve back if part of it is in use, now and then.
    fn mind_reserve(&mut self) {
        if self.reserve.contains(&None) {
            self.until_reserve = self.until_reserve.saturating_sub(1);
            if self.until_reserve == 0 {
                self.restock(0);
            }
        }
    }

    fn serve(&mut self, size: usize, align: usize) -> *mut u8 {
        let Ok(layout) = Layout::from_size_align(size.max(1), align) else { return ptr::null_mut() };
        loop {
            match self.pool.allocate(layout) {
                Some(block) => return self.note(block),
                None if !self.draw(size) => return ptr::null_mut(),
                None => {}
            }
        }
    }

    /// Remembers how far memory has been handed out.
    fn note(&mut self, block: NonNull<u8>) -> *mut u8 {
        // SAFETY: every caller just got the block from this pool.
        let usable = unsafe { Self::usable_size(block) };
        self.fresh = self.fresh.max(block.addr().get() + usable + RECORDS);
        block.as_ptr()
    }

    /// What is to be done about a request that does not fit: `true` says that it may fit now.
    #[cold]
    fn draw(&mut self, size: usize) -> bool {
        self.refused = size.max(1);
        let small = size <= SMALL_REQUEST;
        let Some(part) = self.reserve.iter_mut().find_map(Option::take) else {
            return false;
        };
        // SAFETY: allocated in `restock` with this alignment, never handed out.
        unsafe { self.pool.deallocate(part, ALIGN) };
        self.until_reserve = RESERVE_INTERVAL;
        if small {
            uk_set_memory_pressure(PARTS - self.parts());
        }
        small
    }

    /// Parts of the reserve that are held back.
    fn parts(&self) -> u32 {
        self.reserve.iter().map(|part| u32::from(part.is_some())).sum()
    }

    /// Takes the reserve (back), each part only if that leaves `beside` bytes and as much again for others. Whether it
    /// is whole then.
    #[cold]
    fn restock(&mut self, beside: usize) -> bool {
        self.until_reserve = RESERVE_INTERVAL;
        let layout = |size| Layout::from_size_align(size, ALIGN).ok();
        for index in 0..self.reserve.len() {
            if self.reserve.get(index) != Some(&None) {
                continue;
            }
            let probe = layout(beside.saturating_add(2 * PART));
            let Some(block) = probe.and_then(|layout| self.pool.allocate(layout)) else { break };
            // All of it: shrinking leaves the record of the free block behind it where it was.
            self.note(block);
            // SAFETY: allocated just now with this alignment; shrinking does not fail.
            let kept = layout(PART).and_then(|layout| unsafe { self.pool.reallocate(block, layout) });
            if let Some(part) = self.reserve.get_mut(index) {
                *part = kept;
            }
        }
        let whole = self.parts() == PARTS;
        if whole {
            self.refused = 0;
        }
        whole
    }

    /// A block of zeros, or null.
    pub fn allocate_zeroed(&mut self, size: usize, align: usize) -> *mut u8 {
        // This uses memory, and leaves it as it likes.
        self.mind_reserve();
        let fresh = self.fresh;
        let block = self.serve(size, align);
        if !block.is_null() {
            // Above `fresh` memory is still as zero as the tender gave it, but for the allocator's
            // records at the very front of a block.
            let dirty = fresh.saturating_sub(block.addr()).max(RECORDS).min(size);
            // SAFETY: `dirty <= size`, the size of the block just allocated.
            unsafe { ptr::write_bytes(block, 0, dirty) };
        }
        block
    }

    /// Takes the reserve back, now that garbage has been collected; whether it is whole, with enough beside it that it
    /// will not be needed again at once.
    pub fn recover(&mut self) -> bool {
        self.restock(self.size / 32)
    }

    /// The block with another size, here or elsewhere; null if that does not fit, and then it stays as it was.
    ///
    /// # Safety
    /// `block` came from this allocator with this alignment, and was not freed.
    pub unsafe fn reallocate(&mut self, block: NonNull<u8>, size: usize, align: usize) -> *mut u8 {
        let Ok(layout) = Layout::from_size_align(size.max(1), align) else { return ptr::null_mut() };
        loop {
            // SAFETY: by the caller's word; a block that was not moved is still what it was.
            match unsafe { self.pool.reallocate(block, layout) } {
                Some(moved) => return self.note(moved),
                None if !self.draw(size) => return ptr::null_mut(),
                None => {}
            }
        }
    }

    /// # Safety
    /// As for [`Self::reallocate`]; the block is not used afterwards.
    pub unsafe fn free(&mut self, block: NonNull<u8>, align: usize) {
        // SAFETY: by the caller's word.
        unsafe { self.pool.deallocate(block, align) };
    }

    /// Bytes that the block really has.
    ///
    /// # Safety
    /// As for [`Self::reallocate`].
    pub unsafe fn usable_size(block: NonNull<u8>) -> usize {
        // SAFETY: by the caller's word.
        unsafe { Pool::allocation_usable_size(block) }
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::{alloc_zeroed, dealloc};
    use std::sync::{Mutex, MutexGuard, PoisonError};

    use proptest::prelude::*;

    use super::{ALIGN, Allocator, Layout, NonNull, PART, PARTS, Range, SMALL_REQUEST};

    const REGION: Layout = match Layout::from_size_align(1 << 20, 4096) {
        Ok(layout) => layout,
        Err(_) => panic!("a power of two"),
    };
    struct Block {
        at: NonNull<u8>,
        size: usize,
        align: usize,
        /// What all of it is filled with.
        filler: u8,
    }

    /// An allocator, and what it has handed out.
    struct Heap {
        allocator: Allocator,
        region: Range<usize>,
        blocks: Vec<Block>,
        /// The engine's record of the reserve is one.
        _alone: MutexGuard<'static, ()>,
    }

    impl Heap {
        fn new() -> Self {
            static ALONE: Mutex<()> = Mutex::new(());
            let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
            // SAFETY: the layout has a size.
            let start = unsafe { alloc_zeroed(REGION) }.expose_provenance();
            let region = start..start + REGION.size();
            let mut allocator = Allocator::new();
            // SAFETY: fresh zeros that nobody else knows of.
            unsafe { allocator.init(region.clone()) };
            Self { allocator, region, blocks: Vec::new(), _alone: alone }
        }

        /// Notes a block that was handed out, after a look at whether it may be one.
        fn take(&mut self, at: *mut u8, size: usize, align: usize, filler: u8) -> bool {
            let Some(at) = NonNull::new(at) else { return false };
            // SAFETY: handed out just now.
            let usable = unsafe { Allocator::usable_size(at) };
            let range = at.addr().get()..at.addr().get() + usable;
            assert!(usable >= size, "{usable} bytes for {size}");
            assert!(range.start.is_multiple_of(align), "{range:x?} for {align}");
            assert!(self.region.start <= range.start && range.end <= self.region.end, "{range:x?} outside");
            for other in &self.blocks {
                let start = other.at.addr().get();
                assert!(range.end <= start || start + other.size <= range.start, "{range:x?} is in use");
            }
            // SAFETY: all that the block has is the owner's.
            unsafe { at.write_bytes(filler, usable) };
            self.blocks.push(Block { at, size, align, filler });
            true
        }

        fn allocate(&mut self, size: usize, align: usize, filler: u8) -> bool {
            let at = self.allocator.allocate(size, align);
            self.take(at, size, align, filler)
        }

        /// Allocates blocks of `size` bytes until there is no memory left; how many there are.
        fn fill(&mut self, size: usize) -> usize {
            while self.allocate(size, ALIGN, 7) {}
            self.blocks.len()
        }

        fn allocate_zeroed(&mut self, size: usize, align: usize, filler: u8) -> bool {
            let at = self.allocator.allocate_zeroed(size, align);
            if !at.is_null() {
                // SAFETY: handed out just now, and written.
                let bytes = unsafe { core::slice::from_raw_parts(at, size) };
                assert!(bytes.iter().all(|&byte| byte == 0), "{size} bytes that are not zero");
            }
            self.take(at, size, align, filler)
        }

        fn reallocate(&mut self, index: usize, size: usize) {
            if self.blocks.is_empty() {
                return;
            }
            let Block { at, size: before, align, filler } =
                self.blocks.swap_remove(index % self.blocks.len());
            // SAFETY: a live block of this allocator.
            let moved = unsafe { self.allocator.reallocate(at, size, align) };
            let now = NonNull::new(moved).unwrap_or(at);
            let kept = if moved.is_null() { before } else { before.min(size) };
            check(now, kept, filler);
            let size = if moved.is_null() { before } else { size };
            self.take(now.as_ptr(), size, align, filler);
        }

        fn free(&mut self, index: usize) {
            if self.blocks.is_empty() {
                return;
            }
            let Block { at, size, align, filler } = self.blocks.swap_remove(index % self.blocks.len());
            check(at, size, filler);
            // SAFETY: a live block of this allocator, not used again.
            unsafe { self.allocator.free(at, align) };
        }

        fn free_all(&mut self) {
            while !self.blocks.is_empty() {
                self.free(0);
            }
        }
    }

    impl Drop for Heap {
        fn drop(&mut self) {
            guest_engine::uk_set_memory_pressure(0);
            let region = core::ptr::with_exposed_provenance_mut(self.region.start);
            // SAFETY: allocated in `new` with this layout; the allocator is not asked again.
            unsafe { dealloc(region, REGION) };
        }
    }

    /// Nobody has written to a block but its owner.
    fn check(at: NonNull<u8>, len: usize, filler: u8) {
        // SAFETY: a live block that was filled.
        let bytes = unsafe { core::slice::from_raw_parts(at.as_ptr(), len) };
        assert!(bytes.iter().all(|&byte| byte == filler), "{len} bytes at {at:?} were written to");
    }

    #[derive(Clone, Debug)]
    enum Step {
        Allocate(usize, u32),
        AllocateZeroed(usize, u32),
        Reallocate(usize, usize),
        Free(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = || prop_oneof![8 => 0_usize..300, 4 => 0..20_000_usize, 1 => 0..REGION.size()];
        let step = prop_oneof![
            3 => (size(), 4..12_u32).prop_map(|(size, align)| Step::Allocate(size, align)),
            1 => (size(), 4..12_u32).prop_map(|(size, align)| Step::AllocateZeroed(size, align)),
            2 => (any::<usize>(), size()).prop_map(|(index, size)| Step::Reallocate(index, size)),
            2 => any::<usize>().prop_map(Step::Free),
        ];
        proptest::collection::vec(step, 0..400)
    }

    proptest! {
        #[test]
        fn blocks_are_aligned_apart_and_their_owners(steps in steps()) {
            let most = Heap::new().fill(SMALL_REQUEST);
            let mut heap = Heap::new();
            for (index, step) in steps.into_iter().enumerate() {
                let filler = (index % 255 + 1).to_le_bytes()[0];
                match step {
                    Step::Allocate(size, align) => { heap.allocate(size, 1 << align, filler); }
                    Step::AllocateZeroed(size, align) => { heap.allocate_zeroed(size, 1 << align, filler); }
                    Step::Reallocate(index, size) => heap.reallocate(index, size),
                    Step::Free(index) => heap.free(index),
                }
            }
            heap.free_all();
            // The reserve lies elsewhere, and what is left of the region is in other pieces.
            let blocks = heap.fill(SMALL_REQUEST);
            prop_assert!(blocks + PARTS as usize + 1 >= most, "{blocks} blocks fit of {most} when all was freed");
        }

        #[test]
        fn small_requests_are_met_until_all_is_gone_and_again_when_some_is_freed(size in 256..=SMALL_REQUEST) {
            let mut heap = Heap::new();
            let used = heap.fill(size) * size;
            prop_assert!(used > REGION.size() * 7 / 10, "{used} bytes are all");
            prop_assert_eq!(heap.allocator.refused(), Some(size));
            prop_assert!(!heap.allocator.recover());
            heap.free(0);
            prop_assert!(heap.allocate(size, ALIGN, 8));
            heap.free_all();
            prop_assert!(heap.allocator.recover());
            prop_assert_eq!(heap.allocator.refused(), None);
        }
    }

    #[test]
    fn a_large_request_that_does_not_fit_is_refused_and_sets_a_part_of_the_reserve_free_for_small_ones() {
        let mut heap = Heap::new();
        heap.fill(SMALL_REQUEST + 1);
        assert_eq!(heap.allocator.refused(), Some(SMALL_REQUEST + 1));
        for _ in 0..PART / 2 / 1024 {
            assert!(heap.allocate(1000, ALIGN, 2));
        }
    }

    #[test]
    fn sizes_that_no_memory_has_are_refused() {
        let mut heap = Heap::new();
        assert!(heap.allocate(100, ALIGN, 1));
        for size in [REGION.size(), isize::MAX as usize, usize::MAX] {
            assert!(!heap.allocate(size, ALIGN, 2));
            assert!(!heap.allocate_zeroed(size, ALIGN, 2));
            heap.reallocate(0, size);
            assert_eq!(heap.blocks[0].size, 100);
        }
        heap.free_all();
    }
}
