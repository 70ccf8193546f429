//! Text of values.

use core::ffi::c_char;
use core::mem::MaybeUninit;
use core::slice;

use guest_engine as qjs;

use crate::{Context, Result, Thrown, Value};

/// UTF-8 of a string; a surrogate without its partner is encoded on its own (WTF-8).
pub struct Text {
    context: Context,
    data: *const c_char,
    len: usize,
}

/// A `size_t` of the engine; nothing is lost on a 64-bit machine.
pub(crate) fn length(size: qjs::size_t) -> usize {
    usize::try_from(size).unwrap_or(0)
}

impl Value {
    /// The value as text.
    ///
    /// # Errors
    /// What `toString` throws.
    pub fn text(&self) -> Result<Text> {
        let mut len = MaybeUninit::uninit();
        // SAFETY: the engine stores the length if and only if it returns text.
        let data = unsafe { qjs::JS_ToCStringLen2(self.context.0, len.as_mut_ptr(), self.raw, false) };
        if data.is_null() {
            return Err(Thrown);
        }
        // SAFETY: not null, so the length is there.
        Ok(Text { context: self.context, data, len: length(unsafe { len.assume_init() }) })
    }
}

impl Text {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the engine made `len` bytes, which stay until the drop.
        unsafe { slice::from_raw_parts(self.data.cast(), self.len) }
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        // SAFETY: made by the engine, not used again.
        unsafe { qjs::JS_FreeCString(self.context.0, self.data) };
    }
}
