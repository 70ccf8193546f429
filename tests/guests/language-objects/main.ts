// Classes, generators, proxies, symbols, and the syntax around them.
const row = (label: string, ...values: unknown[]): void => console.log(`${label}:`, ...values);
const list = (label: string, value: unknown): void => console.log(`${label}: ${JSON.stringify(value)}`);
const refused = (label: string, action: () => unknown): void => {
  try {
    row(label, "allowed", action());
  } catch (error) {
    row(label, (error as Error).name);
  }
};

class Account {
  static #count = 0;
  static readonly names: string[] = [];
  static {
    Account.names.push("made by a static block");
    Account.#count = 10;
  }
  readonly owner: string;
  #balance = 0;
  constructor(owner: string) {
    this.owner = owner;
    Account.#count++;
  }
  get balance(): number {
    return this.#balance;
  }
  set balance(value: number) {
    if (value < 0) throw new RangeError("negative");
    this.#balance = value;
  }
  #secret(): string {
    return `${this.owner}:${this.#balance}`;
  }
  reveal(): string {
    return this.#secret();
  }
  static isAccount(value: object): boolean {
    return #balance in value;
  }
  static get count(): number {
    return Account.#count;
  }
}
class Savings extends Account {
  rate = 0.02;
  override reveal(): string {
    return `${super.reveal()}@${this.rate}`;
  }
  ["computed" + 1](): string {
    return "called";
  }
}
const savings = new Savings("Ada");
savings.balance = 100;
row("class", savings.reveal(), savings.balance, Account.count, Account.names[0]);
row("private in", Account.isAccount(savings), Account.isAccount({}), Object.keys(savings).join());
row(
  "instanceof",
  savings instanceof Account,
  Object.getPrototypeOf(Savings) === Account,
  Savings.name,
  Savings.length,
);
row("computed", (savings as unknown as Record<string, () => string>)["computed1"]?.());
refused("setter", () => {
  savings.balance = -1;
});
refused("private from outside", () => Account.prototype.reveal.call({} as Account));
refused("class without new", () => (Account as unknown as () => void)());
refused("read-only", () => {
  (Object.freeze({ a: 1 }) as { a: number }).a = 2;
});
refused("before its declaration", () => late);
const late = 1;

const {
  a,
  b: { c: [, second = "default"] = [] } = {},
  ...others
} = { a: 1, b: { c: [0] as unknown[] }, d: 4, e: 5 };
list("destructuring", [a, second, others]);
let [x, y] = [1, 2];
[x, y] = [y, x];
const spread = (...args: number[]): number => args.length;
row("swap and spread", x, y, spread(...[1, 2], 3, ...new Set([4, 5])), { ...{ p: 1 }, p: 2 }.p);
const [zero, empty] = [0 as number | null, "" as string];
const nothing = undefined as { deep?: { f?: () => number } } | undefined;
row("chaining", nothing?.deep?.f?.(), nothing?.deep ?? "absent", zero ?? 5, empty || "or");
let assigned: number | null = null;
assigned ??= 3;
assigned &&= assigned * 2;
assigned ||= 9;
assigned **= 2;
row("assignments", assigned);
const seen: string[] = [];
outer: for (let i = 0; i < 3; i++) {
  for (let k = 0; k < 3; k++) {
    if (k === 1) continue outer;
    if (i === 2) break outer;
    seen.push(`${i}${k}`);
  }
}
block: {
  seen.push("block");
  if (seen.length > 0) break block;
  seen.push("never");
}
list("labels", seen);
const closures = [];
for (let i = 0; i < 3; i++) closures.push(() => i);
list(
  "fresh bindings",
  closures.map((f) => f()),
);
const switched = (value: unknown): string => {
  switch (value) {
    case 1:
    case "1":
      return "one";
    default:
      return "other";
    case NaN:
      return "never";
  }
};
list("switch", [switched(1), switched("1"), switched(NaN), switched(null)]);
row(
  "comma and void",
  // biome-ignore format: the comma is what is tested
  (seen.length, void 0),
  typeof undefinedName,
  typeof null,
  delete ({ z: 1 } as { z?: number }).z,
);
declare const undefinedName: unknown;
list(
  "return in finally",
  (() => {
    try {
      throw 1;
    } catch {
      return "catch";
    } finally {
      seen.push("finally");
    }
  })(),
);

function* tree(depth: number): Generator<string, number, string | undefined> {
  if (depth === 0) return 1;
  const left = yield* tree(depth - 1);
  const answer = yield `depth ${depth}${left}`;
  if (answer !== undefined) yield `heard ${answer}`;
  return left + (yield* tree(depth - 1));
}
list("generator", [...tree(3)]);
const asked = tree(1);
list("conversation", [asked.next(), asked.next("hi"), asked.next(), asked.next()]);
const closing = (function* () {
  try {
    yield 1;
    yield 2;
  } finally {
    yield "cleanup";
  }
})();
list("return into", [closing.next(), closing.return(7 as never), closing.next(), closing.next()]);
const catching = (function* (): Generator<unknown> {
  for (;;)
    try {
      yield "ready";
    } catch (error) {
      yield `caught ${error}`;
    }
})();
list(
  "throw into",
  [catching.next(), catching.throw("x"), catching.next()].map((r) => r.value),
);
const iterable = {
  *[Symbol.iterator]() {
    yield* [3, 1, 2];
  },
};
const [head, ...tail] = iterable;
list("own iterables", [
  head,
  tail,
  Math.max(...iterable),
  Array.from(iterable, (n) => n * 2),
  new Map([...iterable].entries()).get(1),
]);
let closed = 0;
const closable = {
  [Symbol.iterator]: () => ({
    next: () => ({ done: false, value: 1 }),
    return: () => ({ done: true, value: ++closed }),
  }),
};
for (const _ of closable) break;
const [only] = closable as unknown as Iterable<number>;
row("closed iterators", closed, only);

