//! Values that go into the engine and come back; their properties.

use proptest::prelude::*;

use crate::engine::{in_engine, run, text, thrown};

#[test]
fn text_comes_back_as_it_went() {
    let long = "é".repeat(100_000);
    for sample in ["", "plain", "naïve", "日本語", "😀", "a\0b", "\u{feff}", &long] {
        let sample = sample.to_owned();
        in_engine(move |context| {
            let value = context.string(sample.as_bytes()).expect("memory");
            assert!(value.is_string());
            assert_eq!(text(&value), sample);
        });
    }
}

#[test]
fn bytes_that_are_no_utf8_become_replacement_characters() {
    in_engine(|context| {
        let value = context.string(b"a\xffb\xc3").expect("memory");
        assert_eq!(text(&value), "a\u{fffd}b\u{fffd}");
    });
}

#[test]
fn a_surrogate_without_its_partner_is_encoded_on_its_own() {
    in_engine(|context| {
        let value = run(context, r"'a\ud800b'");
        assert_eq!(value.text().expect("a string").bytes(), b"a\xed\xa0\x80b");
    });
}

#[test]
fn bigints_come_back_whole_modulo_2_64() {
    in_engine(|context| {
        for number in [0, 1, 1 << 31, (1 << 53) + 1, 1 << 62, 1 << 63, u64::MAX] {
            let value = context.bigint(number).expect("memory");
            assert_eq!(text(&value), number.to_string());
            assert_eq!(value.to_u64(), Ok(number));
        }
        assert_eq!(run(context, "-1n").to_u64(), Ok(u64::MAX));
        assert_eq!(run(context, "2n ** 64n + 5n").to_u64(), Ok(5));
        assert!(run(context, "1").to_u64().is_err());
        assert!(text(&context.exception()).starts_with("TypeError"));
    });
}

#[test]
fn numbers_and_the_rest_are_what_javascript_takes_them_for() {
    in_engine(|context| {
        let shown = run(context, "(value) => typeof value + ' ' + (Object.is(value, -0) ? '-0' : value)");
        let show = |value| text(&shown.call(&[value]).expect("no throw"));
        assert_eq!(show(context.number(0.1)), "number 0.1");
        assert_eq!(show(context.number(-0.0)), "number -0");
        assert_eq!(show(context.number(f64::NAN)), "number NaN");
        assert_eq!(show(context.number(f64::INFINITY)), "number Infinity");
        assert_eq!(show(context.integer(i32::MIN)), "number -2147483648");
        assert_eq!(show(context.boolean(true)), "boolean true");
        assert_eq!(show(context.null()), "object null");
        assert_eq!(show(context.undefined()), "undefined undefined");
    });
}

#[test]
fn truth_is_that_of_javascript() {
    in_engine(|context| {
        for (source, truth) in
            [("0", false), ("''", false), ("NaN", false), ("null", false), ("'0'", true), ("[]", true)]
        {
            assert_eq!(run(context, source).is_truthy(), truth, "{source}");
        }
    });
}

#[test]
fn kinds_are_told_apart_whatever_a_prototype_says() {
    in_engine(|context| {
        assert!(run(context, "new RangeError()").is_error());
        assert!(!run(context, "Object.create(Error.prototype)").is_error());
        assert!(run(context, "[]").is_array());
        assert!(!run(context, "Object.create(Array.prototype)").is_array());
        for (source, name) in [
            ("new Map()", "Map"),
            ("Object.setPrototypeOf(new Set(), Map.prototype)", "Set"),
            ("() => 1", "Function"),
            ("new (class Foo {})", "Object"),
            ("1", ""),
            ("undefined", ""),
        ] {
            assert_eq!(text(&run(context, source).class_name().expect("memory")), name, "{source}");
        }
    });
}

#[test]
fn an_object_is_the_same_as_itself_alone() {
    in_engine(|context| {
        let [one, other] = [context.object(), context.object()].map(|object| object.expect("memory"));
        assert!(one.is_same_object(&one.duplicate()));
        assert!(!one.is_same_object(&other));
        assert!(!context.integer(1).is_same_object(&context.integer(1)));
    });
}

