//! `console`: lines of plain values are written natively; everything else is formatted as Node does
//! by `js/guest/console.ts`, whose bytecode is read when it is first needed.

use alloc::vec::Vec;
use core::cell::{Cell, OnceCell};
use core::ffi::CStr;

use guest_quickjs::{Call, Context, OneThread, Plain, PromiseState, Result, Value};

use crate::solo5;

/// `js/guest/console.ts`, compiled by the compiler of this build (scripts/build.mjs).
static FORMATTER: &[u8] = include_bytes!(env!("UK_CONSOLE_BYTECODE"));

struct State {
    /// The methods that `console.ts` made, once it was needed.
    methods: OnceCell<Value>,
    /// Depth of `console.group`: lines inside one are indented, which the formatter does.
    groups: Cell<u32>,
}

static STATE: OneThread<State> = OneThread(State { methods: OnceCell::new(), groups: Cell::new(0) });

/// What a method does beside what the formatter does.
enum Kind {
    /// Prints its arguments as a line.
    Prints,
    /// Begins a group.
    Opens,
    /// Ends one.
    Closes,
    /// Nothing.
    Formats,
}

const METHODS: [(&CStr, Kind); 18] = [
    (c"log", Kind::Prints),
    (c"info", Kind::Prints),
    (c"debug", Kind::Prints),
    (c"warn", Kind::Prints),
    (c"error", Kind::Prints),
    (c"assert", Kind::Formats),
    (c"count", Kind::Formats),
    (c"countReset", Kind::Formats),
    (c"dir", Kind::Formats),
    (c"dirxml", Kind::Formats),
    (c"group", Kind::Opens),
    (c"groupCollapsed", Kind::Opens),
    (c"groupEnd", Kind::Closes),
    (c"table", Kind::Formats),
    (c"time", Kind::Formats),
    (c"timeEnd", Kind::Formats),
    (c"timeLog", Kind::Formats),
    (c"trace", Kind::Formats),
];

/// Defines `globalThis.console`.
///
/// # Errors
/// Out of memory.
pub fn install(context: Context) -> Result<()> {
    let console = context.object()?;
    for (number, (name, _)) in (0..).zip(&METHODS) {
        console.define(name, context.numbered_function(name, 0, number, method)?)?;
    }
    context.global().define(c"console", console)
}

fn method(call: &Call<'_>, number: i16) -> Result<Value> {
    let Some((name, kind)) = usize::try_from(number).ok().and_then(|number| METHODS.get(number)) else {
        return Ok(call.context.undefined());
    };
    let groups = STATE.0.groups.get();
    match kind {
        Kind::Prints if groups == 0 && print_plain(call) => return Ok(call.context.undefined()),
        Kind::Opens => STATE.0.groups.set(groups.saturating_add(1)),
        Kind::Closes => STATE.0.groups.set(groups.saturating_sub(1)),
        Kind::Prints | Kind::Formats => {}
    }
    call.forward(&methods(call.context)?.get(name)?)
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
    let methods = module.get(c"create")?.call(&[engine(context)?])?;
    Ok(STATE.0.methods.get_or_init(|| methods))
}

/// What `js/guest/engine.ts` describes.
fn engine(context: Context) -> Result<Value> {
    let engine = context.object()?;
    engine.define_function(c"write", 1, |call| {
        let mut bytes = Vec::new();
        append_utf8(&mut bytes, call.arg(0).text()?.bytes());
        solo5::console_write(&bytes);
        Ok(call.context.undefined())
    })?;
    engine.define_function(c"className", 1, |call| call.arg(0).class_name())?;
    engine.define_function(c"proxyParts", 1, |call| {
        let Some([target, handler]) = call.arg(0).proxy_parts() else { return Ok(call.context.undefined()) };
        let parts = call.context.object()?;
        parts.define(c"target", target)?;
        parts.define(c"handler", handler)?;
        Ok(parts)
    })?;
    engine.define_function(c"promiseState", 1, |call| {
        Ok(call.context.integer(match call.arg(0).promise_state() {
            None | Some(PromiseState::Pending) => 0,
            Some(PromiseState::Fulfilled) => 1,
            Some(PromiseState::Rejected) => 2,
        }))
    })?;
    engine.define_function(c"promiseResult", 1, |call| Ok(call.arg(0).promise_result()))?;
    engine.define_function(c"namedKeys", 2, |call| call.arg(0).named_keys(call.arg(1).is_truthy()))?;
    engine.define_function(c"firstIndices", 2, |call| {
        let limit = call.integer(1).and_then(|limit| u32::try_from(limit).ok()).unwrap_or(0);
        call.arg(0).first_indices(limit)
    })?;
    Ok(engine)
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
