#!/usr/bin/env python3
"""Writes fixtures/math-reference.json: what functions of Math are, from arithmetic of many digits.

A row is the bits of each argument, the bits of the double nearest to the result, and how much further the
result itself lies, in thousandths of a unit in the last place. Needs mpmath:
`python3 scripts/math-reference.py`. Arguments that `hard.txt` beside the fixture lists are added: there an
error is large that some implementation makes.
"""

import json
import math
import random
import struct
from fractions import Fraction
from pathlib import Path

from mpmath import mp, mpf

mp.prec = 200
FIXTURES = Path(__file__).parent / "../fixtures"
ROWS_PER_RANGE = 60
TINY, LEAST_NORMAL, MOST = 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308

chance = random.Random(20260101)


def bits(x):
    return struct.unpack("<Q", struct.pack("<d", x))[0]


def from_bits(n):
    return struct.unpack("<d", struct.pack("<Q", n))[0]


def ordered(x):
    """An integer that grows with x."""
    n = bits(x)
    return n if n < 1 << 63 else (1 << 63) - n


def from_ordered(n):
    return from_bits(n if n >= 0 else (1 << 63) - n)


def exactly(x):
    """An mpf or float as a fraction."""
    if not isinstance(x, mpf):
        return Fraction(x)
    sign, man, exp, _ = x._mpf_
    return Fraction(-man if sign else man) * Fraction(2) ** exp


def nearest(x):
    """The double nearest to a fraction, and thousandths of a unit in the last place from there to it."""
    try:
        near = x.numerator / x.denominator
    except OverflowError:
        return (math.inf if x > 0 else -math.inf), 0
    return near, round((x - Fraction(near)) / Fraction(math.ulp(near)) * 1000)


def rounded_to(format, most):
    """What a double is as a smaller number; from `most` on it is infinite."""

    def function(x):
        return math.copysign(math.inf, x) if abs(x) >= most else struct.unpack(format, struct.pack(format, x))[0]

    return function


def js_round(x):
    whole = math.floor(Fraction(x) + Fraction(1, 2))
    return math.copysign(whole, x) if whole == 0 else float(whole)


def whole(function):
    return lambda x: math.copysign(float(function(x)), x)


# Of the exact functions the result is a float already, with the sign of its zero.
EXACT = {
    "ceil": whole(math.ceil),
    "floor": whole(math.floor),
    "fround": rounded_to("<f", (2 - 2.0**-24) * 2.0**127),
    "f16round": rounded_to("<e", 65520.0),
    "round": js_round,
    "trunc": whole(math.trunc),
}
FUNCTIONS = {
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "expm1": lambda x: mp.exp(x) - 1,
    "log1p": lambda x: mp.log(1 + x),
    "log2": lambda x: mp.log(x) / mp.log(2),
    "pow": mp.power,
}
ALL = [(-3.0, 3.0), (-1e20, 1e20), (-MOST, MOST)]
TURNS = [(-3.2, 3.2), (-100.0, 100.0), (-1e6, 1e6), (-1e22, 1e22), (-MOST, MOST)]
POSITIVE = [(0.5, 2.0), (TINY, LEAST_NORMAL), (TINY, MOST)]
UNARY = {
    "acos": [(-1.0, 1.0)],
    "acosh": [(1.0, 1.5), (1.0, MOST)],
    "asin": [(-1.0, 1.0)],
    "asinh": ALL,
    "atan": ALL,
    "atanh": [(-1.0, 1.0), (0.9, 0.9999999999999999)],
    "cbrt": ALL,
    "cos": TURNS,
    "cosh": [(-3.0, 3.0), (-712.0, 712.0)],
    "exp": [(-1.0, 1.0), (-708.0, 710.0), (-746.0, -707.0)],
    "expm1": [(-1.0, 1.0), (-40.0, 710.0)],
    "log": POSITIVE,
    "log10": POSITIVE,
    "log1p": [(-0.9, 2.0), (-0.9999999999999999, MOST)],
    "log2": POSITIVE,
    "sin": TURNS,
    "sinh": [(-3.0, 3.0), (-712.0, 712.0)],
    "sqrt": [(0.5, 2.0), (TINY, MOST)],
    "tan": TURNS,
    "tanh": [(-3.0, 3.0), (-30.0, 30.0)],
} | {name: [(-3.0, 3.0), (-70000.0, 70000.0), (-1e39, 1e39), (-MOST, MOST)] for name in EXACT}
BINARY = {
    "atan2": [((-3.0, 3.0), (-3.0, 3.0)), ((-MOST, MOST), (-MOST, MOST))],
    "hypot": [((-3.0, 3.0), (-3.0, 3.0)), ((-MOST, MOST), (-MOST, MOST)), ((0.0, 1e-300), (0.0, 1e-300))],
    "pow": [
        ((0.0, 10.0), (-10.0, 10.0)),
        ((0.5, 2.0), (-1000.0, 1000.0)),
        ((TINY, MOST), (-3.0, 3.0)),
        ((0.9999, 1.0001), (-1e6, 1e6)),
        ((1.0, 1.000000001), (-1e12, 1e12)),
    ],
    "remainder": [((-100.0, 100.0), (-3.0, 3.0)), ((-MOST, MOST), (-MOST, MOST)), ((-1e15, 1e15), (1.0, 1000.0))],
}
# Where ranges, series and tables of implementations begin and end.
EDGES = [
    *[0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.5, 4.0, 5.5, 7.0, 8.0, 10.0, 22.0, 30.0, 100.0, 1000.0, 1e5, 1e6],
    *[0.6875, 0.7071067811865476, 0.34657359027997264, 1.0397207708399179, 1.4142135623730951, 2.718281828459045],
    *[0.7853981633974483, 1.5707963267948966, 2.356194490192345, 3.141592653589793, 4.71238898038469],
    *[6.283185307179586, 411774.0, 1647099.3291652855, 5.319372648326541e255, 1.7976931348622732e308],
    *[709.782712893384, 709.7827128933841, 710.4758600739439, 710.475860073944, 745.1332191019411, 745.1332191019412],
    *[708.3964185322641, 0.00390625, 1.0078125, 0.99609375, 65504.0, 65519.99999999999, 65520.0, 1e15, 1e22, 1e300],
    *[2.0**n for n in (-1074, -1073, -1060, -1023, -1022, -1021, -500, -149, -126, -55, -54, -28, -27, -25, -24, -14)],
    *[2.0**n for n in (-13, 23, 28, 31, 32, 51, 52, 53, 54, 63, 127, 128, 500, 511, 512, 1022, 1023)],
    *[2.0**51 + 0.5, 2.0**52 - 0.5, 2.0**52 + 1, 2.0**53 - 1, 1 + 2.0**-11, 1 + 3 * 2.0**-11, 1 + 2.0**-24, MOST],
]
POWERS = [-1074.0, -323.0, -308.0, -3.0, -2.0, -1.5, -1.0, -0.5, 0.1, 0.3333333333333333, 0.5, 1.0, 1.5, 2.0, 3.0, 13.0, 22.0]
POWERS += [53.0, 308.0, 309.0, 1023.0, 1024.0, 1e10, 2.0**53 - 1, 1e300]
BASES = [0.1, 0.5, 0.9999999999999999, 1.0000000000000002, 1.5, 2.0, 3.0, 10.0, TINY, LEAST_NORMAL, 1e-300, 1e300, MOST]


