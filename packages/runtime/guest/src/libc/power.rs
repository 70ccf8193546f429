//! `exp`, the logarithms and `pow`, by tables: each within 0.51 units in the last place, `pow` within 0.55.
//!
//! An argument is brought so close to an entry of a table that a short series does the rest. What that
//! leaves is carried as a [`Pair`], because a logarithm of `pow` needs ten bits more than a double has.

use super::power_tables::{LN2, LOG2_E, LOG10_E, LOGARITHMS, POWERS, STEP, STEPS};

const MANTISSA_BITS: u32 = f64::MANTISSA_DIGITS - 1;
/// Bits of an index into the tables.
const INDEX_BITS: u32 = 7;
/// Where the table of logarithms begins: 0.6875.
const FIRST: u64 = 0.6875_f64.to_bits();
/// 2^54, which makes a normal number of a subnormal one.
const TWO_54: f64 = 18_014_398_509_481_984.0;
/// Added to a number below 2^51 and taken away again, it leaves that number rounded to a whole one.
const ROUNDER: f64 = 1.5 * (1_u64 << MANTISSA_BITS) as f64;
/// Above this, `exp` is infinite.
const MOST: f64 = 709.782_712_893_384;
/// Below this, `exp` is 0.
const LEAST: f64 = -745.133_219_101_941_2;

/// The sum of two doubles, the second at most half a unit in the last place of the first.
#[derive(Clone, Copy)]
struct Pair(f64, f64);

impl Pair {
    /// `a + b` exactly.
    fn sum(a: f64, b: f64) -> Self {
        let sum = a + b;
        let of_b = sum - a;
        Self(sum, (a - (sum - of_b)) + (b - of_b))
    }

    /// `a + b` where `a` is the larger.
    fn sorted_sum(a: f64, b: f64) -> Self {
        let sum = a + b;
        Self(sum, b - (sum - a))
    }

    /// `a * b`, to a bit or two.
    fn product(a: f64, b: f64) -> Self {
        let ((a_high, a_low), (b_high, b_low)) = (halves(a), halves(b));
        let product = a * b;
        Self(product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low)
    }

    /// `self * factor`, to a few bits.
    fn times(self, factor: Self) -> Self {
        let Self(high, low) = Self::product(self.0, factor.0);
        Self::sorted_sum(high, low + (self.0 * factor.1 + self.1 * factor.0))
    }
}

/// A double as the sum of two, the products of which with such halves are exact.
fn halves(x: f64) -> (f64, f64) {
    let high = f64::from_bits(x.to_bits() & !((1 << 27) - 1));
    (high, x - high)
}

/// ln x for a positive, finite x, with a relative error below 2^-67.
fn ln(x: f64) -> Pair {
    let (x, shift) = if x < f64::MIN_POSITIVE { (x * TWO_54, 54) } else { (x, 0) };
    // x = 2^exponent * z, with z in 0.6875..1.375 and so never close to 1 but for an exponent of 0.
    let from_first = x.to_bits().wrapping_sub(FIRST);
    let exponent = from_first.cast_signed() >> MANTISSA_BITS;
    let index = (from_first >> (MANTISSA_BITS - INDEX_BITS)) as usize % LOGARITHMS.len();
    let z = f64::from_bits(x.to_bits().wrapping_sub((exponent << MANTISSA_BITS).cast_unsigned()));
    let (inverse, log_high, log_low) = LOGARITHMS[index];

    // ln z = ln c + ln (1 + r): both products and r are exact, |r| < 2^-7.
    let (z_high, z_low) = halves(z);
    let r = (z_high * inverse - 1.0) + z_low * inverse;
    let exponent = (exponent - shift) as f64;
    let Pair(sum, sum_low) = Pair::sum(exponent * LN2.0 + log_high, r);
    let Pair(square, square_low) = Pair::product(r, r);
    let Pair(high, low) = Pair::sorted_sum(sum, -0.5 * square);
    // r^3 / 3 - r^4 / 4 + ... - r^10 / 10
    let series = (1.0 / 3.0 - r / 4.0)
        + square
            * ((1.0 / 5.0 - r / 6.0) + square * ((1.0 / 7.0 - r / 8.0) + square * (1.0 / 9.0 - r / 10.0)));
    let rest = (exponent * LN2.1 + log_low) + (sum_low + low - 0.5 * square_low) + r * square * series;
    Pair::sorted_sum(high, rest)
}

/// e^(x + low), for an x for which that is a number above 0, and a low far smaller than 1.
fn exp_of(x: f64, low: f64) -> f64 {
    let steps = (x * STEPS + ROUNDER) - ROUNDER;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and some 138,000 at most")]
    let number = steps as i32;
    let r = (x - steps * STEP.0) - steps * STEP.1 + low;
    let (power, power_low) = POWERS[number.cast_unsigned() as usize % POWERS.len()];
    let square = r * r;
    let series = r + (square * (0.5 + r / 6.0) + square * square * (1.0 / 24.0 + r / 120.0));
    let rest = power_low + power * series;
    scaled(power, rest, i64::from(number >> INDEX_BITS))
}

