//! What the engine asks about memory (`engine/src/memory.h`).

use core::cell::Cell;

use crate::OneThread;

/// What the program around the engine has to say about memory.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Whether the allocator has its reserve back, with enough beside it, now that garbage was collected.
    pub is_back: fn() -> bool,
    /// Ends the program: the engine has no memory for what it must not go on without.
    pub is_gone: fn() -> !,
}

impl Memory {
    /// A host's, whose allocator has no reserve.
    pub const UNLIMITED: Self = Self { is_back: || true, is_gone: || panic!("out of memory") };
}

static MEMORY: OneThread<Cell<Memory>> = OneThread(Cell::new(Memory::UNLIMITED));

pub(crate) fn set(memory: Memory) {
    MEMORY.0.set(memory);
}

#[unsafe(no_mangle)]
extern "C" fn uk_out_of_memory() -> ! {
    (MEMORY.0.get().is_gone)()
}

#[unsafe(no_mangle)]
extern "C" fn uk_memory_is_back() -> bool {
    (MEMORY.0.get().is_back)()
}
