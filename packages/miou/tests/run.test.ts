import { spawn as spawnProcess } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import {
  all,
  CancelledError,
  Computation,
  forEach,
  type Operation,
  race,
  run,
  runSync,
  sleep,
  spawn,
  suspend,
  toAsyncIterable,
  toPromise,
  until,
  withSignal,
  yieldNow,
} from "../src/index.ts";

type Way = (ok: (value: unknown) => void, no: (error: unknown) => void) => unknown;

/** An object whose `then` calls what it is given in this way. */
function thenable(way: Way, onRead = (): void => {}): PromiseLike<unknown> {
  // biome-ignore lint/suspicious/noThenProperty: what it is about
  return Object.defineProperty({}, "then", {
    get() {
      onRead();
      return way;
    },
  }) as PromiseLike<unknown>;
}

function raise(error: unknown): never {
  throw error;
}

function* forever(onEnd?: () => void): Operation<never> {
  try {
    for (;;) yield* yieldNow();
  } finally {
    onEnd?.();
  }
}

describe("run on the host's event loop", () => {
  it("gives the root's value, or rejects with the very error it throws", async () => {
    const boom = new Error("boom");
    expect(
      await run(function* () {
        yield* sleep(1);
        return 42;
      }),
    ).toBe(42);
    await expect(
      run(function* () {
        yield* yieldNow();
        throw boom;
      }),
    ).rejects.toBe(boom);
  });

  it("does not run anything before it returns", async () => {
    let started = false;
    const promise = run(function* () {
      started = true;
    });
    expect(started).toBe(false);
    await promise;
    expect(started).toBe(true);
  });

  it("[170] wakes sleepers in order of deadline, then of creation", async () => {
    const log: string[] = [];
    await run(function* () {
      const tasks = [30, 10, 20, 0, 10].map((ms, i) =>
        spawn(function* () {
          yield* sleep(ms);
          log.push(`${ms}/${i}`);
        }),
      );
      for (const task of tasks) yield* task;
    });
    expect(log).toEqual(["0/3", "10/1", "10/4", "20/2", "30/0"]);
  });

  it("[171] wakes late sleepers in order of deadline after the event loop was blocked", async () => {
    const log: number[] = [];
    await run(function* () {
      const tasks = [3, 1, 2].map((ms) =>
        spawn(function* () {
          yield* sleep(ms);
          log.push(ms);
        }),
      );
      yield* yieldNow();
      const end = performance.now() + 20;
      while (performance.now() < end);
      for (const task of tasks) yield* task;
    });
    expect(log).toEqual([1, 2, 3]);
  });

  it("[59] cancels the root when its signal is aborted by a timer, and rejects with the reason", async () => {
    const controller = new AbortController();
    const reason = new Error("stop");
    let cleaned = false;
    setTimeout(() => controller.abort(reason), 1);
    const error = await run(
      function* () {
        try {
          yield* spawn(() => forever());
        } finally {
          yield* yieldNow();
          cleaned = true;
        }
      },
      { signal: controller.signal },
    ).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CancelledError);
    expect((error as CancelledError).reason).toBe(reason);
    expect(cleaned).toBe(true);
  });

  it("[59] cancels the root when a task of the run itself aborts the signal", async () => {
    const controller = new AbortController();
    const log: string[] = [];
    await expect(
      run(
        function* () {
          try {
            controller.abort("stop");
            log.push("goes on to its next operation");
            yield* yieldNow();
            log.push("not here");
          } finally {
            log.push("finally");
          }
        },
        { signal: controller.signal },
      ),
    ).rejects.toMatchObject({ code: "CANCELLED", reason: "stop" });
    expect(log).toEqual(["goes on to its next operation", "finally"]);
  });

  it("never starts the root when the signal was aborted before", async () => {
    let started = false;
    await expect(
      run(
        function* () {
          started = true;
        },
        { signal: AbortSignal.abort("no") },
      ),
    ).rejects.toMatchObject({ code: "CANCELLED", reason: "no" });
    expect(started).toBe(false);
  });

  it("[153] refuses runSync inside a task, and lets run start an independent tree", async () => {
    await run(function* () {
      expect(() => runSync(() => yieldNow())).toThrow(TypeError);
      expect(
        yield* until(
          run(function* () {
            return 7;
          }),
        ),
      ).toBe(7);
    });
  });

  it("[179] lets a host timer through a loop of resolved promises, and through a loop of yields", async () => {
    for (const step of [() => until(Promise.resolve()), () => yieldNow()]) {
      let fired = false;
      setTimeout(() => {
        fired = true;
      }, 5);
      await run(function* () {
        for (let i = 0; i < 3_000_000 && !fired; i++) yield* step();
      });
      expect(fired).toBe(true);
    }
  });

  it("resumes a task that a promise job completes through a computation", async () => {
    await run(function* () {
      const computation = new Computation<number>();
      queueMicrotask(() => computation.tryReturn(5));
      expect(yield* computation).toBe(5);
    });
  });

  it("keeps the event loop usable under a hundred thousand ready tasks", async () => {
    let fired = 0;
    const interval = setInterval(() => fired++, 1);
    await run(function* () {
      const tasks = Array.from({ length: 100_000 }, () =>
        spawn(function* () {
          for (let i = 0; i < 5; i++) yield* yieldNow();
        }),
      );
      for (const task of tasks) yield* task;
    });
    clearInterval(interval);
    expect(fired).toBeGreaterThan(2);
  });
});

