import {
  allSettled,
  all as allTasks,
  Channel,
  Computation,
  Condition,
  Lazy,
  Mutex,
  type Operation,
  Orphans,
  oneOf,
  race,
  Semaphore,
  sleep,
  spawn,
  sub,
  suspend,
  type Task,
  Trigger,
  timeout,
  yieldNow,
} from "../../src/index.ts";
import { after, type Case, codeOf, equal, forever, go, ok, settle } from "./kit.ts";

/** An operation that waits until it is finished from outside. */
interface Shared {
  readonly what: string;
  /** The operation itself, where its iterator may be given to two tasks by hand. */
  readonly operation?: Operation<unknown>;
  /** Another task that is needed. */
  start?(): Task<unknown>;
  /** Performs it, and all that belongs to it. */
  body(): Operation<unknown>;
  finish(): void;
}

function one(what: string, operation: Operation<unknown>, finish: () => void): Shared {
  return { what, operation, body: () => operation, finish };
}

/** One of each kind, waiting. The root task calls it, and holds what they wait for. */
function waits(): Shared[] {
  const computation = new Computation<number>();
  const other = new Computation<number>();
  const trigger = new Trigger();
  const semaphore = new Semaphore(0);
  const [empty, full] = [new Channel<number>(0), new Channel<number>(0)];
  const [mutex, condition] = [new Mutex(), new Condition()];
  const gate = new Computation<number>();
  const lazy = new Lazy(function* () {
    return yield* gate;
  });
  let resume = (): void => {};
  const none = (): void => {};
  /** Performed on two children of the task, of which the first ends by itself. */
  const onChildren = (what: string, join: (a: () => Operation<unknown>) => Operation<unknown>): Shared => ({
    what,
    body: () => join(() => after(50, 7)),
    finish: none,
  });
  return [
    one("sleep", sleep(10), none),
    one(
      "suspend",
      suspend<void>(({ ok }) => {
        resume = ok;
      }),
      () => resume(),
    ),
    one("Computation", computation, () => computation.tryReturn(7)),
    one("Computation.result", other.result(), () => other.tryReturn(7)),
    one("Trigger", trigger, () => trigger.signal()),
    one("Semaphore.acquire", semaphore.acquire(), () => semaphore.release()),
    one("Channel.receive", empty.receive(), () => empty.trySend(7)),
    one("Channel.send", full.send(7), () => full.tryReceive()),
    one("sub", sub(after(50, 7)), none),
    {
      what: "Mutex.lock and Condition.wait",
      *body() {
        yield* mutex.lock();
        yield* condition.wait(mutex);
        mutex.unlock();
      },
      finish: () => condition.broadcast(),
    },
    { what: "Lazy", start: () => spawn(() => lazy), body: () => lazy, finish: () => gate.tryReturn(7) },
    { what: "timeout", body: () => timeout(100, () => after(50, 7)), finish: none },
    onChildren("await", function* (a) {
      return yield* spawn(a);
    }),
    onChildren("result", function* (a) {
      return yield* spawn(a).result();
    }),
    onChildren("cancel", function* () {
      const child = spawn(function* () {
        try {
          yield* forever();
        } finally {
          yield* sleep(10);
        }
      });
      yield* yieldNow();
      yield* child.cancel();
    }),
    onChildren("race", function* (a) {
      return yield* race([spawn(a), spawn(() => forever())]);
    }),
    onChildren("oneOf", function* (a) {
      const b = spawn(() => forever());
      yield* oneOf([spawn(a), b]);
      yield* b.cancel();
    }),
    onChildren("all", function* (a) {
      return yield* allTasks([spawn(a), spawn(a)]);
    }),
    onChildren("allSettled", function* (a) {
      return yield* allSettled([spawn(a), spawn(a)]);
    }),
    onChildren("Orphans.next", function* (a) {
      const orphans = new Orphans<unknown>();
      spawn(a, { orphans });
      return yield* orphans.next();
    }),
  ];
}

