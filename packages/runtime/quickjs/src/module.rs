//! Scripts, modules and their bytecode.

use core::ffi::{CStr, c_char, c_int, c_void};
use core::{ptr, slice};

use guest_engine as qjs;

use crate::function::sole;
use crate::text::length;
use crate::{Context, PromiseState, Result, Thrown, Value};

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

impl<'a> From<&'a CStr> for Source<'a> {
    fn from(text: &'a CStr) -> Self {
        Self(text.to_bytes_with_nul())
    }
}

/// An export of a native module: its name, and what makes its value, once, when the module is first imported.
pub type Export = (&'static CStr, fn(Context, &CStr) -> Result<Value>);

/// A module that is implemented natively.
pub trait NativeModule {
    /// What `import` names.
    const NAME: &'static CStr;
    /// All exports.
    const EXPORTS: &'static [Export];
}

impl Context {
    /// Compiles a script without running it.
    ///
    /// # Errors
    /// The `SyntaxError`.
    pub fn compile_script(self, source: Source<'_>, name: &CStr) -> Result<Value> {
        self.compile(source, name, qjs::JS_EVAL_TYPE_GLOBAL)
    }

    /// Compiles an ES module without running it, and loads what it imports.
    ///
    /// # Errors
    /// The `SyntaxError`; whatever loading ends with.
    pub fn compile_module(self, source: Source<'_>, name: &CStr) -> Result<Value> {
        self.compile(source, name, qjs::JS_EVAL_TYPE_MODULE)
    }

    fn compile(self, source: Source<'_>, name: &CStr, kind: u32) -> Result<Value> {
        let flags = (kind | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as c_int;
        // SAFETY: the source has a NUL behind it, the name is NUL-terminated.
        self.own(unsafe { qjs::JS_Eval(self.0, source.data(), source.len(), name.as_ptr(), flags) })
    }

    /// Reads back one compiled ES module.
    ///
    /// # Safety
    /// `bytecode` was written by this very engine build: the engine does not check it.
    ///
    /// # Errors
    /// Damaged bytecode as far as the engine notices.
    pub unsafe fn read_module(self, bytecode: &[u8]) -> Result<Value> {
        let flags = qjs::JS_READ_OBJ_BYTECODE as c_int;
        // SAFETY: the slice is readable; its content is vouched for by the caller.
        let raw =
            unsafe { qjs::JS_ReadObject(self.0, bytecode.as_ptr(), bytecode.len() as qjs::size_t, flags) };
        let module = self.own(raw)?;
        // SAFETY: `module` is a live module object; a failure is reported as an exception.
        self.check(unsafe { qjs::JS_ResolveModule(self.0, module.raw) })?;
        Ok(module)
    }

    /// Declares a native module.
    pub fn native_module<M: NativeModule>(self) -> Result<()> {
        let names = M::EXPORTS.iter().map(|&(name, _)| name);
        // SAFETY: `init::<M>` sets what `M` exports.
        unsafe { self.declare(M::NAME, Some(init::<M>), names) }.map(|_| ())
    }

    /// # Safety
    /// `init` sets exports of these names, at most.
    unsafe fn declare<'a>(
        self,
        name: &CStr,
        init: qjs::JSModuleInitFunc,
        exports: impl IntoIterator<Item = &'a CStr>,
    ) -> Result<*mut qjs::JSModuleDef> {
        // SAFETY: the engine copies the name.
        let module = unsafe { qjs::JS_NewCModule(self.0, name.as_ptr(), init) };
        if module.is_null() {
            return Err(Thrown);
        }
        for name in exports {
            // SAFETY: a module that is not linked yet; the engine copies the name.
            self.check(unsafe { qjs::JS_AddModuleExport(self.0, module, name.as_ptr()) })?;
        }
        Ok(module)
    }

    /// Lets modules import `uk:` modules that do not exist here: for compiling only, they are empty.
    pub fn accept_native_imports(self) {
        // SAFETY: the runtime is live; the callback has the type that it expects and needs no opaque.
        unsafe { qjs::JS_SetModuleLoaderFunc(self.runtime(), None, Some(load_empty), ptr::null_mut()) };
    }

    /// Lets modules import what `find` has by its whole name, and JSON. `find` holds nothing.
    pub fn import_from<F>(self, _find: F)
    where
        F: Fn(&CStr) -> Option<Source<'static>> + Copy + 'static,
    {
        // SAFETY: the runtime is live; the callback has the type that it expects and needs no opaque.
        unsafe {
            qjs::JS_SetModuleLoaderFunc2(self.runtime(), None, Some(load::<F>), None, ptr::null_mut());
        }
    }
}

impl Value {
    /// Runs the compiled script, for its completion value, or the module, for a promise for its end.
    ///
    /// # Errors
    /// What the script throws; what a module throws settles the promise.
    pub fn eval(self) -> Result<Self> {
        let context = self.context;
        // SAFETY: the engine takes over the reference.
        context.own(unsafe { qjs::JS_EvalFunction(context.0, self.into_raw()) })
    }

    /// Runs the module, which must not wait, and returns its namespace.
    ///
    /// # Errors
    /// What the module throws.
    pub fn eval_namespace(self) -> Result<Self> {
        let context = self.context;
        let definition = self.definition()?;
        let end = self.eval()?;
        if end.promise_state() == Some(PromiseState::Rejected) {
            return Err(context.throw(end.promise_result()));
        }
        // SAFETY: the context keeps definitions of modules for good.
        context.own(unsafe { qjs::JS_GetModuleNamespace(context.0, definition) })
    }

    /// What a value that is a module is about.
    fn definition(&self) -> Result<*mut qjs::JSModuleDef> {
        // SAFETY: reads the tag, then the payload that the tag announces.
        unsafe {
            match qjs::JS_VALUE_GET_TAG(self.raw) {
                qjs::JS_TAG_MODULE => Ok(qjs::JS_VALUE_GET_PTR(self.raw).cast()),
                _ => Err(self.context.throw_type_error(c"this is no module")),
            }
        }
    }

    /// Bytecode of a compiled module, without its source, with its line numbers.
    pub fn bytecode(&self) -> Result<Bytecode> {
        let flags = (qjs::JS_WRITE_OBJ_BYTECODE | qjs::JS_WRITE_OBJ_STRIP_SOURCE) as c_int;
        let mut len = 0;
        // SAFETY: the engine allocates the bytes and stores their number.
        let data = unsafe { qjs::JS_WriteObject(self.context.0, &raw mut len, self.raw, flags) };
        if data.is_null() {
            return Err(Thrown);
        }
        Ok(Bytecode { context: self.context, data, len: length(len) })
    }
}

/// Bytecode that the engine has written.
pub struct Bytecode {
    context: Context,
    data: *mut u8,
    len: usize,
}

impl Bytecode {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the engine made `len` bytes, which stay until the drop.
        unsafe { slice::from_raw_parts(self.data, self.len) }
    }
}