const log: string[] = [];
const proxy = new Proxy({ real: 1 } as Record<string, unknown>, {
  get: (target, key, receiver) => (
    log.push(`get ${String(key)}`), key in target ? Reflect.get(target, key, receiver) : `no ${String(key)}`
  ),
  set: (target, key, value) => (log.push(`set ${String(key)}`), Reflect.set(target, key, value)),
  has: (target, key) => (log.push(`has ${String(key)}`), key === "ghost" || key in target),
  deleteProperty: (target, key) => (log.push(`delete ${String(key)}`), delete target[key as string]),
  ownKeys: (target) => (log.push("keys"), [...Reflect.ownKeys(target), "virtual"]),
  getOwnPropertyDescriptor: (target, key) =>
    key === "virtual"
      ? { value: "v", enumerable: true, configurable: true }
      : Reflect.getOwnPropertyDescriptor(target, key),
});
list("proxy", [
  proxy.real,
  proxy.unreal,
  "ghost" in proxy,
  (proxy.more = 2),
  delete proxy.real,
  { ...proxy },
]);
list("traps", log);
const callable = new Proxy(function target() {} as (...args: unknown[]) => unknown, {
  apply: (_, self, args) => [self === undefined, args.length],
  construct: (_, args) => ({ made: args.length }),
});
list("callable", [callable(1, 2), new (callable as unknown as new (n: number) => { made: number })(1).made]);
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
refused("revoked", () => (revoked as { x?: 1 }).x);
refused("invariant", () => new Proxy(Object.freeze({ k: 1 }), { get: () => 2 }).k);
list("Reflect", [
  Reflect.ownKeys({ b: 1, 2: 0, a: 0, [Symbol.iterator]: 0 }).map(String),
  Reflect.apply(Math.max, null, [1, 5]),
  Reflect.has({ q: 1 }, "q"),
]);
list("construct", [
  Reflect.construct(Date, [5]).getTime(),
  Reflect.getPrototypeOf(Reflect.construct(Account, ["x"], Savings)) === Savings.prototype,
]);

const key = Symbol("key");
const marked = {
  [key]: 1,
  plain: 2,
  get computed(): number {
    return this.plain * 2;
  },
  set computed(v) {
    this.plain = v;
  },
  ["a" + 1]: 3,
  __proto__: { inherited: true },
};
marked.computed = 21;
list("accessors", [
  marked.computed,
  Object.keys(marked),
  (marked as unknown as { inherited: boolean }).inherited,
  String(key),
  key.description,
]);
row(
  "symbols",
  Symbol.for("k") === Symbol.for("k"),
  Symbol.keyFor(Symbol.for("k")),
  Symbol("k") === Symbol("k"),
  typeof key,
);
refused("symbol as number", () => +(key as never));
class Money {
  static [Symbol.hasInstance](value: unknown): boolean {
    return value === 42;
  }
  get [Symbol.toStringTag](): string {
    return "Money";
  }
  [Symbol.toPrimitive](hint: string): string | number {
    return hint === "number" ? 7 : hint;
  }
}
row(
  "well-known symbols",
  (42 as unknown) instanceof Money,
  String(Object.prototype.toString.call(new Money())),
  +(new Money() as never),
  `${new Money()}`,
  (new Money() as never) + "",
);
list("property order", Object.getOwnPropertyNames({ z: 1, 10: 1, 9: 1, a: 1, "-5": 1, "1e3": 1 }));
const described = Object.defineProperty({}, "hidden", { value: 1 });
list("descriptors", [
  Object.getOwnPropertyDescriptor(described, "hidden"),
  Object.keys(described),
  JSON.stringify(described),
]);
list("entries", [
  Object.entries({ p: 1, q: 2 }),
  Object.fromEntries([["r", 3]]),
  Object.assign({}, "ab", null, [9]),
]);
row(
  "frozen",
  Object.isFrozen(Object.freeze([1])),
  Object.isSealed(Object.seal({})),
  Object.isExtensible(Object.preventExtensions({})),
  Object.hasOwn({ o: 1 }, "o"),
);
row(
  "functions",
  ((p: unknown, q = 1, ...r: unknown[]) => [p, q, r]).length,
  function named() {}.name,
  (() => {}).name,
  new (class {})().constructor.name,
  Math.max.bind(null, 3).name,
);
const bound = function (this: { n: number }, k: number): number {
  return this.n + k;
}.bind({ n: 40 }, 2);
row("bound", bound(), [1, 2, 3].map(Number.prototype.toFixed.call, Number.prototype.toFixed).length);
row(
  "weak references",
  typeof WeakRef,
  new WeakRef(savings).deref() === savings,
  typeof FinalizationRegistry,
  new WeakMap([[savings, 1]]).get(savings),
  new WeakSet([savings]).has(savings),
);
row(
  "registry",
  new FinalizationRegistry(() => {}).register({}, 1),
  typeof globalThis,
  Object.prototype.toString.call(globalThis).length > 0,
);

export {};
