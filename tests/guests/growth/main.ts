// Operations whose time is that of their input: four times as much takes about four times as long. One of 4n
// is compared with four of n, which last as long and are interrupted as often; the best times count, of four
// seconds where they stay apart. A line of JSON for each: how it grows, and the time of one of n in microseconds.

/** Makes the input of size `n`; what it returns is timed. */
type Prepare = (n: number) => () => unknown;

/** n log n grows by less than 5 here, n squared by 16; less than 3 is chance. */
const PLAUSIBLE = [3, 6] as const;
const LEAST_ROUNDS = 5;
const MOST_MS = 4000;

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => (i * 7919) % n);
const fractions = (n: number): number[] => numbers(n).map((x) => x / 3);
const words = (n: number): string[] => numbers(n).map((x) => `word ${x}`);
const records = (n: number): unknown[] =>
  numbers(n).map((id) => ({ id, name: `name ${id}`, at: [id / 7, null] }));
const text = (n: number): string => "Lorem ipsum dolor ".repeat(n / 18);
const keys = (n: number): [string, number][] => words(n).map((word, i) => [word, i]);
const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i % 251);
const big = (n: number): bigint => BigInt(`0x${"9f".repeat(n)}`);
const counted = (n: number, f: (i: number) => unknown) => () => {
  let last: unknown;
  for (let i = 0; i < n; i++) last = f(i);
  return last;
};

