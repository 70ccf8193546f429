#!/usr/bin/env python3
"""Writes guest/src/libc/power_tables.rs. Needs mpmath: `python3 scripts/power-tables.py`."""

from pathlib import Path
from mpmath import log, mp, mpf, nint

mp.prec = 300
SIZE = 128
FIRST = mpf("0.6875")  # the table of logarithms begins here, and ends at twice that


def bits_of(x, bits):
    """x to so many bits behind the point."""
    return nint(x * 2**bits) / mpf(2) ** bits


def pair(x, bits=None):
    """x as the sum of two doubles; the first with so many bits behind the point."""
    high = mpf(float(x)) if bits is None else bits_of(x, bits)
    return f"{float(high)!r}, {float(x - high)!r}"


def inverse(i):
    """About 1 / centre of an interval, with so few bits that z * inverse - 1 is exact for z in it.

    It is 1 on both sides of 1, so that a logarithm close to 0 is not the difference of larger numbers."""
    below_one = (1 - FIRST) * 256
    if i < below_one:
        return bits_of(1 / (FIRST + (i + 0.5) / 256), 7)
    if i == below_one:
        return mpf(1)
    return bits_of(1 / (1 + (i - below_one + 0.5) / 128), 8)


ln2 = log(2)
logarithms = [f"({float(inverse(i))!r}, {pair(-log(inverse(i)), 42)})," for i in range(SIZE)]
powers = [f"({pair(mpf(2) ** (mpf(i) / SIZE))})," for i in range(SIZE)]
text = f"""//! Written by scripts/power-tables.py.
#![expect(clippy::approx_constant, reason = "first halves of numbers with twice the digits")]

/// ln 2, the first with 42 bits behind the point: a product with an exponent is exact.
pub const LN2: (f64, f64) = ({pair(ln2, 42)});
/// 128 / ln 2.
pub const STEPS: f64 = {float(SIZE / ln2)!r};
/// ln 2 / 128, the first with 39 bits behind the point: a product with a number of steps is exact.
pub const STEP: (f64, f64) = ({pair(ln2 / SIZE, 39)});
/// 1 / ln 2.
pub const LOG2_E: (f64, f64) = ({pair(1 / ln2)});
/// 1 / ln 10.
pub const LOG10_E: (f64, f64) = ({pair(1 / log(10))});

/// For 128 intervals from 0.6875 to 1.375: about 1 / c for a number c in the middle, and ln c for exactly that.
pub static LOGARITHMS: [(f64, f64, f64); 128] = [
    {chr(10).join("    " + row for row in logarithms).strip()}
];

/// 2^(i / 128).
pub static POWERS: [(f64, f64); 128] = [
    {chr(10).join("    " + row for row in powers).strip()}
];
"""
path = Path(__file__).parent / "../guest/src/libc/power_tables.rs"
path.write_text(text)
