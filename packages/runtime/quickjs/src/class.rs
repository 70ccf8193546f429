//! Objects of the engine that hold a Rust value.

use core::ffi::{CStr, c_int, c_void};
use core::marker::PhantomData;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use guest_engine as qjs;

use crate::context::stack_is_left;
use crate::function::sole;
use crate::value::EXCEPTION;
use crate::{Call, Context, Result, Thrown, Value};

/// What a function or a method does: gets the value of its object, and its arguments.
pub type Method<T> = fn(&T, &Call<'_>) -> Result<Value>;

/// A class of objects, each of which holds one such value.
pub trait NativeClass: Sized + 'static {
    /// Name of the class.
    const NAME: &'static CStr;

    /// What happens when an object is called, for a class of functions.
    const CALL: Option<Method<Self>> = None;

    /// Where the engine's number of this class is kept: a static.
    fn id() -> &'static ClassId<Self>;

    /// What objects inherit from: what functions do, if this is not replaced.
    fn prototype(context: Context) -> Result<Value> {
        Ok(context.function_prototype())
    }

    /// Calls `visit` with every value of the engine that this one owns: what is left out is never found
    /// to be garbage when it is part of a cycle.
    fn visit(&self, visit: &mut dyn FnMut(&Value));
}

/// The engine's number of the class of `T`; nobody's before its first object.
pub struct ClassId<T> {
    number: AtomicU32,
    class: PhantomData<fn() -> T>,
}

impl<T> ClassId<T> {
    /// To be kept in a static.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "for statics alone")]
    pub const fn new() -> Self {
        Self { number: AtomicU32::new(0), class: PhantomData }
    }

    #[inline]
    fn number(&self) -> qjs::JSClassID {
        self.number.load(Relaxed)
    }
}

impl Context {
    /// A new object that holds `state`.
    pub fn instance<T: NativeClass>(self, state: T) -> Result<Value> {
        let class = self.class::<T>()?;
        // SAFETY: the class is registered.
        let object = self.own(unsafe { qjs::JS_NewObjectClass(self.0, class) })?;
        // SAFETY: the context is live; a failure is an exception.
        let place: *mut T = unsafe { qjs::js_malloc(self.0, size_of::<T>() as qjs::size_t) }.cast();
        if place.is_null() {
            return Err(Thrown);
        }
        const { assert!(align_of::<T>() <= 16, "js_malloc aligns no further") };
        // SAFETY: the memory was allocated for this; from now on it is the object's, whose class frees it.
        unsafe {
            place.write(state);
            qjs::JS_SetOpaque(object.raw, place.cast());
        }
        Ok(object)
    }

    /// The engine's number of the class, which is registered if it is not.
    fn class<T: NativeClass>(self) -> Result<qjs::JSClassID> {
        let known = T::id().number();
        if known != 0 {
            return Ok(known);
        }
        let prototype = T::prototype(self)?;
        // It can have run a program's code, which can have come here first.
        let known = T::id().number();
        if known != 0 {
            return Ok(known);
        }
        let mut id = 0;
        let definition = qjs::JSClassDef {
            class_name: T::NAME.as_ptr(),
            finalizer: Some(finalize::<T>),
            gc_mark: Some(mark::<T>),
            call: T::CALL.map(|_| -> unsafe extern "C" fn(_, _, _, _, _, _) -> _ { call::<T> }),
            exotic: ptr::null_mut(),
        };
        // SAFETY: the runtime is live; the engine copies the definition, and takes over the prototype.
        unsafe {
            qjs::JS_NewClassID(self.runtime(), &raw mut id);
            if qjs::JS_NewClass(self.runtime(), id, &raw const definition) < 0 {
                qjs::JS_ThrowOutOfMemory(self.0);
                return Err(Thrown);
            }
            qjs::JS_SetClassProto(self.0, id, prototype.into_raw());
        }
        T::id().number.store(id, Relaxed);
        Ok(id)
    }

    /// A function that calls `method`, which holds nothing, with the value of its `this`, and throws where that is
    /// something else.
    pub fn method<T, F>(self, name: &CStr, length: c_int, _method: F) -> Result<Value>
    where
        T: NativeClass,
        F: Fn(&T, &Call<'_>) -> Result<Value> + Copy + 'static,
    {
        let function = qjs::JSCFunctionType { generic: Some(enter_method::<T, F>) };
        self.c_function(function, qjs::JSCFunctionEnum_JS_CFUNC_generic, name, length, 0)
    }
}

impl Value {
    /// The value that this object holds, if it is one of that class.
    #[must_use]
    pub fn state<T: NativeClass>(&self) -> Option<&T> {
        // SAFETY: the engine compares classes: what it returns is what `instance` stored, and lives as
        // long as the object does, of which `self` is a reference.
        unsafe { qjs::JS_GetOpaque(self.raw, T::id().number()).cast::<T>().as_ref() }
    }
}

unsafe extern "C" fn call<T: NativeClass>(
    context: *mut qjs::JSContext,
    function: qjs::JSValue,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
    _flags: c_int,
) -> qjs::JSValue {
    // SAFETY: only called for an object of this class, which lives for the call.
    let state = unsafe { qjs::JS_GetOpaque(function, T::id().number()).cast::<T>().as_ref() };
    // SAFETY: the engine's arguments, as they are.
    let call = unsafe { Call::new(context, this, argc, argv) };
    // The engine checks this for functions of its own.
    if !stack_is_left() {
        call.context.throw_range_error(c"Maximum call stack size exceeded");
        return EXCEPTION;
    }
    match (T::CALL, state) {
        (Some(function), Some(state)) => function(state, &call).map_or(EXCEPTION, Value::into_raw),
        _ => call.context.undefined().into_raw(),
    }
}

unsafe extern "C" fn enter_method<T: NativeClass, F: Fn(&T, &Call<'_>) -> Result<Value> + Copy>(
    context: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the engine compares classes, and throws where they differ; `this` lives for the call.
    let state = unsafe { qjs::JS_GetOpaque2(context, this, T::id().number()).cast::<T>().as_ref() };
    // SAFETY: the engine's arguments, as they are; `method` was given an `F`.
    let (call, method) = unsafe { (Call::new(context, this, argc, argv), sole::<F>()) };
    state.map_or(EXCEPTION, |state| method(state, &call).map_or(EXCEPTION, Value::into_raw))
}

unsafe extern "C" fn finalize<T: NativeClass>(runtime: *mut qjs::JSRuntime, object: qjs::JSValue) {
    // SAFETY: an object of this class.
    let state: *mut T = unsafe { qjs::JS_GetOpaque(object, T::id().number()) }.cast();
    // It is null where memory ran out in between.
    if !state.is_null() {
        // SAFETY: what `instance` stored, which nobody can reach any more.
        unsafe {
            state.drop_in_place();
            qjs::js_free_rt(runtime, state.cast::<c_void>());
        }
    }
}

unsafe extern "C" fn mark<T: NativeClass>(
    runtime: *mut qjs::JSRuntime,
    object: qjs::JSValue,
    mark: qjs::JS_MarkFunc,
) {
    // SAFETY: an object of this class; null where memory ran out in between.
    let state = unsafe { qjs::JS_GetOpaque(object, T::id().number()).cast::<T>().as_ref() };
    if let Some(state) = state {
        // SAFETY: a live value, as the engine wants to know.
        state.visit(&mut |value| unsafe { qjs::JS_MarkValue(runtime, value.raw, mark) });
    }
}
