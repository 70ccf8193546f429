import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  all,
  Computation,
  Condition,
  ensure,
  forEach,
  isCancelled,
  MiouError,
  Mutex,
  type Operation,
  PriorityQueue,
  protect,
  Resource,
  type RunSyncOptions,
  run,
  runSync,
  Semaphore,
  Sequence,
  self,
  shield,
  sleep,
  spawn,
  stats,
  type Task,
  timeout,
  trace,
  until,
  virtualTime,
  withSignal,
  yieldNow,
} from "../src/index.ts";
import { model, type Report, type Statement } from "./model.ts";

// Each of the thousands of runs below also checks that it leaves nothing behind.
process.env.MIOU_ASSERT = "1";

/** A program read off a tape of numbers, which shrinks well: what is missing reads as 0, an empty block. */
const block = fc.array(fc.nat(0xffff), { maxLength: 160, size: "max" }).map((tape) => {
  let at = 0;
  const read = (bound: number): number => (tape[at++] ?? 0) % bound;
  const statements = (depth: number): Statement[] =>
    Array.from({ length: read(depth === 0 ? 9 : 6) }, () => statement(depth + 1));
  function statement(depth: number): Statement {
    const choice = read(depth > 5 ? 9 : 20);
    if (choice < 2) return { op: "log", n: read(100) };
    if (choice < 5) return { op: "yield" };
    if (choice < 6) return { op: "sleep", ms: read(4) };
    if (choice < 7) return read(3) === 0 ? { op: "throw", n: read(10) } : { op: "yield" };
    if (choice < 8) return { op: "result", child: read(6) };
    if (choice < 9) return { op: "await", child: read(6) };
    if (choice < 11) return { op: "cancel", child: read(6) };
    if (choice < 17) return { op: "spawn", body: statements(depth) };
    if (choice < 19) return { op: "finally", body: statements(depth), cleanup: statements(depth) };
    return { op: "catch", body: statements(depth) };
  }
  return statements(0);
});

/** Ends every task with `result` for each child it may have: most random programs would break a rule otherwise. */
function tidy(statements: readonly Statement[]): Statement[] {
  const inner = statements.map((statement): Statement => {
    if (statement.op === "spawn") return { ...statement, body: tidy(statement.body) };
    if (statement.op === "catch") return { ...statement, body: inside(statement.body) };
    if (statement.op === "finally") {
      return { ...statement, body: inside(statement.body), cleanup: inside(statement.cleanup) };
    }
    return statement;
  });
  return [...inner, ...Array.from({ length: 12 }, (_, child): Statement => ({ op: "result", child }))];
}

function inside(statements: readonly Statement[]): Statement[] {
  return tidy(statements).slice(0, statements.length);
}

function name(error: unknown): string {
  return error instanceof MiouError ? error.code : String(error);
}

/** Runs the program for real. */
function real(main: readonly Statement[], options: RunSyncOptions = {}): Report {
  const log: string[] = [];
  const numbers = new Map<number, number>();
  let created = 0;

  function start(body: readonly Statement[]): () => Operation<void> {
    const id = created++;
    return function* () {
      try {
        yield* execute(id, [], body);
      } finally {
        log.push(`${id} ended`);
      }
    };
  }

  function* execute(id: number, handles: Task<void>[], statements: readonly Statement[]): Operation<void> {
    for (const statement of statements) {
      switch (statement.op) {
        case "log":
          log.push(`${id} log ${statement.n}`);
          break;
        case "throw":
          throw `e${statement.n}`;
        case "yield":
          yield* yieldNow();
          break;
        case "sleep":
          yield* sleep(statement.ms);
          break;
        case "spawn": {
          const number = created;
          const task = spawn(start(statement.body));
          numbers.set(task.uid, number);
          handles.push(task);
          break;
        }
        case "finally":
          try {
            yield* execute(id, handles, statement.body);
          } finally {
            yield* execute(id, handles, statement.cleanup);
          }
          break;
        case "catch":
          try {
            yield* execute(id, handles, statement.body);
          } catch (error) {
            log.push(`${id} caught ${name(error)}`);
          }
          break;
        default: {
          const child = handles[statement.child % handles.length];
          if (child === undefined) break;
          const number = numbers.get(child.uid);
          if (statement.op === "await") yield* child;
          else if (statement.op === "cancel") {
            yield* child.cancel();
            log.push(`${id} cancelled ${number}`);
          } else {
            const result = yield* child.result();
            log.push(`${id} result ${number} ${result.ok ? "ok" : name(result.error)}`);
          }
        }
      }
    }
  }

  const root = start(main);
  try {
    runSync(root, { ...virtualTime(), ...options });
    return { log, outcome: "ok" };
  } catch (error) {
    return { log, outcome: name(error) };
  }
}