def some(low, high):
    """Half of them spread over the numbers, half over their exponents."""
    for i in range(ROWS_PER_RANGE):
        x = chance.uniform(low / 2, high / 2) * 2 if i % 2 else from_ordered(chance.randint(ordered(low), ordered(high)))
        yield min(max(x, low), high)


def around(x):
    n = ordered(x)
    return [from_ordered(n + step) for step in (-1, 0, 1)]


def unary_arguments(name, ranges):
    for span in ranges:
        yield from some(*span)
    for near in (near for edge in EDGES for near in around(edge)):
        yield from (x for x in (near, -near) if any(low <= x <= high for low, high in ranges))
    if name in EXACT:
        yield from (n / 2 for n in range(-9, 10))


def binary_arguments(name, ranges):
    for left, right in ranges:
        yield from zip(some(*left), some(*right))
    if name == "pow":
        yield from ((x, y) for x in BASES for y in POWERS)
        yield from ((-x, y) for x in BASES for y in POWERS if y == math.floor(y))
    else:
        edges = [1.0, 3.0, TINY, LEAST_NORMAL, 1e-10, 1e10, 1e300, MOST]
        yield from ((x * sign, y) for x in edges for y in edges for sign in (1, -1))


def result(name, arguments):
    """The double nearest to the result, and how much further the result lies."""
    if name in EXACT:
        return EXACT[name](*arguments), 0
    if name == "remainder":
        return math.fmod(*arguments), 0
    # Where two numbers cancel of which one may be the smallest double, as many digits as that needs.
    mp.prec = 2400 if name in ("expm1", "log1p", "sinh", "tanh", "asinh", "atanh", "acosh") else 200
    x, *rest = [mpf(x) for x in arguments]
    if name == "pow":
        size = rest[0] * mp.log(abs(x))
        if abs(size) > 800:
            return math.copysign(math.inf if size > 0 else 0.0, -1.0 if x < 0 and rest[0] % 2 == 1 else 1.0), 0
    return nearest(exactly(FUNCTIONS.get(name, getattr(mp, name, None))(x, *rest)))


def rows(name, arguments):
    seen = set()
    for row in arguments:
        row = row if isinstance(row, tuple) else (row,)
        words = " ".join(f"{bits(x):x}" for x in row)
        if words in seen or (len(row) == 1 and row[0] == 0) or (name == "atanh" and abs(row[0]) == 1):
            continue
        seen.add(words)
        near, further = result(name, row)
        yield f"{words} {bits(near):x} {further}"


hard = {}
for line in (FIXTURES / "hard.txt").read_text().splitlines():
    name, *arguments = line.split()
    hard.setdefault(name, []).append(tuple(float(x) for x in arguments))
reference = {
    name: list(rows(name, [*hard.get(name, []), *of(name, ranges)]))
    for table, of in ((UNARY, unary_arguments), (BINARY, binary_arguments))
    for name, ranges in table.items()
}
path = FIXTURES / "math-reference.json"
path.write_text(json.dumps(reference, indent=0) + "\n")
print(f"{sum(map(len, reference.values()))} rows, {path.stat().st_size} bytes")