impl Drop for Bytecode {
    fn drop(&mut self) {
        // SAFETY: made by the engine, not used again.
        unsafe { qjs::js_free(self.context.0, self.data.cast()) };
    }
}

unsafe extern "C" fn init<M: NativeModule>(
    context: *mut qjs::JSContext,
    module: *mut qjs::JSModuleDef,
) -> c_int {
    let set = |&(name, make): &Export| {
        let value = make(Context(context), name).ok()?;
        // SAFETY: the module is being initialized; the engine takes over the value.
        let done = unsafe { qjs::JS_SetModuleExport(context, module, name.as_ptr(), value.into_raw()) };
        (done >= 0).then_some(())
    };
    if M::EXPORTS.iter().try_for_each(set).is_some() { 0 } else { -1 }
}

unsafe extern "C" fn load_empty(
    context: *mut qjs::JSContext,
    name: *const c_char,
    _opaque: *mut c_void,
) -> *mut qjs::JSModuleDef {
    unsafe extern "C" fn init(_context: *mut qjs::JSContext, _module: *mut qjs::JSModuleDef) -> c_int {
        0
    }
    // SAFETY: the engine passes a NUL-terminated name, and copies it.
    unsafe {
        if CStr::from_ptr(name).to_bytes().starts_with(b"uk:") {
            return qjs::JS_NewCModule(context, name, Some(init));
        }
        qjs::JS_ThrowReferenceError(context, c"cannot import '%s' in an image".as_ptr(), name);
        ptr::null_mut()
    }
}

unsafe extern "C" fn load<F: Fn(&CStr) -> Option<Source<'static>> + Copy>(
    context: *mut qjs::JSContext,
    name: *const c_char,
    _opaque: *mut c_void,
    attributes: qjs::JSValue,
) -> *mut qjs::JSModuleDef {
    // SAFETY: the engine passes a NUL-terminated name and a value that live for the call; `import_from` was given an `F`.
    let (name, attributes, find) =
        unsafe { (CStr::from_ptr(name), Value::of(Context(context), attributes), sole::<F>()) };
    module(find(name), name, &attributes).unwrap_or(ptr::null_mut())
}

/// The module `name`, of the type that the import's attributes say.
fn module(source: Option<Source<'_>>, name: &CStr, attributes: &Value) -> Result<*mut qjs::JSModuleDef> {
    let context = attributes.context();
    let source = source.ok_or_else(|| context.throw_range_error(c"there is no such module"))?;
    let kind = type_of(attributes)?;
    if kind.is_undefined() {
        return context.compile_module(source, name)?.definition();
    }
    if kind.text()?.bytes() != b"json" {
        return Err(context.throw_range_error(c"there are no modules of this type"));
    }
    // SAFETY: the source has a NUL behind it, the name is NUL-terminated.
    let json =
        context.own(unsafe { qjs::JS_ParseJSON(context.0, source.data(), source.len(), name.as_ptr()) })?;
    // SAFETY: `export_default` sets the one export; the engine takes over the value.
    unsafe {
        let module = context.declare(name, Some(export_default), [c"default"])?;
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
fn type_of(attributes: &Value) -> Result<Value> {
    let context = attributes.context();
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
