//! What the face keeps between calls: one record, beside the engine's own (`engine/src/state.h`).

use core::cell::{Cell, OnceCell};
use core::sync::atomic::{AtomicBool, AtomicUsize};

use crate::{Memory, OneThread, Value};

/// See [`STATE`].
pub struct State {
    /// The engine was started.
    pub started: AtomicBool,
    /// The lowest address to which JavaScript may bring the native stack.
    pub stack_end: AtomicUsize,
    /// What the program around the engine has to say about memory, once it has.
    pub memory: Cell<Option<Memory>>,
    /// The realm's own `Error`: a program may put another in its place.
    pub error: OnceCell<Value>,
    /// The engine's getter of `ArrayBuffer.prototype.resizable`, as it was before any program ran.
    pub resizable: OnceCell<Value>,
}

/// The only static of this crate: a base image has none but records in such sections (`link/base.ld`).
#[unsafe(link_section = ".bss.uk_face")]
pub static STATE: OneThread<State> = OneThread(State {
    started: AtomicBool::new(false),
    stack_end: AtomicUsize::new(0),
    memory: Cell::new(None),
    error: OnceCell::new(),
    resizable: OnceCell::new(),
});
