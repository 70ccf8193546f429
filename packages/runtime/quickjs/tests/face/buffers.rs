//! Buffers: `Uint8Array`s whose memory is fixed, resized, shared, immutable or taken away.

use guest_quickjs::{Buffer, Context, Value};
use proptest::prelude::*;

use crate::engine::{in_engine, run, text};

fn bytes(value: Value) -> Option<Vec<u8>> {
    Buffer::new(value).with_bytes(<[u8]>::to_vec)
}

/// Whether the buffer can be written to.
fn has_room(value: Value) -> bool {
    Buffer::new(value).with_room(|_| ()).is_some()
}

#[test]
fn bytes_are_the_arrays_own() {
    in_engine(|context| {
        let array = run(context, "globalThis.array = Uint8Array.of(1, 2, 3)");
        let buffer = Buffer::new(array);
        assert_eq!(buffer.with_bytes(<[u8]>::to_vec), Some(vec![1, 2, 3]));
        assert_eq!(buffer.with_room(|room| room.copy_from_slice(&[7, 8, 9])), Some(()));
        assert_eq!(text(&run(context, "array")), "7,8,9");
        run(context, "array[1] = 0");
        assert_eq!(buffer.with_bytes(<[u8]>::to_vec), Some(vec![7, 0, 9]));
    });
}

#[test]
fn a_view_is_its_part_of_the_memory() {
    in_engine(|context| {
        for (source, expected) in [
            ("new Uint8Array(Uint8Array.of(1, 2, 3, 4).buffer, 1, 2)", vec![2, 3]),
            ("Uint8Array.of(1, 2, 3, 4).subarray(2)", vec![3, 4]),
            ("new Uint8Array(0)", vec![]),
            ("new Uint8Array(new ArrayBuffer(4), 4)", vec![]),
            ("new (class extends Uint8Array {})([5])", vec![5]),
            ("Object.setPrototypeOf(Uint8Array.of(6), null)", vec![6]),
        ] {
            assert_eq!(bytes(run(context, source)), Some(expected), "{source}");
        }
        let copy = context.uint8_array(&[1, 2]).expect("memory");
        assert_eq!(bytes(copy), Some(vec![1, 2]));
    });
}

#[test]
fn what_is_no_uint8array_is_no_buffer() {
    in_engine(|context| {
        for source in [
            "undefined",
            "'text'",
            "[1]",
            "new ArrayBuffer(1)",
            "new Int8Array(1)",
            "new Uint8ClampedArray(1)",
            "new DataView(new ArrayBuffer(1))",
            "new Proxy(new Uint8Array(1), {})",
            "Object.create(Uint8Array.prototype)",
        ] {
            assert_eq!(bytes(run(context, source)), None, "{source}");
            assert!(!has_room(run(context, source)), "{source}");
        }
    });
}

#[test]
fn memory_that_was_taken_away_is_none() {
    in_engine(|context| {
        let buffer = Buffer::new(run(context, "globalThis.array = new Uint8Array(8)"));
        assert_eq!(buffer.with_bytes(<[u8]>::len), Some(8));
        run(context, "array.buffer").detach();
        assert_eq!(buffer.with_bytes(<[u8]>::len), None);
        assert_eq!(buffer.with_room(|room| room.len()), None);
        run(context, "globalThis.array = new Uint8Array(8)");
        let buffer = Buffer::new(run(context, "array"));
        run(context, "array.buffer.transfer()");
        assert_eq!(buffer.with_bytes(<[u8]>::len), None);
        // One that has lost it before anybody looked.
        assert_eq!(bytes(run(context, "array")), None);
        // Nothing is left pending.
        assert_eq!(text(&run(context, "1")), "1");
    });
}

#[test]
fn shared_memory_is_a_buffer_and_grows() {
    in_engine(|context| {
        run(
            context,
            "globalThis.memory = new SharedArrayBuffer(2, { maxByteLength: 8 });
             globalThis.all = new Uint8Array(memory); globalThis.two = new Uint8Array(memory, 0, 2);",
        );
        let [all, two] = ["all", "two"].map(|source| Buffer::new(run(context, source)));
        let lengths = || [&all, &two].map(|buffer| buffer.with_bytes(<[u8]>::len));
        assert_eq!(lengths(), [Some(2), Some(2)]);
        run(context, "memory.grow(8)");
        assert_eq!(lengths(), [Some(8), Some(2)]);
        assert_eq!(all.with_room(|room| room[7] = 5), Some(()));
        assert_eq!(text(&run(context, "all[7]")), "5");
    });
}

#[test]
fn immutable_memory_is_read_and_not_written() {
    in_engine(|context| {
        if run(context, "typeof ArrayBuffer.prototype.transferToImmutable !== 'function'").is_truthy() {
            panic!("the engine has no immutable memory any more");
        }
        let source = "new Uint8Array(Uint8Array.of(1, 2).buffer.transferToImmutable())";
        assert_eq!(bytes(run(context, source)), Some(vec![1, 2]));
        assert!(!has_room(run(context, source)));
    });
}

#[test]
fn getters_that_a_program_has_put_in_place_are_not_asked() {
    in_engine(|context| {
        run(
            context,
            "globalThis.asked = 0;
             globalThis.original = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'resizable');
             Object.defineProperty(ArrayBuffer.prototype, 'resizable',
                 { get() { asked++; return false; }, configurable: true });
             globalThis.memory = new ArrayBuffer(2, { maxByteLength: 8 }); globalThis.array = new Uint8Array(memory);",
        );
        let buffer = Buffer::new(run(context, "array"));
        run(context, "memory.resize(8)");
        assert_eq!(buffer.with_bytes(<[u8]>::len), Some(8));
        assert_eq!(text(&run(context, "asked")), "0");
        run(context, "Object.defineProperty(ArrayBuffer.prototype, 'resizable', original)");
    });
}

/// Views into one memory that can be resized, made anew for each case.
const VIEWS: &str = "
    globalThis.memory = new ArrayBuffer(8, { maxByteLength: 64 });
    globalThis.views = [new Uint8Array(memory), new Uint8Array(memory, 3), new Uint8Array(memory, 2, 4),
        new Uint8Array(memory, 0, 8), new Uint8Array(memory, 8)];
    views.map(() => 0).length";

fn check(context: Context, sizes: &[usize]) {
    let count: usize = text(&run(context, VIEWS)).parse().expect("a number");
    let view = |index| run(context, &format!("views[{index}]"));
    let buffers: Vec<Buffer> = (0..count).map(|index| Buffer::new(view(index))).collect();
    for size in sizes {
        run(
            context,
            &format!("memory.resize({size}); new Uint8Array(memory).forEach((_, n, all) => all[n] = n + 1)"),
        );
        for (index, buffer) in buffers.iter().enumerate() {
            let found = buffer.with_bytes(<[u8]>::to_vec);
            let expected = text(&run(
                context,
                &format!("Array.from({{ length: views[{index}].length }}, (_, n) => views[{index}][n])"),
            ));
            let found_text: Vec<String> = found.iter().flatten().map(u8::to_string).collect();
            assert_eq!(found_text.join(","), expected, "view {index} of {size} bytes");
            assert_eq!(found, bytes(view(index)), "view {index} of {size} bytes, looked at anew");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_view_of_memory_that_is_resized_is_what_javascript_sees(
        sizes in proptest::collection::vec(0_usize..=64, 1..8),
    ) {
        in_engine(move |context| check(context, &sizes));
    }
}