/** The model says when a task settles; a program cannot see that. */
function visible({ log, outcome }: Report): Report {
  return { log: log.filter((line) => !line.includes("settled")), outcome };
}

describe("the scheduler against a slow, obvious one", () => {
  it("logs the same, in the same order, for programs that consume their children", () => {
    fc.assert(
      fc.property(block, (statements) => {
        const program = tidy(statements);
        expect(real(program)).toEqual(visible(model(program)));
      }),
      { numRuns: 3000 },
    );
  });

  it("logs the same for programs that may break the rules", () => {
    fc.assert(
      fc.property(block, (statements) => {
        expect(real(statements)).toEqual(visible(model(statements)));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("in any order of the ready tasks", () => {
  it("every task settles before the run does, none outlives its parent, each started cleanup ends once", () => {
    fc.assert(
      fc.property(block, fc.integer(), (statements, seed) => {
        const open = new Set<Task<unknown>>();
        const parents = new Map<Task<unknown>, Task<unknown> | undefined>();
        const broken: string[] = [];
        const subscription = trace.subscribe((event) => {
          if (event.type === "spawn") {
            open.add(event.task);
            parents.set(event.task, event.parent);
          } else if (event.type === "done" || event.type === "cancelled") {
            if (!open.delete(event.task)) broken.push(`${event.task} settled twice`);
            for (const task of open)
              if (parents.get(task) === event.task) broken.push(`${task} outlives its parent`);
          }
        });
        const guarded: Statement[] = [
          { op: "finally", body: tidy(statements), cleanup: [{ op: "yield" }, { op: "log", n: -1 }] },
        ];
        const { log } = real(guarded, { order: "random", seed });
        subscription.unsubscribe();
        expect(broken).toEqual([]);
        expect(open.size).toBe(0);
        expect(log.filter((line) => line === "0 log -1")).toHaveLength(1);
      }),
      { numRuns: 1000 },
    );
  });

  it("grants of a mutex and permits of a semaphore are never lost under random cancellation", () => {
    const plan = fc.array(fc.record({ rounds: fc.nat(4), cancelAfter: fc.option(fc.nat(12)) }), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(plan, fc.integer(), (tasks, seed) => {
        runSync(
          function* () {
            const mutex = new Mutex();
            const semaphore = new Semaphore(2);
            const condition = new Condition();
            let inside = 0;
            function* worker(rounds: number): Operation<void> {
              for (let i = 0; i < rounds; i++) {
                yield* semaphore.use(() =>
                  mutex.protect(function* () {
                    if (++inside !== 1) throw new Error("two tasks inside");
                    try {
                      yield* yieldNow();
                      condition.signal();
                    } finally {
                      inside--;
                    }
                  }),
                );
              }
            }
            const running = tasks.map(({ rounds }) => spawn(() => worker(rounds)));
            for (let turn = 0; turn < 13; turn++) {
              yield* yieldNow();
              for (const [i, { cancelAfter }] of tasks.entries()) {
                if (cancelAfter === turn) yield* (running[i] as Task<void>).cancel();
              }
            }
            for (const task of running) {
              const result = yield* task.result();
              if (!result.ok && name(result.error) !== "CANCELLED") throw result.error;
            }
            expect([mutex.isLocked, semaphore.available]).toEqual([false, 2]);
            expect(stats().tasks).toBe(1);
          },
          { ...virtualTime(), order: "random", seed },
        );
      }),
      { numRuns: 500 },
    );
  });

  it("results of programs without data races do not depend on the seed", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 8 }), fc.integer(), (delays, seed) => {
        const sum = runSync(
          function* () {
            const parts = delays.map(() => new Computation<number>());
            const tasks = delays.map((delay, i) =>
              spawn(function* () {
                for (let n = 0; n < delay; n++) yield* yieldNow();
                const before = i === 0 ? 0 : yield* parts[i - 1] as Computation<number>;
                parts[i]?.tryReturn(before + delay);
              }),
            );
            for (const task of tasks) yield* task;
            return delays.length === 0 ? 0 : yield* parts.at(-1) as Computation<number>;
          },
          { ...virtualTime(), order: "random", seed },
        );
        expect(sum).toBe(delays.reduce((a, b) => a + b, 0));
      }),
    );
  });
});

/** What a program has taken and given back. */
interface Tally {
  acquired: number;
  /** How often a release began, and how often it came to its end. */
  begun: number;
  released: number;
  /** What must hold at the end. */
  readonly free: (() => boolean)[];
}

function* steps(): Operation<void> {
  yield* yieldNow();
  yield* sleep(2);
  yield* spawn(() => yieldNow());
}

/** Every way to hold something, each released in a way that waits where it may. */
const holders: Readonly<Record<string, (tally: Tally, fail: boolean) => Operation<void>>> = {
  *ensure(tally, fail) {
    for (let i = 0; i < 2; i++) {
      take(tally);
      ensure(() => slowly(tally));
      yield* steps();
    }
    failIf(fail);
  },
  protect: (tally, fail) => protecting(tally, fail),
  *"protect in a timeout"(tally, fail) {
    yield* timeout(100, () => protecting(tally, fail));
  },
  *"protect in protect"(tally, fail) {
    take(tally);
    yield* protect(() => protecting(tally, fail), { finally: () => slowly(tally) });
  },
  *"timeout that is over"(tally) {
    try {
      yield* timeout(1, () => protecting(tally, false));
    } catch (error) {
      if (isCancelled(error)) throw error;
    }
    yield* yieldNow();
  },
  *shield(tally, fail) {
    yield* shield(function* () {
      take(tally);
      try {
        yield* steps();
        failIf(fail);
      } finally {
        yield* slowly(tally);
      }
    });
  },
  *Resource(tally, fail) {
    take(tally);
    const held = new Resource(tally, atOnce).own();
    yield* steps();
    failIf(fail);
    held.release();
  },
  *using(tally, fail) {
    take(tally);
    using _held = new Resource(tally, atOnce).own();
    yield* steps();
    failIf(fail);
  },
  *"a resource given to a child"(tally, fail) {
    take(tally);
    const held = new Resource(tally, atOnce).own();
    yield* spawn(
      function* () {
        yield* steps();
        failIf(fail);
        held.transfer();
      },
      { give: [held] },
    );
    held.release();
  },
  *"Semaphore.use"(tally, fail) {
    const semaphore = new Semaphore(1);
    tally.free.push(() => semaphore.available === 1);
    yield* contended((n) =>
      semaphore.use(function* () {
        yield* steps();
        failIf(fail && n === 1);
      }),
    );
  },
  *"Mutex.protect"(tally, fail) {
    const mutex = new Mutex();
    tally.free.push(() => !mutex.isLocked);
    yield* contended((n) =>
      mutex.protect(function* () {
        yield* steps();
        failIf(fail && n === 1);
      }),
    );
  },
  *"Mutex.acquire"(tally, fail) {
    const mutex = new Mutex();
    tally.free.push(() => !mutex.isLocked);
    yield* contended(function* (n) {
      using _guard = yield* mutex.acquire();
      yield* steps();
      failIf(fail && n === 1);
    });
  },
  *"Condition.wait"(tally, fail) {
    const [mutex, condition] = [new Mutex(), new Condition()];
    let signals = 0;
    tally.free.push(() => !mutex.isLocked);
    yield* contended((n) =>
      mutex.protect(function* () {
        if (n === 0) yield* condition.waitUntil(mutex, () => signals > 0);
        signals++;
        condition.signal();
        yield* steps();
        failIf(fail && n === 1);
      }),
    );
  },
  *until(tally, fail) {
    yield* until((signal) => {
      take(tally);
      return new Promise<void>((resolve, reject) => {
        const end = (): void => {
          if (tally.begun++ > 0) return;
          setTimeout(() => {
            tally.released++;
            if (fail) reject(new Error("fail"));
            else resolve();
          }, 1);
        };
        const timer = setTimeout(end, 3);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          end();
        });
      });
    });
    yield* steps();
  },
  *forEach(tally, fail) {
    take(tally);
    const items: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        async return() {
          tally.begun++;
          for (let i = 0; i < 5; i++) await undefined;
          tally.released++;
          return { done: true, value: undefined };
        },
      }),
    };
    let count = 0;
    yield* forEach(items, function* () {
      yield* steps();
      if (++count === 2) throw new Error(fail ? "fail" : "enough");
    });
  },
};

