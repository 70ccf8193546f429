//! Values, each a reference that is counted.

use core::mem;

use guest_engine as qjs;

use crate::{Context, Result};

/// One owned reference to a JavaScript value.
pub struct Value {
    pub(crate) context: Context,
    pub(crate) raw: qjs::JSValue,
}

pub(crate) const UNDEFINED: qjs::JSValue = qjs::JS_MKVAL(qjs::JS_TAG_UNDEFINED, 0);
/// What a native function returns that has thrown.
pub(crate) const EXCEPTION: qjs::JSValue = qjs::JS_MKVAL(qjs::JS_TAG_EXCEPTION, 0);

impl Context {
    /// `undefined`.
    #[must_use]
    #[inline]
    pub fn undefined(self) -> Value {
        Value { context: self, raw: UNDEFINED }
    }

    /// `null`.
    #[must_use]
    pub fn null(self) -> Value {
        Value { context: self, raw: qjs::JS_NULL }
    }

    /// A boolean.
    #[must_use]
    #[inline]
    pub fn boolean(self, value: bool) -> Value {
        Value { context: self, raw: qjs::JS_MKVAL(qjs::JS_TAG_BOOL, i32::from(value)) }
    }

    /// A number.
    #[must_use]
    #[inline]
    pub fn number(self, value: f64) -> Value {
        Value { context: self, raw: qjs::JS_NewFloat64(value) }
    }

    /// An integer, in the engine's shortest form.
    #[must_use]
    #[inline]
    pub fn integer(self, value: i32) -> Value {
        Value { context: self, raw: qjs::JS_MKVAL(qjs::JS_TAG_INT, value) }
    }

    /// A string from UTF-8; bytes that are not UTF-8 become U+FFFD.
    pub fn string(self, text: &[u8]) -> Result<Value> {
        // SAFETY: the engine copies `text.len()` bytes.
        self.own(unsafe { qjs::JS_NewStringLen(self.0, text.as_ptr().cast(), text.len() as qjs::size_t) })
    }

    /// A bigint.
    pub fn bigint(self, value: u64) -> Result<Value> {
        // SAFETY: the context is live.
        self.own(unsafe { qjs::JS_NewBigUint64(self.0, value) })
    }

    /// An empty object.
    pub fn object(self) -> Result<Value> {
        // SAFETY: the context is live.
        self.own(unsafe { qjs::JS_NewObject(self.0) })
    }

    /// A `Uint8Array` with a copy of `bytes`.
    pub fn uint8_array(self, bytes: &[u8]) -> Result<Value> {
        // SAFETY: the engine copies `bytes.len()` bytes.
        self.own(unsafe { qjs::JS_NewUint8ArrayCopy(self.0, bytes.as_ptr(), bytes.len() as qjs::size_t) })
    }
}

impl Value {
    /// A reference of its own to a value that is somebody else's.
    ///
    /// # Safety
    /// The value is live, and of the context's engine.
    #[inline]
    pub(crate) unsafe fn of(context: Context, raw: qjs::JSValue) -> Self {
        // SAFETY: live by the caller's word; the new reference is ours.
        Self { context, raw: unsafe { qjs::JS_DupValue(context.0, raw) } }
    }

    /// Gives up the reference without releasing it.
    #[inline]
    pub(crate) fn into_raw(self) -> qjs::JSValue {
        let raw = self.raw;
        mem::forget(self);
        raw
    }

    /// Another reference to the same value.
    #[must_use]
    #[inline]
    pub fn duplicate(&self) -> Self {
        // SAFETY: live, as `self` is.
        unsafe { Self::of(self.context, self.raw) }
    }

    /// Where the value lives.
    #[must_use]
    #[inline]
    pub fn context(&self) -> Context {
        self.context
    }

    /// Is the same object as `other`.
    #[must_use]
    #[inline]
    pub fn is_same_object(&self, other: &Self) -> bool {
        same_object(self.raw, other.raw)
    }

    /// Is an object made by an `Error` constructor.
    #[must_use]
    pub fn is_error(&self) -> bool {
        // SAFETY: reads the tag and the class.
        unsafe { qjs::JS_IsError(self.raw) }
    }

    /// Is an array.
    #[must_use]
    pub fn is_array(&self) -> bool {
        // SAFETY: reads the tag and the class.
        unsafe { qjs::JS_IsArray(self.raw) }
    }

    /// Is `undefined`.
    #[must_use]
    #[inline]
    pub fn is_undefined(&self) -> bool {
        // SAFETY: reads the tag.
        unsafe { qjs::JS_IsUndefined(self.raw) }
    }

    /// Is a string.
    #[must_use]
    pub fn is_string(&self) -> bool {
        // SAFETY: reads the tag.
        unsafe { qjs::JS_IsString(self.raw) }
    }

    /// Is what JavaScript takes for true.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        // SAFETY: value and context are live.
        unsafe { qjs::JS_ToBool(self.context.0, self.raw) > 0 }
    }

    /// The low 64 bits of a bigint.
    ///
    /// # Errors
    /// `TypeError` if it is not a bigint.
    pub fn to_u64(&self) -> Result<u64> {
        let mut number = 0;
        // SAFETY: the engine stores one integer.
        self.context.check(unsafe { qjs::JS_ToBigUint64(self.context.0, &raw mut number, self.raw) })?;
        Ok(number)
    }

    /// Gives an object the internal slot `[[IsHTMLDDA]]`.
    pub fn emulate_undefined(&self) {
        // SAFETY: value and context are live.
        unsafe { qjs::JS_SetIsHTMLDDA(self.context.0, self.raw) };
    }
}

impl Drop for Value {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: the reference is ours and is not used again.
        unsafe { qjs::JS_FreeValue(self.context.0, self.raw) };
    }
}

#[inline]
pub(crate) fn same_object(one: qjs::JSValue, other: qjs::JSValue) -> bool {
    // SAFETY: reads tags, then pointers of two objects.
    unsafe {
        qjs::JS_IsObject(one)
            && qjs::JS_IsObject(other)
            && qjs::JS_VALUE_GET_PTR(one) == qjs::JS_VALUE_GET_PTR(other)
    }
}
