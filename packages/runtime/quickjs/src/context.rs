//! Realms of the engine, and the engine's start.

use core::ffi::{c_int, c_void};
use core::sync::atomic::Ordering::Relaxed;

use guest_engine as qjs;

use crate::memory::{self, Memory};
use crate::state::STATE;
use crate::{Result, Thrown, Value};

/// A realm of the one engine. Never freed: the program ends with it.
#[derive(Clone, Copy)]
pub struct Context(pub(crate) *mut qjs::JSContext);

/// Where the native stack is, about.
fn stack_pointer() -> usize {
    let here = 0_u8;
    (&raw const here).addr()
}

/// JavaScript may call on: the engine asks this itself for functions of its own.
pub(crate) fn stack_is_left() -> bool {
    stack_pointer() >= STATE.0.stack_end.load(Relaxed)
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
        if STATE.0.started.swap(true, Relaxed) {
            return None;
        }
        memory::set(memory);
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
            STATE.0.stack_end.store(stack_pointer().saturating_sub(stack), Relaxed);
            let context = qjs::JS_NewContext(runtime);
            (!context.is_null() && qjs::uk_prepare_out_of_memory(context) == 0).then_some(Self(context))
        }
    }

    /// One more realm of the same engine, with every standard built-in.
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

    pub(crate) fn runtime(self) -> *mut qjs::JSRuntime {
        // SAFETY: the context is live.
        unsafe { qjs::JS_GetRuntime(self.0) }
    }

    /// Lets `bytes` be allocated before cycles are looked for the first time; later the engine paces itself.
    pub fn collect_after(self, bytes: usize) {
        // SAFETY: the runtime is live.
        unsafe { qjs::JS_SetGCThreshold(self.runtime(), bytes as qjs::size_t) };
    }

    /// Looks for garbage.
    pub fn collect(self) {
        // SAFETY: the runtime is live.
        unsafe { qjs::JS_RunGC(self.runtime()) };
    }

    /// `globalThis`.
    #[must_use]
    pub fn global(self) -> Value {
        // SAFETY: the context is live; the engine returns a new reference.
        Value { context: self, raw: unsafe { qjs::JS_GetGlobalObject(self.0) } }
    }

    /// The value that a call of the engine returned, unless it says that it has thrown.
    #[inline]
    pub(crate) fn own(self, raw: qjs::JSValue) -> Result<Value> {
        // SAFETY: reads the tag.
        if unsafe { qjs::JS_IsException(raw) } { Err(Thrown) } else { Ok(Value { context: self, raw }) }
    }

    /// The same for a call that returns a number.
    #[inline]
    pub(crate) fn check(self, result: c_int) -> Result<()> {
        if result < 0 { Err(Thrown) } else { Ok(()) }
    }
}