/** What needs the host's loop, for its promises. */
const onHost: readonly string[] = ["forEach", "until"];

function take(tally: Tally): void {
  tally.acquired++;
}

function atOnce(tally: Tally): void {
  tally.begun++;
  tally.released++;
}

function* slowly(tally: Tally): Operation<void> {
  tally.begun++;
  yield* steps();
  tally.released++;
}

function failIf(fail: boolean): void {
  if (fail) throw new Error("fail");
}

function* protecting(tally: Tally, fail: boolean): Operation<void> {
  take(tally);
  yield* protect(
    function* () {
      yield* steps();
      failIf(fail);
    },
    { finally: () => slowly(tally) },
  );
}

/** Two tasks at once. */
function* contended(body: (n: number) => Operation<void>): Operation<void> {
  yield* all([spawn(() => body(0)), spawn(() => body(1))]);
}

async function inVirtualTime(main: () => Operation<void>): Promise<void> {
  runSync(main, virtualTime());
}

describe("what was acquired is released, whole and once, at whichever suspension the cancellation comes", () => {
  const cases = Object.keys(holders).flatMap((what) => [false, true].map((fail) => ({ what, fail })));
  it.each(cases)("$what, whose body fails: $fail", async ({ what, fail }) => {
    let suspensions = Number.POSITIVE_INFINITY;
    for (let at = 1; at <= suspensions; at++) {
      const tally: Tally = { acquired: 0, begun: 0, released: 0, free: [] };
      const controller = new AbortController();
      let [seen, root] = [0, 0];
      using _trace = trace.subscribe(({ type, task }) => {
        if ((type === "wait" || type === "yield") && task?.uid !== root && ++seen === at) controller.abort();
      });
      function* main(): Operation<void> {
        root = self().uid;
        yield* withSignal(controller.signal, () => (holders[what] as (typeof holders)[string])(tally, fail));
      }
      const said = await (onHost.includes(what) ? run(main) : inVirtualTime(main)).catch(String);
      if (seen < at) suspensions = seen;
      const report = `suspension ${at}: ${JSON.stringify(tally)}, ${said}`;
      expect([tally.begun, tally.released], report).toEqual([tally.acquired, tally.acquired]);
      for (const free of tally.free) expect(free(), report).toBe(true);
      if (seen >= at) expect(said).toContain("CANCELLED");
    }
    expect(suspensions).toBeGreaterThan(0);
    expect(suspensions).toBeLessThan(200);
  });
});