describe("a process that runs a program", () => {
  /** Runs `body`, a module that may import "miou", in a process of its own. */
  async function node(body: string): Promise<{ code: number | null; stdout: string; ms: number }> {
    const directory = fileURLToPath(new URL(".", import.meta.url));
    const { outputFiles } = await build({
      stdin: { contents: body, resolveDir: directory, loader: "ts" },
      alias: { miou: fileURLToPath(new URL("../src/index.ts", import.meta.url)) },
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
    });
    const code = outputFiles[0]?.text ?? "";
    const start = performance.now();
    const child = spawnProcess(process.execPath, ["--expose-gc", "--input-type=module"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.end(code);
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    const status = await new Promise<number | null>((fulfil) => child.on("close", fulfil));
    return { code: status, stdout, ms: performance.now() - start };
  }

  it("racing a promise that lasts costs no memory, lap by lap", async () => {
    const { stdout } = await node(`
      import { race, run, sleep, spawn, until } from "miou";
      await run(function* () {
        const lasting = new Promise(() => {});
        const heap = function* (laps) {
          for (let i = 0; i < laps; i++) yield* race([spawn(() => until(lasting)), spawn(() => sleep(0))]);
          for (let i = 0; i < 4; i++) gc();
          return process.memoryUsage().heapUsed;
        };
        yield* heap(1000); // what the engine keeps of code that has run
        const before = yield* heap(1000);
        const [n, n4] = [(yield* heap(5000)) - before, (yield* heap(20000)) - before];
        console.log(n4 - n);
      });
    `);
    // An object a lap would be 15,000 of some 300 bytes.
    expect(Number(stdout)).toBeLessThan(300_000);
  });

  it("[181] reports a deadlock when nothing is left that could wake the root, after its cleanup", async () => {
    const { stdout } = await node(`
      import { run, suspend, yieldNow } from "miou";
      run(function* () {
        try { yield* suspend(() => {}); } finally { yield* yieldNow(); console.log("cleanup"); }
      }).catch((error) => console.log(error.code, error.message.includes("suspend")));
    `);
    expect(stdout).toBe("cleanup\nDEADLOCK true\n");
  });

  it("[172] exits at once when a long sleeper is cancelled", async () => {
    const { stdout, ms } = await node(`
      import { run, sleep, spawn } from "miou";
      await run(function* () { const task = spawn(() => sleep(60_000)); yield* sleep(5); yield* task.cancel(); });
      console.log("done");
    `);
    expect(stdout).toBe("done\n");
    expect(ms).toBeLessThan(30_000);
  });

  it("[180] uses next to no processor time while it sleeps", async () => {
    const { stdout } = await node(`
      import { run, sleep } from "miou";
      await run(function* () { yield* sleep(50); });
      const before = process.cpuUsage();
      await run(function* () { yield* sleep(500); });
      const { user, system } = process.cpuUsage(before);
      console.log((user + system) / 1000 < 100);
    `);
    expect(stdout).toBe("true\n");
  });
});

describe("native promises", () => {
  it("gives the value of a promise, and throws the very error it was rejected with", async () => {
    const boom = new Error("boom");
    await run(function* () {
      expect(yield* until(Promise.resolve(1))).toBe(1);
      const promise = until(Promise.reject(boom));
      yield* sleep(1);
      let caught: unknown;
      try {
        yield* promise;
      } catch (error) {
        caught = error;
      }
      expect(caught).toBe(boom);
    });
  });

  it.each<{ what: string; way: Way; outcome: string }>([
    { what: "fulfils twice", way: (ok) => [ok(1), ok(2)], outcome: "1" },
    { what: "fulfils, then rejects", way: (ok, no) => [ok(1), no("late")], outcome: "1" },
    { what: "rejects, then fulfils", way: (ok, no) => [no("first"), ok(1)], outcome: "thrown first" },
    { what: "fulfils, then throws", way: (ok) => [ok(1), raise("after")], outcome: "1" },
    { what: "throws", way: () => raise("at once"), outcome: "thrown at once" },
    { what: "fulfils late, and again", way: (ok) => setTimeout(() => [ok(1), ok(2)], 1), outcome: "1" },
    { what: "fulfils with a promise", way: (ok) => ok(Promise.resolve(1)), outcome: "1" },
    { what: "fulfils with a thenable", way: (ok) => ok(thenable((_, no) => no(2))), outcome: "thrown 2" },
  ])("waits for a thenable that $what, as await does, and reads its then once", async ({ way, outcome }) => {
    let reads = 0;
    const source = () => thenable(way, () => reads++);
    const awaited = (async () => await source())().then(String, (error) => `thrown ${error}`);
    expect(await awaited).toBe(outcome);
    reads = 0;
    const told = run(function* () {
      try {
        return String(yield* until(source()));
      } catch (error) {
        return `thrown ${error}`;
      }
    });
    expect(await told).toBe(outcome);
    expect(reads).toBe(1);
  });

  it("attaches its handlers once to a promise, however many tasks wait for it, one after another or at once", async () => {
    let attached = 0;
    let settle = (_: number): void => {};
    const lasting = thenable((ok) => {
      attached++;
      settle = ok;
    });
    await run(function* () {
      for (let i = 0; i < 100; i++) yield* race([spawn(() => until(lasting)), spawn(() => yieldNow())]);
      const waiters = [1, 2, 3].map(() => spawn(() => until(lasting)));
      yield* sleep(1);
      settle(7);
      expect(yield* all(waiters)).toEqual([7, 7, 7]);
    });
    expect(attached).toBe(1);
  });

  it("refuses a generator that already waits for a promise in another task", async () => {
    let settle = (_: number): void => {};
    const promise = new Promise<number>((ok) => {
      settle = ok;
    });
    await run(function* () {
      const generator = (function* () {
        return yield* until(promise);
      })();
      const [first, second] = [spawn(() => generator), spawn(() => generator)];
      expect(yield* second.result()).toMatchObject({ ok: false, error: { name: "TypeError" } });
      settle(7);
      expect(yield* first).toBe(7);
    });
  });

  it("detaches at once from a promise that it does not own", async () => {
    await run(function* () {
      const waiter = spawn(() => until(new Promise(() => {})));
      yield* yieldNow();
      yield* waiter.cancel();
    });
  });

  it("[182] aborts what it owns, and waits for it, before the cancellation goes on", async () => {
    const log: string[] = [];
    await run(function* () {
      const waiter = spawn(function* () {
        try {
          yield* until(async (signal) => {
            await new Promise<void>((fulfil) => {
              signal.addEventListener("abort", () => {
                log.push("aborted");
                setTimeout(fulfil, 5);
              });
            });
            log.push("released");
            throw new Error("ignored");
          });
        } finally {
          log.push("finally");
        }
      });
      yield* sleep(1);
      yield* waiter.cancel();
      log.push("cancelled");
    });
    expect(log).toEqual(["aborted", "released", "finally", "cancelled"]);
  });

  it("hands the outcome of a child to promise-based code, and counts as consuming it", async () => {
    await run(function* () {
      const child = spawn(function* () {
        yield* sleep(1);
        return "value";
      });
      const promise = toPromise(child);
      const failed = spawn(function* () {
        yield* sleep(1);
        throw new Error("boom");
      });
      const rejected = toPromise(failed).catch((error: Error) => error.message);
      expect(yield* until(promise)).toBe("value");
      expect(yield* until(rejected)).toBe("boom");
    });
  });

  it("cancels a child task with a signal", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort("stop"), 1);
    await run(function* () {
      let caught: unknown;
      try {
        yield* withSignal(controller.signal, () => forever());
      } catch (error) {
        caught = error;
      }
      expect(caught).toMatchObject({ code: "CANCELLED", reason: "stop" });
      expect(yield* withSignal(new AbortController().signal, () => suspend<number>(({ ok }) => ok(1)))).toBe(
        1,
      );
    });
  });
});

