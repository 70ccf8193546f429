// Numbers to the last digit, bigints, and the parts of Math that the language defines exactly.
const row = (label: string, ...values: unknown[]): void => console.log(`${label}:`, ...values);

row("sums", 0.1 + 0.2, 0.1 * 3, 1 / 3, 2 / 3, 10 / 3, 1e21 + 1, 123456789 * 987654321);
row("limits", Number.MAX_VALUE, Number.MIN_VALUE, Number.EPSILON, Number.MAX_SAFE_INTEGER);
row("specials", NaN, Infinity, -Infinity, -0, 0, 1 / -0, 0 / 0, Object.is(-0, 0));
row("shortest", 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 4.35, 0.000001, 1e-7, 1e21, 123e-20);
row("halfway", 9007199254740993, 2 ** 53 + 2, 1e23, 8.41e21, 2.0 ** -1074, 9.5367431640625e-7);

const samples = [0, 1, -1.5, 0.1, 123.456, 1e21, 1.45, 1.005, 8.345, 0.000123, 99.995, -1e-10, 2 ** 70];
for (const x of samples) {
  row(`toFixed ${x}`, x.toFixed(), x.toFixed(1), x.toFixed(2), x.toFixed(10), x.toFixed(20));
  row(`toPrecision ${x}`, x.toPrecision(), x.toPrecision(1), x.toPrecision(3), x.toPrecision(21));
  row(`toExponential ${x}`, x.toExponential(), x.toExponential(0), x.toExponential(5), x.toExponential(20));
}
for (const radix of [2, 3, 7, 8, 10, 16, 32, 36]) {
  row(`radix ${radix}`, (255).toString(radix), (-1234567).toString(radix), (2 ** 50 - 1).toString(radix));
  row(`radix ${radix} back`, parseInt("zz10101", radix), parseInt((987654).toString(radix), radix));
}
row(
  "binary fractions",
  (0.5).toString(2),
  (-10.625).toString(8),
  (1 / 1024).toString(16),
  (0.75).toString(32),
);

const texts = [
  "3.14abc",
  "  -7 ",
  ".5",
  "5.",
  "+.5e-3",
  "-.",
  "",
  "0x1f",
  "1e1000",
  "-1e-1000",
  "1_000",
  "Infinityx",
];
for (const text of texts) row(`parse "${text}"`, parseFloat(text), Number(text), parseInt(text, 10));
row(
  "Number of",
  Number("0b101"),
  Number("0o17"),
  Number("0XFF"),
  Number("\n\t 12 \u00a0"),
  Number("1 2"),
  Number(true),
);
row(
  "Number of others",
  Number(null),
  Number(undefined),
  Number([7]),
  Number([1, 2]),
  Number(new Date(5)),
  Number("１"),
);
row(
  "predicates",
  Number.isInteger(5.0),
  Number.isSafeInteger(2 ** 53),
  Number.isNaN("x"),
  Number.isFinite(1e308 * 10),
);

row("bits", 5 & 3, 5 | 3, 5 ^ 3, ~5, -16 >> 2, -16 >>> 28, 1 << 31, (2 ** 32) | 0, 4294967295 >> 0, 1e10 | 0);
row("remainders", 5.5 % 2, -5.5 % 2, 5 % -3, 1e308 % 1e-3, 5 % Infinity, Infinity % 5, -4 % 2);
row("powers", 2 ** 10, 2 ** -1, (-2) ** 3, 2 ** 0.5, NaN ** 0, 1 ** Infinity, 0 ** -1, 2 ** 1023, 2 ** 1024);

const corners = [
  -Infinity,
  -2.5,
  -1.5,
  -0.5,
  -0.2,
  -0,
  0,
  0.49999999999999994,
  0.5,
  1.5,
  2.5,
  4503599627370495.5,
  NaN,
];
for (const x of corners)
  row(`round ${x}`, Math.round(x), Math.floor(x), Math.ceil(x), Math.trunc(x), Math.sign(x));
row("exact", Math.sqrt(2), Math.sqrt(1e-300), Math.fround(5.05), Math.fround(1e40), Math.imul(0xffffffff, 5));
row("clz32", Math.clz32(0), Math.clz32(1), Math.clz32(-1), Math.clz32(0x00f0_0000));
row("extremes", Math.max(), Math.min(), Math.max(1, NaN), Math.min(0, -0), Math.max(-0, 0), Math.abs(-7.25));
row("constants", Math.PI, Math.E, Math.LN2, Math.LN10, Math.LOG2E, Math.LOG10E, Math.SQRT2, Math.SQRT1_2);
row(
  "identities",
  Math.sin(0),
  Math.cos(0),
  Math.tan(0),
  Math.exp(0),
  Math.log(1),
  Math.atan2(0, -1),
  Math.hypot(3, 4),
);
row("signs", Math.atan2(-0, 0), Math.sin(-0), Math.cbrt(-27), Math.asinh(-0), Math.log(-1), Math.acosh(0.5));
row(
  "logarithms",
  Math.log2(8),
  Math.log10(1000),
  Math.log2(2 ** -1074),
  Math.log1p(0),
  Math.expm1(0),
  Math.log(0),
);
row(
  "functions",
  Math.sin(1),
  Math.cos(1),
  Math.tan(1),
  Math.exp(1),
  Math.log(10),
  Math.atan(1),
  Math.asin(1),
);

const big = 123456789012345678901234567890n;
row("bigint", big, -big, big * big, big ** 5n, big / 987654321n, big % 987654321n, -big / 7n, -big % 7n);
row("bigint bits", big & 0xffffffffn, -big | 1n, big ^ -1n, ~big, big << 70n, -big >> 70n, 1n << 128n);
row(
  "bigint text",
  big.toString(2),
  big.toString(36),
  BigInt("0xdeadbeefcafebabe"),
  BigInt("-12"),
  BigInt("  7 "),
);
row(
  "bigint wrap",
  BigInt.asIntN(64, 2n ** 63n),
  BigInt.asUintN(64, -1n),
  BigInt.asIntN(8, 200n),
  BigInt.asUintN(1, 3n),
);
row(
  "bigint mixed",
  2n > 1,
  2n == (2 as unknown),
  typeof 1n,
  BigInt(2 ** 60),
  Number(2n ** 64n),
  Number(2n ** 53n + 1n),
);
let factorial = 1n;
for (let i = 1n; i <= 50n; i++) factorial *= i;
row("50!", factorial);
for (const wrong of [
  () => 1n + (1 as never),
  () => BigInt(1.5),
  () => 1n / 0n,
  () => BigInt("x"),
  () => 2n ** -1n,
]) {
  try {
    row("no error", wrong());
  } catch (error) {
    row("refused", (error as Error).name);
  }
}

// A walk through the whole range: every third power of two, both ways and back through text.
let exact = 0;
for (let exponent = -1074; exponent < 1024; exponent += 3) {
  const x = 2 ** exponent * 1.2345678901234567;
  if (Number(String(x)) === x && JSON.parse(JSON.stringify(x)) === x && parseFloat(x.toPrecision(17)) === x)
    exact++;
}
row("round trips", exact);
let digest = 0;
for (let i = 1, x = 1e-310; i < 2000; i++) {
  x = x * 1.43 + i * 1e-300;
  for (const char of String(x)) digest = (Math.imul(digest, 31) + char.charCodeAt(0)) | 0;
}
row("digest of 2000 numbers", digest);