describe("data structures against arrays", () => {
  it("a priority queue gives back everything in order, equal keys in order of insertion", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ key: fc.nat(9), remove: fc.boolean() })), (items) => {
        const queue = new PriorityQueue<{ key: number; at: number }>((a, b) => a.key - b.key);
        const handles = items.map(({ key }, at) => queue.insert({ key, at }));
        for (const [i, { remove }] of items.entries()) {
          if (!remove) continue;
          handles[i]?.remove();
          handles[i]?.remove();
        }
        const expected = items
          .map(({ key, remove }, at) => ({ key, at, remove }))
          .filter(({ remove }) => !remove)
          .sort((a, b) => a.key - b.key || a.at - b.at)
          .map(({ key, at }) => ({ key, at }));
        const actual: { key: number; at: number }[] = [];
        for (let value = queue.pop(); value !== undefined; value = queue.pop()) actual.push(value);
        expect(actual).toEqual(expected);
      }),
    );
  });

  it("a sequence may lose any node while it is iterated", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), fc.array(fc.nat(11)), (values, removals) => {
        const sequence = new Sequence<number>();
        const nodes = values.map((value) => sequence.addLast(value));
        const removed = new Set<number>();
        const seen: number[] = [];
        let step = 0;
        for (const node of sequence.nodes()) {
          seen.push(nodes.indexOf(node));
          const at = removals[step++];
          if (at !== undefined && at < nodes.length) {
            nodes[at]?.remove();
            removed.add(at);
          }
        }
        expect(seen).toEqual([...seen].sort((a, b) => a - b));
        expect(sequence.toArray()).toEqual(values.filter((_, i) => !removed.has(i)));
        expect(sequence.length).toBe(sequence.toArray().length);
      }),
    );
  });
});
