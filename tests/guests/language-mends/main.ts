// Where the engine, as it comes, differs from others: each line as Node prints it.

/** FNV-1a, so that a transcript holds a thousand lines in one. */
const digest = (lines: readonly unknown[]): string => {
  let hash = 0x811c9dc5;
  for (const unit of lines.map(String).join("\n")) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  return `${lines.length} lines, ${(hash >>> 0).toString(16)}`;
};

// Numbers are printed with as few digits as they need.
console.log(
  2 ** -44,
  7.120236347223045e-307,
  2 ** -1074,
  2 ** 1023,
  5e-324,
  1e21,
  1e-7,
  123456789012345680000,
);
console.log("powers of two:", digest(Array.from({ length: 2098 }, (_, n) => 2 ** (n - 1074))));
const bits = new BigUint64Array(1);
const double = new Float64Array(bits.buffer);
let state = 88172645463325252n;
const next = (): bigint => {
  state ^= BigInt.asUintN(64, state << 13n);
  state ^= state >> 7n;
  state ^= BigInt.asUintN(64, state << 17n);
  return state;
};
const doubles = Array.from({ length: 20_000 }, () => {
  bits[0] = next();
  return double[0] as number;
});
console.log("doubles:", digest(doubles));
console.log("in JSON:", digest([JSON.stringify(doubles)]));
console.log(
  "back:",
  doubles.every((n) => Object.is(Number(String(n)), n) || Number.isNaN(n)),
);
console.log(
  (0.1).toString(2),
  (255).toString(16),
  (-0).toString(),
  (1e21).toFixed(2),
  (2 ** -44).toPrecision(17),
);

// Literals of any length are rounded once.
const long = [
  "9007199254740993.0000000000000000000000000000000000001",
  "1.00000000000000011102230246251565404236316680908203126",
];
console.log(...long.map(Number), ...long.map((text) => JSON.parse(text)), ...long.map(parseFloat));
console.log(
  Number(`1${"0".repeat(400)}`),
  Number(`0.${"0".repeat(400)}1e401`),
  Number(`${"9".repeat(40)}e-40`),
);
console.log(
  JSON.parse("[-0, 0, 1, -1, 1.0, 1e2, 12345678901234567890, 0.1e-10]"),
  Object.is(JSON.parse("-0"), -0),
);
console.log(
  Number(".5"),
  Number("5."),
  Number("1_000"),
  Number("+1"),
  Number("-.5e-1"),
  Number("0x1f"),
  Number(""),
  Number("."),
);

// Keys are found however their text came about.
const rope = (text: string): string => {
  let built = "";
  for (const unit of text) built += unit;
  return built;
};
const texts = ["x".repeat(5000), `${"x".repeat(5000)}é`, `${"x".repeat(5000)}€`, `€${"y".repeat(9000)}`];
const map = new Map(texts.map((text, n) => [text, n]));
console.log(
  texts.map((text) => map.get(rope(text))),
  texts.map((text) => map.get(text.slice(0, 2500) + text.slice(2500))),
);
console.log(map.get("€x".slice(1) + "x".repeat(4999)), new Set(["é€".slice(0, 1)]).has("é"));
console.log(
  new Map<unknown, number>([
    [1, 1],
    [1n, 2],
    ["1", 3],
    [2n ** 63n, 4],
    [2n ** 63n + 1n, 5],
    [NaN, 6],
    [-0, 7],
  ]).get(2n ** 63n + 1n),
);
console.log(new Set([0, -0, NaN, NaN, 1, 1.0, 1n]).size);

// A comparison may take the array away.
const shrinking = [3, 2, 1, 5, 4];
shrinking.sort((x, y) => {
  shrinking.length = 0;
  return x - y;
});
console.log(shrinking);

// Depth costs no more than its stack; circles are found wherever they are.
let deep: unknown = 1;
for (let n = 0; n < 500_000; n++) deep = [deep];
try {
  JSON.stringify(deep);
} catch (error) {
  console.log((error as Error).name);
}
const circle: { self?: unknown; list: unknown[] } = { list: [] };
circle.list.push({ circle });
for (const find of [circle, [circle], { a: { b: circle } }]) {
  try {
    JSON.stringify(find);
  } catch (error) {
    console.log((error as Error).name);
  }
}
circle.list.length = 0;
console.log(JSON.stringify([circle, circle, { circle }]));
const shared = { n: 1 };
const nested = {
  shared,
  toJSON(): unknown {
    return { inner: JSON.stringify({ shared, list: [shared] }), shared };
  },
};
console.log(JSON.stringify([shared, nested, shared]));
const self: { depth: number; toJSON(): unknown } = {
  depth: 0,
  toJSON() {
    return this.depth++ > 2 ? "end" : { again: JSON.stringify(this) };
  },
};
console.log(JSON.stringify({ self }));
try {
  JSON.stringify({
    a: {
      toJSON: () => {
        throw new Error("thrown");
      },
    },
  });
} catch (error) {
  console.log(String(error), JSON.stringify({ a: { b: 1 } }));
}
