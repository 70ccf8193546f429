// Arrays, maps and sets.
const list = (label: string, value: unknown): void => console.log(`${label}: ${JSON.stringify(value)}`);

const people = [
  { name: "Edda", age: 21 },
  { name: "Ben", age: 34 },
  { name: "Cleo", age: 21 },
  { name: "Ada", age: 34 },
  { name: "Dan", age: 21 },
];
list(
  "stable sort",
  [...people].sort((p, q) => p.age - q.age).map(({ name }) => name),
);
const many = Array.from({ length: 3000 }, (_, i) => ({ key: (i * 7919) % 13, i })).sort(
  (p, q) => p.key - q.key,
);
list(
  "stable sort of 3000",
  many.every(
    (item, at) =>
      at === 0 || (many[at - 1] as typeof item).key < item.key || (many[at - 1] as typeof item).i < item.i,
  ),
);
list("default sort", [10, 9, 1, undefined, "b", "a", -1, null].sort());
list("sort with holes", [3, , 1, undefined, 2].sort());
list("copies", [
  [3, 1, 2].toSorted(),
  [1, 2, 3].toReversed(),
  [1, 2, 3].with(1, 9),
  [1, 2, 3, 4].toSpliced(1, 2, 8),
]);
list("at", [
  [1, 2, 3].at(-1),
  [1].at(5) ?? "none",
  [1, 2, 3, 2].findLast((n) => n === 2),
  [1, 2, 3, 2].findLastIndex((n) => n === 2),
]);
list("flat", [
  [1, [2, [3, [4]]]].flat(),
  [1, [2, [3, [4]]]].flat(Infinity),
  [1, 2].flatMap((n) => [n, n * 10]),
]);
list("fill", [new Array(3).fill(0), [1, 2, 3, 4].fill(7, 1, -1), [1, 2, 3, 4, 5].copyWithin(0, 3)]);
list("search", [
  [1, NaN].includes(NaN),
  [1, NaN].indexOf(NaN),
  [1, 2, 1].lastIndexOf(1),
  [0, 1].some(Boolean),
  [0, 1].every(Boolean),
]);
list("reduce", [
  [1, 2, 3].reduce((sum, n) => sum + n),
  ["a", "b"].reduceRight((text, part) => text + part),
  [].concat([1] as never, [[2]] as never),
]);
list(
  "splice",
  (() => {
    const a = [1, 2, 3, 4, 5];
    const removed = a.splice(1, 2, 9, 9, 9);
    return [a, removed, a.splice(-1), a.length];
  })(),
);
list(
  "queue",
  (() => {
    const a = [1];
    a.push(2, 3);
    a.unshift(0);
    return [a.shift(), a.pop(), a, a.length];
  })(),
);
list(
  "length",
  (() => {
    const a: unknown[] = [1, 2, 3];
    a.length = 1;
    a[3] = "x";
    return [a, a.length, 2 in a, Object.keys(a)];
  })(),
);
list("from", [
  Array.from("héy"),
  Array.from({ length: 2, 0: "x" } as ArrayLike<string>),
  Array.of(7),
  Array.isArray(Object.create(Array.prototype)),
]);
list("join", [[1, [2, 3], null, undefined].join(";"), String([1, [2]]), [, "x"].toString()]);
list("holes", [
  [, 1].map(() => 2),
  [, 1].findIndex((v) => v === undefined),
  Object.keys([, 1]),
  [...[, 1]],
  [, 1].flat(),
]);
list("iterators", [
  [...["a", "b"].entries()],
  [...["a"].keys()],
  [...new Map([[1, 2]])],
  [...new Set("aab")],
  [..."ab"].entries().next(),
]);
class Stack extends Array<number> {
  top(): number | undefined {
    return this.at(-1);
  }
}
list("subclass", [
  (Stack.from([1, 2]) as Stack).top(),
  Stack.of(1).map((n) => n + 1) instanceof Stack,
  new Stack(1, 2, 3).length,
]);
const squares: number[] = [];
for (let i = 0; i < 100_000; i++) squares.push(i * i);
list("a hundred thousand", [
  squares.length,
  squares.at(-1),
  squares.slice(500, 503),
  squares.reduce((sum, n) => (sum + n) % 1_000_007, 0),
]);
const sparse: number[] = [];
sparse[4_000_000_000] = 1;
list("sparse", [sparse.length, Object.keys(sparse)]);

const key = {};
const map = new Map<unknown, unknown>([
  [key, "object"],
  [NaN, "NaN"],
  ["1", "text"],
  [1, "number"],
  [-0, "zero"],
]);
list("map", [
  map.get(key),
  map.get(NaN),
  map.get("1"),
  map.get(1),
  map.get(0),
  map.size,
  map.has({}),
  map.delete(1),
  map.size,
]);
map.set("1", "changed").set("new", 1);
list("map order", [...map.values()]);
const visited: unknown[] = [];
const growing = new Map([
  [1, "a"],
  [2, "b"],
]);
for (const [k] of growing) {
  visited.push(k);
  if (k < 4) growing.set(k + 2, "more");
  if (k === 1) growing.delete(2);
}
list("changed while visited", visited);
const set = new Set([3, 1, 3, NaN, NaN, 0, -0]);
list("set", [[...set], set.size, set.add(1) === set, set.has(-0), set.delete(3), [...set.entries()].length]);
const large = new Map<string, number>();
for (let i = 0; i < 50_000; i++) large.set(`k${i % 20_000}`, i);
let sum = 0;
large.forEach((value) => {
  sum += value;
});
list("a large map", [large.size, sum, [...large.keys()].slice(0, 2)]);
list("from entries", [Object.fromEntries(new Map([["p", 1]])), new Map(Object.entries({ q: 2 })).get("q")]);
