//! What an allocator tells the engine.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Requests of up to so many bytes must not fail: see `memory.h`. The engine's arenas are smaller.
pub const SMALL_REQUEST: usize = 8192;

#[unsafe(export_name = "uk_memory_pressure")]
static PRESSURE: AtomicU32 = AtomicU32::new(0);

/// Says that `parts` of the reserve, of two, are in use.
pub fn set_memory_pressure(parts: u32) {
    PRESSURE.store(parts, Relaxed);
}
