//! Where JavaScript is, for the report of a guest that cannot go on.

use core::ffi::{c_int, c_void};
use core::ptr;

use guest_engine as qjs;

use crate::state::STATE;
use crate::value::UNDEFINED;
use crate::{Context, Text, Value};

/// Most frames that are shown.
const MAX_FRAMES: c_int = 32;

impl Context {
    /// Keeps what [`last_stack`] needs; once, before the program runs.
    pub fn prepare_last_stack(self) {
        if let Ok(error) = self.global().get(c"Error") {
            // A second realm does not exist: the first one's would stay.
            let _ = STATE.0.error.set(error);
        }
    }
}

/// The stack of the JavaScript that runs, one frame a line, newest first. `None` if none runs, or the
/// engine cannot tell.
///
/// The engine is unusable afterwards. It allocates a little, looks for no garbage, and runs no code of the
/// program for long: whatever it comes across, this ends.
#[must_use]
pub fn last_stack() -> Option<Text> {
    let error = STATE.0.error.get()?;
    let context = error.context;
    let runtime = context.runtime();
    // SAFETY: the runtime is live; nothing of it is used but by this function from now on. The stack may be
    // another one than the engine's, so the engine must not compare with its bounds.
    unsafe {
        qjs::JS_SetMaxStackSize(runtime, 0);
        qjs::JS_SetGCThreshold(runtime, qjs::size_t::MAX);
        qjs::JS_SetInterruptHandler(runtime, Some(interrupt), ptr::null_mut());
    }
    // SAFETY: a live object and values that need no memory; a refusal changes nothing that matters.
    unsafe {
        qjs::JS_SetPropertyStr(context.0, error.raw, c"prepareStackTrace".as_ptr(), UNDEFINED);
        let limit = qjs::JS_MKVAL(qjs::JS_TAG_INT, MAX_FRAMES);
        qjs::JS_SetPropertyStr(context.0, error.raw, c"stackTraceLimit".as_ptr(), limit);
    }
    // SAFETY: a live constructor, called without arguments.
    let made =
        context.own(unsafe { qjs::JS_CallConstructor(context.0, error.raw, 0, ptr::null_mut()) }).ok()?;
    let text = made.get(c"stack").ok().filter(Value::is_string)?.text().ok()?;
    (!text.bytes().is_empty()).then_some(text)
}

/// Ends whatever code of the program the engine runs.
unsafe extern "C" fn interrupt(_runtime: *mut qjs::JSRuntime, _opaque: *mut c_void) -> c_int {
    1
}
