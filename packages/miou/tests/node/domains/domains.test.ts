import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Operation, Task } from "../../../src/index.ts";
import { clean, thrown, thrownBy } from "../kit.ts";
import { type Built, bundle } from "./bundle.ts";

let built: Built;
let core: Built["core"];
let portables: Built["portables"];
beforeAll(async () => {
  built = await bundle();
  writeFileSync(join(built.folder, "package.json"), '{ "type": "module" }');
  ({ core, portables } = built);
});
afterAll(() => rmSync(built.folder, { recursive: true }));

/** Counters that another thread raises: 0 started, 1 cleaned up. */
const shared = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

/** Waits until the other thread has said so. */
function* told(counter: Int32Array, index: number, value = 1): Operation<void> {
  while (Atomics.load(counter, index) < value) yield* core.sleep(1);
}

function within(domains: number, main: () => Operation<unknown>, options: object = {}): Promise<void> {
  return clean(() => core.run(main, { domains, ...options }));
}

describe("calls", () => {
  it("[157] run in another domain, nested calls in yet another, and each knows its own", () =>
    within(3, function* () {
      const { call, Domain } = core;
      expect([Domain.self(), Domain.available(), Domain.all()]).toEqual([0, 3, [1, 2, 3]]);
      expect(yield* call(portables.fib, 10)).toBe(55);
      const there = yield* call(portables.whereAmI, undefined, { pin: 2 });
      expect(there).toEqual({ self: 2, all: [1, 2, 3], available: 3 });
      const path = yield* call(portables.nested, 3);
      expect(path.length).toBe(4);
      for (let i = 1; i < path.length; i++) expect(path[i]).not.toBe(path[i - 1]);
      expect(path).not.toContain(0);
    }));

  it("[156] with one domain, a call inside a call finds none", () =>
    within(1, function* () {
      const outcome = yield* core.call(portables.nested, 1).result();
      expect(outcome.ok).toBe(false);
      const error = (outcome as { error: unknown }).error;
      expect(error).toBeInstanceOf(core.NoDomainAvailableError);
      expect(error).toMatchObject({ code: "NO_DOMAIN_AVAILABLE", name: "NoDomainAvailableError" });
    }));

  it("[155b] with no domain, calls are refused", async () => {
    await within(0, function* () {
      expect(thrown(() => core.call(portables.fib, 1))).toBe("NO_DOMAIN_AVAILABLE");
      expect(yield* thrownBy(core.parallel(portables.fib, [1]))).toBe("NO_DOMAIN_AVAILABLE");
    });
    expect(() => core.run(() => core.yieldNow(), { domains: -1 })).toThrow(RangeError);
  });

  it("[160] pin chooses the domain, and refuses the own one and unknown ones", () =>
    within(2, function* () {
      for (const pin of [2, 1, 2])
        expect((yield* core.call(portables.whereAmI, undefined, { pin })).self).toBe(pin);
      expect(thrown(() => core.call(portables.whereAmI, undefined, { pin: 0 }))).toBe("RangeError");
      expect(thrown(() => core.call(portables.whereAmI, undefined, { pin: 3 }))).toBe("RangeError");
    }));

  it("[161] parallel keeps the order of its arguments, reports one failure, and uses each domain in turn", () =>
    within(3, function* () {
      const outcomes = yield* core.parallel(portables.fail, ["", "odd", "", "", ""]);
      expect(outcomes.map(({ ok }) => ok)).toEqual([true, false, true, true, true]);
      const places = yield* core.parallel(portables.whereAmI, [undefined, undefined, undefined]);
      expect(places.map((each) => (each.ok ? each.value.self : 0))).toEqual([1, 2, 3]);
      expect(yield* core.parallel(portables.fib, [])).toEqual([]);
    }));

  it("[63b] oneOf two parallel constants, then the other, is consistent", () =>
    within(2, function* () {
      for (let i = 0; i < 100; i++) {
        const tasks = [core.call(portables.identity, 1), core.call(portables.identity, 2)] as const;
        const first = yield* core.oneOf(tasks);
        const other = (first === 1 ? tasks[1] : tasks[0]) as Task<unknown>;
        expect(yield* other).toBe(first === 1 ? 2 : 1);
      }
    }));

  it("[164b] each domain has tables of its own, which last as long as the run", async () => {
    for (let i = 0; i < 2; i++) {
      await within(2, function* () {
        const counts: number[] = [];
        for (const pin of [1, 1, 2, 1]) counts.push(yield* core.call(portables.visit, undefined, { pin }));
        expect(counts).toEqual([1, 2, 1, 3]);
      });
    }
  });

  it("copy arguments and values, and move what is listed for transfer", () =>
    within(1, function* () {
      const value = { at: new Date(7), list: new Map([[1, new Set(["a"])]]), big: 1n << 70n };
      expect(yield* core.call(portables.identity, value)).toEqual(value);
      const bytes = new Uint8Array(1 << 20);
      const moved = core.call(portables.length, bytes, { transfer: [bytes.buffer] });
      expect(yield* moved).toBe(1 << 20);
      expect(bytes.byteLength).toBe(0);
    }));

  it("fail alone when an argument or a value cannot be copied, or when there is no such export", () =>
    within(1, function* () {
      const tasks = [
        core.call(portables.identity, () => 1),
        core.call(portables.identity, "fine"),
        core.call(portables.uncopyable, undefined),
        core.call(portables.misnamed, undefined),
        core.call(portables.nowhere, undefined),
      ];
      const outcomes = yield* core.allSettled(tasks);
      expect(outcomes.map((each) => (each.ok ? each.value : String(each.error)))).toEqual([
        expect.stringContaining("TypeError: call: the argument cannot be copied"),
        "fine",
        expect.stringContaining("TypeError: call: the value cannot be copied"),
        expect.stringContaining("noSuchExport"),
        expect.stringContaining("nowhere.js"),
      ]);
    }));

  it("[132] a hook cannot be handed to another domain", () =>
    within(1, function* () {
      const hook = core.addHook(() => {});
      expect(yield* thrownBy(core.call(portables.identity, hook))).toBe("TypeError");
      hook.remove();
    }));

  it("errors cross whole: class, name, message, stack, cause and own fields", () =>
    within(1, function* () {
      const failure = function* (how: string): Operation<unknown> {
        const outcome = yield* core.call(portables.fail, how).result();
        return outcome.ok ? "nothing" : outcome.error;
      };
      const odd = (yield* failure("odd")) as Error & { detail: unknown };
      expect(odd).toBeInstanceOf(Error);
      expect(odd).toMatchObject({ name: "OddError", message: "three", code: "ODD", detail: { n: 3 } });
      expect(odd.stack).toContain("portables");
      expect(odd.cause).toBeInstanceOf(TypeError);
      expect((odd.cause as Error).message).toBe("inner");
      expect(yield* failure("ours")).toBeInstanceOf(core.NotOwnerError);
      const many = (yield* failure("many")) as AggregateError;
      expect(many).toBeInstanceOf(AggregateError);
      expect(many.errors[0]).toBeInstanceOf(SyntaxError);
      expect(many.errors[1]).toBe("b");
      expect(yield* failure("string")).toBe("word");
      expect(yield* failure("function")).toContain("=>");
    }));
});

