//! Objects of the engine that hold a Rust value.

use core::ffi::{CStr, c_int, c_void};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use guest_engine as qjs;

use super::{Call, Context, EXCEPTION, Result, STACK_END, Thrown, Value, stack_pointer};

/// What a function or a method does: gets its arguments and the value of its object.
pub type Method<T> = fn(&Call<'_>, &T) -> Result<Value>;

/// A class of objects, each of which holds one such value.
pub trait NativeClass: Sized {
    /// Name of the class.
    const NAME: &'static CStr;

    /// What happens when an object is called, for a class of functions.
    const CALL: Option<Method<Self>> = None;

    /// Where the engine's number of this class is kept, a static of its own; 0 before its first object.
    fn id() -> &'static AtomicU32;

    /// What objects inherit from: what functions do, if this is not replaced.
    ///
    /// # Errors
    /// Out of memory.
    fn prototype(context: Context) -> Result<Value> {
        Ok(context.function_prototype())
    }

    /// Calls `visit` with every value of the engine that this one owns: what is left out is never found
    /// to be garbage when it is part of a cycle.
    fn visit(&self, visit: &mut dyn FnMut(&Value));
}

/// A method of the objects of a class.
pub trait NativeMethod {
    /// Whose objects.
    type Class: NativeClass;
    /// The function.
    const CALL: Method<Self::Class>;
}

/// The name of a property, as the engine numbers it; never given back.
#[derive(Clone, Copy, Debug)]
pub struct Atom(pub(super) qjs::JSAtom);

impl Context {
    /// A new object that holds `state`.
    ///
    /// # Errors
    /// Out of memory.
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
        let known = T::id().load(Relaxed);
        if known != 0 {
            return Ok(known);
        }
        let prototype = T::prototype(self)?;
        // It can have run a program's code, which can have come here first.
        let known = T::id().load(Relaxed);
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
        T::id().store(id, Relaxed);
        Ok(id)
    }

    /// What functions inherit from.
    #[must_use]
    pub fn function_prototype(self) -> Value {
        // SAFETY: the context is live; the engine returns a new reference.
        Value { context: self, raw: unsafe { qjs::JS_GetFunctionProto(self.0) } }
    }

    /// A function that calls `M` with the value of its `this`, and throws where that is something else.
    ///
    /// # Errors
    /// Out of memory.
    pub fn method<M: NativeMethod>(self, name: &CStr, length: c_int) -> Result<Value> {
        // SAFETY: the engine copies the name; `enter_method::<M>` has the type of a plain C function.
        self.own(unsafe {
            qjs::JS_NewCFunction2(
                self.0,
                Some(enter_method::<M>),
                name.as_ptr(),
                length,
                qjs::JSCFunctionEnum_JS_CFUNC_generic,
                0,
            )
        })
    }

    /// The name of a property.
    ///
    /// # Errors
    /// Out of memory.
    pub fn atom(self, name: &CStr) -> Result<Atom> {
        // SAFETY: the engine copies the name.
        self.named(unsafe { qjs::JS_NewAtom(self.0, name.as_ptr()) })
    }

    /// The well-known symbol `name`, as the name of a property.
    ///
    /// # Errors
    /// Out of memory.
    pub fn symbol(self, name: &CStr) -> Result<Atom> {
        let symbol = self.global().get(c"Symbol")?.get(name)?;
        // SAFETY: value and context are live.
        self.named(unsafe { qjs::JS_ValueToAtom(self.0, symbol.raw) })
    }

    fn named(self, atom: qjs::JSAtom) -> Result<Atom> {
        if atom == qjs::JS_ATOM_NULL { Err(Thrown) } else { Ok(Atom(atom)) }
    }
}

impl Value {
    /// The value that this object holds, if it is one of that class.
    #[must_use]
    pub fn state<T: NativeClass>(&self) -> Option<&T> {
        // SAFETY: the engine compares classes: what it returns is what `instance` stored, and lives as
        // long as the object does, of which `self` is a reference.
        unsafe { qjs::JS_GetOpaque(self.raw, T::id().load(Relaxed)).cast::<T>().as_ref() }
    }

    /// Makes a property, as an object literal does.
    ///
    /// # Errors
    /// Out of memory.
    pub fn create(&self, name: Atom, value: Self) -> Result<()> {
        let context = self.context;
        // SAFETY: value and context are live; the engine takes over the value.
        context.check(unsafe {
            let flags = qjs::JS_PROP_C_W_E as c_int;
            qjs::JS_DefinePropertyValue(context.0, self.raw, name.0, value.into_raw(), flags)
        })
    }

    /// Sets a property.
    ///
    /// # Errors
    /// What a setter throws; out of memory.
    pub fn set(&self, name: Atom, value: Self) -> Result<()> {
        let context = self.context;
        // SAFETY: value and context are live; the engine takes over the value.
        context.check(unsafe { qjs::JS_SetProperty(context.0, self.raw, name.0, value.into_raw()) })
    }

    /// Has property `name`, which is not `undefined`.
    ///
    /// # Errors
    /// What a getter throws.
    pub fn has(&self, name: Atom) -> Result<bool> {
        Ok(!self.property(name)?.is_undefined())
    }

    fn property(&self, name: Atom) -> Result<Self> {
        let context = self.context;
        // SAFETY: value and context are live.
        context.own(unsafe { qjs::JS_GetProperty(context.0, self.raw, name.0) })
    }

    /// Calls the method `name` of the object.
    ///
    /// # Errors
    /// What it throws; `TypeError` if there is none.
    pub fn invoke(&self, name: Atom, args: &[Self]) -> Result<Self> {
        self.property(name)?.call_on(self, args)
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
    let state = unsafe { qjs::JS_GetOpaque(function, T::id().load(Relaxed)).cast::<T>().as_ref() };
    // SAFETY: the engine's arguments, as they are.
    let call = unsafe { Call::new(context, this, argc, argv) };
    // The engine checks this for functions of its own.
    if stack_pointer() < STACK_END.load(Relaxed) {
        call.context.throw_range_error(c"Maximum call stack size exceeded");
        return EXCEPTION;
    }
    match (T::CALL, state) {
        (Some(function), Some(state)) => function(&call, state).map_or(EXCEPTION, Value::into_raw),
        _ => call.context.undefined().into_raw(),
    }
}

unsafe extern "C" fn enter_method<M: NativeMethod>(
    context: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the engine compares classes, and throws where they differ; `this` lives for the call.
    let state = unsafe {
        qjs::JS_GetOpaque2(context, this, M::Class::id().load(Relaxed)).cast::<M::Class>().as_ref()
    };
    // SAFETY: the engine's arguments, as they are.
    let call = unsafe { Call::new(context, this, argc, argv) };
    state.map_or(EXCEPTION, |state| (M::CALL)(&call, state).map_or(EXCEPTION, Value::into_raw))
}

unsafe extern "C" fn finalize<T: NativeClass>(runtime: *mut qjs::JSRuntime, object: qjs::JSValue) {
    // SAFETY: an object of this class.
    let state: *mut T = unsafe { qjs::JS_GetOpaque(object, T::id().load(Relaxed)) }.cast();
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
    let state = unsafe { qjs::JS_GetOpaque(object, T::id().load(Relaxed)).cast::<T>().as_ref() };
    if let Some(state) = state {
        // SAFETY: a live value, as the engine wants to know.
        state.visit(&mut |value| unsafe { qjs::JS_MarkValue(runtime, value.raw, mark) });
    }
}
