// All of Math. Against results of many digits: a line for each function with the bound that its errors
// keep. Then the values that ECMA-262 names: a line for each that is another.
import bounds from "../../../packages/runtime/fixtures/math-bounds.json" with { type: "json" };
import reference from "../../../packages/runtime/fixtures/math-reference.json" with { type: "json" };

type Call = (...args: number[]) => number;

const functions = {
  ...Object.fromEntries(Object.getOwnPropertyNames(Math).map((name) => [name, Reflect.get(Math, name)])),
};
functions.remainder = (x: number, y: number): number => x % y;

const words = new BigInt64Array(1);
const numbers = new Float64Array(words.buffer);
const fromBits = (hex: string): number => {
  words[0] = BigInt(`0x${hex}`);
  return numbers[0] ?? 0;
};
/** An integer that grows with x by one a double. */
const ordered = (x: number): bigint => {
  numbers[0] = x;
  const bits = words[0] ?? 0n;
  return bits < 0n ? -(1n << 63n) - bits : bits;
};

for (const [name, rows] of Object.entries(reference)) {
  const call: Call = functions[name];
  const bound = bounds[name as keyof typeof bounds];
  const wrong = rows.filter((row) => {
    const parts = row.split(" ");
    const further = Number(parts.pop()) / 1000;
    const nearest = fromBits(parts.pop() ?? "");
    const found = call(...parts.map(fromBits));
    const apart = Number(ordered(found) - ordered(nearest)) - further;
    return !(Math.abs(apart) <= bound) || (nearest === 0 && !Object.is(found, nearest));
  });
  console.log(`${name}: ${rows.length - wrong.length} of ${rows.length} within ${bound}`);
  for (const row of wrong.slice(0, 3)) console.log("  not so:", row);
}

