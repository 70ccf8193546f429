//! The arguments of a call of a native function.

use core::ffi::c_int;
use core::slice;

use guest_engine as qjs;

use crate::value::{UNDEFINED, same_object};
use crate::{Context, Result, Value};

/// The arguments of one call of a native function; missing ones read as `undefined`.
pub struct Call<'a> {
    /// Where the call happens.
    pub context: Context,
    this: qjs::JSValue,
    args: &'a [qjs::JSValue],
}

impl Call<'_> {
    /// # Safety
    /// The arguments are the engine's: live values, borrowed for the call, `argc` of them behind `argv`,
    /// which may be null only if there are none.
    #[inline]
    pub(crate) unsafe fn new(
        context: *mut qjs::JSContext,
        this: qjs::JSValue,
        argc: c_int,
        argv: *const qjs::JSValue,
    ) -> Self {
        let count = usize::try_from(argc).unwrap_or(0);
        // SAFETY: by the caller's word.
        let args = if count == 0 { &[] } else { unsafe { slice::from_raw_parts(argv, count) } };
        Self { context: Context(context), this, args }
    }

    /// What the function was called on, as a reference of its own.
    #[must_use]
    pub fn this(&self) -> Value {
        // SAFETY: live for the call.
        unsafe { Value::of(self.context, self.this) }
    }

    /// Argument `index` is there, and not `undefined`.
    #[must_use]
    #[inline]
    pub fn is_given(&self, index: usize) -> bool {
        // SAFETY: reads the tag.
        !unsafe { qjs::JS_IsUndefined(self.raw(index)) }
    }

    /// Argument `index` is a number.
    #[must_use]
    pub fn is_number(&self, index: usize) -> bool {
        // SAFETY: reads the tag.
        unsafe { qjs::JS_IsNumber(self.raw(index)) }
    }

    /// Argument `index` is the very object `other`.
    #[must_use]
    #[inline]
    pub fn is(&self, index: usize, other: &Value) -> bool {
        same_object(self.raw(index), other.raw)
    }

    /// Number of arguments given.
    #[must_use]
    pub fn len(&self) -> usize {
        self.args.len()
    }

    /// No argument given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.args.is_empty()
    }

    /// Argument `index`, as a reference of its own.
    #[must_use]
    #[inline]
    pub fn arg(&self, index: usize) -> Value {
        // SAFETY: live for the call.
        unsafe { Value::of(self.context, self.raw(index)) }
    }

    #[inline]
    pub(crate) fn raw(&self, index: usize) -> qjs::JSValue {
        self.args.get(index).copied().unwrap_or(UNDEFINED)
    }

    /// Argument `index`, if it is a number that is exactly this integer; never throws.
    #[must_use]
    #[inline]
    pub fn integer(&self, index: usize) -> Option<i32> {
        let raw = self.raw(index);
        // SAFETY: reads the tag, then the payload that the tag announces.
        unsafe {
            match qjs::JS_VALUE_GET_TAG(raw) {
                qjs::JS_TAG_INT => Some(qjs::JS_VALUE_GET_INT(raw)),
                qjs::JS_TAG_FLOAT64 => {
                    let number = qjs::JS_VALUE_GET_FLOAT64(raw);
                    #[expect(clippy::cast_possible_truncation, reason = "compared right after")]
                    let whole = number as i32;
                    (f64::from(whole) == number).then_some(whole)
                }
                _ => None,
            }
        }
    }

    /// Argument `index`, if it is a bigint of 0 to 2^64 - 1; never throws.
    #[must_use]
    #[inline]
    pub fn unsigned_bigint(&self, index: usize) -> Option<u64> {
        let raw = self.raw(index);
        // SAFETY: reads the tag, then the payload that the tag announces.
        match unsafe { qjs::JS_VALUE_GET_TAG(raw) } {
            // SAFETY: as above; a short bigint is stored as an integer is.
            qjs::JS_TAG_SHORT_BIG_INT => u64::try_from(unsafe { qjs::JS_VALUE_GET_INT(raw) }).ok(),
            qjs::JS_TAG_BIG_INT => self.long_bigint(raw),
            _ => None,
        }
    }

    #[cold]
    fn long_bigint(&self, raw: qjs::JSValue) -> Option<u64> {
        let mut low = 0;
        // SAFETY: the engine stores one integer; it throws only for what is no bigint.
        unsafe { qjs::JS_ToBigUint64(self.context.0, &raw mut low, raw) };
        // The conversion is modulo 2^64: it was exact if it can be undone.
        let Ok(back) = self.context.bigint(low) else {
            drop(self.context.exception());
            return None;
        };
        // SAFETY: two live values.
        unsafe { qjs::JS_IsStrictEqual(self.context.0, raw, back.raw) }.then_some(low)
    }

    /// Calls `function` with the same arguments.
    ///
    /// # Errors
    /// What it throws.
    pub fn forward(&self, function: &Value) -> Result<Value> {
        // SAFETY: live for the call.
        unsafe { function.call_raw(UNDEFINED, self.args) }
    }
}