#[test]
fn a_reference_keeps_an_object_and_its_drop_lets_it_go() {
    in_engine(|context| {
        let object = run(context, "{ const object = {}; globalThis.ref = new WeakRef(object); object }");
        let is_there = || run(context, "ref.deref() !== undefined").is_truthy();
        context.collect();
        let other = object.duplicate();
        drop(object);
        assert!(is_there());
        drop(other);
        crate::engine::drain(context);
        context.collect();
        assert!(!is_there());
    });
}

#[test]
fn properties_are_those_of_a_host_of_a_literal_and_of_an_assignment() {
    in_engine(|context| {
        let object = run(context, "globalThis.seen = []; ({ set trap(value) { seen.push(value); } })");
        object.define(c"hidden", context.integer(1)).expect("memory");
        object.create(context.atom(c"literal").expect("memory"), context.integer(2)).expect("memory");
        object.set(context.atom(c"trap").expect("memory"), context.integer(3)).expect("no throw");
        context.global().define(c"object", object.duplicate()).expect("memory");
        let described = run(context, "JSON.stringify(Object.getOwnPropertyDescriptor(object, 'hidden'))");
        assert_eq!(text(&described), r#"{"value":1,"writable":true,"enumerable":false,"configurable":true}"#);
        assert_eq!(text(&run(context, "Object.keys(object) + ' ' + seen")), "trap,literal 3");
        assert_eq!(object.has(context.atom(c"hidden").expect("memory")), Ok(true));
        assert_eq!(object.has(context.atom(c"absent").expect("memory")), Ok(false));
    });
}

#[test]
fn a_property_of_nothing_and_one_more_of_what_is_frozen_throw() {
    in_engine(|context| {
        assert!(context.undefined().get(c"name").is_err());
        assert!(text(&context.exception()).starts_with("TypeError"));
        assert!(run(context, "Object.freeze({})").define(c"name", context.null()).is_err());
        assert!(text(&context.exception()).starts_with("TypeError"));
    });
}

#[test]
fn a_proxy_is_taken_apart_without_its_traps() {
    in_engine(|context| {
        let proxy = run(context, "new Proxy([1], { get() { throw 1; } })");
        let [target, handler] = proxy.proxy_parts().expect("a proxy");
        assert!(target.is_array());
        assert!(handler.has(context.atom(c"get").expect("memory")).expect("no throw"));
        let revoked = run(context, "{ const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); proxy }");
        let parts = revoked.proxy_parts().expect("a proxy").map(|part| text(&part));
        assert_eq!(parts, ["null", "null"]);
        assert!(run(context, "({})").proxy_parts().is_none());
    });
}

#[test]
fn keys_of_arrays_are_found_without_a_list_of_all() {
    in_engine(|context| {
        let array = run(
            context,
            "{ const array = [1, 2, 3]; array.x = 1; Object.defineProperty(array, 'y', {}); array }",
        );
        assert_eq!(text(&array.named_keys(true).expect("memory")), "x");
        assert_eq!(text(&array.named_keys(false).expect("memory")), "length,x,y");
        assert_eq!(text(&array.first_indices(2).expect("memory")), "0,1");
        let holes = run(context, "{ const array = []; array[1e9] = 1; array[7] = 1; array }");
        assert_eq!(text(&holes.first_indices(9).expect("memory")), "7,1000000000");
        assert_eq!(text(&run(context, "'text'").first_indices(9).expect("memory")), "");
    });
}

#[test]
fn realms_share_the_engine_and_not_its_globals() {
    in_engine(|context| {
        let realm = context.realm().expect("memory");
        context.global().define(c"here", context.integer(1)).expect("memory");
        assert!(realm.global().get(c"here").expect("no throw").is_undefined());
        let array = run(realm, "[1]");
        assert!(array.is_array());
        context.global().define(c"theirs", array).expect("memory");
        assert!(!run(context, "theirs instanceof Array").is_truthy());
        assert!(thrown(realm, "null.x").starts_with("TypeError"));
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_text_comes_back_as_it_went(sample in ".{0,300}") {
        let expected = sample.clone();
        in_engine(move |context| {
            assert_eq!(text(&context.string(sample.as_bytes()).expect("memory")), expected);
        });
    }

    #[test]
    fn any_bigint_comes_back_as_it_went(number: u64) {
        in_engine(move |context| {
            assert_eq!(context.bigint(number).expect("memory").to_u64(), Ok(number));
        });
    }
}