describe("cancellation across domains", () => {
  it("[36] a call cancelled at once never runs", () =>
    within(1, function* () {
      const counter = shared();
      const task = core.call(portables.sleeper, { ms: 1e9, told: counter });
      yield* task.cancel();
      expect(yield* thrownBy(task)).toBe("CANCELLED");
      expect([...counter]).toEqual([0, 0]);
    }));

  it("[49] other tasks run while a call is being cancelled", () =>
    within(1, function* () {
      const counter = shared();
      const log: string[] = [];
      const p1 = core.call(portables.sleeper, { ms: 1e9, told: counter });
      yield* told(counter, 0);
      const p0 = core.spawn(function* () {
        yield* core.yieldNow();
        log.push("p0 runs");
      });
      log.push("cancelling");
      yield* p1.cancel();
      log.push("cancelled");
      yield* p0;
      expect(log).toEqual(["cancelling", "p0 runs", "cancelled"]);
      expect([...counter]).toEqual([1, 1]);
    }));

  it("[139] sleeps in other domains go on side by side", () =>
    within(2, function* () {
      const counter = shared();
      const sleeps = [2, 4].map((ms) => core.call(portables.sleeper, { ms, told: counter }));
      expect(yield* core.all(sleeps)).toEqual(["slept", "slept"]);
      const long = [1, 2].map((pin) => core.call(portables.sleeper, { ms: 1e9, told: counter }, { pin }));
      // Both have begun, and neither has ended.
      yield* told(counter, 0, 4);
      expect(Atomics.load(counter, 1)).toBe(2);
      for (const task of long) yield* task.cancel();
    }));

  it("[140] a call that sleeps in its domain is woken by its cancellation, and has cleaned up when that returns", () =>
    within(1, function* () {
      const counter = shared();
      const task = core.call(portables.sleeper, { ms: 1e9, told: counter });
      yield* told(counter, 0);
      yield* task.cancel();
      expect(Atomics.load(counter, 1)).toBe(1);
      expect(yield* thrownBy(task)).toBe("CANCELLED");
    }));

  it("the reason of a cancellation crosses", () =>
    within(1, function* () {
      const counter = shared();
      for (const reason of ["word", new RangeError("why")]) {
        const task = core.call(portables.remember, counter);
        yield* told(counter, 0);
        Atomics.store(counter, 0, 0);
        yield* task.cancel({ reason });
      }
      const reasons = yield* core.call(portables.reasons, undefined);
      expect(reasons).toMatchObject(["word", { name: "RangeError", message: "why" }]);
    }));

  it("[D6] a call that keeps its domain busy is cancelled as well", () =>
    within(1, function* () {
      const counter = shared();
      const task = core.call(portables.busy, counter);
      yield* told(counter, 0);
      yield* task.cancel();
      expect(Atomics.load(counter, 1)).toBe(1);
    }));

  it("[158] a call that starts an endless call elsewhere and throws takes it along", () =>
    within(2, function* () {
      const counter = shared();
      const outcome = yield* core.call(portables.throwing, counter).result();
      expect(outcome).toMatchObject({ ok: false, error: { message: "thrown" } });
      expect([...counter]).toEqual([1, 1]);
    }));

  it("[159] an endless local task and a call that yields once: the one is cancelled, the other awaited", () =>
    within(1, function* () {
      const forever = core.spawn(function* () {
        for (;;) yield* core.yieldNow();
      });
      const task = core.call(portables.oneYield, 5);
      expect(yield* task).toBe(5);
      yield* forever.cancel();
    }));

  it("[184] a call that takes no step is cancelled by ending its worker, whose other tasks fail; the domain starts anew", () =>
    within(
      1,
      function* () {
        const counter = shared();
        const bystander = core.call(portables.sleeper, { ms: 1e9, told: counter });
        yield* told(counter, 0);
        const task = core.call(portables.stuck, counter);
        yield* told(counter, 0, 2);
        yield* task.cancel();
        const outcome = yield* bystander.result();
        expect(outcome).toMatchObject({ ok: false, error: { code: "WORKER_TERMINATED", domain: 1 } });
        expect(yield* core.call(portables.fib, 5)).toBe(5);
      },
      { cleanupTimeoutNs: 20e6 },
    ));

  it("calls cancelled at random moments end, each cleanup once, and the others give their values", () =>
    within(2, function* () {
      const seed = Date.now() % 100_000;
      console.log(`seed ${seed}`);
      let state = seed;
      const below = (bound: number): number => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * bound);
      };
      const counter = shared();
      for (let round = 0; round < 20; round++) {
        const sleepers = [0, 1, 2].map(() => core.call(portables.sleeper, { ms: 1e9, told: counter }));
        const sums = [3, 4, 5].map((n) => core.call(portables.fib, n));
        for (let i = below(20); i > 0; i--)
          yield* core.until(new Promise<void>((done) => setImmediate(done)));
        for (const task of sleepers) yield* task.cancel();
        expect(yield* core.all(sums)).toEqual([2, 3, 5]);
        expect(Atomics.load(counter, 1)).toBe(Atomics.load(counter, 0));
      }
    }));

  it("what a failing root leaves in other domains is cleaned up before the run ends", async () => {
    const counter = shared();
    const boom = new Error("boom");
    await clean(() =>
      expect(
        core.run(
          function* () {
            core.call(portables.sleeper, { ms: 1e9, told: counter });
            yield* told(counter, 0);
            throw boom;
          },
          { domains: 1 },
        ),
      ).rejects.toBe(boom),
    );
    expect([...counter]).toEqual([1, 1]);
  });
});

