//! What a boot found out, for everything that asks later.

use crate::layout::Layout;
use crate::program::Program;
use crate::state::STATE;

/// What the rest of the guest asks for after boot.
pub struct Boot {
    /// The command line without the bindings' own options.
    pub cmdline: &'static [u8],
    /// What to run.
    pub program: Program<'static>,
    /// Where stack and heap are.
    pub layout: Layout,
}

/// The command line without the bindings' own options.
pub fn cmdline() -> &'static [u8] {
    STATE.0.boot.get().map_or(&[], |boot| boot.cmdline)
}

/// Bytes of heap that the guest has in all.
pub fn heap_size() -> usize {
    STATE.0.boot.get().map_or(0, |boot| boot.layout.heap.end - boot.layout.heap.start)
}

/// Keeps the record; once.
pub fn set(boot: Boot) {
    // A second boot does not happen: the first record would stay.
    let _ = STATE.0.boot.set(boot);
}

/// The record, once it is there.
pub fn get() -> Option<&'static Boot> {
    STATE.0.boot.get()
}
