//! What a host of the language's own test suite needs of the engine, beyond what programs do.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::ptr;

use guest_engine as qjs;

use super::{Context, Result, Thrown, Value};

/// The text of a script or a module: UTF-8 and a NUL behind it, as the engine's parser needs.
#[derive(Clone, Copy)]
pub struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    /// `None` if no NUL is the last byte.
    #[must_use]
    pub fn new(text: &'a [u8]) -> Option<Self> {
        text.ends_with(&[0]).then_some(Self(text))
    }

    fn data(self) -> *const c_char {
        self.0.as_ptr().cast()
    }

    fn len(self) -> qjs::size_t {
        (self.0.len() - 1) as qjs::size_t
    }
}

/// Where modules come from that others import.
pub trait Modules {
    /// The text of a module, by its whole name.
    fn find(name: &CStr) -> Option<Source<'static>>;
}

impl Context {
    /// One more realm of the same engine, with every standard built-in.
    ///
    /// # Errors
    /// Out of memory.
    pub fn realm(self) -> Result<Self> {
        // SAFETY: the runtime is live; the result is checked before use.
        let context = unsafe { qjs::JS_NewContext(self.runtime()) };
        if context.is_null() {
            // SAFETY: the context is live.
            unsafe { qjs::JS_ThrowOutOfMemory(self.0) };
            return Err(Thrown);
        }
        Ok(Self(context))
    }

    /// Looks for garbage.
    pub fn collect(self) {
        // SAFETY: the runtime is live.
        unsafe { qjs::JS_RunGC(self.runtime()) };
    }

    /// Compiles a script without running it.
    ///
    /// # Errors
    /// The `SyntaxError`, or out of memory.
    pub fn compile_script(self, source: Source<'_>, name: &CStr) -> Result<Value> {
        self.compile(source, name, qjs::JS_EVAL_TYPE_GLOBAL)
    }

    /// Compiles a module without running it, and loads what it imports.
    ///
    /// # Errors
    /// The `SyntaxError`; whatever loading ends with.
    pub fn load_module(self, source: Source<'_>, name: &CStr) -> Result<Value> {
        self.compile(source, name, qjs::JS_EVAL_TYPE_MODULE)
    }

    fn compile(self, source: Source<'_>, name: &CStr, kind: u32) -> Result<Value> {
        let flags = (kind | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as c_int;
        // SAFETY: the source has a NUL behind it, the name is NUL-terminated.
        self.own(unsafe { qjs::JS_Eval(self.0, source.data(), source.len(), name.as_ptr(), flags) })
    }

    /// Runs a compiled script in this realm; its completion value.
    ///
    /// # Errors
    /// What it throws.
    pub fn run_script(self, script: Value) -> Result<Value> {
        // SAFETY: the engine takes over the reference.
        self.own(unsafe { qjs::JS_EvalFunction(self.0, script.into_raw()) })
    }

    /// Lets modules import what `M` has, and JSON.
    pub fn import_from<M: Modules>(self) {
        let none = ptr::null_mut();
        // SAFETY: the runtime is live; the callbacks have the types that it expects and need no opaque.
        unsafe {
            qjs::JS_SetModuleLoaderFunc2(self.runtime(), None, Some(load::<M>), None, none);
        }
    }
}

impl Value {
    /// Takes the memory of an array buffer away.
    pub fn detach(&self) {
        // SAFETY: value and context are live; what is no array buffer is left alone.
        unsafe { qjs::JS_DetachArrayBuffer(self.context.0, self.raw) };
    }

    /// Gives an object the internal slot `[[IsHTMLDDA]]`.
    pub fn emulate_undefined(&self) {
        // SAFETY: value and context are live.
        unsafe { qjs::JS_SetIsHTMLDDA(self.context.0, self.raw) };
    }
}

unsafe extern "C" fn load<M: Modules>(
    context: *mut qjs::JSContext,
    name: *const c_char,
    _opaque: *mut c_void,
    attributes: qjs::JSValue,
) -> *mut qjs::JSModuleDef {
    // SAFETY: the engine passes a NUL-terminated name that lives for the call.
    let name = unsafe { CStr::from_ptr(name) };
    let context = Context(context);
    // SAFETY: live and borrowed for the call; the duplicate is ours.
    let attributes = Value { context, raw: unsafe { qjs::JS_DupValue(context.0, attributes) } };
    module::<M>(context, name, &attributes).unwrap_or(ptr::null_mut())
}

fn module<M: Modules>(context: Context, name: &CStr, attributes: &Value) -> Result<*mut qjs::JSModuleDef> {
    let Some(source) = M::find(name) else {
        return Err(context.throw_range_error(c"there is no such module"));
    };
    let kind = type_of(context, attributes)?;
    if kind.is_undefined() {
        let module = context.load_module(source, name)?;
        // SAFETY: a module value's payload is its definition, which the context keeps for good.
        return Ok(unsafe { qjs::JS_VALUE_GET_PTR(module.raw) }.cast());
    }
    if kind.text()?.bytes() != b"json" {
        return Err(context.throw_range_error(c"there are no modules of this type"));
    }
    // SAFETY: the source has a NUL behind it, the name is NUL-terminated.
    let json =
        context.own(unsafe { qjs::JS_ParseJSON(context.0, source.data(), source.len(), name.as_ptr()) })?;
    // SAFETY: the engine copies the names, and takes over the value.
    unsafe {
        let module = qjs::JS_NewCModule(context.0, name.as_ptr(), Some(export_default));
        if module.is_null() {
            return Err(Thrown);
        }
        context.check(qjs::JS_AddModuleExport(context.0, module, c"default".as_ptr()))?;
        context.check(qjs::JS_SetModulePrivateValue(context.0, module, json.into_raw()))?;
        Ok(module)
    }
}

unsafe extern "C" fn export_default(context: *mut qjs::JSContext, module: *mut qjs::JSModuleDef) -> c_int {
    // SAFETY: the module is being initialized; the engine returns a reference and takes it over again.
    unsafe {
        let value = qjs::JS_GetModulePrivateValue(context, module);
        qjs::JS_SetModuleExport(context, module, c"default".as_ptr(), value)
    }
}

/// The attribute `type`, the one that there is; `undefined` without it.
fn type_of(context: Context, attributes: &Value) -> Result<Value> {
    if attributes.is_undefined() {
        return Ok(context.undefined());
    }
    let flags = (qjs::JS_GPN_ENUM_ONLY | qjs::JS_GPN_STRING_MASK) as c_int;
    let (mut names, mut count) = (ptr::null_mut(), 0);
    // SAFETY: value and context are live; the engine stores a table and its length, which go back to it.
    let known = unsafe {
        let found =
            qjs::JS_GetOwnPropertyNames(context.0, &raw mut names, &raw mut count, attributes.raw, flags);
        context.check(found)?;
        let name = qjs::JS_NewAtom(context.0, c"type".as_ptr());
        let known = (0..count as usize).all(|index| (*names.add(index)).atom == name);
        qjs::JS_FreeAtom(context.0, name);
        qjs::JS_FreePropertyEnum(context.0, names, count);
        known
    };
    if known {
        return attributes.get(c"type");
    }
    // SAFETY: a NUL-terminated text without directives.
    unsafe { qjs::JS_ThrowSyntaxError(context.0, c"there is no such import attribute".as_ptr()) };
    Err(Thrown)
}
