//! The safe face of the engine, as far as the guest and its compiler use it. The only place that calls QuickJS.
//!
//! A [`Context`] is a handle that is copied freely; a [`Value`] owns one reference and gives it back
//! when dropped. Every call that can throw returns `Err(Thrown)` and leaves the exception in the
//! context, where [`Context::exception`] takes it; that is QuickJS's own convention, typed.

#![no_std]

use core::cell::Cell;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use core::{ptr, slice};

use guest_engine as qjs;

mod backtrace;
pub mod buffer;
pub mod class;
pub mod host;
mod one_thread;

pub use backtrace::last_stack;
pub use one_thread::OneThread;

/// An exception is pending in the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thrown;

/// Result of a call into the engine.
pub type Result<T> = core::result::Result<T, Thrown>;

/// A realm of the one engine. Never freed: the guest ends with it, and so does the compiler.
#[derive(Clone, Copy)]
pub struct Context(*mut qjs::JSContext);

/// One owned reference to a JavaScript value.
pub struct Value {
    context: Context,
    raw: qjs::JSValue,
}

/// Settlement of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromiseState {
    /// Neither fulfilled nor rejected.
    Pending,
    /// Has a value.
    Fulfilled,
    /// Has a reason.
    Rejected,
}

/// A native function: gets its arguments, returns a value or throws.
pub type Native = fn(&Call<'_>) -> Result<Value>;

/// The arguments of one call of a native function; missing ones read as `undefined`.
pub struct Call<'a> {
    /// Where the call happens.
    pub context: Context,
    this: qjs::JSValue,
    args: &'a [qjs::JSValue],
}

/// A value whose text a console shows as it is, or nearly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// A string.
    String,
    /// A bigint, shown with an `n`.
    Bigint,
    /// Number, boolean, `null`, `undefined`.
    Other,
}

/// Flags of a property of the host: writable and configurable, hidden from enumeration.
const HOST_PROPERTY: c_int = (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE) as c_int;

/// Most arguments that we ever pass to a function ourselves.
const MAX_CALL_ARGS: usize = 4;

const UNDEFINED: qjs::JSValue = qjs::JS_MKVAL(qjs::JS_TAG_UNDEFINED, 0);
const EXCEPTION: qjs::JSValue = qjs::JS_MKVAL(qjs::JS_TAG_EXCEPTION, 0);

/// The lowest address to which JavaScript may bring the native stack.
static STACK_END: AtomicUsize = AtomicUsize::new(0);

/// Where the native stack is, about.
fn stack_pointer() -> usize {
    let here = 0_u8;
    (&raw const here).addr()
}

unsafe extern "C" fn allocate_shared(runtime: *mut c_void, size: qjs::size_t) -> *mut c_void {
    // SAFETY: the runtime is live; the engine checks the result.
    unsafe { qjs::js_malloc_rt(runtime.cast(), size) }
}

unsafe extern "C" fn free_shared(runtime: *mut c_void, block: *mut c_void) {
    // SAFETY: what `allocate_shared` returned, which the engine gives back once.
    unsafe { qjs::js_free_rt(runtime.cast(), block) }
}

impl Context {
    /// Starts the engine, once, with every standard built-in. `None` if there is no memory for it, or at the
    /// second call.
    ///
    /// JavaScript may use `stack` bytes of native stack, counted from the frame of this call; later
    /// calls must not come from a shallower one. `secret` is what keys of objects, Map and Set are hashed under:
    /// who knows it can choose keys that make them slow.
    #[must_use]
    pub fn new(stack: usize, secret: [u64; 4], memory: Memory) -> Option<Self> {
        static STARTED: AtomicBool = AtomicBool::new(false);
        if STARTED.swap(true, Relaxed) {
            return None;
        }
        MEMORY.0.set(memory);
        // SAFETY: nothing has been hashed yet, since this is the first call; the results are checked before use.
        unsafe {
            qjs::uk_set_hash_key(&raw const secret);
            let runtime = qjs::JS_NewRuntime();
            if runtime.is_null() {
                return None;
            }
            qjs::JS_SetMaxStackSize(runtime, stack as qjs::size_t);
            // Without these the engine refuses shared memory that can grow.
            let shared = qjs::JSSharedArrayBufferFunctions {
                sab_alloc: Some(allocate_shared),
                sab_free: Some(free_shared),
                sab_dup: None,
                sab_opaque: runtime.cast(),
            };
            qjs::JS_SetSharedArrayBufferFunctions(runtime, &raw const shared);
            STACK_END.store(stack_pointer().saturating_sub(stack), Relaxed);
            let context = qjs::JS_NewContext(runtime);
            (!context.is_null() && qjs::uk_prepare_out_of_memory(context) == 0).then_some(Self(context))
        }
    }

