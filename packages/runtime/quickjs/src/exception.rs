//! What is thrown.

use core::ffi::CStr;

use guest_engine as qjs;

use crate::{Context, Value};

/// An exception is pending in the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thrown;

/// Result of a call into the engine.
pub type Result<T> = core::result::Result<T, Thrown>;

impl Context {
    /// Takes the pending exception; `InternalError: out of memory` if a call failed and threw none.
    #[must_use]
    pub fn exception(self) -> Value {
        // SAFETY: the context is live; ownership of the value passes to us.
        Value { context: self, raw: unsafe { qjs::JS_GetException(self.0) } }
    }

    /// Makes `error` the pending exception.
    pub fn throw(self, error: Value) -> Thrown {
        // SAFETY: the engine takes over the reference that `into_raw` gives up.
        unsafe { qjs::JS_Throw(self.0, error.into_raw()) };
        Thrown
    }

    /// Makes a new `RangeError` with `message` the pending exception.
    pub fn throw_range_error(self, message: &CStr) -> Thrown {
        // SAFETY: a printf-like call with its one argument, both NUL-terminated.
        unsafe { qjs::JS_ThrowRangeError(self.0, c"%s".as_ptr(), message.as_ptr()) };
        Thrown
    }

    /// Makes a new `TypeError` with `message` the pending exception.
    pub fn throw_type_error(self, message: &CStr) -> Thrown {
        // SAFETY: a printf-like call with its one argument, both NUL-terminated.
        unsafe { qjs::JS_ThrowTypeError(self.0, c"%s".as_ptr(), message.as_ptr()) };
        Thrown
    }
}
