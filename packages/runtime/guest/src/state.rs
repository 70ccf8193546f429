//! What the guest keeps outside of its heap: one record, beside the engine's (`engine/src/state.h`) and that of its face.

use core::cell::{Cell, OnceCell, RefCell, UnsafeCell};

use alloc::vec::Vec;

use guest_quickjs::{OneThread, Value};

use crate::allocator::Allocator;
use crate::boot::Boot;
use crate::{console, direct};

/// See [`STATE`].
pub struct State {
    /// What boot found out.
    pub boot: OnceCell<Boot>,
    /// All of the heap.
    pub heap: UnsafeCell<Allocator>,
    /// `console`.
    pub console: console::State,
    /// Rejected promises without a handler, with their reasons, since the last look.
    pub rejections: OnceCell<RefCell<Vec<(Value, Value)>>>,
    /// Functions of devices.
    pub devices: direct::State,
    /// The end of a report was begun.
    pub reported: Cell<bool>,
}

/// The only static of this crate: a base image has none but records in such sections (`link/base.ld`).
#[unsafe(link_section = ".bss.uk_guest")]
pub static STATE: OneThread<State> = OneThread(State {
    boot: OnceCell::new(),
    heap: UnsafeCell::new(Allocator::new()),
    console: console::State::new(),
    rejections: OnceCell::new(),
    devices: direct::State::new(),
    reported: Cell::new(false),
});
