//! What the engine asks about memory (`engine/src/memory.h`).

use crate::state::STATE;

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

pub(crate) fn set(memory: Memory) {
    STATE.0.memory.set(Some(memory));
}

fn memory() -> Memory {
    STATE.0.memory.get().unwrap_or(Memory::UNLIMITED)
}

#[unsafe(no_mangle)]
extern "C" fn uk_out_of_memory() -> ! {
    (memory().is_gone)()
}

#[unsafe(no_mangle)]
extern "C" fn uk_memory_is_back() -> bool {
    (memory().is_back)()
}
