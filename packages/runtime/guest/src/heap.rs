//! One TLSF allocator for the engine (through `malloc`) and for Rust (as global allocator).
//!
//! The guest has one thread, so the state needs no lock. The region is taken lazily: a page is
//! touched only when it is handed out.
//!
//! A reserve is held back, in two parts. A small request that does not fit is met from it, and the engine is told:
//! it throws an error at the next place where it can (`engine/src/memory.h`). A large one is refused, which sets a part
//! free as well, so that the engine can build its error, unwind, and let the program go on. Once enough memory is
//! free again, the reserve is taken back. A small request that does not fit when all of it is gone ends the guest.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ops::Range;
use core::ptr::{self, NonNull};

use guest_engine::{SMALL_REQUEST, uk_set_memory_pressure};
use guest_quickjs::OneThread;
use rlsf::Tlsf;

use crate::{boot, report};

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

struct State {
    pool: Pool,
    /// Everything from here up was zero at boot and has never been handed out.
    fresh: usize,
    /// Size of the last request that did not fit, in bytes; 0 if there was none since the reserve was whole.
    refused: usize,
    /// The blocks held back; `None` for one that is in use.
    reserve: [Option<NonNull<u8>>; PARTS as usize],
    /// Allocations until the next attempt to take a part of the reserve back.
    until_reserve: u32,
}

static HEAP: OneThread<UnsafeCell<State>> = OneThread(UnsafeCell::new(State {
    pool: Pool::new(),
    fresh: 0,
    refused: 0,
    reserve: [None; PARTS as usize],
    until_reserve: 0,
}));

/// Runs `f` on the allocator's state.
fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    // SAFETY: one thread, and `f` never calls back into this module.
    f(unsafe { &mut *HEAP.0.get() })
}

/// Gives the allocator its memory.
///
/// # Safety
/// Called once, before any allocation; `region` is zero-filled memory that nothing else uses.
pub unsafe fn init(region: Range<usize>) {
    let Range { start, end } = region;
    with(|heap| {
        let block = ptr::slice_from_raw_parts_mut(ptr::with_exposed_provenance_mut(start), end - start);
        if let Some(block) = NonNull::new(block) {
            // SAFETY: the caller hands the region over for good.
            unsafe { heap.pool.insert_free_block_ptr(block) };
        }
        heap.fresh = start + RECORDS;
        heap.until_reserve = 1;
    });
}

/// Size of the last request that did not fit, in bytes, if there was one.
pub fn refused() -> Option<usize> {
    with(|heap| (heap.refused != 0).then_some(heap.refused))
}

impl State {
    fn allocate(&mut self, size: usize, align: usize) -> *mut u8 {
        if self.reserve.contains(&None) {
            self.until_reserve = self.until_reserve.saturating_sub(1);
            if self.until_reserve == 0 {
                self.restock(0);
            }
        }
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
        let usable = unsafe { Pool::allocation_usable_size(block) };
        self.fresh = self.fresh.max(block.addr().get() + usable + RECORDS);
        block.as_ptr()
    }

    /// What is to be done about a request that does not fit: `true` says that it may fit now.
    #[cold]
    fn draw(&mut self, size: usize) -> bool {
        self.refused = size.max(1);
        let small = size <= SMALL_REQUEST;
        let Some(part) = self.reserve.iter_mut().find_map(Option::take) else {
            if small {
                report::out_of_memory(size, None);
            }
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

    fn allocate_zeroed(&mut self, size: usize, align: usize) -> *mut u8 {
        let fresh = self.fresh;
        let block = self.allocate(size, align);
        if !block.is_null() {
            // Above `fresh` memory is still as zero as the tender gave it, but for the allocator's
            // records at the very front of a block.
            let dirty = fresh.saturating_sub(block.addr()).max(RECORDS).min(size);
            // SAFETY: `dirty <= size`, the size of the block just allocated.
            unsafe { ptr::write_bytes(block, 0, dirty) };
        }
        block
    }

    /// # Safety
    /// `block` came from this allocator with this alignment.
    unsafe fn reallocate(&mut self, block: NonNull<u8>, size: usize, align: usize) -> *mut u8 {
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
}

/// Takes the reserve back, now that garbage has been collected; whether it is whole, with enough beside it that it will
/// not be needed again at once.
pub fn restock() -> bool {
    let beside = boot::heap_size() / 32;
    with(|heap| heap.restock(beside))
}

/// `malloc`: null when there is no memory left.
pub fn malloc(size: usize) -> *mut u8 {
    with(|heap| heap.allocate(size, ALIGN))
}

/// `calloc`: null when there is no memory left or the product overflows.
pub fn calloc(count: usize, size: usize) -> *mut u8 {
    match count.checked_mul(size) {
        Some(size) => with(|heap| heap.allocate_zeroed(size, ALIGN)),
        None => ptr::null_mut(),
    }
}

/// `realloc`: the old block stays valid when null is returned.
///
/// # Safety
/// `block` is null or came from [`malloc`], [`calloc`] or this function and was not freed.
pub unsafe fn realloc(block: *mut u8, size: usize) -> *mut u8 {
    match NonNull::new(block) {
        // SAFETY: by the caller's word; all of these use `ALIGN`.
        Some(block) => with(|heap| unsafe { heap.reallocate(block, size, ALIGN) }),
        None => malloc(size),
    }
}

/// `free`.
///
/// # Safety
/// As for [`realloc`]; the block is not used afterwards.
pub unsafe fn free(block: *mut u8) {
    if let Some(block) = NonNull::new(block) {
        // SAFETY: by the caller's word; all of these use `ALIGN`.
        with(|heap| unsafe { heap.pool.deallocate(block, ALIGN) });
    }
}

/// `malloc_usable_size`: real, or the engine's memory accounting would drift.
///
/// # Safety
/// As for [`realloc`].
pub unsafe fn usable_size(block: *mut u8) -> usize {
    // SAFETY: by the caller's word.
    NonNull::new(block).map_or(0, |block| unsafe { Pool::allocation_usable_size(block) })
}

/// Rust's side of the same heap.
pub struct GlobalHeap;

// SAFETY: blocks are disjoint and as large and aligned as asked for; failure is null.
unsafe impl GlobalAlloc for GlobalHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        with(|heap| heap.allocate(layout.size(), layout.align().max(ALIGN)))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        with(|heap| heap.allocate_zeroed(layout.size(), layout.align().max(ALIGN)))
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(block) = NonNull::new(block) {
            // SAFETY: allocated above with the same alignment.
            with(|heap| unsafe { heap.pool.deallocate(block, layout.align().max(ALIGN)) });
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match NonNull::new(block) {
            Some(block) => with(|heap| {
                // SAFETY: allocated above with the same alignment.
                unsafe { heap.reallocate(block, size, layout.align().max(ALIGN)) }
            }),
            None => ptr::null_mut(),
        }
    }
}
