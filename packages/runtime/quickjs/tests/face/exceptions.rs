//! What is thrown, on the way in and out.

use guest_quickjs::Thrown;

use crate::engine::{eval, in_engine, run, text, thrown};

#[test]
fn what_javascript_throws_is_taken_once() {
    in_engine(|context| {
        assert_eq!(eval(context, "throw 42").map(drop), Err(Thrown));
        assert_eq!(text(&context.exception()), "42");
        // A call that failed and threw nothing had no memory.
        assert_eq!(text(&context.exception()), "InternalError: out of memory");
    });
}

#[test]
fn what_a_native_function_throws_is_caught_by_javascript() {
    in_engine(|context| {
        let global = context.global();
        global
            .define_function(c"range", 0, |call| Err(call.context.throw_range_error(c"100 % of %s")))
            .expect("memory");
        global.define_function(c"type", 0, |call| Err(call.context.throw_type_error(c"no"))).expect("memory");
        global.define_function(c"any", 1, |call| Err(call.context.throw(call.arg(0)))).expect("memory");
        let caught = run(
            context,
            "[range, type, () => any('x')].map((f) => { try { f() } catch (e) { return `${e}` } })",
        );
        assert_eq!(text(&caught), "RangeError: 100 % of %s,TypeError: no,x");
        assert_eq!(thrown(context, "range()"), "RangeError: 100 % of %s");
    });
}

#[test]
fn a_stack_begins_with_name_and_message_and_names_each_frame() {
    in_engine(|context| {
        let error = run(context, "function outer() { return new RangeError('far'); }\nouter()");
        let stack = text(&error.get(c"stack").expect("no throw"));
        let lines: Vec<&str> = stack.lines().collect();
        assert_eq!(lines[0], "RangeError: far");
        assert!(lines[1].starts_with("    at outer (test.js:1:"), "{stack}");
        assert!(lines[2].contains("test.js:2:"), "{stack}");
    });
}

#[test]
fn a_syntax_error_names_its_place() {
    in_engine(|context| {
        assert!(eval(context, "let a = 1;\nlet a = 2;").is_err());
        let error = context.exception();
        assert_eq!(text(&error.get(c"name").expect("no throw")), "SyntaxError");
        let stack = text(&error.get(c"stack").expect("no throw"));
        assert!(stack.contains("test.js:2:"), "{stack}");
    });
}

#[test]
fn a_value_that_cannot_be_shown_throws_and_no_more() {
    in_engine(|context| {
        for source in ["Symbol()", "({ toString() { throw 1 } })", "Object.create(null)"] {
            assert!(run(context, source).text().is_err(), "{source}");
            drop(context.exception());
        }
    });
}