const operations: Record<string, [size: number, Prepare]> = {
  "JSON.parse of whole numbers": [
    8_000,
    (n, t = JSON.stringify(numbers(n))) =>
      () =>
        JSON.parse(t),
  ],
  "JSON.parse of fractions": [
    8_000,
    (n, t = JSON.stringify(fractions(n))) =>
      () =>
        JSON.parse(t),
  ],
  "JSON.parse of objects in arrays": [
    800,
    (n, t = JSON.stringify(records(n))) =>
      () =>
        JSON.parse(t),
  ],
  "JSON.parse of strings": [
    8_000,
    (n, t = JSON.stringify(words(n))) =>
      () =>
        JSON.parse(t),
  ],
  "JSON.parse of one long string": [
    200_000,
    (n, t = JSON.stringify(text(n))) =>
      () =>
        JSON.parse(t),
  ],
  "JSON.parse of one long number": [
    20_000,
    (n, t = `0.${"7".repeat(n)}`) =>
      () =>
        JSON.parse(t),
  ],
  "JSON.stringify of numbers": [
    3_000,
    (n, v = fractions(n)) =>
      () =>
        JSON.stringify(v),
  ],
  "JSON.stringify of objects": [
    500,
    (n, v = records(n)) =>
      () =>
        JSON.stringify(v),
  ],
  "JSON.stringify of one long string": [
    100_000,
    (n, v = text(n)) =>
      () =>
        JSON.stringify(v),
  ],
  "Number.parseFloat": [
    4_000,
    (n, v = fractions(n).map(String)) =>
      () =>
        v.map(Number.parseFloat),
  ],
  Number: [
    4_000,
    (n, v = fractions(n).map(String)) =>
      () =>
        v.map(Number),
  ],
  "Number.prototype.toString": [
    3_000,
    (n, v = fractions(n)) =>
      () =>
        v.map(String),
  ],
  "Number.prototype.toFixed": [
    4_000,
    (n, v = fractions(n)) =>
      () =>
        v.map((x) => x.toFixed(3)),
  ],
  "string: split at a character": [
    70_000,
    (n, t = text(n)) =>
      () =>
        t.split(" "),
  ],
  "string: split at a pattern": [
    5_000,
    (n, t = text(n)) =>
      () =>
        t.split(/\s+/),
  ],
  "string: join": [
    16_000,
    (n, v = words(n)) =>
      () =>
        v.join(", "),
  ],
  "string: indexOf that finds nothing": [
    100_000,
    (n, t = text(n)) =>
      () =>
        t.indexOf("dolores"),
  ],
  "string: lastIndexOf that finds nothing": [
    100_000,
    (n, t = text(n)) =>
      () =>
        t.lastIndexOf("dolores"),
  ],
  "string: replaceAll": [
    100_000,
    (n, t = text(n)) =>
      () =>
        t.replaceAll("ipsum", "*"),
  ],
  "string: replace with a pattern": [
    7_000,
    (n, t = text(n)) =>
      () =>
        t.replace(/o(.)/g, "$1"),
  ],
  "string: matchAll": [
    10_000,
    (n, t = text(n)) =>
      () => [...t.matchAll(/\w+/g)],
  ],
  "string: pattern that matches nowhere": [
    50_000,
    (n, t = text(n)) =>
      () =>
        /dolor(es|um)/.test(t),
  ],
  "string: slices": [6_000, (n, t = text(n)) => counted(n, (i) => t.slice(i, i + 20))],
  "string: characters": [9_000, (n, t = text(n)) => counted(n, (i) => t.charCodeAt(i))],
  "string: code points": [
    10_000,
    (n, t = text(n)) =>
      () => [...t],
  ],
  "string: grows by +=": [
    7_000,
    (n) => () => {
      let grown = "";
      for (let i = 0; i < n; i++) grown += "ab";
      return grown.length;
    },
  ],
  "string: repeat and pad": [80_000, (n) => () => "ab".repeat(n).padStart(3 * n, "xy")],
  "string: upper case": [
    100_000,
    (n, t = text(n)) =>
      () =>
        t.toUpperCase(),
  ],
  "string: normalize": [
    30_000,
    (n, t = text(n).replaceAll("o", "\u00f6")) =>
      () =>
        t.normalize("NFD"),
  ],
  "string: equality": [100_000, (n, a = text(n), b = text(n)) => counted(100, () => a === b)],
  "string: order": [100_000, (n, a = `${text(n)}a`, b = `${text(n)}b`) => counted(100, () => a < b)],
  "string: encodeURIComponent": [
    30_000,
    (n, t = text(n)) =>
      () =>
        decodeURIComponent(encodeURIComponent(t)),
  ],
  "array: sort of numbers": [
    1_500,
    (n, v = numbers(n)) =>
      () =>
        v.toSorted((a, b) => a - b),
  ],
  "array: sort of strings": [
    2_000,
    (n, v = words(n)) =>
      () =>
        v.toSorted(),
  ],
  "array: sort of what is sorted": [
    2_000,
    (n) => () => Array.from({ length: n }, (_, i) => i).sort((a, b) => a - b),
  ],
  "array: map, filter, reduce": [
    5_000,
    (n, v = numbers(n)) =>
      () =>
        v
          .map((x) => x + 1)
          .filter(Boolean)
          .reduce((a, b) => a + b),
  ],
  "array: push and pop": [
    5_000,
    (n) => () => {
      const stack: number[] = [];
      for (let i = 0; i < n; i++) stack.push(i);
      while (stack.length > 0) stack.pop();
    },
  ],
  "array: slice, concat, spread": [
    4_000,
    (n, v = numbers(n)) =>
      () => [...v.slice(1), ...v.concat(v)],
  ],
  "array: indexOf that finds nothing": [
    200_000,
    (n, v = numbers(n)) =>
      () =>
        v.indexOf(-1),
  ],
  "array: reverse and fill": [
    70_000,
    (n, v = numbers(n)) =>
      () =>
        v.toReversed().fill(0),
  ],
  "array: flat": [
    8_000,
    (n, v = numbers(n).map((x) => [x])) =>
      () =>
        v.flat(),
  ],
  "object: properties": [
    2_000,
    (n, v = keys(n)) =>
      () =>
        Object.entries(Object.fromEntries(v)),
  ],
  "Map of strings": [
    1_000,
    (n, v = keys(n)) =>
      () =>
        words(n).every(Map.prototype.has, new Map(v)),
  ],
  "Set of objects": [
    2_000,
    (n, v = numbers(n).map((x) => ({ x }))) =>
      () =>
        v.every(Set.prototype.has, new Set(v)),
  ],
  WeakMap: [
    2_000,
    (n, v = numbers(n).map((x) => ({ x }))) =>
      () =>
        new WeakMap(v.map((x) => [x, x])),
  ],
  "typed array: fill and set": [
    50_000,
    (n, v = bytes(n), to = new Uint8Array(n)) => counted(200, () => to.fill(1).set(v)),
  ],
  "typed array: set with overlap": [
    50_000,
    (n, v = bytes(n)) => counted(200, () => (v.set(v.subarray(0, -9), 9), v.copyWithin(0, 9))),
  ],
  "typed array: slice": [50_000, (n, v = bytes(n)) => counted(200, () => v.slice(1))],
  "typed array: indexOf that finds nothing": [
    50_000,
    (n, v = bytes(n)) => counted(200, () => v.indexOf(255)),
  ],
  "typed array: sort": [
    6_000,
    (n, v = Float64Array.from(fractions(n))) =>
      () =>
        v.toSorted(),
  ],
  "typed array: from an array, joined": [
    6_000,
    (n, v = numbers(n)) =>
      () =>
        Uint16Array.from(v).join(),
  ],
  DataView: [
    5_000,
    (n, v = new DataView(new ArrayBuffer(8 * n))) =>
      counted(n, (i) => v.setFloat64(8 * i, v.getFloat64(8 * i) + i)),
  ],
  "ArrayBuffer: new": [100_000, (n) => counted(100, () => new ArrayBuffer(n))],
  "Date: text and back": [
    700,
    (n) =>
      counted(n, (i) => Date.parse(new Date(i * 1e9).toISOString()) + new Date(i * 1e9).toString().length),
  ],
  "BigInt: sums and shifts": [25_000, (n, x = big(n), y = big(n) + 1n) => counted(10, () => (x + y) << 3n)],
  "BigInt: times and modulo a small one": [20_000, (n, x = big(n)) => counted(10, () => (x * 10n) % 10007n)],
  "BigInt: hexadecimal text and back": [
    15_000,
    (n, x = big(n)) => counted(5, () => BigInt(`0x${x.toString(16)}`)),
  ],
  Math: [
    2_000,
    (n, v = fractions(n)) =>
      () =>
        v.map((x) => Math.sin(x) ** 2.5 + Math.exp(-x) * Math.log(x)),
  ],
  "closures and generators": [
    3_000,
    (n) => () => {
      function* count() {
        for (let i = 0; i < n; i++) yield () => i;
      }
      let sum = 0;
      for (const f of count()) sum += f();
      return sum;
    },
  ],
  "thrown errors": [
    500,
    (n) =>
      counted(n, (i) => {
        try {
          throw new RangeError(`no ${i}`);
        } catch (error) {
          return error;
        }
      }),
  ],
};

const time = (work: () => unknown): number => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

for (const [name, [size, prepare]] of Object.entries(operations)) {
  const [small, large] = [prepare(size), prepare(4 * size)];
  const best = { fourSmall: Number.POSITIVE_INFINITY, oneLarge: Number.POSITIVE_INFINITY };
  const deadline = performance.now() + MOST_MS;
  let growth = 0;
  for (let round = 1; performance.now() < deadline; round++) {
    best.fourSmall = Math.min(best.fourSmall, time(counted(4, small)));
    best.oneLarge = Math.min(best.oneLarge, time(large));
    growth = (4 * best.oneLarge) / best.fourSmall;
    if (round >= LEAST_ROUNDS && growth >= PLAUSIBLE[0] && growth <= PLAUSIBLE[1]) break;
  }
  console.log(JSON.stringify({ name, growth, us: best.fourSmall * 250 }));
}
