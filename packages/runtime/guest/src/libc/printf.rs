//! `printf.c`, compiled for this host under other names, against the host's own.

use std::ffi::{CString, c_char, c_int, c_long};

use proptest::prelude::*;

unsafe extern "C" {
    fn snprintf(to: *mut c_char, size: usize, format: *const c_char, ...) -> c_int;
}

#[link(name = "testprintf", kind = "static")]
unsafe extern "C" {
    fn uk_snprintf(to: *mut c_char, size: usize, format: *const c_char, ...) -> c_int;
}

/// Where `printf` and `fprintf` would write.
#[unsafe(no_mangle)]
extern "C" fn uk_console_write(_text: *const c_char, _len: usize) {}

const ROOM: usize = 400;

/// What both write and return for one argument, or for a width, a precision and an argument.
macro_rules! both {
    ($format:expr, $size:expr, $($argument:expr),*) => {
        [snprintf, uk_snprintf].map(|print| {
            let mut to = [b'#'; ROOM];
            // SAFETY: `to` has room for `size` bytes, and the arguments are those that the format names.
            let len = unsafe { print(to.as_mut_ptr().cast(), $size, $format.as_ptr(), $($argument),*) };
            (len, to)
        })
    };
}

/// Flags, then width and precision as text.
fn directive() -> impl Strategy<Value = String> {
    let digits =
        |most: u32| prop_oneof![Just(String::new()), (0..most).prop_map(|number| number.to_string())];
    let precision = prop_oneof![Just(String::new()), digits(40).prop_map(|digits| format!(".{digits}"))];
    ("[-+ 0]{0,3}", digits(60), precision).prop_map(|(flags, width, precision)| {
        // A width cannot begin with a zero: that is a flag.
        format!("%{flags}{}{precision}", width.trim_start_matches('0'))
    })
}

fn format(directive: &str, conversion: &str) -> CString {
    CString::new(format!("<{directive}{conversion}>")).expect("no NUL")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn integers(directive in directive(), conversion in "[diuxXo]", alt in any::<bool>(), number in any::<c_int>(), size in 0..ROOM) {
        // C says nothing of # with decimals, and the engine prints no octal numbers so.
        let alt = if alt && conversion.to_lowercase() == "x" { "#" } else { "" };
        let format = format(&directive.replacen('%', &format!("%{alt}"), 1), &conversion);
        for number in [number, number >> 20, 0, c_int::MIN, c_int::MAX] {
            let [theirs, ours] = both!(format, size, number);
            prop_assert_eq!(ours, theirs, "{:?} of {}", format, number);
        }
    }

    #[test]
    fn long_integers(directive in directive(), length in "l|ll|z|j|t", conversion in "[diuxXo]", number in any::<c_long>(), size in 0..ROOM) {
        let format = format(&directive, &format!("{length}{conversion}"));
        for number in [number, number >> 40, 0, c_long::MIN, c_long::MAX] {
            let [theirs, ours] = both!(format, size, number);
            prop_assert_eq!(ours, theirs, "{:?} of {}", format, number);
        }
    }

    #[test]
    fn text(left in "-?", width in "[1-9]?[0-9]?", precision in prop_oneof![Just(String::new()), "\\.[0-9]{0,2}"], text in "[^\0]{0,80}", size in 0..ROOM) {
        let format = format(&format!("%{left}{}{precision}", width.trim_start_matches('0')), "s");
        let text = CString::new(text).expect("no NUL");
        let [theirs, ours] = both!(format, size, text.as_ptr());
        prop_assert_eq!(ours, theirs, "{:?} of {:?}", format, text);
    }

    #[test]
    fn characters(left in "-?", width in "[1-9]?", character in 0..=255_i32, size in 0..ROOM) {
        let format = format(&format!("%{left}{width}"), "c%%");
        let [theirs, ours] = both!(format, size, character);
        prop_assert_eq!(ours, theirs, "{:?} of {}", format, character);
    }

    #[test]
    fn widths_and_precisions_that_are_arguments(flags in "[-+ 0]{0,2}", width in -50..50_i32, precision in -5..50_i32, number in any::<c_int>()) {
        let format = format(&format!("%{flags}*.*"), "d");
        let [theirs, ours] = both!(format, ROOM, width, precision, number);
        prop_assert_eq!(ours, theirs, "{:?} of {}, {}, {}", format, width, precision, number);
    }

    #[test]
    fn pointers(address in 1..usize::MAX) {
        let [theirs, ours] = both!(c"%p", ROOM, address);
        prop_assert_eq!(ours, theirs);
    }
}

#[test]
fn a_format_that_ends_early_and_text_that_is_null() {
    let [_, (len, to)] = both!(c"%s|%", ROOM, core::ptr::null::<c_char>());
    assert_eq!((len, &to[..8]), (7, b"(null)|\0".as_slice()));
}
