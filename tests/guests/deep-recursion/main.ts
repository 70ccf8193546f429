// Ten thousand plain calls fit, as on Node; endless recursion is an error that a program can catch.
const depth = (n: number): number => (n === 0 ? 0 : 1 + depth(n - 1));
console.log("plain recursion:", depth(10_000));

const endless = (): number => 1 + endless();
for (const attempt of [1, 2, 3]) {
  try {
    endless();
  } catch (error) {
    console.log(`attempt ${attempt}:`, error instanceof RangeError, (error as Error).name);
  }
}
for (const [what, action] of Object.entries<() => unknown>({
  "a getter": () =>
    ({
      get me(): unknown {
        return this.me;
      },
    }).me,
  "a proxy": () => {
    const p: object = new Proxy({}, { get: (_, key, self) => Reflect.get(self, key) });
    return (p as { x: 1 }).x;
  },
  toString: () => {
    const o = { toString: (): string => `${o}` };
    return String(o);
  },
  "a constructor": () => {
    class Again {
      inner: Again = new Again();
    }
    return new Again();
  },
  sort: () => {
    const f = (): unknown => [2, 1].sort(f as never);
    return f();
  },
  "a generator": () => {
    function* g(): Generator<unknown> {
      yield* g();
    }
    return g().next();
  },
  JSON: () => {
    let list: unknown[] = [];
    for (let i = 0; i < 200_000; i++) list = [list];
    return JSON.stringify(list);
  },
  "a pattern": () => {
    let list: unknown[] = [];
    for (let i = 0; i < 200_000; i++) list = [list];
    return String(list);
  },
})) {
  try {
    action();
    console.log(`${what}: ended`);
  } catch (error) {
    console.log(`${what}: ${(error as Error).name}`);
  }
}
console.log("still alive:", depth(5000));
