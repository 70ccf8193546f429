//! One allocator for the engine (through `malloc`) and for Rust (as global allocator).
//!
//! The guest has one thread, so it needs no lock. A small request that is refused ends the guest: the engine goes on as if
//! there were none.

use core::alloc::{GlobalAlloc, Layout};
use core::ops::Range;
use core::ptr::{self, NonNull};

use guest_engine::SMALL_REQUEST;

use crate::allocator::{ALIGN, Allocator};
use crate::report;
use crate::state::STATE;

/// Runs `f` on the allocator.
fn with<R>(f: impl FnOnce(&mut Allocator) -> R) -> R {
    // SAFETY: one thread, and `f` never calls back into this module.
    f(unsafe { &mut *STATE.0.heap.get() })
}

/// What `f` answers to a request for `size` bytes.
fn request(size: usize, f: impl FnOnce(&mut Allocator) -> *mut u8) -> *mut u8 {
    let block = with(f);
    if block.is_null() && size <= SMALL_REQUEST {
        report::out_of_memory(size, None);
    }
    block
}

/// Gives the allocator its memory.
///
/// # Safety
/// Called once, before any allocation; `region` is zero-filled memory that nothing else uses.
pub unsafe fn init(region: Range<usize>) {
    // SAFETY: the caller's word is what is asked for.
    with(|heap| unsafe { heap.init(region) });
}

/// Size of the last request that did not fit, in bytes, if there was one.
pub fn refused() -> Option<usize> {
    with(|heap| heap.refused())
}

/// Takes the reserve back, now that garbage has been collected; whether it is whole.
pub fn restock() -> bool {
    with(Allocator::recover)
}

/// `malloc`: null when there is no memory left.
pub fn malloc(size: usize) -> *mut u8 {
    request(size, |heap| heap.allocate(size, ALIGN))
}

/// `calloc`: null when there is no memory left or the product overflows.
pub fn calloc(count: usize, size: usize) -> *mut u8 {
    match count.checked_mul(size) {
        Some(size) => request(size, |heap| heap.allocate_zeroed(size, ALIGN)),
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
        Some(block) => request(size, |heap| unsafe { heap.reallocate(block, size, ALIGN) }),
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
        with(|heap| unsafe { heap.free(block, ALIGN) });
    }
}

/// `malloc_usable_size`: real, or the engine's memory accounting would drift.
///
/// # Safety
/// As for [`realloc`].
pub unsafe fn usable_size(block: *mut u8) -> usize {
    // SAFETY: by the caller's word.
    NonNull::new(block).map_or(0, |block| unsafe { Allocator::usable_size(block) })
}

/// Rust's side of the same heap.
pub struct GlobalHeap;

// SAFETY: blocks are disjoint and as large and aligned as asked for; failure is null.
unsafe impl GlobalAlloc for GlobalHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        request(layout.size(), |heap| heap.allocate(layout.size(), layout.align().max(ALIGN)))
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        request(layout.size(), |heap| heap.allocate_zeroed(layout.size(), layout.align().max(ALIGN)))
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if let Some(block) = NonNull::new(block) {
            // SAFETY: allocated above with the same alignment.
            with(|heap| unsafe { heap.free(block, layout.align().max(ALIGN)) });
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match NonNull::new(block) {
            Some(block) => request(size, |heap| {
                // SAFETY: allocated above with the same alignment.
                unsafe { heap.reallocate(block, size, layout.align().max(ALIGN)) }
            }),
            None => ptr::null_mut(),
        }
    }
}
