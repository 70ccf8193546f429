//! Scripts, modules, and their bytecode.

use std::cell::Cell;
use std::ffi::{CStr, CString};

use guest_quickjs::{Context, Export, NativeModule, PromiseState, Result, Source, Value};

use crate::engine::{drain, in_engine, run, text, thrown};

fn compile(context: Context, source: &str) -> Result<Value> {
    let source = CString::new(source).expect("no NUL in a module of a test");
    context.compile_module(source.as_c_str().into(), c"module.js")
}

fn bytecode(context: Context, source: &str) -> Vec<u8> {
    let module = compile(context, source).expect("a module that compiles");
    module.bytecode().expect("memory").bytes().to_vec()
}

fn read(context: Context, bytecode: &[u8]) -> Result<Value> {
    // SAFETY: this engine has written it, or it is so damaged that the engine says so.
    unsafe { context.read_module(bytecode) }
}

#[test]
fn a_source_ends_with_a_nul() {
    assert!(Source::new(b"1\0").is_some());
    assert!(Source::new(b"1").is_none());
    assert!(Source::new(b"").is_none());
}

#[test]
fn a_module_is_the_same_after_a_way_through_bytecode() {
    in_engine(|context| {
        let source = "export const answer = 42; export default function named() { throw new Error('here'); }";
        let bytes = bytecode(context, source);
        assert_eq!(bytes, bytecode(context, source), "the same source is the same bytecode");
        let namespace = read(context, &bytes).expect("bytecode").eval_namespace().expect("no throw");
        assert_eq!(text(&namespace.get(c"answer").expect("no throw")), "42");
        assert!(namespace.get(c"default").expect("no throw").call(&[]).is_err());
        let stack = text(&context.exception().get(c"stack").expect("no throw"));
        assert!(stack.contains("at named (module.js:1:"), "{stack}");
    });
}

#[test]
fn bytecode_of_another_version_or_cut_short_is_refused() {
    in_engine(|context| {
        let bytes = bytecode(context, "export const answer = 'text';");
        let mut other = bytes.clone();
        other[0] ^= 1;
        let cut = (0..bytes.len()).map(|len| bytes[..len].to_vec());
        for bytes in cut.chain([other]) {
            assert!(read(context, &bytes).is_err(), "{} bytes", bytes.len());
            let error = text(&context.exception());
            assert!(["SyntaxError", "InternalError"].iter().any(|name| error.starts_with(name)), "{error}");
        }
    });
}

#[test]
fn a_module_that_throws_rejects_and_has_no_namespace() {
    in_engine(|context| {
        let end =
            compile(context, "throw new RangeError('no')").expect("compiles").eval().expect("a promise");
        drain(context);
        assert_eq!(end.promise_state(), Some(PromiseState::Rejected));
        assert_eq!(text(&end.promise_result()), "RangeError: no");
        assert!(compile(context, "throw 1").expect("compiles").eval_namespace().is_err());
        assert_eq!(text(&context.exception()), "1");
        for source in ["1", "({})", "() => 1"] {
            assert!(run(context, source).eval_namespace().is_err(), "{source}");
            assert!(text(&context.exception()).starts_with("TypeError"));
        }
    });
}

#[test]
fn what_does_not_parse_is_a_syntax_error() {
    in_engine(|context| {
        for source in ["let", "export default", "await = 1", "import { a } from", "'unfinished"] {
            assert!(compile(context, source).is_err(), "{source}");
            assert!(text(&context.exception()).starts_with("SyntaxError"), "{source}");
        }
    });
}

thread_local! {
    static MADE: Cell<i32> = const { Cell::new(0) };
}

struct Native;

impl NativeModule for Native {
    const NAME: &'static CStr = c"uk:test";
    const EXPORTS: &'static [Export] = &[
        (c"number", |context, _| {
            MADE.set(MADE.get() + 1);
            Ok(context.integer(MADE.get()))
        }),
        (c"name", |context, name| context.function(name, 0, |call| call.context.string(b"native"))),
    ];
}

#[test]
fn a_native_module_makes_its_exports_once_when_it_is_imported() {
    in_engine(|context| {
        context.native_module::<Native>().expect("memory");
        assert_eq!(MADE.get(), 0);
        for _ in 0..2 {
            let source =
                "import { number, name } from 'uk:test'; export const both = [number, name(), name.name];";
            let namespace = compile(context, source).expect("compiles").eval_namespace().expect("no throw");
            assert_eq!(text(&namespace.get(c"both").expect("no throw")), "1,native,name");
        }
        assert!(compile(context, "import { absent } from 'uk:test';").expect("compiles").eval().is_err());
        assert!(text(&context.exception()).starts_with("SyntaxError"));
    });
}

#[test]
fn a_compiler_takes_native_modules_on_trust_and_no_others() {
    in_engine(|context| {
        context.accept_native_imports();
        assert!(compile(context, "import { anything } from 'uk:elsewhere';").is_ok());
        assert!(compile(context, "import 'node:fs';").is_err());
        assert_eq!(text(&context.exception()), "ReferenceError: cannot import 'node:fs' in an image");
    });
}

#[test]
fn modules_come_from_where_they_are_said_to() {
    in_engine(|context| {
        context.import_from(|name| {
            let text: &'static [u8] = match name.to_bytes() {
                b"code" => b"export const where = import.meta ? 'code' : '';\0",
                b"data" => b"{ \"where\": [1, 2] }\0",
                b"broken" => b"{\0",
                _ => return None,
            };
            Source::new(text)
        });
        let import = |source: &str| {
            compile(context, source)
                .and_then(Value::eval_namespace)
                .and_then(|namespace| namespace.get(c"where"))
                .map_or_else(|_| text(&context.exception()), |value| text(&value))
        };
        assert_eq!(import("export { where } from 'code';"), "code");
        let data = "import data from 'data' with { type: 'json' }; export const { where } = data;";
        assert_eq!(import(data), "1,2");
        assert_eq!(import("import 'absent';"), "RangeError: there is no such module");
        let refused = "RangeError: there are no modules of this type";
        assert_eq!(import("import 'data' with { type: 'css' };"), refused);
        assert!(import("import 'broken' with { type: 'json' };").starts_with("SyntaxError"));
        let unknown = "SyntaxError: there is no such import attribute";
        assert_eq!(import("import 'code' with { colour: 'red' };"), unknown);
    });
}

#[test]
fn a_script_shares_globals_and_completes_with_its_last_value() {
    in_engine(|context| {
        assert_eq!(text(&run(context, "var shared = 1; shared + 1")), "2");
        assert_eq!(text(&run(context, "shared")), "1");
        assert!(thrown(context, "import 'x'").starts_with("SyntaxError"));
    });
}