/// `(high + low) * 2^exponent`, rounded once, for a high in 1..2.
fn scaled(high: f64, low: f64, exponent: i64) -> f64 {
    let power_of_two = |exponent: i64| f64::from_bits(((exponent + 1023) << MANTISSA_BITS).cast_unsigned());
    let sum = high + low;
    match exponent {
        -1021..=1023 => sum * power_of_two(exponent),
        1024.. => sum * 2.0 * power_of_two(exponent - 1),
        -1022 if sum >= 1.0 => sum * f64::MIN_POSITIVE,
        // Of a sum above 1 are left as many bits as a subnormal has.
        _ => {
            let factor = power_of_two(exponent + 1022);
            let Pair(sum, rest) = Pair::sorted_sum(1.0, high * factor);
            (sum + (rest + low * factor) - 1.0) * f64::MIN_POSITIVE
        }
    }
}

/// e^x.
pub fn exp(x: f64) -> f64 {
    if x > MOST {
        return f64::INFINITY;
    }
    if x < LEAST {
        return 0.0;
    }
    if x.is_nan() { x } else { exp_of(x, 0.0) }
}

/// A logarithm of any number, by what it is of a positive one.
fn logarithm(x: f64, of_positive: impl Fn(f64) -> Pair) -> f64 {
    if x > 0.0 && x < f64::INFINITY {
        let Pair(high, low) = of_positive(x);
        return high + low;
    }
    match x {
        0.0 => f64::NEG_INFINITY,
        f64::INFINITY => x,
        _ => f64::NAN,
    }
}

/// ln x.
pub fn log(x: f64) -> f64 {
    logarithm(x, ln)
}

/// log2 x.
pub fn log2(x: f64) -> f64 {
    logarithm(x, |x| ln(x).times(Pair(LOG2_E.0, LOG2_E.1)))
}

/// log10 x.
pub fn log10(x: f64) -> f64 {
    logarithm(x, |x| ln(x).times(Pair(LOG10_E.0, LOG10_E.1)))
}

/// x^y, by the rules of C: 1 for an x of 1 and for a y of 0, whatever the other is.
pub fn pow(x: f64, y: f64) -> f64 {
    if y == 2.0 {
        return x * x;
    }
    let magnitude = x.abs();
    // Not for 0, infinities and NaN.
    if magnitude > 0.0 && magnitude < f64::INFINITY && y.abs() < f64::INFINITY {
        if x > 0.0 {
            return positive_power(x, y);
        }
        return match parity(y) {
            Some(Parity::Even) => positive_power(magnitude, y),
            Some(Parity::Odd) => -positive_power(magnitude, y),
            None => f64::NAN,
        };
    }
    special_power(x, y)
}

/// x^y for positive x and finite y.
fn positive_power(x: f64, y: f64) -> f64 {
    let Pair(high, low) = ln(x);
    let rough = y * high;
    if rough.abs() < 1.0 / TWO_54 {
        return 1.0 + rough;
    }
    if rough > MOST + 1.0 {
        return f64::INFINITY;
    }
    if rough < LEAST - 1.0 {
        return 0.0;
    }
    let Pair(product, rest) = Pair::product(y, high);
    exp_of(product, rest + y * low)
}

enum Parity {
    Even,
    Odd,
}

/// Whether a whole number is odd; `None` of what is no whole number.
fn parity(y: f64) -> Option<Parity> {
    let magnitude = y.abs();
    if magnitude >= 2.0 * (1_u64 << MANTISSA_BITS) as f64 {
        return Some(Parity::Even);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below 2^53; what is behind the point is to be cut off"
    )]
    let whole = magnitude as u64;
    match (whole as f64 == magnitude, whole % 2) {
        (false, _) => None,
        (true, 0) => Some(Parity::Even),
        (true, _) => Some(Parity::Odd),
    }
}

/// x^y where one of them is infinite, NaN, or x is 0.
#[cold]
fn special_power(x: f64, y: f64) -> f64 {
    if y == 0.0 || x == 1.0 {
        return 1.0;
    }
    if x.is_nan() || y.is_nan() {
        return f64::NAN;
    }
    let magnitude = x.abs();
    let grows = if y.is_infinite() {
        if magnitude == 1.0 {
            return 1.0;
        }
        (magnitude > 1.0) == (y > 0.0)
    } else {
        (magnitude > 0.0) == (y > 0.0)
    };
    let result = if grows { f64::INFINITY } else { 0.0 };
    let odd = y.is_finite() && matches!(parity(y), Some(Parity::Odd));
    if x.is_sign_negative() && odd { -result } else { result }
}
