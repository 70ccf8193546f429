/// <reference lib="esnext" />
// Ways to run out of memory: each ends in an error that a program can catch, print and keep, and that says so. The
// command line names the way after which to begin.
import { cmdline } from "uk:solo5";

/** Grows `list` for ever by what `make` returns. */
const hoard = (make: (n: number) => unknown): void => {
  const list: unknown[] = [];
  for (let n = 0; ; n++) list.push(make(n));
};
const text = (n: number): string => `text number ${n} `;
const numbers = Array.from({ length: 1000 }, (_, n) => n);
const words = numbers.map(text);
const long = words.join("");

class Point {
  x: number;
  #y: number;
  constructor(x: number) {
    this.x = x;
    this.#y = -x;
  }
  get y(): number {
    return this.#y;
  }
}
function* count(): Generator<number> {
  for (let n = 0; ; n++) yield n;
}

const ways: Record<string, () => void> = {
  objects: () => hoard((n) => ({ n })),
  "wide objects": () => {
    const object: Record<string, number> = {};
    for (let n = 0; ; n++) object[`key${n}`] = n;
  },
  classes: () => hoard(() => class {}),
  instances: () => hoard((n) => new Point(n)),
  closures: () => hoard((n) => () => n),
  bound: () => hoard((n) => Math.max.bind(null, n)),
  functions: () => hoard((n) => new Function(`return ${n}`)),
  evaluated: () => hoard((n) => (0, eval)(`({ n: ${n} })`)),
  generators: () =>
    hoard(() => {
      const it = count();
      it.next();
      return it;
    }),
  "async functions": () =>
    hoard(async (n) => {
      await new Promise(() => {});
      return n;
    }),
  "async generators": () =>
    hoard(() => {
      const it = (async function* () {
        yield 1;
      })();
      void it.next();
      return it;
    }),
  promises: () => hoard(() => new Promise(() => {})),
  reactions: () => {
    const promise = new Promise(() => {});
    for (;;) promise.then(() => {});
  },
  "settled reactions": () => {
    for (;;) Promise.resolve().then(() => {});
  },
  microtasks: () => {
    for (;;) queueMicrotask(() => {});
  },
  "promise.all": () => hoard(() => Promise.all([new Promise(() => {}), 1])),
  thenables: () => {
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tried
    for (;;) Promise.resolve({ then() {} } as unknown as Promise<void>);
  },
  errors: () => hoard((n) => new Error(text(n))),
  "errors that were thrown": () =>
    hoard((n) => {
      try {
        return (null as unknown as number[])[n];
      } catch (error) {
        return error;
      }
    }),
  stacks: () => hoard((n) => new Error(text(n)).stack),
  "aggregate errors": () => hoard((n) => new AggregateError([new Error(text(n))])),
  strings: () => hoard((n) => text(n) + text(n)),
  "doubled string": () => {
    let s = "ab€";
    for (;;) s = `${s}${s}`.replace("a", "b");
  },
  normalize: () => {
    let s = "\u00e9\u20ac";
    for (;;) s = (s + s).normalize("NFD");
  },
  "normalize NFC": () => hoard(() => long.normalize("NFKC").slice(1)),
  "upper case": () => hoard(() => long.toUpperCase()),
  "lower case": () => hoard(() => `İ${long}`.toLowerCase()),
  repeat: () => hoard((n) => "abc".repeat(n + 1)),
  pad: () => hoard((n) => "".padStart(n + 1, "é")),
  split: () => hoard(() => long.split(" ")),
  "split into characters": () => hoard(() => long.split("")),
  "spread string": () => hoard(() => [...long]),
  join: () => hoard(() => words.join("/")),
  replace: () => hoard(() => long.replace(/number/g, (all) => `${all}!`)),
  "replace all": () => hoard(() => long.replaceAll("number", "$&€")),
  "match all": () => hoard(() => [...long.matchAll(/\d+/g)]),
  match: () => hoard(() => long.match(/\w+/gu)),
  "regular expressions": () => hoard((n) => new RegExp(`(a${n})|b+?`, "gu")),
  "unicode classes": () =>
    hoard((n) => new RegExp(`[\\p{L}a-${String.fromCharCode(100 + (n % 20))}]+`, "iv")),
  "named groups": () => hoard((n) => new RegExp(`(?<g${n}>x)|(?<h>y)`, "d").exec("x")),
  captures: () => hoard(() => /(?:(\w+) )*$/.exec(long)),
  "deep expression": () => {
    let pattern = "a";
    for (;;) {
      pattern = `(?:${pattern}|b)(?:${pattern}|c)`;
      new RegExp(pattern).exec("ab".repeat(100));
    }
  },
  templates: () => hoard((n) => String.raw`${text(n)}|${n}`),
  encode: () => hoard(() => encodeURIComponent(long)),
  decode: () => hoard(() => decodeURIComponent("%E2%82%AC".repeat(1000))),
  escape: () => hoard(() => escape(long)),
  push: () => hoard((n) => n),
  "many arrays": () => hoard((n) => [n]),
  fill: () => hoard(() => new Array(1000).fill(0)),
  concat: () => {
    let list = numbers;
    for (;;) list = list.concat(list);
  },
  "spread arrays": () => {
    let list = numbers;
    for (;;) list = [...list, ...list];
  },
  slice: () => hoard(() => numbers.slice(1)),
  splice: () => {
    const list = numbers.slice();
    for (;;) list.splice(500, 0, ...numbers);
  },
  unshift: () => {
    const list: number[] = [];
    for (;;) list.unshift(...numbers);
  },
  "sparse array": () => {
    const list: number[] = [];
    for (let n = 0; ; n++) list[n * 1000] = n;
  },
  map: () => hoard(() => numbers.map((n) => ({ n }))),
  filter: () => hoard(() => numbers.filter(() => true)),
  flat: () => hoard(() => [numbers, [numbers]].flat(2)),
  from: () => hoard(() => Array.from({ length: 500 }, (_, n) => text(n))),
  sort: () => hoard(() => words.slice().sort()),
  "to sorted": () => hoard(() => words.toSorted((a, b) => (a < b ? 1 : -1))),
  reverse: () => hoard(() => numbers.toReversed()),
  group: () => hoard(() => Object.groupBy(numbers, (n) => String(n % 100))),
  "group in a map": () => hoard(() => Map.groupBy(numbers, (n) => n % 100)),
  arguments: () => hoard(() => ((...rest: number[]) => rest)(...numbers)),
  "argument objects": () =>
    hoard((n) =>
      function () {
        // biome-ignore lint/complexity/noArguments: they are what is tried
        return arguments;
      }.call(null, ...([n, n] as unknown as [])),
    ),
  maps: () => {
    const map = new Map();
    for (let n = 0; ; n++) map.set(n, n);
  },
  "maps of strings": () => {
    const map = new Map();
    for (let n = 0; ; n++) map.set(text(n), n);
  },
  sets: () => {
    const set = new Set();
    for (let n = 0; ; n++) set.add(n + 0.5);
  },
  "set methods": () => hoard((n) => new Set(numbers).union(new Set([n + 1e6]))),
  "weak maps": () => {
    const [map, keys] = [new WeakMap(), [] as object[]];
    for (let n = 0; ; n++) {
      const key = {};
      keys.push(key);
      map.set(key, n);
    }
  },
  "weak sets": () => {
    const [set, keys] = [new WeakSet(), [] as object[]];
    for (;;) {
      const key = {};
      keys.push(key);
      set.add(key);
    }
  },
  "weak references": () => hoard(() => new WeakRef({})),
  registrations: () => {
    const registry = new FinalizationRegistry(() => {});
    hoard((n) => {
      const key = {};
      registry.register(key, n, key);
      return key;
    });
  },
  proxies: () => hoard((n) => new Proxy({ n }, {})),
  symbols: () => hoard((n) => Symbol(text(n))),
  "symbols for": () => hoard((n) => Symbol.for(text(n))),
  accessors: () => hoard((n) => Object.defineProperty({}, "n", { get: () => n, configurable: true })),
  entries: () => hoard(() => Object.entries(words)),
  "from entries": () => hoard(() => Object.fromEntries(words.map((word, n) => [word, n]))),
  assign: () => hoard(() => ({ ...words })),
  "own keys": () => hoard(() => Reflect.ownKeys(words)),
  descriptors: () => hoard(() => Object.getOwnPropertyDescriptors({ a: 1, b: 2, c: 3 })),
  "chain of prototypes": () => {
    let object = {};
    for (;;) object = Object.create(object);
  },
  "parsed JSON": () => hoard(() => JSON.parse('[{"a":1,"b":["c",2.5,null]}]')),
  "reviving JSON": () => hoard(() => JSON.parse('{"a":[1,2,{"b":3}]}', (_, value) => value)),
  "printed JSON": () => hoard((n) => JSON.stringify({ words, n })),
  "indented JSON": () => hoard((n) => JSON.stringify({ numbers, n }, null, 4)),
  numbers: () => hoard((n) => (n + 0.1).toString()),
  "numbers in base 2": () => hoard((n) => (n + 0.1).toString(2)),
  "fixed numbers": () => hoard((n) => (n + 0.1).toFixed(100)),
  bigints: () => hoard((n) => 3n ** BigInt(1000 + (n % 100))),
  "shifted bigints": () => hoard((n) => 1n << BigInt(n * 100)),
  "bigints as text": () => hoard((n) => (1n << BigInt(n % 2000)).toString()),
  "bigints from text": () => hoard((n) => BigInt("9".repeat((n % 500) + 100))),
  dates: () => hoard((n) => new Date(n)),
  "dates as text": () => hoard((n) => new Date(n * 1e6).toISOString()),
  buffers: () => hoard((n) => new ArrayBuffer((n + 1) * 64)),
  "resizable buffers": () => {
    const buffer = new ArrayBuffer(0, { maxByteLength: 2 ** 20 });
    hoard((n) => {
      buffer.resize((n * 4096) % 2 ** 20);
      return buffer.slice(0);
    });
  },
  "transferred buffers": () => hoard((n) => new ArrayBuffer(1000 + n).transfer(2000 + n)),
  "shared buffers": () => hoard((n) => new SharedArrayBuffer((n + 1) * 64)),
  "typed arrays": () => hoard((n) => new Float64Array(n + 100)),
  "typed arrays from lists": () => hoard(() => Uint16Array.from(numbers)),
  "views of memory": () => hoard(() => new DataView(new ArrayBuffer(100))),
  iterators: () => hoard(() => numbers.values().map((n) => n + 1)),
  "iterator helpers": () =>
    hoard(() =>
      numbers
        .values()
        .flatMap((n) => [n, n])
        .take(500)
        .toArray(),
    ),
  destructuring: () =>
    hoard(() => {
      const [first, ...rest] = numbers;
      return [first, rest];
    }),
  "printed values": () => hoard((n) => (n % 64 === 0 ? [n, words.slice(0, 20)] : words.slice(0, 20))),
  deep: () => {
    let deep: unknown = null;
    for (;;) deep = [deep];
  },
};

const names = Object.keys(ways);
for (const name of names.slice(cmdline() === "" ? 0 : names.indexOf(cmdline()) + 1)) {
  // Its own function, so that what is caught is kept as programs keep it.
  const tried = (): string => {
    let kept: unknown = "nothing";
    try {
      ways[name]?.();
    } catch (error) {
      kept = error;
    }
    return kept instanceof Error ? `${kept.name}: ${kept.message}` : `${typeof kept} ${String(kept)}`;
  };
  // Said before: the way may be the guest's last.
  console.log(`trying ${name}`);
  console.log(`caught ${tried()}`);
  // What is left in the engine's queue goes.
  await undefined;
}
