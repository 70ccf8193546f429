// Promises, async functions, and the order in which their reactions run.
const row = (label: string, ...values: unknown[]): void => console.log(`${label}:`, ...values);
const pause = (): Promise<void> => Promise.resolve();

const order: string[] = [];
order.push("1 module");
const first = Promise.resolve().then(() => order.push("4 first reaction"));
queueMicrotask(() => order.push("5 microtask"));
const asyncOrder = (async () => {
  order.push("2 async body runs at once");
  await null;
  order.push("6 after await");
})();
order.push("3 module goes on");
await Promise.all([first, asyncOrder]);
for (const entry of order) row("order", entry);

// A thenable costs one more turn, an own promise returned from `then` two.
const race: string[] = [];
const count = async (name: string, turns: number): Promise<void> => {
  for (let i = 1; i <= turns; i++) {
    await pause();
    race.push(`${name}${i}`);
  }
};
await Promise.all([
  count("tick", 6),
  Promise.resolve()
    .then((): PromiseLike<string> => ({ then: (resolve) => resolve?.("x") as never }))
    .then(() => race.push("thenable")),
  Promise.resolve()
    .then(() => Promise.resolve())
    .then(() => race.push("promise")),
  (async () => {
    await (async () => {})();
    race.push("inner async");
  })(),
  new Promise<void>((resolve) => resolve(pause())).then(() => race.push("resolved with a promise")),
]);
row("turns", race.join(" "));

const failing = async (): Promise<never> => {
  throw new TypeError("from async");
};
try {
  await failing();
} catch (error) {
  row("caught", (error as Error).message, error instanceof TypeError);
} finally {
  row("finally", "runs");
}
row("finally keeps the value", await Promise.resolve(1).finally(() => 2));
row(
  "finally may replace it",
  await Promise.resolve(1)
    .finally(() => failing())
    .catch((e: Error) => e.message),
);
row(
  "return in finally",
  await (async () => {
    try {
      return await failing();
    } catch {
      return "caught";
    } finally {
      await pause();
    }
  })(),
);

row("all", (await Promise.all([1, pause(), Promise.resolve("x")])).map(String).join());
row("all rejects", await Promise.all([pause(), failing()]).catch((e: Error) => e.message));
row(
  "allSettled",
  JSON.stringify((await Promise.allSettled([1, Promise.reject("no")])).map((r) => ({ ...r }))),
);
row("race", await Promise.race([new Promise(() => {}), Promise.resolve("first"), Promise.resolve("second")]));
row("any", await Promise.any([Promise.reject(1), Promise.resolve("won")]));
const none = await Promise.any([Promise.reject(1), Promise.reject(2)]).catch((e: AggregateError) => e);
row("any fails", none instanceof AggregateError && none.errors.join());
row("empty", (await Promise.all([])).length, (await Promise.allSettled([])).length);
row(
  "once only",
  await new Promise((resolve, reject) => {
    resolve(1);
    reject(new Error("late"));
    resolve(2);
  }),
);
row(
  "throw after resolve",
  await new Promise((resolve) => {
    resolve("kept");
    throw new Error("lost");
  }),
);
const self: Promise<unknown> = pause().then(() => self);
row("resolved with itself", await self.catch((e: Error) => e.name));
row(
  "thenable that throws",
  await Promise.resolve({
    get then() {
      throw new RangeError("getter");
    },
  } as never).catch((e: Error) => e.name),
);

class Tracked<T> extends Promise<T> {}
row("subclass", Tracked.resolve(1).then(() => 1) instanceof Tracked, (await Tracked.all([1])).length);

async function* naturals(limit: number): AsyncGenerator<number, string, string | undefined> {
  try {
    for (let i = 0; i < limit; i++) {
      await pause();
      const answer = yield i;
      if (answer !== undefined) row("answer", answer);
    }
    return "done";
  } finally {
    row("generator", "closed");
  }
}
for await (const n of naturals(3)) row("for await", n);
for await (const n of naturals(9)) if (n === 1) break;
const numbers = naturals(2);
row(
  "next",
  JSON.stringify([
    await numbers.next(),
    await numbers.next("hello"),
    await numbers.next(),
    await numbers.next(),
  ]),
);
const cut = naturals(5);
await cut.next();
row("return", JSON.stringify(await cut.return("early")), JSON.stringify(await cut.next()));
row(
  "throw",
  await naturals(5)
    .throw(new Error("into"))
    .catch((e: Error) => e.message),
);
async function* delegating(): AsyncGenerator<unknown> {
  const result = yield* naturals(1);
  yield result;
  yield* [Promise.resolve("from a list"), 2];
}
const delegated: unknown[] = [];
for await (const value of delegating()) delegated.push(value);
row("yield*", delegated.join());
for await (const value of [Promise.resolve("a"), "b"]) row("for await over a list", value);

const parallel = naturals(3);
const together = await Promise.all([parallel.next(), parallel.next(), parallel.next(), parallel.next()]);
row("queued requests", together.map(({ value, done }) => `${value}/${done}`).join());

let total = 0;
await Promise.all(
  Array.from({ length: 1000 }, async (_, i) => {
    for (let k = 0; k < i % 7; k++) await k;
    total += i;
  }),
);
row("a thousand tasks", total);
let chain: Promise<number> = Promise.resolve(0);
for (let i = 0; i < 10_000; i++) chain = chain.then((n) => n + 1);
row("a chain of ten thousand", await chain);

const handledLater = Promise.reject(new Error("handled in time"));
handledLater.catch(() => {});
row("a rejection that is handled", await handledLater.catch((e: Error) => e.message));
row("top-level await", await (async () => "works")());

export {};
