//! `console`: lines of plain values are written natively; everything else is formatted as Node does
//! by `js/guest/console.ts`, whose bytecode is read when it is first needed.

use alloc::vec::Vec;
use core::cell::{Cell, OnceCell};
use core::ffi::CStr;

use crate::solo5;
use guest_quickjs::OneThread;
use guest_quickjs::{Call, Context, NativeFunction, Plain, PromiseState, Result, Value};

/// `js/guest/console.ts`, compiled by the compiler of this build (scripts/build.mjs).
static FORMATTER: &[u8] = include_bytes!(env!("UK_CONSOLE_BYTECODE"));

struct State {
    /// The methods that `console.ts` made, once it was needed.
    methods: OnceCell<Value>,
    /// Depth of `console.group`: lines inside one are indented, which the formatter does.
    groups: Cell<u32>,
}

static STATE: OneThread<State> = OneThread(State { methods: OnceCell::new(), groups: Cell::new(0) });

/// One method of `console`.
trait Method {
    const NAME: &'static CStr;
    /// How `console.group`'s depth changes.
    const GROUPS: i32 = 0;
    /// Prints its arguments as a line.
    const PRINTS: bool = false;
}

struct Bound<M>(M);

impl<M: Method> NativeFunction for Bound<M> {
    const CALL: fn(&Call<'_>) -> Result<Value> = |call| {
        if M::PRINTS && STATE.0.groups.get() == 0 && print_plain(call) {
            return Ok(call.context.undefined());
        }
        STATE.0.groups.set(STATE.0.groups.get().saturating_add_signed(M::GROUPS));
        call.forward(&methods(call.context)?.get(M::NAME)?)
    };
}

macro_rules! console {
    ($($name:ident { $($rest:tt)* })*) => {
        $(
            #[expect(non_camel_case_types, reason = "the type stands for the method of that name")]
            struct $name;
            impl Method for $name {
                const NAME: &'static CStr = const {
                    match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                        Ok(name) => name,
                        Err(_) => panic!("a Rust name holds no NUL"),
                    }
                };
                $($rest)*
            }
        )*

        /// Defines `globalThis.console`.
        ///
        /// # Errors
        /// Out of memory.
        pub fn install(context: Context) -> Result<()> {
            let console = context.object()?;
            $(console.define($name::NAME, context.function::<Bound<$name>>($name::NAME, 0)?)?;)*
            context.global().define(c"console", console)
        }
    };
}

console! {
    log { const PRINTS: bool = true; }
    info { const PRINTS: bool = true; }
    debug { const PRINTS: bool = true; }
    warn { const PRINTS: bool = true; }
    error { const PRINTS: bool = true; }
    assert {}
    count {}
    countReset {}
    dir {}
    dirxml {}
    group { const GROUPS: i32 = 1; }
    groupCollapsed { const GROUPS: i32 = 1; }
    groupEnd { const GROUPS: i32 = -1; }
    table {}
    time {}
    timeEnd {}
    timeLog {}
    trace {}
}

/// Writes the arguments as one line if none of them needs the formatter.
fn print_plain(call: &Call<'_>) -> bool {
    let mut line = Vec::new();
    for index in 0..call.len() {
        let Some(kind) = call.plain(index) else {
            return false;
        };
        let value = call.arg(index);
        let Ok(text) = value.text() else { return false };
        if index == 0 && kind == Plain::String && call.len() > 1 && text.bytes().contains(&b'%') {
            return false;
        }
        if index > 0 {
            line.push(b' ');
        }
        append_utf8(&mut line, text.bytes());
        if kind == Plain::Bigint {
            line.push(b'n');
        }
    }
    line.push(b'\n');
    solo5::console_write(&line);
    true
}

