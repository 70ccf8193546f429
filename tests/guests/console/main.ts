// `console` as Node has it. Errors and warnings share the guest's one console. Left out: what versions of
// Node show differently (keys that are symbols, fields of buffers), and the source of functions.
class Point {
  x: number;
  y: number;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
}
class Labelled extends Point {
  get [Symbol.toStringTag](): string {
    return "label";
  }
}

console.log();
console.log("plain", 1, -0, 1.5, 2n, true, null, undefined, NaN, "é😀");
console.log("", "leading", "");
console.log(["a", 1, [2, [3, [4]]], null, undefined, , "quote's"]);
console.log({
  a: 1,
  "needs quotes": 2,
  b: { c: { d: { e: 1 } } },
  f() {},
  g: () => {},
  h: class {},
});
console.log({
  getter: Object.defineProperty({}, "g", { get: () => 1, enumerable: true }),
  both: {
    get v() {
      return 1;
    },
    set v(_) {},
  },
});
console.log(
  new Point(1, -2),
  new Labelled(0, 0),
  Object.create(null),
  Object.create({ inherited: 1 }),
  new (class {})(),
);
console.log(
  new Map<unknown, unknown>([
    ["k", { v: 1 }],
    [{}, []],
  ]),
  new Set(["x", 1]),
  new Map(),
  new WeakMap(),
  new WeakSet(),
);
console.log(new Uint8Array([1, 2, 3]), new Float64Array(2), new BigInt64Array(1));
console.log(
  Symbol("s"),
  Symbol.iterator,
  [Symbol("in list")],
  "text",
  ["text"],
  "it's",
  ["it's", "both ' and \"", "all ' \" `"],
  ["new\nline"],
);
console.log(
  function named() {},
  () => {},
  class A {},
  class B extends Point {},
  async () => {},
  function* gen() {},
  [function inList() {}],
  Math.max,
);
console.log(
  [1.5, -0, 2n, true, null, undefined, NaN],
  new Date(0),
  /re/gi,
  [new Date(NaN)],
  Object(1),
  Object("boxed"),
  Object(Symbol("b")),
);
console.log(Array.from({ length: 120 }, (_, i) => i));
console.log(
  Array.from({ length: 30 }, (_, i) => `item ${i}`),
  new Array(5),
  [1, , , 4],
);
console.log({ text: "long ".repeat(30), list: Array.from({ length: 8 }, (_, i) => ({ i, name: `n${i}` })) });
console.log({ a: "x".repeat(40), b: "y".repeat(40) }, { a: 1, b: 2, c: [1, 2, { d: 3 }] });
const ring: Record<string, unknown> = { name: "ring" };
ring.self = ring;
ring.list = [ring, { ring }];
console.log(ring);
console.log(
  Promise.resolve(1),
  new Promise(() => {}),
  (() => {
    const p = Promise.reject(1);
    p.catch(() => {});
    return p;
  })(),
);
console.log([1, 2, 3].entries(), (function* () {})());
console.log(new Proxy({ target: 1 }, {}), new Proxy([1], {}), Object.freeze({ frozen: 1 }), [
  Object.assign([1], { extra: true }),
]);
console.log(String(new Error("only the first line")), [new Error("x")].length, { undefined, null: null });
console.log(JSON.stringify({ nested: [1, { a: "b" }] }), [[]], [{}], {}, [], [[[[]]]], { a: {} });

console.log("%s is %d years and %i months, %f", "Bob", 42.5, 42.9, "1.50", "extra", { a: 1 });
console.log("%s %s %s %s %s", 1n, -0, Symbol("s"), { a: { b: {} } }, [1, "a"]);
console.log("%s %s %s", null, undefined, true, "%s");
console.log("%d %i %f %d", "0x10", "12.7px", "abc", {});
console.log("%j %j", { a: [1] }, "text");
console.log("%o", { f: [1, "a"] });
console.log("%O %%s %c styled", { a: { b: { c: { d: 1 } } } }, "color: red");
console.log("100%", "a%", "%", "%x", "%s");
console.log("%s", "one", "%s");
console.log("no %s more");
console.log(5, "%s", "not a format");

console.info("info");
console.debug("debug", [1]);
console.warn("warn %s", "formatted");
console.error("error", { code: 1 });
console.group("group", 1);
console.log("inside");
console.group();
console.log("two\nlines", { a: 1 });
console.error("also inside");
console.groupEnd();
console.table([{ a: 1 }]);
console.groupCollapsed("collapsed");
console.log("deeper");
console.groupEnd();
console.groupEnd();
console.groupEnd();
console.log("outside");

console.table([
  { a: 1, b: "x" },
  { a: 2, c: true },
]);
console.table([
  [1, 2],
  [3, 4],
]);
console.table([1, "two", { three: 3 }]);
console.table({ row: { v: 1 }, other: { v: [1, 2] } });
console.table([{ a: 1, b: 2 }], ["b"]);
console.table(new Map([["k", 1]]));
console.table(new Set(["x"]));
console.table("not a table");
console.table([]);
console.count();
console.count("named");
console.count();
console.countReset();
console.count();
console.assert(true, "not shown");
console.assert(false, "shown %s", "formatted", { a: 1 });
console.assert(false);
console.assert(false, { an: "object" } as never);
console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 });
console.dir("text");
console.dirxml({ a: 1 }, [2]);
const { log } = console;
log("without its object");