/** What ECMA-262 says: arguments = result. */
const SPECIAL = `
abs: NaN = NaN; -0 = 0; -inf = inf; -1.5 = 1.5; 1.5 = 1.5
acos: NaN = NaN; 1.0000000000000002 = NaN; -1.0000000000000002 = NaN; inf = NaN; -inf = NaN; 1 = 0; -1 = pi
acosh: NaN = NaN; inf = inf; 1 = 0; 0.9999999999999999 = NaN; 0.5 = NaN; 0 = NaN; -0 = NaN; -1 = NaN; -2 = NaN
acosh: -1000 = NaN; -1e6 = NaN; -1e7 = NaN; -3e7 = NaN; -6e7 = NaN; -1e8 = NaN; -1e300 = NaN; -inf = NaN
asin: NaN = NaN; 0 = 0; -0 = -0; 1.0000000000000002 = NaN; -1.0000000000000002 = NaN; inf = NaN; 1 = pi/2; -1 = -pi/2
asinh: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf
atan: NaN = NaN; 0 = 0; -0 = -0; inf = pi/2; -inf = -pi/2; 1 = pi/4
atan2: NaN 1 = NaN; 1 NaN = NaN; inf inf = pi/4; inf -inf = 3pi/4; inf 0 = pi/2; inf -5 = pi/2; -inf inf = -pi/4
atan2: -inf -inf = -3pi/4; -inf 5 = -pi/2; 0 1 = 0; 0 0 = 0; 0 -0 = pi; 0 -1 = pi; 0 inf = 0; 0 -inf = pi; -0 1 = -0
atan2: -0 0 = -0; -0 -0 = -pi; -0 -1 = -pi; -0 inf = -0; -0 -inf = -pi; 3 inf = 0; 3 -inf = pi; 3 0 = pi/2
atan2: 3 -0 = pi/2; -3 inf = -0; -3 -inf = -pi; -3 0 = -pi/2; -3 -0 = -pi/2
atanh: NaN = NaN; 0 = 0; -0 = -0; 1.0000000000000002 = NaN; -1.0000000000000002 = NaN; 1 = inf; -1 = -inf
atanh: inf = NaN; -inf = NaN; 5 = NaN; -1e300 = NaN; 5e-324 = 5e-324
cbrt: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf; 27 = 3; -1e-300 = -1e-100
ceil: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf; -0.5 = -0; -1.5 = -1; 5e-324 = 1
clz32: = 32; NaN = 32; 0 = 32; inf = 32; 1 = 31; -1 = 0; 4294967296 = 32; 0.9 = 32
cos: NaN = NaN; 0 = 1; -0 = 1; inf = NaN; -inf = NaN
cosh: NaN = NaN; 0 = 1; -0 = 1; inf = inf; -inf = inf; 711 = inf; -711 = inf
exp: NaN = NaN; 0 = 1; -0 = 1; inf = inf; -inf = 0; 1 = 2.718281828459045; 709.8 = inf; -745.2 = 0; -1e300 = 0
expm1: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -1; 710 = inf; -800 = -1; 5e-324 = 5e-324
f16round: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf; 65520 = inf; 65519.99 = 65504; -1e-30 = -0; 1.337 = 1.3369140625
floor: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf; 0.5 = 0; -0.5 = -1; -5e-324 = -1
fround: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf; 3.5e38 = inf; -1e-46 = -0; 5.05 = 5.050000190734863
hypot: = 0; -0 = 0; 0 -0 = 0; NaN = NaN; NaN inf = inf; -inf NaN = inf; 1 NaN = NaN; 3 4 = 5; -3 = 3; 1 2 2 = 3
hypot: 5e-324 0 = 5e-324; 1e308 1e308 1e308 = 1.7320508075688772e308
imul: = 0; 3 7 = 21; -1 8 = -8; 4294967295 5 = -5; inf 1 = 0; 2147483648 2 = 0
log: NaN = NaN; -5e-324 = NaN; -1 = NaN; 0 = -inf; -0 = -inf; 1 = 0; inf = inf; -inf = NaN; 2.718281828459045 = 1
log10: NaN = NaN; -1 = NaN; 0 = -inf; -0 = -inf; 1 = 0; inf = inf; -inf = NaN; 1000 = 3; 1e-5 = -5; 1e308 = 308
log1p: NaN = NaN; -1.0000000000000002 = NaN; -1 = -inf; 0 = 0; -0 = -0; inf = inf; -inf = NaN; 5e-324 = 5e-324
log2: NaN = NaN; -1 = NaN; 0 = -inf; -0 = -inf; 1 = 0; inf = inf; -inf = NaN; 8 = 3; 5e-324 = -1074
max: = -inf; NaN 1 = NaN; 1 NaN = NaN; -0 0 = 0; 0 -0 = 0; -0 -0 = -0; 1 3 2 = 3
min: = inf; NaN 1 = NaN; 1 NaN = NaN; -0 0 = -0; 0 -0 = -0; 3 1 2 = 1
pow: NaN 0 = 1; NaN -0 = 1; inf 0 = 1; 0 -0 = 1; 5 NaN = NaN; 1 NaN = NaN; NaN 1 = NaN; NaN 2 = NaN; 1 inf = NaN
pow: 1 -inf = NaN; -1 inf = NaN; -1 -inf = NaN; inf 2 = inf; inf 1e-9 = inf; inf -1 = 0; inf inf = inf; inf -inf = 0
pow: -inf 3 = -inf; -inf 4 = inf; -inf 2 = inf; -inf 2.5 = inf; -inf -3 = -0; -inf -4 = 0; -inf -2.5 = 0
pow: -inf inf = inf; -inf -inf = 0; 0 3 = 0; 0 2.5 = 0; 0 -3 = inf; 0 inf = 0; 0 -inf = inf; -0 3 = -0; -0 4 = 0
pow: -0 2 = 0; -0 2.5 = 0; -0 -3 = -inf; -0 -4 = inf; -0 -2.5 = inf; -0 inf = 0; -0 -inf = inf; 1.5 inf = inf
pow: 1.5 -inf = 0; -1.5 inf = inf; -1.5 -inf = 0; 0.5 inf = 0; 0.5 -inf = inf; -0.5 inf = 0; -0.5 -inf = inf
pow: -8 0.5 = NaN; -8 3 = -512; -2 9007199254740992 = inf; -2 9007199254740991 = -inf; -2 -1075 = -0; -2 -1076 = 0
pow: -5e-324 1 = -5e-324; 2 -1074 = 5e-324; 2 1024 = inf; 10 22 = 1e22; 10 308 = 1e308; 10 -5 = 1e-5; 9 0.5 = 3
remainder: NaN 1 = NaN; 1 NaN = NaN; inf 1 = NaN; -inf 1 = NaN; 1 0 = NaN; 1 -0 = NaN; inf inf = NaN; 5 inf = 5
remainder: -5 -inf = -5; 0 3 = 0; -0 3 = -0; -0 inf = -0; 6 3 = 0; -6 3 = -0; -7 3 = -1; 7 -3 = 1
round: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf; 0.5 = 1; -0.5 = -0; -0.2 = -0; 0.49999999999999994 = 0
round: 2.5 = 3; -2.5 = -2; 4503599627370495.5 = 4503599627370496; -4503599627370495.5 = -4503599627370495
sign: NaN = NaN; 0 = 0; -0 = -0; 5e-324 = 1; -inf = -1
sin: NaN = NaN; 0 = 0; -0 = -0; inf = NaN; -inf = NaN; 5e-324 = 5e-324
sinh: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf; 711 = inf; -711 = -inf; 5e-324 = 5e-324
sqrt: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -5e-324 = NaN; -1 = NaN; -inf = NaN; 2 = 1.4142135623730951
sumPrecise: = -0; -0 -0 = -0; -0 0 = 0; NaN = NaN; inf -inf = NaN; inf 1 = inf; -inf 1 = -inf; 1e20 1 -1e20 = 1
sumPrecise: 1e308 1e308 -1e308 = 1e308; 0.1 0.2 0.3 = 0.6; 1e308 1e308 = inf; 5e-324 1 -1 = 5e-324
tan: NaN = NaN; 0 = 0; -0 = -0; inf = NaN; -inf = NaN; 5e-324 = 5e-324
tanh: NaN = NaN; 0 = 0; -0 = -0; inf = 1; -inf = -1; 800 = 1; -800 = -1; 5e-324 = 5e-324
trunc: NaN = NaN; 0 = 0; -0 = -0; inf = inf; -inf = -inf; 0.9 = 0; -0.9 = -0; 1e300 = 1e300
`;
const { PI } = Math;
const named: Record<string, number> = {
  inf: Number.POSITIVE_INFINITY,
  pi: PI,
  "pi/2": PI / 2,
  "pi/4": PI / 4,
  "3pi/4": (3 * PI) / 4,
};
const value = (word: string): number => {
  const magnitude = word.replace(/^-/, "");
  const known = named[magnitude];
  return known === undefined ? Number(word) : word.startsWith("-") ? -known : known;
};

const tested = new Set(["random"]);
let count = 0;
for (const [name = "", rows = ""] of SPECIAL.trim()
  .split("\n")
  .map((line) => line.split(":"))) {
  tested.add(name);
  for (const row of rows.split(";")) {
    const [args = "", result = ""] = row.split("=").map((part) => part.trim());
    const numbers = args.split(" ").filter(Boolean).map(value);
    const found = name === "sumPrecise" ? functions[name](numbers) : functions[name](...numbers);
    if (!Object.is(found, value(result)))
      console.log(`${name} of ${args || "nothing"} is`, found, "not", value(result));
    count++;
  }
}
for (const name of Object.keys(functions))
  if (typeof functions[name] === "function" && !tested.has(name)) console.log(`${name} has no row`);
console.log(`${count} values that ECMA-262 names`);
