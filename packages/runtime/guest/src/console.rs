//! `console`: lines of plain values are written natively; everything else is formatted as Node does
//! by `js/guest/console.ts`, whose bytecode is read when it is first needed.

use alloc::vec::Vec;
use core::cell::{Cell, OnceCell};
use core::ffi::CStr;

use guest_quickjs::{Call, Context, Plain, PromiseState, Result, Value};

use crate::solo5;
use crate::state::STATE;

/// What `console` keeps.
pub struct State {
    /// Bytecode of `console.ts`, once it is installed.
    formatter: Cell<Option<&'static [u8]>>,
    /// The methods that `console.ts` made, once it was needed.
    methods: OnceCell<Value>,
    /// Depth of `console.group`: lines inside one are indented, which the formatter does.
    groups: Cell<u32>,
}

impl State {
    /// Nothing.
    pub const fn new() -> Self {
        Self { formatter: Cell::new(None), methods: OnceCell::new(), groups: Cell::new(0) }
    }
}

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
/// # Safety
/// `formatter` was written by this very engine build.
pub unsafe fn install(context: Context, formatter: &'static [u8]) -> Result<()> {
    STATE.0.console.formatter.set(Some(formatter));
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
    let groups = STATE.0.console.groups.get();
    match kind {
        Kind::Prints if groups == 0 && print_plain(call) => return Ok(call.context.undefined()),
        Kind::Opens => STATE.0.console.groups.set(groups.saturating_add(1)),
        Kind::Closes => STATE.0.console.groups.set(groups.saturating_sub(1)),
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
    if let Some(methods) = STATE.0.console.methods.get() {
        return Ok(methods);
    }
    let formatter = STATE.0.console.formatter.get().unwrap_or_default();
    // SAFETY: by the word that `install` was given.
    let module = unsafe { context.read_module(formatter) }?.eval_namespace()?;
    let methods = module.get(c"create")?.call(&[engine(context)?])?;
    Ok(STATE.0.console.methods.get_or_init(|| methods))
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

#[cfg(test)]
mod tests {
    use core::ffi::CStr;

    use guest_quickjs::Context;
    use proptest::prelude::*;

    use super::{METHODS, append_utf8, install};
    use crate::testing::{eval, in_engine, run, text, written};

    /// A formatter that says with what it was called.
    const FORMATTER: &CStr = c"
        globalThis.loads = (globalThis.loads ?? 0) + 1;
        export function create(engine) {
            globalThis.engine = engine;
            const method = (name) => (...args) => {
                if (args[0] === 'throw') throw new RangeError(name);
                engine.write(`${name}(${args.map(String).join()})\n`);
            };
            return new Proxy({}, { get: (_, name) => method(name) });
        }
    ";

    /// A realm with `console`, and nothing written yet.
    fn prepare(context: Context) {
        if context.global().get(c"console").expect("no throw").is_undefined() {
            let module = context.compile_module(FORMATTER.into(), c"formatter.js").expect("it compiles");
            let bytecode = module.bytecode().expect("memory").bytes().to_vec();
            // SAFETY: the engine has just written it.
            unsafe { install(context, bytecode.leak()) }.expect("memory");
        }
        written();
    }

    /// What a script with `console` writes.
    fn output(context: Context, script: &str) -> String {
        run(context, script);
        written()
    }

    #[test]
    fn lines_of_plain_values_are_written_as_they_are() {
        in_engine(|context| {
            prepare(context);
            for (script, line) in [
                ("console.log()", "\n"),
                ("console.log('text')", "text\n"),
                ("console.log('100 %')", "100 %\n"),
                ("console.info('a', 1, -2.5, 0, NaN)", "a 1 -2.5 0 NaN\n"),
                ("console.debug(true, null, undefined)", "true null undefined\n"),
                ("console.warn(1n, 2n ** 70n)", "1n 1180591620717411303424n\n"),
                ("console.error('two\\nlines')", "two\nlines\n"),
                ("console.log('a\\ud800b', '\\udc00')", "a\u{fffd}b \u{fffd}\n"),
                ("console.log(1, '%s')", "1 %s\n"),
            ] {
                assert_eq!(output(context, script), line, "{script}");
            }
        });
    }

    #[test]
    fn everything_else_is_the_formatters_which_is_read_once() {
        in_engine(|context| {
            prepare(context);
            for (script, line) in [
                ("console.log('%d', 1)", "log(%d,1)\n"),
                ("console.warn(-0)", "warn(0)\n"),
                ("console.log('a', [1, 2])", "log(a,1,2)\n"),
                ("console.log(Symbol.iterator)", "log(Symbol(Symbol.iterator))\n"),
                ("console.error({})", "error([object Object])\n"),
                ("console.table('text')", "table(text)\n"),
                ("console.assert()", "assert()\n"),
            ] {
                assert_eq!(output(context, script), line, "{script}");
            }
            assert_eq!(text(&run(context, "loads")), "1");
        });
    }

    #[test]
    fn lines_in_a_group_are_the_formatters_which_indents_them() {
        in_engine(|context| {
            prepare(context);
            let script =
                "console.groupEnd(); console.group('g'); console.log('in'); console.groupCollapsed();
                console.groupEnd(); console.log('in'); console.groupEnd(); console.log('out')";
            let expected =
                "groupEnd()\ngroup(g)\nlog(in)\ngroupCollapsed()\ngroupEnd()\nlog(in)\ngroupEnd()\nout\n";
            assert_eq!(output(context, script), expected);
        });
    }

    #[test]
    fn each_method_is_a_property_of_the_host_and_goes_by_its_name() {
        in_engine(|context| {
            prepare(context);
            let names = METHODS.map(|(name, _)| name.to_str().expect("ASCII"));
            assert_eq!(text(&run(context, "Object.getOwnPropertyNames(console)")), names.join(","));
            assert_eq!(text(&run(context, "Object.keys(console).length")), "0");
            for name in names {
                let script = format!("console.{name}.name + ' ' + console.{name}.length");
                assert_eq!(text(&run(context, &script)), format!("{name} 0"));
                assert_eq!(
                    output(context, &format!("console.{name}({{}})")),
                    format!("{name}([object Object])\n")
                );
            }
            // As many groups were opened as were closed, and one more.
            run(context, "console.groupEnd()");
        });
    }

    #[test]
    fn what_the_formatter_throws_is_the_callers() {
        in_engine(|context| {
            prepare(context);
            assert!(eval(context, "console.dir('throw')").is_err());
            assert_eq!(text(&context.exception()), "RangeError: dir");
            assert!(eval(context, "engine.write({ toString() { throw 'no text' } })").is_err());
            assert_eq!(text(&context.exception()), "no text");
            assert_eq!(written(), "");
        });
    }

    #[test]
    fn the_formatter_is_told_of_values_without_code_of_the_program() {
        in_engine(|context| {
            prepare(context);
            run(context, "console.dir()");
            for (script, told) in [
                ("engine.className(Object.setPrototypeOf(new Map(), null))", "Map"),
                ("engine.className(1)", ""),
                ("engine.proxyParts({})", "undefined"),
                ("engine.proxyParts(new Proxy([7], { get() { throw 1 } })).target", "7"),
                (
                    "const { target, handler } = engine.proxyParts(revoked()); `${target} ${handler}`",
                    "null null",
                ),
                ("engine.promiseState(new Promise(() => {}))", "0"),
                ("engine.promiseState(Promise.resolve(1))", "1"),
                ("engine.promiseState(swallowed)", "2"),
                ("engine.promiseState({})", "0"),
                ("engine.promiseResult(swallowed)", "why"),
                ("engine.namedKeys(Object.assign([1], { x: 1 }), true)", "x"),
                ("engine.namedKeys([1], false)", "length"),
                ("engine.firstIndices([7, , 9, 10], 2)", "0,2"),
                ("engine.firstIndices([7], -1)", ""),
                ("engine.firstIndices([7], {})", ""),
            ] {
                let setting =
                    "const revoked = () => { const p = Proxy.revocable({}, {}); p.revoke(); return p.proxy };
                    const swallowed = Promise.reject('why'); swallowed.catch(() => {});";
                assert_eq!(text(&run(context, &format!("{{ {setting} {script} }}"))), told, "{script}");
            }
        });
    }

    /// The engine's encoding of a string: UTF-8, and surrogates without a partner in the same way.
    fn encode(units: &[u16]) -> Vec<u8> {
        char::decode_utf16(units.iter().copied())
            .flat_map(|unit| match unit {
                Ok(character) => character.to_string().into_bytes(),
                Err(lone) => {
                    let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                    vec![0xed, 0x80 | (high & 0xf) << 2 | low >> 6, 0x80 | low & 0x3f]
                }
            })
            .collect()
    }

    proptest! {
        #[test]
        fn surrogates_without_a_partner_and_nothing_else_are_replaced(
            units in proptest::collection::vec(prop_oneof![any::<u16>(), 0xd7f0_u16..0xe010, 0x20_u16..0x80], 0..40),
        ) {
            let mut found = Vec::new();
            append_utf8(&mut found, &encode(&units));
            prop_assert_eq!(String::from_utf8(found), Ok(String::from_utf16_lossy(&units)));
        }
    }
}