describe("workers that die", () => {
  it("[WK5] a worker that exits fails its tasks, and the next call starts another", () =>
    within(1, function* () {
      const counter = shared();
      const bystander = core.call(portables.sleeper, { ms: 1e9, told: counter });
      yield* told(counter, 0);
      const outcome = yield* core.call(portables.fail, "exit").result();
      expect(outcome).toMatchObject({ ok: false, error: { code: "WORKER_TERMINATED" } });
      expect(yield* thrownBy(bystander)).toBe("WORKER_TERMINATED");
      expect(yield* core.call(portables.fib, 5)).toBe(5);
    }));

  it("an error that nobody in the worker caught is the cause", () =>
    within(1, function* () {
      const outcome = yield* core.call(portables.fail, "uncaught").result();
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: "WORKER_TERMINATED", cause: { message: "out of band" } },
      });
    }));

  it("why a worker ended is told to the workers that had called it", () =>
    within(2, function* () {
      for (const { how, expected } of [
        { how: "uncaught", expected: { cause: { message: "out of band" } } },
        { how: "exit", expected: { message: expect.stringContaining("exited with status 7") } },
      ]) {
        const outcome = yield* core.call(portables.relay, how).result();
        expect(outcome).toMatchObject({ ok: false, error: { code: "WORKER_TERMINATED", ...expected } });
      }
      expect(yield* core.call(portables.fib, 5)).toBe(5);
    }));

  it.each(["esm", "cjs"] as const)(
    "a worker that cannot start, in a program bundled as %s, says why, and what bundling needs",
    async (format) => {
      const [bundled] = (
        await build({
          stdin: {
            contents: `import { call, portable, run } from "./core.js";
              import "./node.js";
              const work = portable("file:///nowhere.js", "work", function* () {});
              run(() => call(work)).catch((error) => console.log(error.message + "|" + error.cause?.message));`,
            resolveDir: built.folder,
          },
          bundle: true,
          ignoreAnnotations: true,
          write: false,
          platform: "node",
          logLevel: "silent",
          format,
        })
      ).outputFiles;
      const folder = mkdtempSync(join(built.folder, "bundled-"));
      const program = join(folder, format === "esm" ? "program.mjs" : "program.cjs");
      writeFileSync(program, bundled?.text ?? "");
      const { stdout } = await promisify(execFile)(process.execPath, [program], {
        env: { ...process.env, MIOU_DOMAINS: "1" },
      });
      const [message, cause] = stdout.trim().split("|");
      expect(cause).toContain(format === "esm" ? "Cannot find module" : "Invalid URL");
      expect(message).toMatch(/^call: WORKER_TERMINATED: the worker of domain 1 could not start: /);
      expect(message).toContain(cause);
      expect(message).toContain('external: ["@uk/miou"]');
    },
  );

  it("[D7] a rule broken in another domain fails the run, after its cleanup", async () => {
    let cleaned = false;
    await clean(() =>
      expect(
        core.run(
          function* () {
            try {
              yield* core.call(portables.forgetful, undefined).result();
              yield* core.sleep(1e9);
            } finally {
              cleaned = true;
            }
          },
          { domains: 1 },
        ),
      ).rejects.toMatchObject({ code: "STILL_HAS_CHILDREN", message: expect.stringContaining("forgotten") }),
    );
    expect(cleaned).toBe(true);
  });

  it("[WK4] idle workers do not keep the process alive, and a program with calls exits by itself", async () => {
    const program = join(built.folder, "program.js");
    writeFileSync(
      program,
      `import { call, run, suspend } from "./core.js";
      import "./node.js";
      import { fib } from "./portables.js";
      console.log(await run(function* () { return yield* call(fib, 6); }, { domains: 2 }));
      run(function* () {
        yield* call(fib, 6);
        yield* suspend(() => {}, "nothing");
      }, { domains: 1 }).catch((error) => console.log(error.code));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [program]);
    expect(stdout).toBe("8\nDEADLOCK\n");
    const none = promisify(execFile)(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { Domain, run } from "${built.folder}/core.js";
      import "${built.folder}/node.js";
      console.log(await run(function* () { return Domain.available(); }));`,
      ],
      { env: { ...process.env, MIOU_DOMAINS: "5" } },
    );
    expect((await none).stdout).toBe("5\n");
  });
});
