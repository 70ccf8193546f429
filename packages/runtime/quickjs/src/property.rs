//! Properties of objects.

use core::ffi::{CStr, c_int};

use guest_engine as qjs;

use crate::{Call, Context, Result, Thrown, Value};

/// The name of a property, as the engine numbers it; never given back.
#[derive(Clone, Copy, Debug)]
pub struct Atom(pub(crate) qjs::JSAtom);

/// Flags of a property of the host: writable and configurable, hidden from enumeration. A refusal throws.
const HOST_PROPERTY: c_int =
    (qjs::JS_PROP_WRITABLE | qjs::JS_PROP_CONFIGURABLE | qjs::JS_PROP_THROW) as c_int;
/// Those of a literal.
const LITERAL_PROPERTY: c_int = (qjs::JS_PROP_C_W_E | qjs::JS_PROP_THROW) as c_int;

impl Context {
    /// The name of a property.
    pub fn atom(self, name: &CStr) -> Result<Atom> {
        // SAFETY: the engine copies the name.
        named(unsafe { qjs::JS_NewAtom(self.0, name.as_ptr()) })
    }

    /// The well-known symbol `name`, as the name of a property.
    pub fn symbol(self, name: &CStr) -> Result<Atom> {
        let symbol = self.global().get(c"Symbol")?.get(name)?;
        // SAFETY: value and context are live.
        named(unsafe { qjs::JS_ValueToAtom(self.0, symbol.raw) })
    }
}

fn named(atom: qjs::JSAtom) -> Result<Atom> {
    if atom == qjs::JS_ATOM_NULL { Err(Thrown) } else { Ok(Atom(atom)) }
}

impl Value {
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
    /// An object that cannot be extended.
    pub fn define(&self, name: &CStr, value: Self) -> Result<()> {
        let context = self.context;
        // SAFETY: as above; the engine takes over the value.
        context.check(unsafe {
            qjs::JS_DefinePropertyValueStr(
                context.0,
                self.raw,
                name.as_ptr(),
                value.into_raw(),
                HOST_PROPERTY,
            )
        })
    }

    /// Defines property `name`, a function that calls `function`, which holds nothing, in the same way.
    ///
    /// # Errors
    /// An object that cannot be extended.
    pub fn define_function<F>(&self, name: &CStr, length: c_int, function: F) -> Result<()>
    where
        F: Fn(&Call<'_>) -> Result<Self> + Copy + 'static,
    {
        self.define(name, self.context.function(name, length, function)?)
    }

    /// Makes a property, as an object literal does.
    ///
    /// # Errors
    /// An object that cannot be extended.
    pub fn create(&self, name: Atom, value: Self) -> Result<()> {
        let context = self.context;
        // SAFETY: value and context are live; the engine takes over the value.
        context.check(unsafe {
            qjs::JS_DefinePropertyValue(context.0, self.raw, name.0, value.into_raw(), LITERAL_PROPERTY)
        })
    }

    /// Sets a property.
    ///
    /// # Errors
    /// What a setter throws.
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
    pub fn invoke<const N: usize>(&self, name: Atom, args: &[Self; N]) -> Result<Self> {
        self.property(name)?.call_on(self, args)
    }
}
