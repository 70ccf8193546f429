// JSON both ways, to the last digit and the last escape.
const row = (label: string, ...values: unknown[]): void => console.log(`${label}:`, ...values);
const shown = (
  label: string,
  value: unknown,
  ...rest: [((key: string, value: unknown) => unknown)?, (string | number)?]
): void => console.log(`${label}: ${JSON.stringify(value, ...(rest as []))}`);

shown("numbers", [
  5e-324,
  1.7976931348623157e308,
  0.1 + 0.2,
  -0,
  0,
  1e21,
  1e-7,
  123456789012345680000,
  NaN,
  -Infinity,
]);
for (const text of [
  "5e-324",
  "2.4703282292062327e-324",
  "2.4703282292062328e-324",
  "1.7976931348623157e308",
  "1.7976931348623159e308",
  "1e400",
  "0.30000000000000004",
  "-0",
  "9007199254740993",
  "123456789012345678901234567890",
  "0.1e-6",
  "1E+2",
  "4.9406564584124654e-324",
  "2.2250738585072011e-308",
  "0.1234567890123456789012345678901234567890",
  "1000000000000000000000000000000000000000000000",
])
  row(`parse ${text}`, JSON.parse(text));
shown("strings", ['\u0000\b\t\n\f\r"\\/', "\u2028\u2029", "é😀", "\ud800", "\udc00\ud800", "\u007f"]);
row(
  "parse strings",
  JSON.parse('"\\u00e9\\ud83d\\ude00\\/\\b"').length,
  JSON.parse('"\u2028"').charCodeAt(0),
);
shown("values left out", {
  a: undefined,
  b: () => 1,
  c: Symbol("x"),
  d: null,
  e: [undefined, () => 1, Symbol("x")],
});
shown("order of keys", { b: 1, 2: 1, a: 1, 1: 1, "-1": 1, "01": 1 });
shown("wrapped", [Object(1), Object("s"), Object(false), new Date(0), /x/, new Map([[1, 2]]), new Set([1])]);
shown("toJSON", { a: { toJSON: (key: string) => `json of ${key}` }, b: [{ toJSON: (key: string) => key }] });
shown("replacer", { a: 1, b: { a: 2, c: "x" } }, (key, value) => (key === "a" ? undefined : value));
shown("list of keys", { a: 1, b: { a: 2, c: 3 }, c: 4 }, ["a", "b"] as never);
shown("indented", { a: [1, { b: [] }], c: {} }, undefined, 2);
shown("indented with text", [1, [2]], undefined, "--");
shown("indented too far", [1], undefined, 99);
console.log(
  "reviver:",
  JSON.stringify(
    JSON.parse('{"a":[1,2,{"b":3}],"c":"x"}', (key, value) =>
      typeof value === "number" ? value * 10 : key === "c" ? undefined : value,
    ),
  ),
);
console.log(
  "__proto__:",
  Object.keys(JSON.parse('{"__proto__":1,"constructor":2}')).join(),
  Object.getPrototypeOf(JSON.parse('{"__proto__":null}')) === Object.prototype,
);
row(
  "duplicates",
  JSON.stringify(JSON.parse('{"a":1,"a":2}')),
  JSON.stringify(undefined),
  JSON.stringify(() => 1),
);
const ring: { self?: unknown } = {};
ring.self = ring;
const wrong: [string, () => unknown][] = [
  ["a ring", () => JSON.stringify(ring)],
  ["a bigint", () => JSON.stringify(1n)],
  ...[
    "",
    "{",
    "[1,]",
    "{'a':1}",
    "01",
    "1.",
    ".5",
    "+1",
    '"\n"',
    '"\\x41"',
    "nul",
    "[1] 2",
    "\ufeff1",
    "NaN",
    '{"a":}',
  ].map((text): [string, () => unknown] => [JSON.stringify(text), () => JSON.parse(text)]),
];
for (const [what, action] of wrong) {
  try {
    row(`accepted ${what}`, action());
  } catch (error) {
    row(`refused ${what}`, (error as Error).name);
  }
}
let deep = "";
for (let i = 0; i < 1000; i++) deep = `[${deep}]`;
row("1000 deep", JSON.stringify(JSON.parse(deep)) === deep);
const many = Object.fromEntries(
  Array.from({ length: 2000 }, (_, i) => [`key${i}`, { i, half: i / 2, text: `é${i}` }]),
);
row(
  "2000 objects",
  JSON.stringify(many).length,
  JSON.stringify(JSON.parse(JSON.stringify(many))) === JSON.stringify(many),
);
