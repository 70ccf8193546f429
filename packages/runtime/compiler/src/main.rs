//! The bytecode compiler: source of one ES module on standard input, bytecode on standard output.
//!
//! `uk-compile NAME` compiles; `uk-compile --engine` prints the id of the engine's sources in hex. Exit
//! status 0, or 1 with one line of JSON on standard error: `{"name","message","line","column"}` for
//! an error in the source, `{"message"}` for any other.

#![forbid(unsafe_code)]

use std::ffi::CString;
use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::thread;

use guest_quickjs::{Context, Memory, Thrown, Value};
use serde_json::{Value as Json, json};

/// Native stack of the compiler, in bytes: deeply nested source is a stack overflow of the parser.
const STACK: usize = 64 << 20;
const STACK_MARGIN: usize = 1 << 20;

fn main() -> ExitCode {
    let name = std::env::args().nth(1);
    let result = match name.as_deref() {
        Some("--engine") => {
            writeln!(io::stdout(), "{}", hex(&guest_engine::SOURCE_ID)).map_err(|error| other(&error))
        }
        Some(name) => on_large_stack(name.to_owned()),
        None => Err(json!({ "message": "usage: uk-compile NAME < module.js > bytecode" })),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn on_large_stack(name: String) -> Result<(), Json> {
    let worker = thread::Builder::new().stack_size(STACK).spawn(move || compile(&name));
    let worker = worker.map_err(|error| other(&error))?;
    worker.join().unwrap_or_else(|_| Err(json!({ "message": "the compiler panicked" })))
}

fn compile(name: &str) -> Result<(), Json> {
    let mut source = Vec::new();
    io::stdin().read_to_end(&mut source).map_err(|error| other(&error))?;
    let [source, name] = [source, name.into()].map(|text| CString::new(text).map_err(|error| other(&error)));
    // It hashes nobody's keys but those of the source, so the secret may be known.
    let context = Context::new(STACK - STACK_MARGIN, [1; 4], Memory::UNLIMITED)
        .ok_or_else(|| json!({ "message": "out of memory" }))?;
    context.accept_native_imports();
    let module = context
        .compile_module(source?.as_c_str().into(), &name?)
        .map_err(|Thrown| describe(&context.exception()))?;
    let bytecode = module.bytecode().map_err(|Thrown| describe(&context.exception()))?;
    io::stdout().write_all(bytecode.bytes()).map_err(|error| other(&error))
}

/// The engine puts the place of a syntax error into the first frame of its stack: `at NAME:LINE:COLUMN`.
fn describe(error: &Value) -> Json {
    let text = |value: Result<Value, Thrown>| {
        value
            .and_then(|value| value.text())
            .map(|text| String::from_utf8_lossy(text.bytes()).into_owned())
            .unwrap_or_default()
    };
    let stack = text(error.get(c"stack"));
    let frame = stack.lines().find(|line| line.starts_with("    at ")).unwrap_or_default();
    let mut place = frame.trim_end_matches(')').rsplit(':');
    let [column, line] = [(); 2].map(|()| place.next().and_then(|number| number.parse::<u32>().ok()));
    json!({ "name": text(error.get(c"name")), "message": text(error.get(c"message")), "line": line, "column": column })
}

fn other(error: &dyn std::error::Error) -> Json {
    json!({ "message": error.to_string() })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