    fn runtime(self) -> *mut qjs::JSRuntime {
        // SAFETY: the context is live.
        unsafe { qjs::JS_GetRuntime(self.0) }
    }

    /// Lets `bytes` be allocated before cycles are looked for the first time; later the engine paces itself.
    pub fn collect_after(self, bytes: usize) {
        // SAFETY: the runtime is live.
        unsafe { qjs::JS_SetGCThreshold(self.runtime(), bytes as qjs::size_t) };
    }

    fn own(self, raw: qjs::JSValue) -> Result<Value> {
        // SAFETY: reads the tag.
        if unsafe { qjs::JS_IsException(raw) } { Err(Thrown) } else { Ok(Value { context: self, raw }) }
    }

    fn check(self, result: c_int) -> Result<()> {
        if result < 0 { Err(Thrown) } else { Ok(()) }
    }

    /// Takes the pending exception; `InternalError: out of memory` if a call failed and threw none.
    #[must_use]
    pub fn exception(self) -> Value {
        // SAFETY: the context is live; ownership of the value passes to us.
        let raw = unsafe { qjs::JS_GetException(self.0) };
        Value { context: self, raw }
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

    /// `undefined`.
    #[must_use]
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
    pub fn boolean(self, value: bool) -> Value {
        Value { context: self, raw: qjs::JS_MKVAL(qjs::JS_TAG_BOOL, i32::from(value)) }
    }

    /// A number.
    #[must_use]
    pub fn number(self, value: f64) -> Value {
        Value { context: self, raw: qjs::JS_NewFloat64(value) }
    }

    /// An integer, in the engine's shortest form.
    #[must_use]
    pub fn integer(self, value: i32) -> Value {
        Value { context: self, raw: qjs::JS_MKVAL(qjs::JS_TAG_INT, value) }
    }

    /// A string from UTF-8; bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// Out of memory.
    pub fn string(self, text: &[u8]) -> Result<Value> {
        // SAFETY: the engine copies `text.len()` bytes.
        self.own(unsafe { qjs::JS_NewStringLen(self.0, text.as_ptr().cast(), text.len() as qjs::size_t) })
    }

    /// A bigint.
    ///
    /// # Errors
    /// Out of memory.
    pub fn bigint(self, value: u64) -> Result<Value> {
        // SAFETY: the context is live.
        self.own(unsafe { qjs::JS_NewBigUint64(self.0, value) })
    }

    /// An empty object.
    ///
    /// # Errors
    /// Out of memory.
    pub fn object(self) -> Result<Value> {
        // SAFETY: the context is live.
        self.own(unsafe { qjs::JS_NewObject(self.0) })
    }

    /// A `Uint8Array` with a copy of `bytes`.
    ///
    /// # Errors
    /// Out of memory.
    pub fn uint8_array(self, bytes: &[u8]) -> Result<Value> {
        // SAFETY: the engine copies `bytes.len()` bytes.
        self.own(unsafe { qjs::JS_NewUint8ArrayCopy(self.0, bytes.as_ptr(), bytes.len() as qjs::size_t) })
    }

    /// `globalThis`.
    #[must_use]
    pub fn global(self) -> Value {
        // SAFETY: the context is live; the engine returns a new reference.
        let raw = unsafe { qjs::JS_GetGlobalObject(self.0) };
        Value { context: self, raw }
    }

    /// A function that calls `F`.
    ///
    /// # Errors
    /// Out of memory.
    pub fn function<F: NativeFunction>(self, name: &CStr, length: c_int) -> Result<Value> {
        // SAFETY: the engine copies the name; `enter::<F>` has the type of a plain C function.
        let raw = unsafe {
            qjs::JS_NewCFunction2(
                self.0,
                Some(enter::<F>),
                name.as_ptr(),
                length,
                qjs::JSCFunctionEnum_JS_CFUNC_generic,
                0,
            )
        };
        self.own(raw)
    }

    /// Compiles one ES module without running it.
    ///
    /// # Errors
    /// The `SyntaxError`, or out of memory.
    pub fn compile_module(self, source: &CStr, name: &CStr) -> Result<Value> {
        let flags = (qjs::JS_EVAL_TYPE_MODULE | qjs::JS_EVAL_FLAG_COMPILE_ONLY) as c_int;
        let len = source.count_bytes() as qjs::size_t;
        // SAFETY: both are NUL-terminated, as the engine's parser needs.
        self.own(unsafe { qjs::JS_Eval(self.0, source.as_ptr(), len, name.as_ptr(), flags) })
    }

    /// Reads back one compiled ES module.
    ///
    /// # Safety
    /// `bytecode` was written by this very engine build: the engine does not check it.
    ///
    /// # Errors
    /// Damaged bytecode as far as the engine notices, or out of memory.
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

    /// Declares the native module `name` with the exports that `M` names and later sets.
    ///
    /// # Errors
    /// Out of memory.
    pub fn native_module<M: NativeModule>(self) -> Result<()> {
        // SAFETY: the engine copies the names; `init::<M>` has the type that it expects.
        unsafe {
            let module = qjs::JS_NewCModule(self.0, M::NAME.as_ptr(), Some(init::<M>));
            if module.is_null() {
                return Err(Thrown);
            }
            for name in M::EXPORTS {
                self.check(qjs::JS_AddModuleExport(self.0, module, name.as_ptr()))?;
            }
        }
        Ok(())
    }

    /// Lets modules import `uk:` modules that do not exist here: for compiling only, they are empty.
    pub fn accept_native_imports(self) {
        // SAFETY: the runtime is live; both callbacks have the types that it expects and need no opaque.
        unsafe { qjs::JS_SetModuleLoaderFunc(self.runtime(), None, Some(load_empty), ptr::null_mut()) };
    }

    /// Runs one job of the queue (a promise reaction). `false` when the queue is empty.
    ///
    /// # Errors
    /// What the job threw; only host jobs can, a promise reaction captures its own.
    pub fn run_job(self) -> Result<bool> {
        let mut context = ptr::null_mut();
        // SAFETY: the runtime is live; the engine stores the job's context, which is ours.
        match unsafe { qjs::JS_ExecutePendingJob(self.runtime(), &raw mut context) } {
            0 => Ok(false),
            1.. => Ok(true),
            _ => Err(Thrown),
        }
    }

    /// Makes the oldest waiting callback of a `FinalizationRegistry` the last job of the queue; `false` if none waits.
    pub fn admit_cleanup(self) -> bool {
        // SAFETY: the runtime is live.
        unsafe { qjs::uk_admit_cleanup(self.runtime()) }
    }

    /// Calls `tracker(promise, reason, handled)` when a promise is rejected without a handler, and
    /// again with `handled` if it gets one later.
    pub fn track_rejections<T: RejectionTracker>(self) {
        // SAFETY: the runtime is live; `rejected::<T>` has the type that it expects and needs no opaque.
        unsafe {
            qjs::JS_SetHostPromiseRejectionTracker(self.runtime(), Some(rejected::<T>), ptr::null_mut());
        }
    }
}

/// A function that can be called from JavaScript; a type, so that no call goes through a table.
pub trait NativeFunction {
    /// The function.
    const CALL: Native;
}

/// A module that is implemented natively.
pub trait NativeModule {
    /// What `import` names.
    const NAME: &'static CStr;
    /// Names of all exports.
    const EXPORTS: &'static [&'static CStr];

