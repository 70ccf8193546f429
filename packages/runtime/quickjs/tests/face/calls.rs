//! Calls in both directions.

use guest_quickjs::{Call, Context, Plain, Value};

use crate::engine::{eval, in_engine, run, text, thrown};

/// A native function as a global.
macro_rules! global {
    ($context:expr, $name:literal, $function:expr) => {
        $context.global().define_function($name, 2, $function).expect("memory")
    };
}

#[test]
fn a_native_function_gets_what_it_was_called_with() {
    in_engine(|context| {
        global!(context, c"told", |call| {
            let [this, first, third] = [call.this(), call.arg(0), call.arg(2)].map(|value| text(&value));
            call.context
                .string(format!("{this} {first} {third} {} {}", call.len(), call.is_empty()).as_bytes())
        });
        assert_eq!(text(&run(context, "told.call('me', 1, 2)")), "me 1 undefined 2 false");
        assert_eq!(text(&run(context, "told.call('me')")), "me undefined undefined 0 true");
        assert_eq!(text(&run(context, "told.name + told.length")), "told2");
    });
}

#[test]
fn functions_that_share_their_code_are_told_apart_by_their_number() {
    in_engine(|context| {
        for (name, number) in [(c"first", 1), (c"last", i16::MAX), (c"below", i16::MIN)] {
            let function = context
                .numbered_function(name, 0, number, |call, number| Ok(call.context.integer(number.into())))
                .expect("memory");
            context.global().define(name, function).expect("memory");
        }
        assert_eq!(text(&run(context, "[first(), last(), below()]")), "1,32767,-32768");
    });
}

#[test]
fn a_function_is_called_with_any_number_of_arguments() {
    in_engine(|context| {
        let all = run(context, "'use strict'; (function (...all) { return `${this} ${all}`; })");
        assert_eq!(text(&all.call(&[]).expect("no throw")), "undefined ");
        let six = [1, 2, 3, 4, 5, 6].map(|number| context.integer(number));
        assert_eq!(text(&all.call(&six).expect("no throw")), "undefined 1,2,3,4,5,6");
        let me = context.string(b"me").expect("memory");
        assert_eq!(text(&all.call_on(&me, &[context.null()]).expect("no throw")), "me ");
        let object = run(context, "({ twice(x) { return 2 * x; } })");
        let twice = context.atom(c"twice").expect("memory");
        assert_eq!(text(&object.invoke(twice, &[context.integer(21)]).expect("no throw")), "42");
        assert!(context.null().call(&[]).is_err());
        assert!(text(&context.exception()).starts_with("TypeError"));
    });
}

#[test]
fn a_call_is_forwarded_as_it_is() {
    in_engine(|context| {
        global!(context, c"forward", |call| call.forward(&call.context.global().get(c"target")?));
        run(context, "globalThis.target = (...all) => all.join('+')");
        assert_eq!(text(&run(context, "forward(1, 2, 3, 4, 5, 6, 7)")), "1+2+3+4+5+6+7");
        assert_eq!(text(&run(context, "forward()")), "");
        run(context, "target = () => { throw new RangeError('no') }");
        assert_eq!(thrown(context, "forward()"), "RangeError: no");
    });
}

/// What a native function sees of its first argument, for each expression.
fn seen<F: Fn(&Call<'_>) -> String + Copy + 'static>(context: Context, see: F, cases: &[(&str, &str)]) {
    global!(context, c"see", move |call| call.context.string(see(call).as_bytes()));
    for (source, expected) in cases {
        assert_eq!(text(&run(context, &format!("see({source})"))), *expected, "{source}");
    }
}

#[test]
fn an_integer_is_one_exactly() {
    in_engine(|context| {
        let see = |call: &Call<'_>| format!("{:?} {}", call.integer(0), call.is_number(0));
        seen(
            context,
            see,
            &[
                ("1", "Some(1) true"),
                ("2.0", "Some(2) true"),
                ("-0", "Some(0) true"),
                ("-2147483648", "Some(-2147483648) true"),
                ("2147483648", "None true"),
                ("1.5", "None true"),
                ("NaN", "None true"),
                ("Infinity", "None true"),
                ("'1'", "None false"),
                ("1n", "None false"),
                ("{ valueOf() { throw 1 } }", "None false"),
                ("", "None false"),
            ],
        );
    });
}

#[test]
fn an_unsigned_bigint_fits_64_bits_exactly() {
    in_engine(|context| {
        let see = |call: &Call<'_>| format!("{:?}", call.unsigned_bigint(0));
        seen(
            context,
            see,
            &[
                ("0n", "Some(0)"),
                ("2n ** 63n", "Some(9223372036854775808)"),
                ("2n ** 64n - 1n", "Some(18446744073709551615)"),
                ("2n ** 64n", "None"),
                ("2n ** 128n + 1n", "None"),
                ("-1n", "None"),
                ("-(2n ** 64n) + 1n", "None"),
                ("1", "None"),
                ("'1'", "None"),
                ("", "None"),
            ],
        );
    });
}

#[test]
fn plain_values_are_those_whose_text_a_console_shows() {
    in_engine(|context| {
        let see = |call: &Call<'_>| format!("{:?}", call.plain(0));
        let some = |plain: Plain| format!("Some({plain:?})");
        let [string, bigint, other] = [Plain::String, Plain::Bigint, Plain::Other].map(some);
        seen(
            context,
            see,
            &[
                ("'text'", &string),
                ("'a'.repeat(9000) + 'b'.repeat(9000)", &string),
                ("1n", &bigint),
                ("2n ** 99n", &bigint),
                ("1.5", &other),
                ("0", &other),
                ("-0", "None"),
                ("NaN", &other),
                ("null", &other),
                ("true", &other),
                ("", &other),
                ("Symbol.iterator", "None"),
                ("{}", "None"),
                ("new String('')", "None"),
            ],
        );
    });
}

#[test]
fn an_argument_is_given_and_the_same_object_or_not() {
    in_engine(|context| {
        let see = |call: &Call<'_>| format!("{} {}", call.is_given(0), call.is(0, &call.context.global()));
        seen(
            context,
            see,
            &[
                ("globalThis", "true true"),
                ("{}", "true false"),
                ("null", "true false"),
                ("undefined", "false false"),
                ("", "false false"),
            ],
        );
    });
}

#[test]
fn recursion_through_native_functions_ends_in_an_error() {
    in_engine(|context| {
        global!(context, c"again", |call| call.context.global().get(c"again")?.call(&[]));
        global!(context, c"through", |call: &Call<'_>| -> guest_quickjs::Result<Value> {
            call.arg(0).call(&[])
        });
        for source in ["again()", "function deep() { through(deep); } deep()"] {
            assert_eq!(thrown(context, source), "RangeError: Maximum call stack size exceeded");
            assert!(eval(context, "1").is_ok());
        }
    });
}