fn methods(context: Context) -> Result<&'static Value> {
    if let Some(methods) = STATE.0.methods.get() {
        return Ok(methods);
    }
    // SAFETY: compiled by this very build and part of the image.
    let module = unsafe { context.read_module(FORMATTER) }?.eval_namespace()?;
    let engine = context.object()?;
    engine.define(c"write", context.function::<WriteText>(c"write", 1)?)?;
    engine.define(c"className", context.function::<ReadClassName>(c"className", 1)?)?;
    engine.define(c"proxyParts", context.function::<ReadProxyParts>(c"proxyParts", 1)?)?;
    engine.define(c"promiseState", context.function::<ReadPromiseState>(c"promiseState", 1)?)?;
    engine.define(c"promiseResult", context.function::<ReadPromiseResult>(c"promiseResult", 1)?)?;
    engine.define(c"namedKeys", context.function::<ReadNamedKeys>(c"namedKeys", 2)?)?;
    engine.define(c"firstIndices", context.function::<ReadFirstIndices>(c"firstIndices", 2)?)?;
    let methods = module.get(c"create")?.call(&[engine])?;
    Ok(STATE.0.methods.get_or_init(|| methods))
}

// What `js/guest/engine.ts` describes, one type a function.

/// `write(text)`: the formatter's way out.
struct WriteText;

impl NativeFunction for WriteText {
    const CALL: fn(&Call<'_>) -> Result<Value> = |call| {
        let text = call.arg(0).text()?;
        let mut bytes = Vec::new();
        append_utf8(&mut bytes, text.bytes());
        solo5::console_write(&bytes);
        Ok(call.context.undefined())
    };
}

/// `className(value)`: the engine's word for it, "" for what is no object.
struct ReadClassName;

impl NativeFunction for ReadClassName {
    const CALL: fn(&Call<'_>) -> Result<Value> = |call| call.arg(0).class_name();
}

/// `proxyParts(value)`: `{ target, handler }`, both `null` once it is revoked; nothing for what is no proxy.
struct ReadProxyParts;

impl NativeFunction for ReadProxyParts {
    const CALL: fn(&Call<'_>) -> Result<Value> = |call| {
        let Some([target, handler]) = call.arg(0).proxy_parts() else { return Ok(call.context.undefined()) };
        let parts = call.context.object()?;
        parts.define(c"target", target)?;
        parts.define(c"handler", handler)?;
        Ok(parts)
    };
}

/// `namedKeys(array, enumerableOnly)`: own keys that are no indices.
struct ReadNamedKeys;

impl NativeFunction for ReadNamedKeys {
    const CALL: fn(&Call<'_>) -> Result<Value> = |call| call.arg(0).named_keys(call.arg(1).is_truthy());
}

/// `firstIndices(array, limit)`: the lowest indices of enumerable elements, as strings.
struct ReadFirstIndices;

impl NativeFunction for ReadFirstIndices {
    const CALL: fn(&Call<'_>) -> Result<Value> = |call| {
        let limit = call.integer(1).and_then(|limit| u32::try_from(limit).ok()).unwrap_or(0);
        call.arg(0).first_indices(limit)
    };
}

/// `promiseState(promise)`: 0 pending, 1 fulfilled, 2 rejected; 0 for anything else.
struct ReadPromiseState;

impl NativeFunction for ReadPromiseState {
    const CALL: fn(&Call<'_>) -> Result<Value> = |call| {
        let state = match call.arg(0).promise_state() {
            None | Some(PromiseState::Pending) => 0.0,
            Some(PromiseState::Fulfilled) => 1.0,
            Some(PromiseState::Rejected) => 2.0,
        };
        Ok(call.context.number(state))
    };
}

/// `promiseResult(promise)`: value or reason of a settled promise.
struct ReadPromiseResult;

impl NativeFunction for ReadPromiseResult {
    const CALL: fn(&Call<'_>) -> Result<Value> = |call| Ok(call.arg(0).promise_result());
}

/// Appends the engine's encoding of a string as UTF-8: a surrogate without its partner, which the
/// engine encodes on its own, becomes U+FFFD.
pub fn append_utf8(to: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    // In UTF-8, ED is followed by 80..9F; A0..BF after it is half of a surrogate pair.
    while let Some(at) = rest.windows(2).position(|pair| matches!(pair, [0xed, 0xa0..=0xbf])) {
        let (good, bad) = rest.split_at(at);
        to.extend_from_slice(good);
        to.extend_from_slice("\u{fffd}".as_bytes());
        rest = bad.get(3..).unwrap_or(&[]);
    }
    to.extend_from_slice(rest);
}
