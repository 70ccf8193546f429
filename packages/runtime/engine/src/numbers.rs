//! Decimal numbers, exactly: read by `core`, printed by `ryu-js`.

use core::{slice, str};

/// Most digits of an integer that is exact as a `f64` whatever they are.
const EXACT_DIGITS: usize = 15;

#[unsafe(no_mangle)]
unsafe extern "C" fn uk_parse_decimal(text: *const u8, len: usize) -> f64 {
    // SAFETY: the engine passes `len` bytes of a text that it has just looked through.
    let text = unsafe { slice::from_raw_parts(text, len) };
    if len <= EXACT_DIGITS && text.iter().all(u8::is_ascii_digit) {
        let value = text.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        #[expect(clippy::cast_precision_loss, reason = "below 10^15")]
        return value as f64;
    }
    // The engine has checked the form: digits, one point, an exponent, nothing else.
    str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn uk_print_shortest(number: f64, to: *mut u8) -> usize {
    let mut buffer = ryu_js::Buffer::new();
    let text = buffer.format_finite(number).as_bytes();
    // SAFETY: the engine passes a buffer of 128 bytes, far more than a number's 25.
    unsafe { to.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    text.len()
}
