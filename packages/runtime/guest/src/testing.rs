//! What tests of the guest stand on: the engine, and a `solo5.h` that keeps what is written to the console.

use std::cell::RefCell;
use std::slice;

use core::ffi::c_char;

#[expect(dead_code, reason = "the face's own tests need more of it")]
#[path = "../../quickjs/tests/face/engine.rs"]
mod engine;

pub use engine::{eval, in_engine, run, text};

thread_local! {
    static WRITTEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[unsafe(no_mangle)]
unsafe extern "C" fn solo5_console_write(data: *const c_char, len: usize) {
    // SAFETY: the guest passes as many readable bytes.
    let bytes = unsafe { slice::from_raw_parts(data.cast(), len) };
    WRITTEN.with_borrow_mut(|written| written.extend_from_slice(bytes));
}

/// What this thread has written since the last look.
pub fn written() -> String {
    String::from_utf8(WRITTEN.take()).expect("a console gets UTF-8")
}
