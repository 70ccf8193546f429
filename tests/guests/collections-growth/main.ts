// Map, Set and objects take time in proportion to what is in them, whatever the keys: sixteen times as many once are
// like as many sixteen times, which are interrupted as often. A list would take sixteen times as long.
const N = 1024;
const BOUND = 4;
/** How long, in ms, two times that are too far apart are measured again. */
const PATIENCE = 5000;

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

function time(perform: () => void): number {
  const start = performance.now();
  perform();
  return performance.now() - start;
}

/** How many times as long the one takes as the other, each at its best. */
function ratio(one: () => void, other: () => void): number {
  let [best, otherBest] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const end = performance.now() + PATIENCE;
  for (let round = 0; ; round++) {
    best = Math.min(best, time(one));
    otherBest = Math.min(otherBest, time(other));
    if ((round > 1 && best < BOUND * otherBest) || performance.now() > end) return best / otherBest;
  }
}

for (const [use, perform] of Object.entries(uses)) {
  const all = use === "Map" || use === "Set" ? { ...kinds, ...onlyInMaps } : kinds;
  for (const [kind, make] of Object.entries(all)) {
    const [few, many] = [make(N), make(16 * N)];
    const found = ratio(
      () => perform(many),
      () => {
        for (let round = 0; round < 16; round++) perform(few);
      },
    );
    console.log(
      `${use}, ${kind}: ${found < BOUND ? "in proportion" : `${found.toFixed()} times as long for each`}`,
    );
  }
}

/** Finds each key of a set, and all of them again until that are many. */
function finding(keys: readonly unknown[]): () => void {
  const set = new Set(keys);
  const rounds = Math.ceil((4 * N) / keys.length);
  return () => {
    for (let round = 0; round < rounds; round++) for (const key of keys) set.has(key);
  };
}

// Of any size: small integers are no worse keys than objects are.
for (let count = 16; count <= 16 * N; count *= 4) {
  const numbers = Array.from({ length: count }, (_, n) => n);
  const found = ratio(finding(numbers), finding(numbers.map(() => ({}))));
  console.log(
    `${count} small integers are found ${found < BOUND ? "like objects" : `${found.toFixed(1)} times slower`}`,
  );
}
