// Map, Set and objects take time in proportion to what is in them, whatever the keys: at sixteen times as many,
// sixteen times as long. A bound of four times that is broken by a list only: it would be 256 times as long.
const N = 1024;
const BOUND = 64;

/** Strings of 28 units that a polynomial of base 263 hashes to the same number, as the engine once did. */
function colliding(count: number): string[] {
  const [one, other] = ["\u0001\u012c", "\u0002\u0025"];
  return Array.from({ length: count }, (_, n) =>
    Array.from({ length: 14 }, (_, bit) => (n & (1 << bit) ? one : other)).join(""),
  );
}

const kinds: Record<string, (count: number) => PropertyKey[] | unknown[]> = {
  "small integers": (count) => Array.from({ length: count }, (_, n) => n),
  "multiples of 65536": (count) => Array.from({ length: count }, (_, n) => n * 65536),
  "negative integers": (count) => Array.from({ length: count }, (_, n) => -n),
  fractions: (count) => Array.from({ length: count }, (_, n) => n + 0.5),
  "large doubles": (count) => Array.from({ length: count }, (_, n) => n * 2 ** 60),
  "doubles with equal halves": (count) => {
    const halves = new Uint32Array(2);
    const double = new Float64Array(halves.buffer);
    return Array.from({ length: count }, (_, n) => {
      halves.fill(0x3ff00000 + n * 4096);
      return double[0];
    });
  },
  strings: (count) => Array.from({ length: count }, (_, n) => `key ${n}`),
  "strings with a long beginning": (count) => Array.from({ length: count }, (_, n) => "\0".repeat(100) + n),
  "colliding strings": colliding,
};
const onlyInMaps: typeof kinds = {
  "neighbouring bigints": (count) => Array.from({ length: count }, (_, n) => 2n ** 62n - BigInt(n)),
  objects: (count) => Array.from({ length: count }, () => ({})),
};

/** What is done with keys. */
const uses: Record<string, (keys: readonly unknown[]) => void> = {
  Map(keys) {
    const map = new Map();
    for (const key of keys) map.set(key, 1);
    for (const key of keys) if (!map.has(key)) throw new Error("lost");
    for (const key of keys) map.delete(key);
  },
  Set(keys) {
    const set = new Set(keys);
    for (const key of keys) if (!set.has(key)) throw new Error("lost");
  },
  object(keys) {
    const object: Record<PropertyKey, number> = {};
    for (const key of keys as PropertyKey[]) object[key] = 1;
    for (const key of keys as PropertyKey[]) if (!(key in object)) throw new Error("lost");
  },
  "JSON.parse"(keys) {
    const text = `{${keys.map((key) => `${JSON.stringify(String(key))}:1`).join()}}`;
    JSON.parse(text, (_, value) => value);
  },
};

function time(use: (keys: readonly unknown[]) => void, keys: readonly unknown[]): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const start = performance.now();
    use(keys);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

for (const [use, perform] of Object.entries(uses)) {
  const all = use === "Map" || use === "Set" ? { ...kinds, ...onlyInMaps } : kinds;
  for (const [kind, make] of Object.entries(all)) {
    const ratio = time(perform, make(16 * N)) / time(perform, make(N));
    console.log(
      `${use}, ${kind}: ${ratio < BOUND ? "in proportion" : `16 times as many, ${ratio.toFixed()} times as long`}`,
    );
  }
}

/** ns of one `has`, at least. */
function has(keys: readonly unknown[]): number {
  const set = new Set(keys);
  const rounds = Math.ceil((4 * N) / keys.length);
  const each = (): void => {
    for (let round = 0; round < rounds; round++) for (const key of keys) set.has(key);
  };
  return time(each, keys) / rounds / keys.length;
}

// Of any size: small integers are no worse keys than objects are.
for (let count = 16; count <= 16 * N; count *= 4) {
  const ratio = has(kinds["small integers"]!(count)) / has(onlyInMaps.objects!(count));
  console.log(
    `${count} small integers are found ${ratio < 4 ? "like objects" : `${ratio.toFixed(1)} times slower`}`,
  );
}
