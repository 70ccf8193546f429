//! Decimal numbers, exactly: read by `core`, printed by `ryu-js`.

use core::{slice, str};

/// Most digits of an integer that is exact as a `f64` whatever they are.
const EXACT_DIGITS: usize = 15;
/// Digits that are enough: a double depends on 767 at most, and on whether all behind them are zero.
const ENOUGH: usize = 800;

#[unsafe(no_mangle)]
unsafe extern "C" fn uk_parse_decimal(text: *const u8, len: usize) -> f64 {
    // SAFETY: the engine passes `len` bytes of a text that it has just looked through.
    parse_decimal(unsafe { slice::from_raw_parts(text, len) })
}

fn parse_decimal(text: &[u8]) -> f64 {
    if text.len() <= EXACT_DIGITS && text.iter().all(u8::is_ascii_digit) {
        let value = text.iter().fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        #[expect(clippy::cast_precision_loss, reason = "below 10^15")]
        return value as f64;
    }
    let exponent = text.iter().rev().take_while(|byte| !matches!(byte, b'e' | b'E')).count();
    if text.len() <= ENOUGH || exponent <= 5 || exponent == text.len() {
        parse(text)
    } else {
        parse_shortened(text.split_at(text.len() - exponent))
    }
}

/// Correctly rounded, but where an exponent of more than five digits undoes as many zeros.
fn parse(text: &[u8]) -> f64 {
    // The engine has checked the form: digits, one point, an exponent, nothing else.
    str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

/// Parses a number of any exponent by its first digits. What follows them only says on which side of the
/// middle of two doubles the number lies; so the last of them is not zero if anything behind it is not.
fn parse_shortened((digits, exponent): (&[u8], &[u8])) -> f64 {
    let mut short = [0; ENOUGH + 6];
    let mut len = 0;
    let mut power = exponent_value(exponent);
    let mut fraction = false;
    for &byte in digits {
        if !byte.is_ascii_digit() {
            fraction |= byte == b'.';
            continue;
        }
        power -= i64::from(fraction);
        if len < ENOUGH {
            short[len] = byte;
            len += usize::from(len > 0 || byte != b'0');
        } else {
            power += 1;
            short[ENOUGH - 1] = short[ENOUGH - 1].max(byte.min(b'1'));
        }
    }
    let power = power.clamp(-9999, 9999); // far beyond what a double holds, whatever the digits
    short[len] = b'e';
    short[len + 1] = if power < 0 { b'-' } else { b'+' };
    let mut rest = power.unsigned_abs();
    for place in short[len + 2..len + 6].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let magnitude = if len == 0 { 0.0 } else { parse(&short[..len + 6]) };
    if digits[0] == b'-' { -magnitude } else { magnitude }
}

/// Value of `[+-] digits`; cut where only a text of terabytes could make up for it.
fn exponent_value(exponent: &[u8]) -> i64 {
    let digits = exponent.iter().filter(|byte| byte.is_ascii_digit());
    let value = digits.fold(0, |value: i64, digit| (value * 10 + i64::from(digit - b'0')).min(1 << 50));
    if exponent[0] == b'-' { -value } else { value }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn uk_print_shortest(number: f64, to: *mut u8) -> usize {
    let mut buffer = ryu_js::Buffer::new();
    let text = buffer.format_finite(number).as_bytes();
    // SAFETY: the engine passes a buffer of 128 bytes, far more than a number's 25.
    unsafe { to.copy_from_nonoverlapping(text.as_ptr(), text.len()) };
    text.len()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::parse_decimal;
    use std::format;

    #[test]
    fn rounds_numbers_of_any_length_and_exponent_correctly() {
        let zeros = "0".repeat(700_000);
        let half = "1.00000000000000011102230246251565404236316680908203125"; // between 1 and the next double
        let next = 1.0 + f64::EPSILON;
        for (text, number) in [
            (format!("1{zeros}e-700000"), 1.0),
            (format!("1{zeros}E-700000"), 1.0),
            (format!("-0.{zeros}1e700001"), -1.0),
            (format!("-0.{zeros}1e+0000700001"), -1.0),
            (format!("{zeros}1"), 1.0),
            (format!("0.{zeros}e9999999"), 0.0),
            (format!("1e{}", "9".repeat(1000)), f64::INFINITY),
            (format!("-1e-{}", "9".repeat(1000)), -0.0),
            (format!("{half}{zeros}"), 1.0),
            (format!("{half}{zeros}1"), next),
            (format!("{half}{zeros}1e-000000"), next),
            (format!("{half}{zeros}0e-000000"), 1.0),
            (format!("{zeros}7.{zeros}e-000001"), 0.7),
            (format!("0.{}", "7".repeat(100_000)), 7.0 / 9.0),
            (format!("{}e-100000", "7".repeat(100_000)), 7.0 / 9.0),
        ] {
            let found = parse_decimal(text.as_bytes());
            assert_eq!(found.to_bits(), number.to_bits(), "{found} for {}...", &text[..60.min(text.len())]);
        }
    }
}
