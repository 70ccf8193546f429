import { spawn } from "@uk/miou";
import { afterEach, describe, expect, it } from "vitest";
import { clockMonotonic, clockWall } from "./clocks.ts";
import { addYieldHook } from "./hooks.ts";
import { runClock } from "./poll.ts";
import { run } from "./run.ts";
import { sleep, sleepNs } from "./sleep.ts";
import { installTarget } from "./target.ts";
import { virtualTarget } from "./testing/virtual-target.ts";

const MS = 1_000_000n;
const FOREVER = (1n << 63n) - 1n;
afterEach(() => installTarget(undefined));

describe("a program in a loop of its own", () => {
  it("yields until each sleeper is due, and at no other time", async () => {
    const target = virtualTarget({ boot: 5n });
    installTarget(target);
    const order: string[] = [];
    await run([], function* () {
      const tasks = [30, 10, 20].map((ms) =>
        spawn(function* () {
          yield* sleep(ms);
          order.push(`${ms} at ${(clockMonotonic() - 5n) / MS}`);
        }),
      );
      for (const task of tasks) yield* task;
    });
    expect(order).toEqual(["10 at 10", "20 at 20", "30 at 30"]);
    expect(target.yields).toEqual([5n + 10n * MS, 5n + 20n * MS, 5n + 30n * MS]);
  });

  it("never sleeps less than asked, down to the nanosecond", async () => {
    const target = virtualTarget();
    installTarget(target);
    for (const ns of [1n, 999n, 1_000_001n, 86_400_000_000_007n]) {
      const start = target.clockMonotonic();
      await run([], () => sleepNs(ns));
      const slept = target.clockMonotonic() - start;
      expect(slept).toBeGreaterThanOrEqual(ns);
      // Milliseconds are doubles: a day is exact to well below a microsecond.
      expect(slept - ns).toBeLessThan(1000n);
    }
  });

  it.each([
    { ms: 1, until: 5n + MS },
    { ms: 1e12, until: 5n + 1_000_000_000_000n * MS },
    { ms: 2 ** 63 / 1e6, until: FOREVER },
    { ms: 1e300, until: FOREVER },
    { ms: Number.MAX_VALUE, until: FOREVER },
    { ms: Number.POSITIVE_INFINITY, until: FOREVER },
  ])("a sleep of $ms ms ends at $until ns, the end of time at the latest", ({ ms, until }) => {
    const target = virtualTarget({ boot: 5n });
    expect(runClock(target, undefined).toMonotonic(ms)).toBe(until);
    expect(runClock(target, () => 7n).toMonotonic(ms)).toBe(until);
  });

  it("yields again when the target woke too early", async () => {
    const target = virtualTarget({ early: 3n * MS });
    installTarget(target);
    const start = target.clockMonotonic();
    await run([], () => sleep(10));
    expect(target.clockMonotonic() - start).toBeGreaterThanOrEqual(10n * MS);
    expect(target.yields.length).toBeGreaterThan(1);
  });

  it("does not yield while a task is ready", async () => {
    const target = virtualTarget();
    installTarget(target);
    await run([], function* () {
      yield* sleep(0);
    });
    for (const deadline of target.yields) expect(deadline).toBeLessThanOrEqual(target.clockMonotonic());
  });

  it("runs hooks after each yield", async () => {
    const target = virtualTarget();
    installTarget(target);
    let calls = 0;
    const hook = addYieldHook(() => calls++);
    await run([], function* () {
      yield* sleep(1);
      yield* sleep(1);
    });
    hook.remove();
    expect(calls).toBe(target.yields.length);
    expect(calls).toBeGreaterThan(0);
  });

  it("ends with DeadlockError when nothing can wake it", async () => {
    installTarget(virtualTarget());
    const { suspend } = await import("@uk/miou");
    await expect(run([], () => suspend(() => {}))).rejects.toMatchObject({ code: "DEADLOCK" });
  });

  it("starts main after the code that called run", async () => {
    installTarget(virtualTarget());
    const order: string[] = [];
    const end = run([], function* () {
      order.push("main");
      return "value";
    });
    order.push("after run");
    expect(await end).toBe("value");
    expect(order).toEqual(["after run", "main"]);
  });

  it("reads the target's clocks", () => {
    const target = virtualTarget({ boot: 7n });
    installTarget(target);
    expect(clockMonotonic()).toBe(7n);
    expect(clockWall()).toBe(1_800_000_000_000_000_007n);
  });
});

describe("the clock of a run", () => {
  it("counts milliseconds from the run's start, and says when a moment comes on the target's clock", () => {
    const target = virtualTarget({ boot: 1000n });
    const clock = runClock(target, undefined);
    target.pass(2_500_000n);
    expect(clock.now()).toBe(2.5);
    expect(clock.toMonotonic(4)).toBe(1000n + 4n * MS);
    expect(clock.toMonotonic(0.0000001)).toBe(1001n);
  });

  it("follows the clock of the options, and converts what is left to the target's", () => {
    const target = virtualTarget({ boot: 1000n });
    let now = 50n * MS;
    const clock = runClock(target, () => now);
    now += 2n * MS;
    target.pass(7n);
    expect(clock.now()).toBe(2);
    expect(clock.toMonotonic(5)).toBe(1007n + 3n * MS);
    expect(clock.toMonotonic(1)).toBe(1007n);
  });
});

describe("without a target", () => {
  it("clocks are 0", () => {
    expect([clockMonotonic(), clockWall()]).toEqual([0n, 0n]);
  });
});

describe("sleepNs", () => {
  it("refuses a negative duration at once", () => {
    expect(() => sleepNs(-1n)).toThrow(RangeError);
  });

  it("refuses a duration that is no bigint at once", () => {
    expect(() => sleepNs(5 as never)).toThrow("sleepNs: a bigint of nanoseconds is needed, not a number");
  });
});
