//! What devices read into and write from.

use core::mem::MaybeUninit;
use core::{ptr, slice};

use guest_engine as qjs;

use crate::state::STATE;
use crate::text::length;
use crate::{Context, Result, Thrown, Value};

/// A value that is used as a buffer, and what never changes about it, found out once.
pub struct Buffer {
    value: Value,
    kind: Kind,
    /// Its memory may not be written to.
    immutable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A `Uint8Array` that has its length until its memory is taken away.
    Fixed,
    /// A `Uint8Array` in memory that can be resized, or might be. The engine knows whether a view with a
    /// length of its own still fits, but not how long one is that follows its memory.
    Resizable,
    /// Anything else.
    Useless,
}

impl Context {
    /// Prepares [`Buffer::new`]. To be called before any program runs, which can replace the getter.
    pub fn prepare_buffers(self) -> Result<()> {
        let name = self.atom(c"resizable")?;
        let prototype = self.global().get(c"ArrayBuffer")?.get(c"prototype")?;
        let mut property = MaybeUninit::<qjs::JSPropertyDescriptor>::uninit();
        // SAFETY: a live object; the engine stores the property if and only if it returns 1.
        let found = unsafe { qjs::JS_GetOwnProperty(self.0, property.as_mut_ptr(), prototype.raw, name.0) };
        if found == 1 {
            // SAFETY: stored. Its values are ours, and two of them are not needed.
            let [getter, _, _] = unsafe {
                let qjs::JSPropertyDescriptor { getter, setter, value, .. } = property.assume_init();
                [getter, setter, value].map(|raw| Value { context: self, raw })
            };
            // A second realm does not exist: the first one's would stay.
            let _ = STATE.0.resizable.set(getter);
        }
        self.check(found)
    }
}

impl Value {
    /// Takes the memory of an array buffer away.
    pub fn detach(&self) {
        // SAFETY: value and context are live; what is no array buffer is left alone.
        unsafe { qjs::JS_DetachArrayBuffer(self.context.0, self.raw) };
    }
}

impl Buffer {
    /// Looks at a value. Runs no code of a program.
    #[must_use]
    pub fn new(value: Value) -> Self {
        // SAFETY: the value is live.
        let is_bytes = unsafe { qjs::JS_GetTypedArrayType(value.raw) }
            == qjs::JSTypedArrayEnum_JS_TYPED_ARRAY_UINT8.cast_signed();
        let (kind, immutable) = if is_bytes { memory_of(&value) } else { (Kind::Useless, true) };
        Self { value, kind, immutable }
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Runs `work` on its very bytes, without a copy, unless it is no `Uint8Array`, or one that lost its
    /// memory; never throws. `work` must not run JavaScript, which could take the memory away.
    #[inline]
    pub fn with_bytes<R>(&self, work: impl FnOnce(&[u8]) -> R) -> Option<R> {
        if self.kind == Kind::Useless {
            return None;
        }
        self.bytes(|bytes| work(bytes)).map_err(|Thrown| drop(self.value.context.exception())).ok()
    }

    /// The same to write there: not if its memory is immutable.
    #[inline]
    pub fn with_room<R>(&self, work: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        if self.kind == Kind::Useless || self.immutable {
            return None;
        }
        self.bytes(work).map_err(|Thrown| drop(self.value.context.exception())).ok()
    }

    #[inline]
    fn bytes<R>(&self, work: impl FnOnce(&mut [u8]) -> R) -> Result<R> {
        let context = self.value.context;
        let mut len = 0;
        // SAFETY: the value is live; the engine stores the length if it returns a pointer.
        let data = unsafe { qjs::JS_GetUint8Array(context.0, &raw mut len, self.value.raw) };
        // SAFETY: the context is live.
        if data.is_null() && unsafe { qjs::JS_HasException(context.0) } {
            return Err(Thrown);
        }
        if self.kind == Kind::Resizable {
            len = self.length_now(len)?;
        }
        let bytes: &mut [u8] = match data.is_null() {
            true => &mut [],
            // SAFETY: the array's own memory, which stays while no JavaScript runs; a guest has one
            // thread, so nobody else looks at it.
            false => unsafe { slice::from_raw_parts_mut(data, length(len)) },
        };
        Ok(work(bytes))
    }

    /// The length of a view into memory that can be resized, given what the engine takes it for.
    #[cold]
    fn length_now(&self, len: qjs::size_t) -> Result<qjs::size_t> {
        let context = self.value.context;
        let (none, mut offset, mut size) = (ptr::null_mut(), 0, 0);
        // SAFETY: the value is live; the engine stores one number.
        let memory = context.own(unsafe {
            qjs::JS_GetTypedArrayBuffer(context.0, self.value.raw, &raw mut offset, none, none)
        })?;
        // SAFETY: live memory; the engine stores its size.
        unsafe { qjs::JS_GetArrayBuffer(context.0, &raw mut size, memory.raw) };
        let left = size.saturating_sub(offset);
        // One with an element more than that has grown together with its memory.
        Ok(if self.has_element(len) { left } else { left.min(len) })
    }

    fn has_element(&self, index: qjs::size_t) -> bool {
        let context = self.value.context;
        // SAFETY: the value is live; the elements of a typed array are no properties that run code.
        let element =
            context.own(unsafe { qjs::JS_GetPropertyInt64(context.0, self.value.raw, index.cast_signed()) });
        element.is_ok_and(|element| !element.is_undefined())
    }
}

/// What the memory of a `Uint8Array` is like: whether its size stays, and whether it may not be written to. Memory
/// that the engine cannot tell of, because it is shared or taken away, is not fixed.
fn memory_of(value: &Value) -> (Kind, bool) {
    let context = value.context;
    let none = ptr::null_mut();
    // SAFETY: the value is live; the engine stores nothing where it is told not to.
    let memory = context.own(unsafe { qjs::JS_GetTypedArrayBuffer(context.0, value.raw, none, none, none) });
    let known = memory.and_then(|memory| {
        // SAFETY: live memory.
        let immutable = unsafe { qjs::JS_IsImmutableArrayBuffer(memory.raw) } == 1;
        let resizable = match STATE.0.resizable.get() {
            Some(getter) => getter.call_on(&memory, &[])?.is_truthy(),
            None => true,
        };
        Ok((if resizable { Kind::Resizable } else { Kind::Fixed }, immutable))
    });
    known.unwrap_or_else(|Thrown| {
        drop(context.exception());
        (Kind::Resizable, false)
    })
}
