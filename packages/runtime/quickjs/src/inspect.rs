//! What a console asks of values without running any code of a program.

use guest_engine as qjs;

use crate::{Call, Result, Thrown, Value};

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

impl Call<'_> {
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
}

impl Value {
    /// Name of the engine's class of an object, whatever its prototype says: `Map`, `Error`, `Function`. Empty for
    /// what is no object.
    pub fn class_name(&self) -> Result<Self> {
        // SAFETY: reads the tag and the class.
        let class = unsafe { qjs::JS_GetClassID(self.raw) };
        // SAFETY: the runtime is live; a number that is no class has no name.
        let name = unsafe { qjs::JS_GetClassName(self.context.runtime(), class) };
        if name == qjs::JS_ATOM_NULL {
            return self.context.string(b"");
        }
        // SAFETY: a live atom, a reference of ours that is given back.
        self.context.own(unsafe {
            let text = qjs::JS_AtomToString(self.context.0, name);
            qjs::JS_FreeAtom(self.context.0, name);
            text
        })
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
                context.null()
            })
        }))
    }

    /// Own keys of an array or typed array that are no indices, in an array.
    pub fn named_keys(&self, enumerable_only: bool) -> Result<Self> {
        // SAFETY: value and context are live.
        self.context.own(unsafe { qjs::uk_named_keys(self.context.0, self.raw, enumerable_only) })
    }

    /// The lowest indices, `limit` at most, at which an array has enumerable elements.
    pub fn first_indices(&self, limit: u32) -> Result<Self> {
        // SAFETY: value and context are live.
        self.context.own(unsafe { qjs::uk_first_indices(self.context.0, self.raw, limit) })
    }
}