describe("async iteration", () => {
  it("consumes an async generator to its end", async () => {
    const seen: number[] = [];
    await run(function* () {
      yield* forEach(
        (async function* () {
          yield 1;
          await delay(1);
          yield 2;
        })(),
        function* (n) {
          yield* yieldNow();
          seen.push(n);
        },
      );
      yield* forEach([3, 4], (n) => void seen.push(n));
    });
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it("[183] closes the iterator of a cancelled consumer, and waits for that", async () => {
    const log: string[] = [];
    async function* source(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) {
          yield i;
          await delay(1);
        }
      } finally {
        await delay(1);
        log.push("closed");
      }
    }
    await run(function* () {
      const consumer = spawn(() => forEach(source(), () => sleep(1)));
      yield* sleep(5);
      yield* consumer.cancel();
      log.push("cancelled");
    });
    expect(log).toEqual(["closed", "cancelled"]);
  });

  it("runs an operation for each consumer of an async iterable, and cancels it when the consumer stops", async () => {
    const log: string[] = [];
    const numbers = toAsyncIterable<number>(function* (emit) {
      try {
        for (let i = 0; i < 3; i++) yield* emit(i);
      } finally {
        log.push("ended");
      }
    });
    const seen: number[] = [];
    for await (const n of numbers) seen.push(n);
    for await (const n of numbers) if (n === 1) break;
    expect(seen).toEqual([0, 1, 2]);
    expect(log).toEqual(["ended", "ended"]);
    const failing = toAsyncIterable<number>(function* (emit) {
      yield* emit(1);
      throw new Error("boom");
    });
    await expect(
      (async () => {
        for await (const _ of failing);
      })(),
    ).rejects.toThrow("boom");
  });
});
