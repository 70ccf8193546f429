//! The C names of what is in [`power`], and of the `libm` crate's functions otherwise.

use core::ffi::{c_int, c_long};

use super::power;

macro_rules! export {
    ($($from:ident: $($name:ident($($arg:ident),+)),+;)*) => {
        $($(
            #[cfg_attr(not(test), unsafe(no_mangle))]
            pub extern "C" fn $name($($arg: f64),+) -> f64 { $from::$name($($arg),+) }
        )+)*
    };
}

export! {
    power: exp(x), log(x), log10(x), log2(x), pow(x, y);
    libm: acos(x), asin(x), asinh(x), atan(x), atan2(y, x), atanh(x), cbrt(x), ceil(x), cos(x), cosh(x), expm1(x),
        fabs(x), floor(x), fmod(x, y), hypot(x, y), log1p(x), round(x), sin(x), sinh(x), sqrt(x), tan(x), tanh(x),
        trunc(x);
}

/// The crate's gives numbers below 1, where there are none.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn acosh(x: f64) -> f64 {
    if x < 1.0 { f64::NAN } else { libm::acosh(x) }
}

#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn lrint(x: f64) -> c_long {
    #[expect(clippy::cast_possible_truncation, reason = "C leaves the result open where it does not fit")]
    return libm::rint(x) as c_long;
}

#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn scalbn(x: f64, n: c_int) -> f64 {
    libm::scalbn(x, n)
}

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn frexp(x: f64, exponent: *mut c_int) -> f64 {
    let (fraction, power) = libm::frexp(x);
    // SAFETY: the caller passes a writable int.
    unsafe { exponent.write(power) };
    fraction
}

#[cfg_attr(not(test), unsafe(no_mangle))]
pub unsafe extern "C" fn modf(x: f64, whole: *mut f64) -> f64 {
    let (fraction, integer) = libm::modf(x);
    // SAFETY: the caller passes a writable double.
    unsafe { whole.write(integer) };
    fraction
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Written by scripts/math-reference.py, which says what a row is.
    const REFERENCE: &str = include_str!("../../../fixtures/math-reference.json");
    /// By how many units in the last place each function may be wrong; 0.5 is the nearest double.
    const BOUNDS: &str = include_str!("../../../fixtures/math-bounds.json");

    /// What `name` makes of arguments; `None` if the engine does that itself.
    fn call(name: &str, arguments: &[f64]) -> Option<f64> {
        macro_rules! functions {
            ($($name:ident)+) => { match name { $(stringify!($name) => Some($name as extern "C" fn(f64) -> f64),)+ _ => None } };
        }
        match *arguments {
            [x] if name != "round" => functions! {
                acos acosh asin asinh atan atanh cbrt ceil cos cosh exp expm1 floor log log10 log1p log2 sin sinh sqrt
                tan tanh trunc
            }
            .map(|function| function(x)),
            [x, y] => Some(match name {
                "atan2" => atan2(x, y),
                "hypot" => hypot(x, y),
                "pow" => pow(x, y),
                "remainder" => fmod(x, y),
                _ => panic!("{name} of two numbers"),
            }),
            _ => None,
        }
    }

    /// A number that grows with `x` by one a double.
    fn ordered(x: f64) -> i64 {
        let bits = x.to_bits().cast_signed();
        if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
    }

    #[test]
    fn functions_are_as_close_to_the_truth_as_the_table_says() {
        let reference: BTreeMap<String, Vec<String>> =
            serde_json::from_str(REFERENCE).expect("rows by function");
        let bounds: BTreeMap<String, f64> = serde_json::from_str(BOUNDS).expect("numbers by function");
        for (name, rows) in reference {
            for row in rows {
                let (words, further) = row.rsplit_once(' ').expect("thousandths at the end");
                let mut arguments: Vec<f64> = words
                    .split(' ')
                    .map(|word| f64::from_bits(u64::from_str_radix(word, 16).expect("bits")))
                    .collect();
                let nearest = arguments.pop().expect("a result");
                let further: f64 = further.parse().expect("thousandths");
                let Some(found) = call(&name, &arguments) else { break };
                let apart = (ordered(found).wrapping_sub(ordered(nearest)) as f64 - further / 1000.0).abs();
                let same_zero = nearest != 0.0 || found.to_bits() == nearest.to_bits();
                assert!(
                    apart <= bounds[&name] && same_zero,
                    "{name} of {arguments:?} is {found:?}: {apart:.3} off"
                );
            }
        }
    }
}
