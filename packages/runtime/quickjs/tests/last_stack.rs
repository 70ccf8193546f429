//! The JavaScript that runs, asked from inside. A process of its own: the engine is unusable afterwards.

use guest_quickjs::{Context, Memory, last_stack};

const PROGRAM: &std::ffi::CStr = c"
globalThis.Error = class Hostile { get stack() { for (;;); } };
Object.defineProperty(Object.prototype, 'name', { get() { for (;;); } });
function inner() { report(); }
function outer() { inner(); }
outer();
";

#[test]
fn frames_are_told_newest_first_whatever_a_program_has_put_in_place_of_error() {
    assert!(last_stack().is_none(), "no engine yet");
    let context = Context::new(1 << 20, [1; 4], Memory::UNLIMITED).expect("memory");
    context.prepare_last_stack();
    let report = |call: &guest_quickjs::Call<'_>| {
        let stack = last_stack().expect("JavaScript runs");
        let stack = String::from_utf8_lossy(stack.bytes()).into_owned();
        let frames: Vec<&str> = stack.lines().filter(|line| line.starts_with("    at ")).collect();
        let places = ["inner (program.js:4:", "outer (program.js:5:", "program.js:6:"];
        let found = places.map(|place| frames.iter().position(|frame| frame.contains(place)));
        assert!(found.iter().all(Option::is_some) && found.is_sorted(), "{stack}");
        Ok(call.context.undefined())
    };
    context.global().define_function(c"report", 0, report).expect("memory");
    let end = context.compile_script(PROGRAM.into(), c"program.js").and_then(guest_quickjs::Value::eval);
    drop(end);
}
