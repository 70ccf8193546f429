//! Functions that JavaScript can call, and calls of JavaScript's.
//!
//! A native function is known by its type, so that no call goes through a table: it holds nothing.

use core::ffi::{CStr, c_int};
use core::ptr::NonNull;

use guest_engine as qjs;

use crate::value::{EXCEPTION, UNDEFINED};
use crate::{Call, Context, Result, Value};

/// The one value of a type that holds nothing.
///
/// # Safety
/// There has been a value of that type.
#[inline]
pub(crate) unsafe fn sole<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0, "a native function holds nothing") };
    // SAFETY: it has no bytes; there has been one, which can be copied.
    unsafe { NonNull::dangling().read() }
}

impl Context {
    /// A function that calls `function`, which holds nothing.
    pub fn function<F>(self, name: &CStr, length: c_int, _function: F) -> Result<Value>
    where
        F: Fn(&Call<'_>) -> Result<Value> + Copy + 'static,
    {
        let function = qjs::JSCFunctionType { generic: Some(enter::<F>) };
        self.c_function(function, qjs::JSCFunctionEnum_JS_CFUNC_generic, name, length, 0)
    }

    /// The same, one of several that are told apart by a number of 16 bits.
    pub fn numbered_function<F>(self, name: &CStr, length: c_int, number: i16, _function: F) -> Result<Value>
    where
        F: Fn(&Call<'_>, i16) -> Result<Value> + Copy + 'static,
    {
        let function = qjs::JSCFunctionType { generic_magic: Some(enter_numbered::<F>) };
        self.c_function(function, qjs::JSCFunctionEnum_JS_CFUNC_generic_magic, name, length, number.into())
    }

    pub(crate) fn c_function(
        self,
        function: qjs::JSCFunctionType,
        kind: qjs::JSCFunctionEnum,
        name: &CStr,
        length: c_int,
        magic: c_int,
    ) -> Result<Value> {
        // SAFETY: the engine copies the name; a function is an address whatever its kind, which the engine is told.
        self.own(unsafe {
            qjs::JS_NewCFunction2(self.0, function.generic, name.as_ptr(), length, kind, magic)
        })
    }

    /// What functions inherit from.
    #[must_use]
    pub fn function_prototype(self) -> Value {
        // SAFETY: the context is live; the engine returns a new reference.
        Value { context: self, raw: unsafe { qjs::JS_GetFunctionProto(self.0) } }
    }
}

unsafe extern "C" fn enter<F: Fn(&Call<'_>) -> Result<Value> + Copy>(
    context: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the engine's arguments, as they are; `function` was given an `F`.
    let (call, function) = unsafe { (Call::new(context, this, argc, argv), sole::<F>()) };
    function(&call).map_or(EXCEPTION, Value::into_raw)
}

unsafe extern "C" fn enter_numbered<F: Fn(&Call<'_>, i16) -> Result<Value> + Copy>(
    context: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    magic: c_int,
) -> qjs::JSValue {
    // SAFETY: the engine's arguments, as they are; `numbered_function` was given an `F`.
    let (call, function) = unsafe { (Call::new(context, this, argc, argv), sole::<F>()) };
    function(&call, i16::try_from(magic).unwrap_or_default()).map_or(EXCEPTION, Value::into_raw)
}

impl Value {
    /// Calls the function with `this` undefined.
    ///
    /// # Errors
    /// What it throws; `TypeError` if it is not a function.
    pub fn call<const N: usize>(&self, args: &[Self; N]) -> Result<Self> {
        // SAFETY: live values, borrowed for the call.
        unsafe { self.call_raw(UNDEFINED, args.each_ref().map(|arg| arg.raw).as_slice()) }
    }

    /// Calls the function on `this`.
    ///
    /// # Errors
    /// What it throws; `TypeError` if it is not a function.
    pub fn call_on<const N: usize>(&self, this: &Self, args: &[Self; N]) -> Result<Self> {
        // SAFETY: live values, borrowed for the call.
        unsafe { self.call_raw(this.raw, args.each_ref().map(|arg| arg.raw).as_slice()) }
    }

    /// # Safety
    /// `this` and `args` are live for the call.
    pub(crate) unsafe fn call_raw(&self, this: qjs::JSValue, args: &[qjs::JSValue]) -> Result<Self> {
        let argc = c_int::try_from(args.len()).unwrap_or(c_int::MAX);
        // SAFETY: by the caller's word; the engine only reads the arguments, despite the pointer's type.
        self.context
            .own(unsafe { qjs::JS_Call(self.context.0, self.raw, this, argc, args.as_ptr().cast_mut()) })
    }
}