/** What came of the two tasks to which `share` gave what `waits()[index]` is. */
function outcomes(
  index: number,
  share: (shared: Shared) => [() => Operation<unknown>, () => Operation<unknown>],
): [string, string] {
  return go(function* () {
    const shared = waits()[index] as Shared;
    const [first, second] = share(shared);
    const helper = shared.start?.();
    const told = (fn: () => Operation<unknown>) =>
      spawn(function* () {
        return yield* spawn(fn).result();
      });
    const tasks = [told(first)];
    // So that it waits.
    yield* settle(10);
    tasks.push(told(second));
    yield* settle();
    shared.finish();
    const said: string[] = [];
    for (const task of tasks) {
      const result = yield* task;
      said.push(result.ok ? `ok ${result.value}` : codeOf(result.error));
      if (!result.ok && result.error instanceof TypeError)
        ok(result.error.message.includes("already waits"), `${shared.what}: says "${result.error.message}"`);
    }
    if (helper !== undefined) yield* helper;
    return said as [string, string];
  });
}

/** What the operation gives when one task performs it. */
function alone(index: number): string {
  return outcomes(index, ({ body }) => [body, function* () {}])[0];
}

const kinds = go(function* () {
  return waits().map(({ what, operation }) => ({ what, hasOperation: operation !== undefined }));
});

export const sharing: readonly Case[] = [
  {
    id: "SH1",
    name: "a generator given to two tasks is refused to the second, and the first goes on, whatever it waits in",
    run() {
      for (const [index, { what }] of kinds.entries()) {
        const said = outcomes(index, ({ body }) => {
          function* work(): Operation<unknown> {
            return yield* body();
          }
          const generator = work();
          return [() => generator, () => generator];
        });
        equal([what, ...said], [what, alone(index), "TypeError"]);
      }
      go(function* () {
        function* work(): Operation<number> {
          yield* yieldNow();
          yield* sleep(5);
          return 7;
        }
        const generator = work();
        const [first, second] = [spawn(() => generator), spawn(() => generator)];
        equal(yield* second.result(), { ok: false, error: new TypeError() });
        equal(yield* first, 7);
        const again = work();
        const outer = spawn(() => sub(again));
        equal(yield* spawn(() => sub(again)).result(), { ok: false, error: new TypeError() });
        equal(yield* outer, 7);
      });
    },
  },
  {
    id: "SH2",
    name: "a generator to which two tasks delegate is refused to the second, and the first does not go on without it",
    run() {
      for (const [index, { what }] of kinds.entries()) {
        const said = outcomes(index, ({ body }) => {
          function* work(): Operation<unknown> {
            return yield* body();
          }
          const generator = work();
          function* delegate(): Operation<unknown> {
            return yield* generator;
          }
          return [delegate, delegate];
        });
        // A task is awaited by handle: to the second it is the child of somebody else.
        const refused = what === "await" ? "NOT_A_CHILD" : "TypeError";
        equal([what, ...said], [what, refused, refused]);
      }
    },
  },
  {
    id: "SH3",
    name: "an iterator in which a task waits is refused to a second one, and the first gets what it waits for",
    run() {
      for (const [index, { what, hasOperation }] of kinds.entries()) {
        if (!hasOperation) continue;
        const said = outcomes(index, ({ operation }) => {
          const iterator = (operation as Operation<unknown>)[Symbol.iterator]();
          function* perform(): Operation<unknown> {
            return yield* { [Symbol.iterator]: () => iterator };
          }
          return [perform, perform];
        });
        equal([what, ...said], [what, alone(index), "TypeError"]);
      }
    },
  },
  {
    id: "SH4",
    name: "an operation that two tasks perform serves both, each with a wait of its own",
    run() {
      go(function* () {
        const [nap, channel, computation] = [sleep(10), new Channel<number>(0), new Computation<number>()];
        const received = channel.receive();
        const twice = (operation: Operation<unknown>) => [spawn(() => operation), spawn(() => operation)];
        const tasks = [...twice(nap), ...twice(received), ...twice(computation)];
        yield* settle();
        channel.trySend(1);
        channel.trySend(2);
        computation.tryReturn(3);
        equal(yield* allTasks(tasks), [undefined, undefined, 1, 2, 3, 3]);
      });
    },
  },
];