    /// The value of one export, asked for once, when the module is first imported.
    ///
    /// # Errors
    /// Out of memory.
    fn export(context: Context, name: &CStr) -> Result<Value>;
}

/// Hears of rejected promises.
pub trait RejectionTracker {
    /// See [`Context::track_rejections`].
    fn rejected(promise: &Value, reason: Value, handled: bool);
}

/// What the program around the engine has to say about memory.
#[derive(Clone, Copy)]
pub struct Memory {
    /// Whether the allocator has its reserve back, with enough beside it, now that garbage was collected.
    pub is_back: fn() -> bool,
    /// Ends the program: the engine has no memory for what it must not go on without.
    pub is_gone: fn() -> !,
}

impl Memory {
    /// A host's, whose allocator has no reserve.
    pub const UNLIMITED: Self = Self { is_back: || true, is_gone: || panic!("out of memory") };
}

static MEMORY: OneThread<Cell<Memory>> = OneThread(Cell::new(Memory::UNLIMITED));

#[unsafe(no_mangle)]
extern "C" fn uk_out_of_memory() -> ! {
    (MEMORY.0.get().is_gone)()
}

#[unsafe(no_mangle)]
extern "C" fn uk_memory_is_back() -> bool {
    (MEMORY.0.get().is_back)()
}

