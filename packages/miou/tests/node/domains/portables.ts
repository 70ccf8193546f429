// What the tests run in other domains; bundled beside the worker, see bundle.ts.
import {
  type CancelledError,
  call,
  Domain,
  type DomainId,
  ensure,
  NotOwnerError,
  type Operation,
  type Portable,
  portable,
  self,
  sleep,
  spawn,
  yieldNow,
} from "../../../src/index.ts";

const url = import.meta.url;

/** Where a call runs. */
export interface Place {
  readonly self: DomainId;
  readonly all: readonly DomainId[];
  readonly available: number;
}

export const identity: Portable<unknown, unknown> = portable(url, "identity", function* (value: unknown) {
  return value;
});

export const fib: Portable<number, number> = portable(
  url,
  "fib",
  function* fib(n: number): Operation<number> {
    if (n < 2) return n;
    const a = spawn(() => fib(n - 1));
    const b = spawn(() => fib(n - 2));
    return (yield* a) + (yield* b);
  },
);

export const whereAmI: Portable<undefined, Place> = portable(url, "whereAmI", function* (_: undefined) {
  return { self: Domain.self(), all: Domain.all(), available: Domain.available() };
});

/** Calls itself further on, `depth` times, and answers the domains it went through. */
export const nested: Portable<number, number[]> = portable(
  url,
  "nested",
  function* nest(depth: number): Operation<number[]> {
    if (depth === 0) return [Domain.self()];
    return [Domain.self(), ...(yield* call(nested, depth - 1))];
  },
);

/** Sleeps; tells of its start and its cleanup through shared memory: 1 started, 2 cleaned up. */
export const sleeper: Portable<{ ms: number; told: Int32Array }, string> = portable(
  url,
  "sleeper",
  function* ({ ms, told }: { ms: number; told: Int32Array }): Operation<string> {
    try {
      Atomics.add(told, 0, 1);
      Atomics.notify(told, 0);
      yield* sleep(ms);
      return "slept";
    } finally {
      yield* yieldNow();
      Atomics.add(told, 1, 1);
    }
  },
);

/** Keeps its thread busy, with a step now and then. */
export const busy: Portable<Int32Array, void> = portable(
  url,
  "busy",
  function* (told: Int32Array): Operation<void> {
    try {
      Atomics.add(told, 0, 1);
      Atomics.notify(told, 0);
      for (;;) yield* yieldNow();
    } finally {
      Atomics.add(told, 1, 1);
    }
  },
);

/** Takes no step at all. */
export const stuck: Portable<Int32Array, void> = portable(
  url,
  "stuck",
  function* (told: Int32Array): Operation<void> {
    Atomics.add(told, 0, 1);
    Atomics.notify(told, 0);
    for (;;);
  },
);

export const oneYield: Portable<number, number> = portable(
  url,
  "oneYield",
  function* (n: number): Operation<number> {
    yield* yieldNow();
    return n;
  },
);

class OddError extends RangeError {
  override readonly name = "OddError";
  readonly code = "ODD";
  readonly detail = { n: 3 };
  readonly fn: () => void = () => {};
}

export const fail: Portable<string, void> = portable(url, "fail", function* (how: string): Operation<void> {
  yield* yieldNow();
  if (how === "odd") throw new OddError("three", { cause: new TypeError("inner") });
  if (how === "ours") throw new NotOwnerError("check", self());
  if (how === "many") throw new AggregateError([new SyntaxError("a"), "b"], "both");
  if (how === "string") throw "word";
  if (how === "function") throw () => {};
  if (how === "exit") process.exit(7);
  if (how === "uncaught")
    setImmediate(() => {
      throw new Error("out of band");
    });
  if (how === "uncaught") yield* sleep(1e9);
});

/** Fails in yet another domain. */
export const relay: Portable<string, void> = portable(url, "relay", function* (how: string): Operation<void> {
  yield* call(fail, how);
});

export const uncopyable: Portable<undefined, unknown> = portable(url, "uncopyable", function* (_: undefined) {
  return () => 1;
});

/** Breaks a rule. */
export const forgetful: Portable<undefined, void> = portable(
  url,
  "forgetful",
  function* (_: undefined): Operation<void> {
    ensure(() => {});
    spawn(() => sleep(1e9), { name: "forgotten" });
  },
);

/** Starts a task that never ends in yet another domain, and throws. */
export const throwing: Portable<Int32Array, void> = portable(
  url,
  "throwing",
  function* (told: Int32Array): Operation<void> {
    call(busy, told);
    // Told by the other thread, not by the clock.
    while (Atomics.load(told, 0) === 0) yield* sleep(1);
    throw new Error("thrown");
  },
);

export const length: Portable<Uint8Array, number> = portable(url, "length", function* (bytes: Uint8Array) {
  return bytes.byteLength;
});

export const misnamed: Portable<undefined, void> = portable(url, "noSuchExport", function* (_: undefined) {});
export const nowhere: Portable<undefined, void> = portable(
  new URL("./nowhere.js", url).href,
  "x",
  function* (_: undefined) {},
);

let visits = 0;

/** How often this domain has been asked. */
export const visit: Portable<undefined, number> = portable(url, "visit", function* (_: undefined) {
  return ++visits;
});

/** Waits to be cancelled, and keeps the reason for {@link reasons}. */
const kept: unknown[] = [];
export const remember: Portable<Int32Array, void> = portable(url, "remember", function* (told: Int32Array) {
  try {
    Atomics.add(told, 0, 1);
    yield* sleep(1e9);
  } catch (error) {
    kept.push((error as CancelledError).reason);
    throw error;
  }
});
export const reasons: Portable<undefined, unknown[]> = portable(url, "reasons", function* (_: undefined) {
  return kept;
});
