import { execFile } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect, promisify } from "node:util";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import {
  type ChromeEvent,
  formatTaskTree,
  publishTrace,
  recordChromeTrace,
  TRACE_CHANNEL,
  taskTree,
  watchTasks,
} from "../../src/diagnostics/index.ts";
import {
  Computation,
  Mutex,
  type Operation,
  run,
  runSync,
  sleep,
  spawn,
  type TraceEvent,
  virtualTime,
  yieldNow,
} from "../../src/index.ts";

describe("what a console shows", () => {
  it("of a task is its number and name", () => {
    const shown = runSync(function* () {
      const task = spawn(function* () {}, { name: "left" });
      yield* task;
      return inspect(task);
    });
    expect(shown).toMatch(/^\[task \d+ \(left\)\]$/);
  });

  it.each<{ what: string; body: () => Operation<unknown> }>([
    {
      what: "children left behind",
      *body() {
        spawn(() => sleep(1));
      },
    },
    {
      what: "a task of somebody else",
      *body() {
        const one = spawn(() => sleep(1));
        yield* spawn(function* () {
          yield* one;
        });
      },
    },
    {
      what: "a mutex that is still held",
      *body() {
        yield* new Mutex().lock();
      },
    },
    {
      what: "a cancelled task",
      *body() {
        const task = spawn(() => sleep(1));
        yield* task.cancel();
        yield* task;
      },
    },
  ])("of an error is not the scheduler's: $what", async ({ body }) => {
    const error = await run(body).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(Error);
    // As Node prints what nobody catches.
    expect(inspect(error, { customInspect: false })).not.toMatch(/scheduler:|TaskCell \{/);
  });
});

describe("the task tree", () => {
  it("says who waits for what, since when, and where it was spawned", async () => {
    using _watch = watchTasks();
    await run(function* () {
      const mutex = new Mutex();
      const cell = new Computation<void>();
      yield* mutex.lock();
      const locker = spawn(() => mutex.protect(() => yieldNow()), { name: "locker" });
      const parent = spawn(
        function* () {
          const child = spawn(() => sleep(1e9), { name: "sleeper" });
          yield* cell;
          yield* child.cancel();
        },
        { name: "parent" },
      );
      for (let i = 0; i < 5; i++) yield* yieldNow();
      const [tree] = taskTree();
      expect(tree?.state).toBe("running");
      expect(tree?.children.map(({ name, state, waitsFor }) => [name, state, waitsFor])).toEqual([
        ["locker", "waiting", "Mutex.lock"],
        ["parent", "waiting", "Computation"],
      ]);
      const sleeper = tree?.children[1]?.children[0];
      expect([sleeper?.name, sleeper?.waitsFor?.startsWith("sleep")]).toEqual(["sleeper", true]);
      expect(sleeper?.forMs).toBeGreaterThanOrEqual(0);
      expect(sleeper?.spawnedAt).toContain("diagnostics.test.ts");
      const lines = formatTaskTree(taskTree()).split("\n");
      expect(lines.length).toBe(4);
      expect(lines[3]).toMatch(
        /^ {4}task \d+ \(sleeper\): waits for sleep.* for \d+ ms, spawned at .*diagnostics\.test\.ts/,
      );
      mutex.unlock();
      cell.tryReturn();
      yield* locker;
      yield* parent;
    });
    expect(taskTree()).toEqual([]);
  });

  it("tells ready, settled and cancelled tasks apart, without a subscription, and however deep", () => {
    runSync(
      function* () {
        const ready = spawn(function* () {}, { name: "ready" });
        expect(taskTree()[0]?.children[0]).toMatchObject({
          state: "ready",
          forMs: undefined,
          spawnedAt: undefined,
        });
        yield* yieldNow();
        yield* yieldNow();
        expect(taskTree()[0]?.children[0]?.state).toBe("settled");
        yield* ready;
        const slow = spawn(function* () {
          try {
            yield* sleep(1e9);
          } finally {
            expect(formatTaskTree(taskTree())).toMatch(/running, cancelled/);
          }
        });
        yield* yieldNow();
        yield* slow.cancel();
        function* nest(depth: number): Operation<number> {
          if (depth === 0) return formatTaskTree(taskTree()).split("\n").length;
          return yield* spawn(() => nest(depth - 1));
        }
        expect(yield* nest(3000)).toBe(3001);
      },
      { ...virtualTime() },
    );
  });
});

describe("recordings", () => {
  it("a Chrome trace has a row a task, a block a slice, and marks what went wrong", () => {
    let time = 0;
    const recording = recordChromeTrace({ now: () => time++ });
    runSync(function* () {
      const worker = spawn(() => yieldNow(), { name: "worker" });
      yield* worker;
      yield* spawn(function* (): Operation<void> {
        throw new Error("boom");
      }).result();
    });
    recording.stop();
    const { traceEvents } = JSON.parse(JSON.stringify(recording)) as { traceEvents: ChromeEvent[] };
    const row = traceEvents.find(({ ph, args }) => ph === "M" && args.name?.includes("worker"));
    const slices = traceEvents.filter(({ ph, tid }) => ph === "X" && tid === row?.tid);
    expect(slices.map(({ dur, args }) => [(dur ?? 0) > 0, args.then])).toEqual([
      [true, "yield"],
      [true, "end"],
    ]);
    expect(traceEvents.filter(({ name }) => name === "spawn").length).toBe(3);
    const size = traceEvents.length;
    runSync(() => yieldNow());
    expect(recording.toJSON().traceEvents.length).toBe(size);
  });

  it("a recording is bounded: the oldest events go, and are counted", () => {
    using recording = recordChromeTrace({ limit: 10 });
    runSync(function* () {
      for (let i = 0; i < 100; i++) yield* yieldNow();
    });
    expect(recording.toJSON().traceEvents.filter(({ ph }) => ph !== "M").length).toBe(10);
    expect(recording.dropped).toBeGreaterThan(80);
    expect(() => recordChromeTrace({ limit: 0 })).toThrow(RangeError);
  });

  it("the trace goes to a diagnostics channel; a subscriber that throws does not disturb the run", () => {
    const types: string[] = [];
    const listener = (event: unknown): void => {
      types.push((event as TraceEvent).type);
    };
    subscribe(TRACE_CHANNEL, listener);
    const publishing = publishTrace();
    runSync(() => yieldNow());
    publishing.unsubscribe();
    runSync(() => yieldNow());
    unsubscribe(TRACE_CHANNEL, listener);
    expect(types).toEqual(["spawn", "begin", "yield", "begin", "end", "done"]);
  });

  it("MIOU_TRACE writes a file at exit, and MIOU_DEBUG prints broken rules", async () => {
    const folder = mkdtempSync(join(tmpdir(), "miou-"));
    try {
      const here = fileURLToPath(new URL(".", import.meta.url));
      await build({
        stdin: {
          contents: `import { run, sleep, spawn } from "../../src/index.ts";
            import "../../src/diagnostics/index.ts";
            run(function* () { spawn(() => sleep(1e6), { name: "forgotten" }); }).catch((e) => console.log(e.code));`,
          resolveDir: here,
        },
        outfile: join(folder, "program.mjs"),
        bundle: true,
        ignoreAnnotations: true,
        platform: "node",
        format: "esm",
      });
      const trace = join(folder, "trace.json");
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(folder, "program.mjs")], {
        env: { ...process.env, MIOU_TRACE: trace, MIOU_DEBUG: "1" },
      });
      expect(stdout).toBe("STILL_HAS_CHILDREN\n");
      expect(stderr).toMatch(/miou: violation in task \d+: StillHasChildrenError/);
      expect(JSON.parse(readFileSync(trace, "utf8")).traceEvents.length).toBeGreaterThan(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