unsafe extern "C" fn enter<F: NativeFunction>(
    context: *mut qjs::JSContext,
    this: qjs::JSValue,
    argc: c_int,
    argv: *mut qjs::JSValue,
) -> qjs::JSValue {
    // SAFETY: the engine's arguments, as they are.
    let call = unsafe { Call::new(context, this, argc, argv) };
    (F::CALL)(&call).map_or(EXCEPTION, Value::into_raw)
}

unsafe extern "C" fn init<M: NativeModule>(
    context: *mut qjs::JSContext,
    module: *mut qjs::JSModuleDef,
) -> c_int {
    for name in M::EXPORTS {
        let Ok(value) = M::export(Context(context), name) else {
            return -1;
        };
        // SAFETY: the module is being initialized; the engine takes over the value.
        if unsafe { qjs::JS_SetModuleExport(context, module, name.as_ptr(), value.into_raw()) } < 0 {
            return -1;
        }
    }
    0
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

unsafe extern "C" fn rejected<T: RejectionTracker>(
    context: *mut qjs::JSContext,
    promise: qjs::JSValue,
    reason: qjs::JSValue,
    handled: bool,
    _opaque: *mut c_void,
) {
    let context = Context(context);
    let own = |raw| {
        // SAFETY: live and borrowed for the call; the duplicate is ours.
        let raw = unsafe { qjs::JS_DupValue(context.0, raw) };
        Value { context, raw }
    };
    let (promise, reason) = (own(promise), own(reason));
    T::rejected(&promise, reason, handled);
}

impl<'a> Call<'a> {
    /// # Safety
    /// The arguments are the engine's: live values, borrowed for the call, `argc` of them behind `argv`,
    /// which may be null only if there are none.
    #[inline]
    unsafe fn new(
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
        // SAFETY: live for the call; the duplicate is ours.
        let raw = unsafe { qjs::JS_DupValue(self.context.0, self.this) };
        Value { context: self.context, raw }
    }

    /// Argument `index` is there, and not `undefined`.
    #[must_use]
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
    pub fn arg(&self, index: usize) -> Value {
        let raw = self.raw(index);
        // SAFETY: live for the call; the duplicate is ours.
        let raw = unsafe { qjs::JS_DupValue(self.context.0, raw) };
        Value { context: self.context, raw }
    }

    fn raw(&self, index: usize) -> qjs::JSValue {
        self.args.get(index).copied().unwrap_or(UNDEFINED)
    }

    /// Argument `index`, if it is a number that is exactly this integer; never throws.
    #[must_use]
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

    /// What kind of plain value argument `index` is; `None` for those whose text is not what a
    /// console shows: objects, symbols, negative zero.
    #[must_use]
    pub fn plain(&self, index: usize) -> Option<Plain> {
        let raw = self.raw(index);
        // SAFETY: reads the tag, then the payload that the tag announces.
        unsafe {
            match qjs::JS_VALUE_GET_TAG(raw) {
                qjs::JS_TAG_STRING | qjs::JS_TAG_STRING_ROPE => Some(Plain::String),
                qjs::JS_TAG_BIG_INT | qjs::JS_TAG_SHORT_BIG_INT => Some(Plain::Bigint),
                qjs::JS_TAG_INT | qjs::JS_TAG_BOOL | qjs::JS_TAG_NULL | qjs::JS_TAG_UNDEFINED => {
                    Some(Plain::Other)
                }
                qjs::JS_TAG_FLOAT64 => {
                    let number = qjs::JS_VALUE_GET_FLOAT64(raw);
                    (number != 0.0 || number.is_sign_positive()).then_some(Plain::Other)
                }
                _ => None,
            }
        }
    }

    /// Calls `function` with the same arguments.
    ///
    /// # Errors
    /// What it throws.
    pub fn forward(&self, function: &Value) -> Result<Value> {
        let argc = c_int::try_from(self.args.len()).unwrap_or(c_int::MAX);
        // SAFETY: the engine only reads the arguments, despite the pointer's type.
        self.context.own(unsafe {
            qjs::JS_Call(self.context.0, function.raw, UNDEFINED, argc, self.args.as_ptr().cast_mut())
        })
    }
}

impl Value {
    /// Gives up the reference without releasing it.
    fn into_raw(self) -> qjs::JSValue {
        let raw = self.raw;
        core::mem::forget(self);
        raw
    }

    /// Another reference to the same value.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        // SAFETY: the value is live; the new reference is ours.
        let raw = unsafe { qjs::JS_DupValue(self.context.0, self.raw) };
        Self { context: self.context, raw }
    }

    /// Where the value lives.
    #[must_use]
    pub fn context(&self) -> Context {
        self.context
    }

    /// Is the same object as `other`.
    #[must_use]
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

    /// Is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        // SAFETY: reads the tag.
        unsafe { qjs::JS_IsNull(self.raw) }
    }

    /// Is `undefined`.
    #[must_use]
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

    /// Property `name`, getters included.
    ///
    /// # Errors
    /// What a getter throws; `TypeError` on `null` and `undefined`.
    pub fn get(&self, name: &CStr) -> Result<Self> {
        // SAFETY: value and context are live; the name is NUL-terminated.
        self.context.own(unsafe { qjs::JS_GetPropertyStr(self.context.0, self.raw, name.as_ptr()) })
    }

    /// Defines property `name` as hosts do: writable, configurable, not enumerable.
    ///
    /// # Errors
    /// Out of memory, or an object that cannot be extended.
    pub fn define(&self, name: &CStr, value: Self) -> Result<()> {
        // SAFETY: as above; the engine takes over the value.
        self.context.check(unsafe {
            qjs::JS_DefinePropertyValueStr(
                self.context.0,
                self.raw,
                name.as_ptr(),
                value.into_raw(),
                HOST_PROPERTY,
            )
        })
    }

    /// Runs the module; the value is a promise for its end.
    ///
    /// # Errors
    /// Out of memory; what the module throws settles the promise.
    pub fn eval(self) -> Result<Self> {
        let context = self.context;
        // SAFETY: the engine takes over the reference to the module.
        context.own(unsafe { qjs::JS_EvalFunction(context.0, self.into_raw()) })
    }

    /// Runs the module, which must not wait, and returns its namespace.
    ///
    /// # Errors
    /// Out of memory, or what the module throws.
    pub fn eval_namespace(self) -> Result<Self> {
        let context = self.context;
        // SAFETY: a module value's payload is its definition, which the context keeps for good.
        let definition = unsafe { qjs::JS_VALUE_GET_PTR(self.raw) }.cast();
        let end = self.eval()?;
        if end.promise_state() == Some(PromiseState::Rejected) {
            return Err(context.throw(end.promise_result()));
        }
        // SAFETY: as above.
        context.own(unsafe { qjs::JS_GetModuleNamespace(context.0, definition) })
    }

    /// Name of the engine's class of an object, whatever its prototype says: `Map`, `Error`, `Function`. Empty for
    /// what is no object. Runs no code of a program.
    ///
    /// # Errors
    /// Out of memory.
    pub fn class_name(&self) -> Result<Self> {
        // SAFETY: reads the tag and the class.
        let class = unsafe { qjs::JS_GetClassID(self.raw) };
        // SAFETY: the runtime is live; a number that is no class has no name, which is the atom 0.
        let name = unsafe { qjs::JS_GetClassName(self.context.runtime(), class) };
        if name == 0 {
            return self.context.string(b"");
        }
        // SAFETY: a live atom, a reference of ours that is given back.
        let text = unsafe { qjs::JS_AtomToString(self.context.0, name) };
        // SAFETY: as above.
        unsafe { qjs::JS_FreeAtom(self.context.0, name) };
        self.context.own(text)
    }

    /// Target and handler of a proxy, `null` twice if it was revoked; `None` for what is no proxy.
    #[must_use]
    pub fn proxy_parts(&self) -> Option<[Self; 2]> {
        // SAFETY: reads the tag and the class.
        if !unsafe { qjs::JS_IsProxy(self.raw) } {
            return None;
        }
        let context = self.context;
        // SAFETY: a live proxy; a revoked one throws.
        let parts = unsafe {
            [qjs::JS_GetProxyTarget(context.0, self.raw), qjs::JS_GetProxyHandler(context.0, self.raw)]
        };
        Some(parts.map(|part| {
            context.own(part).unwrap_or_else(|Thrown| {
                drop(context.exception());
                Self { context, raw: qjs::JS_NULL }
            })
        }))
    }

    /// Own keys of an array or typed array that are no indices, in an array. Runs no code of a program.
    ///
    /// # Errors
    /// Out of memory.
    pub fn named_keys(&self, enumerable_only: bool) -> Result<Self> {
        // SAFETY: value and context are live.
        self.context.own(unsafe { qjs::uk_named_keys(self.context.0, self.raw, enumerable_only) })
    }

    /// The lowest indices, `limit` at most, at which an array has enumerable elements. Runs no code of a program.
    ///
    /// # Errors
    /// Out of memory.
    pub fn first_indices(&self, limit: u32) -> Result<Self> {
        // SAFETY: value and context are live.
        self.context.own(unsafe { qjs::uk_first_indices(self.context.0, self.raw, limit) })
    }

    /// Calls the function with `this` undefined.
    ///
    /// # Errors
    /// What it throws; `TypeError` if it is not a function.
    pub fn call(&self, args: &[Self]) -> Result<Self> {
        self.call_with(UNDEFINED, args)
    }

    /// Calls the function on `this`.
    ///
    /// # Errors
    /// What it throws; `TypeError` if it is not a function.
    pub fn call_on(&self, this: &Self, args: &[Self]) -> Result<Self> {
        self.call_with(this.raw, args)
    }

    fn call_with(&self, this: qjs::JSValue, args: &[Self]) -> Result<Self> {
        let mut raw = [UNDEFINED; MAX_CALL_ARGS];
        for (to, arg) in raw.iter_mut().zip(args) {
            *to = arg.raw;
        }
        let argc = c_int::try_from(args.len().min(MAX_CALL_ARGS)).unwrap_or(0);
        // SAFETY: `argc` live values, borrowed for the call, as `this` is.
        self.context.own(unsafe { qjs::JS_Call(self.context.0, self.raw, this, argc, raw.as_mut_ptr()) })
    }

    /// Bytecode of a compiled module, without its source, with its line numbers.
    ///
    /// # Errors
    /// Out of memory.
    pub fn bytecode(&self) -> Result<Bytes> {
        let flags = (qjs::JS_WRITE_OBJ_BYTECODE | qjs::JS_WRITE_OBJ_STRIP_SOURCE) as c_int;
        let mut len = 0;
        // SAFETY: the engine allocates the bytes and stores their number.
        let data = unsafe { qjs::JS_WriteObject(self.context.0, &raw mut len, self.raw, flags) };
        if data.is_null() { Err(Thrown) } else { Ok(Bytes { context: self.context, data, len: length(len) }) }
    }

    /// State of a promise; `None` for anything else.
    #[must_use]
    pub fn promise_state(&self) -> Option<PromiseState> {
        // SAFETY: value and context are live.
        match unsafe { qjs::JS_PromiseState(self.context.0, self.raw) } {
            qjs::JSPromiseStateEnum_JS_PROMISE_PENDING => Some(PromiseState::Pending),
            qjs::JSPromiseStateEnum_JS_PROMISE_FULFILLED => Some(PromiseState::Fulfilled),
            qjs::JSPromiseStateEnum_JS_PROMISE_REJECTED => Some(PromiseState::Rejected),
            _ => None,
        }
    }

    /// Value or reason of a settled promise.
    #[must_use]
    pub fn promise_result(&self) -> Self {
        // SAFETY: value and context are live; the engine returns a new reference.
        let raw = unsafe { qjs::JS_PromiseResult(self.context.0, self.raw) };
        Self { context: self.context, raw }
    }

    /// Is what JavaScript takes for true.
    #[must_use]
    pub fn is_truthy(&self) -> bool {
        // SAFETY: value and context are live.
        unsafe { qjs::JS_ToBool(self.context.0, self.raw) > 0 }
    }

    /// An integer from a number, as `ToInt32` has it.
    ///
    /// # Errors
    /// What a conversion throws.
    pub fn to_i32(&self) -> Result<i32> {
        let mut number = 0;
        // SAFETY: the engine stores one integer.
        self.context.check(unsafe { qjs::JS_ToInt32(self.context.0, &raw mut number, self.raw) })?;
        Ok(number)
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

    /// The value as text.
    ///
    /// # Errors
    /// What `toString` throws, or out of memory.
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

impl Drop for Value {
    fn drop(&mut self) {
        // SAFETY: the reference is ours and is not used again.
        unsafe { qjs::JS_FreeValue(self.context.0, self.raw) };
    }
}

fn same_object(one: qjs::JSValue, other: qjs::JSValue) -> bool {
    // SAFETY: reads tags, then pointers of two objects.
    unsafe {
        qjs::JS_IsObject(one)
            && qjs::JS_IsObject(other)
            && qjs::JS_VALUE_GET_PTR(one) == qjs::JS_VALUE_GET_PTR(other)
    }
}

/// A `size_t` of the engine; nothing is lost on a 64-bit machine.
fn length(size: qjs::size_t) -> usize {
    usize::try_from(size).unwrap_or(0)
}

/// UTF-8 of a string; a surrogate without its partner is encoded on its own (WTF-8).
pub struct Text {
    context: Context,
    data: *const c_char,
    len: usize,
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

/// Bytes that the engine allocated.
pub struct Bytes {
    context: Context,
    data: *mut u8,
    len: usize,
}

impl Bytes {
    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: the engine made `len` bytes, which stay until the drop.
        unsafe { slice::from_raw_parts(self.data, self.len) }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: made by the engine, not used again.
        unsafe { qjs::js_free(self.context.0, self.data.cast()) };
    }
}
